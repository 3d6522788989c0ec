"""Reads the public headers as text: includes, functions with their comments, enumerators."""
# SPDX-License-Identifier: MIT
import collections
import os
import re

Function = collections.namedtuple("Function", "name doc returns parameters")
Parameter = collections.namedtuple("Parameter", "type name")

FUNCTION = re.compile(r"(?:/\*\*(?P<doc>(?:(?!\*/).)*)\*/\n)?^VGRAD_API\s+"
                      r"(?P<returns>[^;(]*?)(?P<name>\w+)\((?P<parameters>[^;]*)\);",
                      re.MULTILINE | re.DOTALL)


def read(*parts):
    with open(os.path.join(*parts), encoding="utf-8") as file:
        return file.read()


def listed(root):
    """The names in include/meson.build, such as "vgrad/tensor.h"."""
    return re.findall(r"'(vgrad/\w+\.h)'", read(root, "include/meson.build"))


def texts(root):
    """{name: text} of every listed header."""
    return {name: read(root, "include", name) for name in listed(root)}


def without_comments(text):
    """The text with comments and what is between quotes blanked out; lines stay where they are."""
    def blank(match):
        token = match[0]
        if token.startswith("/"):
            return re.sub(r"[^\n]", " ", token)
        return token[0] + token[-1]
    # An include's path is not a string: it is kept.
    return re.sub(r"^[ \t]*#[ \t]*include[^\n]*|/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\""
                  r"|'(?:\\.|[^'\\\n])*'",
                  lambda m: m[0] if "include" in m[0] and m[0].lstrip().startswith("#")
                  else blank(m), text, flags=re.MULTILINE | re.DOTALL)


def includes(text):
    """What it includes, with its brackets or quotes: ["<stddef.h>", '"base/text.h"']."""
    return re.findall(r"^\s*#\s*include\s*([<\"][^>\"]*[>\"])", without_comments(text),
                      re.MULTILINE)


def parameter(text):
    words = " ".join(re.sub(r"\[[^]]*\]", "", text).split())
    match = re.match(r"(.*?)(\w+)$", words)
    return Parameter(match[1].strip(), match[2])


def functions(text):
    """Every function declared VGRAD_API, with the comment that ends on the line before it."""
    found = []
    for match in FUNCTION.finditer(text):
        inside = match["parameters"].strip()
        parameters = [] if inside == "void" else [parameter(p) for p in inside.split(",")]
        found.append(Function(match["name"], match["doc"], match["returns"].strip(), parameters))
    return found


def all_functions(root):
    return [function for text in texts(root).values() for function in functions(text)]


def enums(text):
    """[(type or "", [enumerator, ...])] in their order."""
    found = []
    for match in re.finditer(r"\benum\b\s*(\w*)\s*\{([^}]*)\}", without_comments(text)):
        names = [part.split("=")[0].strip() for part in match[2].split(",")]
        found.append((match[1], [name for name in names if name]))
    return found


def all_enums(root):
    return [enum for text in texts(root).values() for enum in enums(text)]
