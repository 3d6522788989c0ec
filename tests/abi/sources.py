"""sources.py ROOT: which way includes run inside lib/, what the library never calls, flags that no
build file may hold, and functions that no test hands NULL."""
# SPDX-License-Identifier: MIT
import os
import re
import sys

import headers
import tap

# A room includes itself and those before it.
ROOMS = ["base", "tensor", "data", "network", "optimizer", "probe", "train", "record"]
# A library that prints, ends the process, or changes what belongs to all of it, is no guest.
NEVER = ["printf", "vprintf", "puts", "putchar", "fprintf", "vfprintf", "fputs", "perror", "abort",
         "exit", "_exit", "_Exit", "quick_exit", "atexit", "signal", "sigaction", "setlocale",
         "fesetround", "fesetenv", "openblas_set_num_threads"]
ALLOCATION = ["malloc", "calloc", "realloc", "aligned_alloc", "posix_memalign", "strdup", "free"]
# Linking with them makes the library change the floating-point mode of whoever loads it.
FLAGS = re.compile(r"-ffast-math|-Ofast|-funsafe-math-optimizations")


def tree(root, folder, is_wanted):
    """{path from the root: text} below a folder, build folders aside."""
    found = {}
    for place, folders, names in os.walk(os.path.join(root, folder)):
        folders[:] = [f for f in folders if f not in (".git", "build", "__pycache__")]
        for name in names:
            path = os.path.relpath(os.path.join(place, name), root)
            if is_wanted(path):
                found[path] = headers.read(root, path)
    return found


def library(root):
    return tree(root, "lib", lambda path: path.endswith((".c", ".h", ".inc")))


def room_of(path):
    return path.split(os.sep)[1]


def upward(sources, room):
    """Includes of this room that name no room at all or one that comes after it."""
    allowed = ROOMS[:ROOMS.index(room) + 1]
    return ["{} includes {}".format(path, include)
            for path, text in sources.items() if room_of(path) == room
            for include in headers.includes(text)
            if include.startswith('"') and
            (include[1:].split("/")[0] not in allowed or ".." in include)]


def calls(sources, names, allowed=()):
    pattern = re.compile(r"\b({})\s*\(".format("|".join(names)))
    return ["{} calls {}".format(path, name)
            for path, text in sources.items() if path not in allowed
            for name in pattern.findall(headers.without_comments(text))]


def seers(sources, header):
    return [path for path, text in sources.items()
            for include in headers.includes(text) if include[1:-1] == header]


def is_build_file(path):
    return os.path.basename(path) in ("meson.build", "meson_options.txt", "run", "Makefile",
                                      "CMakeLists.txt") or path.startswith(".ci" + os.sep)


def fast_math(root):
    return ["{}: {}".format(path, flag) for path, text in tree(root, ".", is_build_file).items()
            for flag in FLAGS.findall(text)]


def unswept(root):
    """Public functions that take a pointer first and that no test hands NULL there."""
    tests = "".join(tree(root, "tests", lambda path: path.endswith(".c")).values())
    swept = set(re.findall(r"\b(vgrad_\w+)\s*\(\s*NULL\b", tests))
    return [function.name for function in headers.all_functions(root)
            if function.parameters and "*" in function.parameters[0].type
            and function.name not in swept]


def main():
    (root,) = sys.argv[1:]
    points = tap.Tap()
    sources = library(root)
    rooms = {room_of(path) for path in sources}
    points.check("every room of lib/ has its place", sorted(rooms - set(ROOMS)))
    for room in ROOMS:
        if room in rooms:
            points.check("lib/{}: includes run one way".format(room), upward(sources, room))
    # Compared with a list, not a set of offenders: a header must be seen in its one place.
    for header, place in (("cblas.h", "lib/tensor/blas.c"), ("zlib.h", "lib/data/gzip.c")):
        seen = seers(sources, header)
        points.check("only {} sees {}".format(place, header),
                     [] if seen == [place] else seen or ["nobody does"])
    points.check("only lib/record sees jansson.h",
                 [path for path in seers(sources, "jansson.h") if room_of(path) != "record"])
    points.check("no allocator of the process's is changed",
                 calls(sources, ["json_set_alloc_funcs", "json_set_alloc_funcs2"]))
    points.check("no call that prints, ends the process or changes its state",
                 calls(sources, NEVER) +
                 [path + " names a standard stream" for path, text in sources.items()
                  if re.search(r"\b(stdout|stderr)\b", headers.without_comments(text))])
    points.check("memory comes from lib/base/context.c alone",
                 calls(sources, ALLOCATION, ["lib/base/context.c"]))
    points.check("every function is handed NULL", unswept(root))
    points.check("no build file has -ffast-math or its like", fast_math(root))
    return points.finish()


if __name__ == "__main__":
    sys.exit(main())
