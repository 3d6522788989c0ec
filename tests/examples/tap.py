"""TAP output for a test script: check(), note(), skip(), and finish() with the plan."""
# SPDX-License-Identifier: MIT

points = []


def note(text):
    print("# " + str(text).rstrip().replace("\n", "\n# "), flush=True)


def check(good, name, detail=""):
    """One test point; `detail` is shown if it fails."""
    points.append(bool(good))
    print(f"{'ok' if good else 'not ok'} {len(points)} - {name}", flush=True)
    if not good and detail != "":
        note(detail)


def skip(name, reason):
    points.append(True)
    print(f"ok {len(points)} - {name} # SKIP {reason}", flush=True)


def finish():
    """Prints the plan; returns the exit status."""
    print(f"1..{len(points)}")
    return not all(points)
