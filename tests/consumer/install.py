"""install.py ROOT BUILD MESON CC CXX VERSION: installs into a temporary place and uses the library
from outside the tree as users do, with pkg-config alone."""
# SPDX-License-Identifier: MIT
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
import headers
import tap


class Place:
    """An installed library and an empty directory to work in."""

    def __init__(self, top, build, meson):
        subprocess.run([meson, "install", "-C", build, "--no-rebuild", "--quiet", "--destdir",
                        top + "/stage"], check=True, stdout=subprocess.DEVNULL)
        (self.pc,) = glob.glob(top + "/stage/**/vgrad.pc", recursive=True)
        self.prefix = self.move(top + "/stage")
        self.libraries = os.path.dirname(os.path.dirname(self.pc))
        self.work = top + "/work"
        os.mkdir(self.work)
        self.env = dict(os.environ, PKG_CONFIG_PATH=os.path.dirname(self.pc),
                        LD_LIBRARY_PATH=self.libraries,
                        VGRAD_LIBRARY=os.path.join(self.libraries, "libvgrad.so.0"))

    def move(self, stage):
        """DESTDIR does not reach into vgrad.pc: its prefix becomes the place where it now is."""
        with open(self.pc, encoding="utf-8") as file:
            text = file.read()
        prefix = stage + re.search(r"^prefix=(.*)$", text, re.MULTILINE)[1]
        with open(self.pc, "w", encoding="utf-8") as file:
            file.write(re.sub(r"^prefix=.*$", "prefix=" + prefix, text, flags=re.MULTILINE))
        return prefix

    def run(self, command):
        """What went wrong with a shell command, or nothing."""
        ran = subprocess.run(command, shell=True, cwd=self.work, env=self.env, check=False,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             universal_newlines=True)
        return [command + "\n" + ran.stdout] if ran.returncode else []


def installed_problems(root, place):
    there = {"vgrad/" + name for name in os.listdir(place.prefix + "/include/vgrad")}
    return sorted(there ^ set(headers.listed(root)))


def compile_and_run(points, place, what, command):
    problems = place.run(command)
    points.check(what + ": compiles", problems)
    points.check(what + ": trains", problems or place.run("./prog"))


def main():
    root, build, meson, cc, cxx, version = sys.argv[1:]
    points = tap.Tap()
    with tempfile.TemporaryDirectory(prefix="vgrad-") as top:
        place = Place(top, build, meson)
        for name in ("train.c", "train.cpp", "train.py"):
            shutil.copy(os.path.join(HERE, name), place.work)
        points.check("pkg-config knows the version",
                     place.run('test "$(pkg-config --modversion vgrad)" = ' + version))
        points.check("the installed headers are the public ones", installed_problems(root, place))
        compile_and_run(points, place, "C",
                        cc + " train.c $(pkg-config --cflags --libs vgrad) -o prog")
        if cxx:
            compile_and_run(points, place, "C++17", cxx + " -std=c++17 train.cpp "
                            "$(pkg-config --cflags --libs vgrad) -o prog")
        else:
            points.skip("C++17: compiles and trains", "no C++ compiler")
        points.check("Python's ctypes: trains", place.run(sys.executable + " train.py"))
        blas = "$(pkg-config --static --cflags --libs openblas)"
        if place.run("echo 'int main(void) { return 0; }' >e.c && "
                     + cc + " -static e.c " + blas):
            points.skip("fully static: compiles and trains", "OpenBLAS cannot be linked statically here")
        else:
            compile_and_run(points, place, "fully static", cc + " -static train.c "
                            "$(pkg-config --static --cflags --libs vgrad) -o prog")
    return points.finish()


if __name__ == "__main__":
    sys.exit(main())
