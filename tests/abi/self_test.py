"""self_test.py CC LOAD SHARED: every rule of this suite is broken once, and its checker must say
so. LOAD is the built load.c."""
# SPDX-License-Identifier: MIT
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
import breakage
import headers
import tap

STATUS, TENSOR, MAP = "include/vgrad/status.h", "include/vgrad/tensor.h", "lib/vgrad.map"
# The first two members of vgrad_tensor, as they stand in the header.
DATA = "    const void *data;                /**< The element (0, 0, ...). */\n"
NAME = '    const char *name;                /**< "dense_1.kernel_gradient", or NULL. */\n'
TABLE, STATUS_C = "docs/symbols-in-versions.md", "lib/base/status.c"

SYMBOLS = [
    ("a function missing from the map", (MAP, "    vgrad_version;\n", ""), "map and headers"),
    ("the same, seen from the library", (MAP, "    vgrad_version;\n", ""), "map and shared"),
    ("a function too many in the map", (MAP, "    vgrad_version;", "    vgrad_v;\n    vgrad_version;"),
     "map and shared"),
    ("another version node", (MAP, "VGRAD_0 {", "VGRAD_1 {"), "the map's version"),
    ("another ABI number", ("include/vgrad/version.h", "VGRAD_ABI_VERSION 0", "VGRAD_ABI_VERSION 1"),
     "soname"),
    ("a function missing from the table", (TABLE, "| `vgrad_version` | 0.1 |\n", ""), "lists the map"),
    ("another version in the table", (TABLE, "`vgrad_version` | 0.1", "`vgrad_version` | 0.2"),
     "agrees with @since"),
    ("another @since", (STATUS, " * @since 0.1\n */\nVGRAD_API uint32_t vgrad_version",
                        " * @since 0.2\n */\nVGRAD_API uint32_t vgrad_version"),
     "agrees with @since"),
]
SOURCES = [
    ("an upward include", (STATUS_C, "#include", '#include "train/trainer.h"\n#include'), "lib/base"),
    ("an include around the rooms", (STATUS_C, "#include", '#include "../base/text.h"\n#include'),
     "lib/base"),
    ("an unknown room", ("lib/attic/old.c", "", "\n"), "every room"),
    ("a second reader of cblas.h", (STATUS_C, "#include", "#include <cblas.h>\n#include"),
     "cblas.h"),
    ("a print", (STATUS_C, "#include", 'void f(void) { printf("x"); }\n#include'), "no call"),
    ("a standard stream", (STATUS_C, "#include", "void *f(void) { return stderr; }\n#include"),
     "no call"),
    ("an abort", (STATUS_C, "#include", "void f(void) { abort (); }\n#include"), "no call"),
    ("a thread count", (STATUS_C, "#include", "void f(void) { openblas_set_num_threads(1); }\n#include"),
     "no call"),
    ("a malloc", (STATUS_C, "#include", "void *f(void) { return malloc(1); }\n#include"),
     "memory comes"),
    ("a new function", (STATUS, "VGRAD_API", "VGRAD_API int vgrad_new(char *s);\nVGRAD_API"),
     "handed NULL"),
    ("-ffast-math", ("lib/meson.build", "'-O3'", "'-ffast-math'"), "-ffast-math"),
    ("-Ofast", ("meson.build", "'-Wvla'", "'-Ofast'"), "-ffast-math"),
]
ENUMERATORS = [
    ("a new enumerator", (STATUS, "VGRAD_DONE = 2,", "VGRAD_DONE = 2, VGRAD_NEW = 3,"),
     "number is frozen"),
    ("a new enumerator without a word", (STATUS, "VGRAD_DONE = 2,", "VGRAD_DONE = 2, VGRAD_NEW = 3,"),
     "word of vgrad_status"),
    ("an enumerator taken away", (TENSOR, "    VGRAD_INFS = 10,", "    "), "number is frozen"),
]
LAYOUT = [
    ("an enumerator's number", (STATUS, "VGRAD_DONE = 2", "VGRAD_DONE = 3"), "VGRAD_DONE"),
    ("two members exchanged", (TENSOR, DATA + NAME, NAME + DATA), "offset of vgrad_tensor.data"),
    ("a member in the middle", ("include/vgrad/trainer.h", "    int64_t flags;",
                                "    int64_t more;\n    int64_t flags;"),
     "no padding before vgrad_event.flags"),
    ("a member at the end", ("include/vgrad/trainer.h", "    double clipped_norm;",
                             "    double more;\n    double clipped_norm;"), "size of vgrad_event"),
    ("hidden padding", (TENSOR, "    int32_t device_id; ", "    int16_t device_id; "),
     "no padding before vgrad_tensor.layer"),
]
# What a constructor in a library could do to the process that loads it.
LOADED = [
    ("a floating-point mode", "xmmintrin.h", "_mm_setcsr(_mm_getcsr() | 0x8040);",
     "floating-point mode"),
    ("a locale", "locale.h", 'setlocale(LC_ALL, "C");', "locale"),
    ("a thread count", "cblas.h", "openblas_set_num_threads(1);", "OpenBLAS's threads"),
    ("a signal handler", "signal.h", "signal(SIGINT, SIG_IGN);", "signal handler"),
]


class Stubs:
    """Libraries that export what the map lists, or not quite."""

    def __init__(self, scratch, cc):
        self.scratch, self.cc = scratch, cc
        self.names = [function.name for function in headers.all_functions(scratch.root)]
        with open(scratch.path("whole.map"), "w", encoding="utf-8") as target:
            # Lets whatever a stub adds out as well.
            target.write("VGRAD_0 { global: *; };\n")

    def checker(self, source="", leave_out="", soname="libvgrad.so.0", archived="vgrad__inner"):
        """Builds a shared and a static library; the command that checks them."""
        shared, static, c = map(self.scratch.path, ("stub.so", "stub.a", "stub.c"))
        body = "".join("void {}(void) {{}}\n".format(n) for n in self.names if n != leave_out)
        self.compile(c, body + source, "-shared", "-fPIC", "-Wl,-soname," + soname,
                     "-Wl,--version-script=" + self.scratch.path("whole.map"), "-o", shared)
        self.compile(c, "void {}(void) {{}}\n".format(archived), "-c", "-o", static + ".o")
        subprocess.run(["ar", "rcs", static, static + ".o"], check=True)
        os.remove(static + ".o")
        return [sys.executable, os.path.join(HERE, "symbols.py"), self.scratch.root, shared, static]

    def compile(self, path, source, *arguments):
        with open(path, "w", encoding="utf-8") as file:
            file.write(source)
        subprocess.run([self.cc, path, *arguments], check=True)


def break_symbols(scratch, cc):
    stubs = Stubs(scratch, cc)
    checker = stubs.checker()
    scratch.passes("symbols of a stub pass", checker)
    for name, edit, expected in SYMBOLS:
        scratch.broken(name, edit, expected, checker)
    scratch.caught("an exported function too many", "map and shared",
                   stubs.checker("void vgrad__inner(void) {}"))
    scratch.caught("a function that is not exported", "map and shared",
                   stubs.checker(leave_out="vgrad_version"))
    scratch.caught("exported data", "nothing but functions", stubs.checker("int vgrad_data = 1;"))
    scratch.caught("another soname", "soname", stubs.checker(soname="libvgrad.so.7"))
    scratch.caught("a foreign global name in the static library", "begin with vgrad_",
                   stubs.checker(archived="helper"))


def break_layout(scratch, cc):
    program = scratch.path("layout")
    command = ["sh", "-c", '"$1" -I "$2/include" "$3" -o "$4" && "$4"', "sh", cc, scratch.root,
               os.path.join(HERE, "layout.c"), program]
    scratch.passes("layout of a copy passes", command)
    for name, edit, expected in LAYOUT:
        scratch.broken("layout: " + name, edit, expected, command)


def break_loading(scratch, cc, load, shared):
    """A library on top of the real one, so that training finds its functions through it."""
    scratch.passes("loading the library itself passes", [load, shared])
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "openblas"], check=True,
                           stdout=subprocess.PIPE, universal_newlines=True).stdout.split()
    bad, c = scratch.path("bad.so"), scratch.path("bad.c")
    for name, header, statement, expected in LOADED:
        with open(c, "w", encoding="utf-8") as source:
            source.write("#include <{}>\n__attribute__((constructor)) static void f(void) {{ {} }}\n"
                         .format(header, statement))
        subprocess.run([cc, "-shared", "-fPIC", c, "-o", bad, shared, *flags,
                        "-Wl,--no-as-needed", shared,
                        "-Wl,-rpath," + os.path.dirname(shared)], check=True)
        scratch.caught("loading changes " + name, expected, [load, bad])


def main():
    cc, load, shared = sys.argv[1:]
    points = tap.Tap()
    with breakage.Scratch(points, "include", "lib", "docs", "meson.build",
                          "tests") as scratch:
        break_symbols(scratch, cc)
        for script, breaks in (("sources", SOURCES), ("enumerators", ENUMERATORS)):
            checker = [sys.executable, os.path.join(HERE, script + ".py"), scratch.root]
            scratch.passes(script + " of a copy pass", checker)
            for name, edit, expected in breaks:
                scratch.broken(name, edit, expected, checker)
        break_layout(scratch, cc)
        break_loading(scratch, cc, load, shared)
    return points.finish()


if __name__ == "__main__":
    sys.exit(main())
