"""Breaks one rule at a time in a scratch copy of the source and looks whether a checker says so."""
# SPDX-License-Identifier: MIT
import os
import re
import shutil
import subprocess
import tempfile

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Scratch:
    """A copy of parts of the source that is gone when the `with` is over."""

    def __init__(self, tap, *parts):
        self.tap = tap
        self.parts = parts

    def __enter__(self):
        self.root = tempfile.mkdtemp(prefix="vgrad-")
        for part in self.parts:
            self.copy(part)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root)

    def path(self, name):
        return os.path.join(self.root, name)

    def copy(self, part):
        source, target = os.path.join(SOURCE, part), self.path(part)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.isdir(source):
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)

    def report(self, checker):
        """The names of the points that the checker says are not ok."""
        output = subprocess.run(checker, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                universal_newlines=True, check=False)
        failed = re.findall(r"^not ok \d+ - (.*)$", output.stdout, re.MULTILINE)
        if (output.returncode != 0) != bool(failed):
            failed.append("exit status {}\n{}".format(output.returncode, output.stdout))
        return failed

    def passes(self, name, checker):
        """Nothing is broken yet, so what is reported later comes from what was broken."""
        self.tap.check(name, self.report(checker))

    def caught(self, name, expected, checker):
        """The checker says `not ok` to a point whose name contains `expected`."""
        failed = self.report(checker)
        seen = any(expected in point for point in failed)
        self.tap.check(name, [] if seen else ["reported instead: {}".format(failed)])

    def broken(self, name, edit, expected, checker):
        """Makes one edit, (file, old, new), looks, and takes it back. `old` "": a new file."""
        file, old, new = edit
        path = self.path(file)
        text = None
        if old:
            with open(path, encoding="utf-8") as before:
                text = before.read()
            if old not in text:
                self.tap.check(name, ["{} does not hold {!r}".format(file, old)])
                return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as after:
            after.write(new if text is None else text.replace(old, new, 1))
        self.caught(name, expected, checker)
        if text is None:
            os.remove(path)
            return
        with open(path, "w", encoding="utf-8") as after:
            after.write(text)
