"""symbols.py ROOT SHARED STATIC: what the libraries export is what the map lists is what the
headers declare is what docs/symbols-in-versions.md tells."""
# SPDX-License-Identifier: MIT
import os
import re
import subprocess
import sys

import headers
import tap


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, universal_newlines=True,
                          check=True).stdout


def map_nodes(root):
    """{symbol: node} of the version script."""
    nodes = {}
    for node, body in re.findall(r"^(\w[\w.]*) \{\n(.*?)^\}", headers.read(root, "lib/vgrad.map"),
                                 re.MULTILINE | re.DOTALL):
        for symbol in re.findall(r"^ +(\w+);", body.split("local:")[0], re.MULTILINE):
            nodes[symbol] = node
    return nodes


def exported(library):
    """{symbol: (letter, node)}; the nodes themselves, absolute symbols, are left out."""
    found = {}
    for line in output("nm", "-D", "--defined-only", library).splitlines():
        _, letter, name = line.split()
        symbol, _, node = name.partition("@@")
        if letter != "A":
            found[symbol] = (letter, node)
    return found


def differences(left, left_name, right, right_name):
    return (["only in {}: {}".format(left_name, name) for name in sorted(set(left) - set(right))] +
            ["only in {}: {}".format(right_name, name) for name in sorted(set(right) - set(left))])


def soname_problems(root, library):
    number = re.search(r"#define VGRAD_ABI_VERSION (\d+)",
                       headers.read(root, "include/vgrad/version.h"))[1]
    found = re.findall(r"SONAME.*\[(.*)\]", output("readelf", "-d", library))
    return [] if found == ["libvgrad.so." + number] else [found]


def static_problems(library):
    """AddressSanitizer's own markers aside, a static library must not take names from others."""
    names = re.findall(r"^\S* *[A-Z] (\S+)$",
                       output("nm", "--defined-only", "--extern-only", library), re.MULTILINE)
    others = [name for name in names if not re.match(r"(vgrad_|__odr_asan)", name)]
    return others if names else ["no global symbol at all"]


def table(root):
    """{name: since} of docs/symbols-in-versions.md."""
    return dict(re.findall(r"^\| `(\w+)` \| (\S+) \|$",
                           headers.read(root, "docs/symbols-in-versions.md"), re.MULTILINE))


def since_problems(since, functions):
    problems = []
    for function in functions:
        tag = re.search(r"@since (\S+)", function.doc or "")
        if not tag or since.get(function.name) != tag[1]:
            problems.append("{}: header {}, table {}".format(
                function.name, tag and tag[1], since.get(function.name)))
    return problems


def main():
    root, shared, static = sys.argv[1:]
    points = tap.Tap()
    nodes, symbols = map_nodes(root), exported(shared)
    functions, since = headers.all_functions(root), table(root)
    declared = [function.name for function in functions]
    points.check("map and headers name the same functions",
                 differences(nodes, "map", declared, "headers"))
    points.check("map and shared library name the same symbols",
                 differences(nodes, "map", symbols, "library"))
    points.check("every symbol carries the map's version",
                 [(name, node) for name, (_, node) in symbols.items()
                  if node != nodes.get(name, node)])
    points.check("nothing but functions is exported",
                 [(name, letter) for name, (letter, _) in symbols.items() if letter != "T"])
    points.check("soname ends with VGRAD_ABI_VERSION", soname_problems(root, shared))
    points.check("global names of the static library begin with vgrad_", static_problems(static))
    points.check("symbols-in-versions.md lists the map's symbols",
                 differences(nodes, "map", since, "table"))
    points.check("symbols-in-versions.md agrees with @since", since_problems(since, functions))
    return points.finish()


if __name__ == "__main__":
    sys.exit(main())
