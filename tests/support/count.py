"""Sums the TAP lines of one or more meson test logs: N passed, N failed, N skipped."""
# SPDX-License-Identifier: MIT
import json
import re
import sys

POINT = re.compile(r"^(ok|not ok)\b(.*)$")


def count(test):
    """(passed, failed, skipped) of one program."""
    points = [m for m in map(POINT.match, test.get("stdout", "").splitlines()) if m]
    failed = sum(m[1] == "not ok" for m in points)
    skipped = sum(m[1] == "ok" and "# SKIP" in m[2].upper() for m in points)
    passed = len(points) - failed - skipped
    if test["result"] == "SKIP" and not points:
        skipped = 1
    elif test["result"] not in ("OK", "SKIP") and failed == 0:
        failed = 1  # it crashed, timed out, or broke its plan
    return passed, failed, skipped


def main():
    sums = [0, 0, 0]
    for log in sys.argv[1:]:
        with open(log, encoding="utf-8") as lines:
            for line in lines:
                sums = [a + b for a, b in zip(sums, count(json.loads(line)))]
    print("{} passed, {} failed, {} skipped".format(*sums))
    return sums[1] > 0 or sums[0] == 0


if __name__ == "__main__":
    sys.exit(main())
