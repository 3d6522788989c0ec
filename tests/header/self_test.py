"""self_test.py CC CXX: every rule of this suite is broken once, and its checker must say so."""
# SPDX-License-Identifier: MIT
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
import breakage
import tap

STATUS, TENSOR = "include/vgrad/status.h", "include/vgrad/tensor.h"

# What is broken; (file, old, new); a part of the point's name that must fail.
TEXT = [
    ("a header that meson does not list", ("include/vgrad/more.h", "", "\n"), "lists every header"),
    ("vgrad.h leaves one out", ("include/vgrad/vgrad.h", "#include <vgrad/probe.h>\n", ""),
     "vgrad.h includes every header"),
    ("a guard of another name", (TENSOR, "#define VGRAD_TENSOR_H", "#define TENSOR_H"),
     "vgrad/tensor.h: guard"),
    ("code after the guard", (TENSOR, "#endif", "#endif\nextern int late;"),
     "vgrad/tensor.h: guard"),
    ("a // comment", (TENSOR, "typedef struct", "// a view\ntypedef struct"),
     "vgrad/tensor.h: no // comment"),
    ("an include of another header", (STATUS, "#include <vgrad/export.h>",
                                      "#include <stdio.h>\n#include <vgrad/export.h>"),
     "vgrad/status.h: includes"),
    ("a missing @since", (STATUS, " * @since 0.1\n */\nVGRAD_API uint32_t vgrad_version",
                          " */\nVGRAD_API uint32_t vgrad_version"), "vgrad_version: doc"),
    ("a missing word on threads",
     (STATUS, " * @thread_any\n * @since 0.1\n */\nVGRAD_API uint32_t vgrad_version",
      " * @since 0.1\n */\nVGRAD_API uint32_t vgrad_version"), "vgrad_version: doc"),
    ("a missing @return", (STATUS, " * @return 0xMMmmpp.\n", ""), "vgrad_version: doc"),
    ("a @return of nothing", ("include/vgrad/context.h", " * @param context NULL is fine.\n",
                              " * @param context NULL is fine.\n * @return nothing.\n"),
     "vgrad_context_destroy: doc"),
    ("a missing @param", (STATUS, " * @param status any number.\n", ""), "vgrad_status_name: doc"),
    ("a @param of another name", (STATUS, "@param status any", "@param number any"),
     "vgrad_status_name: doc"),
    ("an out without @param[out]", (TENSOR, " * @param[out] out the view.", " * @param out the view."),
     "vgrad_tensor_matrix: doc"),
    ("an in with @param[out]", (STATUS, "@param status any", "@param[out] status any"),
     "vgrad_status_name: doc"),
    ("a function without a comment",
     (STATUS, "VGRAD_DECLARATIONS_END", "VGRAD_API void vgrad_new(void);\nVGRAD_DECLARATIONS_END"),
     "vgrad_new: doc"),
]
COMPILED = [
    ("a // comment", (STATUS, "typedef enum", "// x\ntypedef enum"), "as c89"),
    ("a comma after the last enumerator", (TENSOR, "enum { VGRAD_MAX_RANK = 8 }",
                                           "enum { VGRAD_MAX_RANK = 8, }"), "as c89"),
    ("no guard", (TENSOR, "#ifndef VGRAD_TENSOR_H", "#if 1"), "as c17"),
    ("a header that needs another first", (STATUS, "#include <vgrad/export.h>\n", ""), "as c11"),
]
COMPILED_CXX = [
    ("a word of C++ as a name", (STATUS, "vgrad_status_name(vgrad_status status)",
                                 "vgrad_status_name(vgrad_status class)"), "as c++98"),
    ("a word of C++20 as a name", (STATUS, "vgrad_status_name(vgrad_status status)",
                                   "vgrad_status_name(vgrad_status concept)"), "as c++20"),
]


def main():
    cc, cxx = sys.argv[1:]
    points = tap.Tap()
    with breakage.Scratch(points, "include") as scratch:
        text = [sys.executable, os.path.join(HERE, "text.py"), scratch.root]
        points_of = [sys.executable, os.path.join(HERE, "compile.py"), scratch.root, cc, cxx]
        points_of += ["vgrad/status.h", "vgrad/tensor.h"]
        scratch.passes("the text of a copy passes", text)
        scratch.passes("a copy compiles", points_of)
        for name, edit, expected in TEXT:
            scratch.broken(name, edit, expected, text)
        for name, edit, expected in COMPILED:
            scratch.broken(name + ", compiled", edit, expected, points_of)
        for name, edit, expected in COMPILED_CXX:
            if cxx:
                scratch.broken(name, edit, expected, points_of)
            else:
                points.skip(name, "no C++ compiler")
    return points.finish()


if __name__ == "__main__":
    sys.exit(main())
