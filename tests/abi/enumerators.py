"""enumerators.py ROOT: frozen.inc misses no enumerator of the public headers, and no word of those
that have one."""
# SPDX-License-Identifier: MIT
import os
import re
import sys

import headers
import tap

NAMED = ["vgrad_status", "vgrad_role", "vgrad_quantity", "vgrad_activation"]


def differences(declared, frozen):
    return (["not frozen: " + name for name in declared if name not in frozen] +
            ["frozen, but gone: " + name for name in frozen if name not in declared])


def main():
    (root,) = sys.argv[1:]
    points = tap.Tap()
    frozen = headers.read(root, "tests/abi/frozen.inc")
    enums = headers.all_enums(root)
    points.check("every enumerator's number is frozen", differences(
        [name for _, names in enums for name in names],
        re.findall(r"NUMBER\((VGRAD_\w+),", frozen)))
    for kind in NAMED:
        points.check("every word of {} is frozen".format(kind), differences(
            [name for enum, names in enums for name in names if enum == kind],
            re.findall(r"WORD\({}, (VGRAD_\w+),".format(kind[6:]), frozen)))
    return points.finish()


if __name__ == "__main__":
    sys.exit(main())
