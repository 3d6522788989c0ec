"""compile.py ROOT CC CXX [HEADER ...]: every public header by itself and twice over, in every C and
C++ standard that is promised, with no warning. CXX "" if there is none."""
# SPDX-License-Identifier: MIT
import os
import subprocess
import sys

import headers
import tap

C = ["c89", "c99", "c11", "c17"]
CXX = ["c++98", "c++11", "c++14", "c++17", "c++20"]
STRICT = ["-pedantic-errors", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]


def problems(compiler, standard, include, header):
    """The first inclusion stands alone; the second one tries the guard. ISO C wants a declaration
    even where a header holds only macros."""
    source = "#include <{0}>\n#include <{0}>\nextern int unused;\n".format(header)
    language = "c++" if standard.startswith("c++") else "c"
    run = subprocess.run([compiler, "-x", language, "-std=" + standard, *STRICT, "-I", include, "-"],
                         input=source, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         universal_newlines=True, check=False)
    return [run.stdout or "compiler failed"] if run.returncode else []


def main():
    root, cc, cxx, *chosen = sys.argv[1:]
    include = os.path.join(root, "include")
    points = tap.Tap()
    for header in chosen or headers.listed(root):
        for standard in C:
            points.check("{} as {}".format(header, standard),
                         problems(cc, standard, include, header))
        for standard in CXX:
            name = "{} as {}".format(header, standard)
            if cxx:
                points.check(name, problems(cxx, standard, include, header))
            else:
                points.skip(name, "no C++ compiler")
    return points.finish()


if __name__ == "__main__":
    sys.exit(main())
