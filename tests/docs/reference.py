"""Doxygen finds nothing undocumented in the public headers. TAP."""
# SPDX-License-Identifier: MIT
import pathlib
import subprocess
import sys
import tempfile

import tap


def main():
    root, doxygen = sys.argv[1:3]
    points = tap.Tap()
    if not doxygen:
        points.skip("the reference is complete", "no doxygen")
        return points.finish()
    doxyfile = pathlib.Path(root, "docs", "Doxyfile.in").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as output:
        for name, value in {"VERSION": "test", "SOURCE": root, "OUTPUT": output}.items():
            doxyfile = doxyfile.replace(f"@{name}@", value)
        run = subprocess.run([doxygen, "-"], input=doxyfile, text=True, capture_output=True)
    points.check("the reference is complete", run.stderr.splitlines() if run.returncode else [])
    return points.finish()



if __name__ == "__main__":
    sys.exit(main())
