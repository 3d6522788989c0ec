"""text.py ROOT: what is promised of the public headers' text: guards, comments, includes, and what
each function's comment must tell."""
# SPDX-License-Identifier: MIT
import os
import re
import sys

import headers
import tap

THREADING = ("@thread_any", "@thread_handle", "@par Threading")
# What a call can fill in through a plain pointer; a pointer to anything else is a handle.
FILLED = re.compile(r"^(void|float|double|char|size_t|u?int\d+_t|vgrad_tensor) \*$")


def listing_problems(root):
    there = {"vgrad/" + name for name in os.listdir(os.path.join(root, "include/vgrad"))}
    listed = set(headers.listed(root))
    return (["not listed: " + name for name in sorted(there - listed)] +
            ["not there: " + name for name in sorted(listed - there)])


def guard_problems(name, text):
    """vgrad/tensor.h has VGRAD_TENSOR_H, vgrad/vgrad.h itself VGRAD_H."""
    word = os.path.basename(name)[:-2].upper()
    guard = "VGRAD_H" if word == "VGRAD" else "VGRAD_{}_H".format(word)
    code = headers.without_comments(text).strip()
    if re.match(r"#ifndef {0}\n#define {0}\n.*\n#endif$".format(guard), code, re.DOTALL):
        return []
    return ["not wholly inside #ifndef " + guard]


def line_comment_problems(text):
    """C89 has no // comments; inside a block comment (an address) it is fine."""
    code = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), text, flags=re.DOTALL)
    return ["line {}".format(number) for number, line in enumerate(code.splitlines(), 1)
            if "//" in line]


def include_problems(text):
    return [include for include in headers.includes(text)
            if not re.match(r"<(stddef\.h|stdint\.h|vgrad/\w+\.h)>$", include)]


def umbrella_problems(texts):
    included = set(headers.includes(texts.get("vgrad/vgrad.h", "")))
    return ["does not include " + name for name in texts
            if name not in ("vgrad/vgrad.h", "vgrad/export.h") and "<" + name + ">" not in included]


def is_output(parameter):
    """A pointer through which the call writes: to a pointer, or to a number or view that is not
    const. `user` is the caller's own."""
    if parameter.name == "user":
        return False
    pointee = parameter.type[:-1].rstrip()
    if pointee.endswith("*"):
        return True
    return bool(FILLED.match(parameter.type))


def parameter_problems(function):
    told = re.findall(r"@param(\[out\])? +(\w+)", function.doc)
    if [name for _, name in told] != [p.name for p in function.parameters]:
        return ["parameters {}, @param {}".format([p.name for p in function.parameters],
                                                  [name for _, name in told])]
    return ["@param{} {} should be @param{}".format(mark, p.name, "[out]" if not mark else "")
            for (mark, _), p in zip(told, function.parameters) if bool(mark) != is_output(p)]


def doc_problems(function):
    if function.doc is None:
        return ["no doc comment right before it"]
    problems = parameter_problems(function)
    if not re.search(r"@since \d+\.\d+\b", function.doc):
        problems.append("no @since")
    if not any(tag in function.doc for tag in THREADING):
        problems.append("no word on threads")
    if ("@return" in function.doc) != (function.returns != "void"):
        problems.append("@return of a function that returns " + function.returns)
    return problems


def main():
    (root,) = sys.argv[1:]
    points = tap.Tap()
    texts = headers.texts(root)
    points.check("include/meson.build lists every header", listing_problems(root))
    points.check("vgrad.h includes every header but export.h", umbrella_problems(texts))
    for name, text in texts.items():
        points.check(name + ": guard", guard_problems(name, text))
        points.check(name + ": no // comment", line_comment_problems(text))
        points.check(name + ": includes", include_problems(text))
        declared = len(re.findall(r"^VGRAD_API\b", text, re.MULTILINE))
        found = headers.functions(text)
        points.check(name + ": every declaration could be read",
                     [] if declared == len(found) else [(declared, len(found))])
        for function in found:
            points.check(function.name + ": doc comment", doc_problems(function))
    return points.finish()


if __name__ == "__main__":
    sys.exit(main())
