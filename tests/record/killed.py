"""killed.py PROGRAM: kills a run that writes checkpoints at 50 random moments; each time all that is
under a final name can be read, and in the end it has come to the bytes of a run that nobody killed."""
# SPDX-License-Identifier: MIT
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import tap

KILLS, SEED = 50, 20240607
points = tap.Tap()
PROGRAM = sys.argv[1]
ENVIRONMENT = {**os.environ, "CK_FORK": "no", "OPENBLAS_NUM_THREADS": "1"}


def start(*arguments):
    return subprocess.Popen([PROGRAM, *map(str, arguments)], env=ENVIRONMENT, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def undisturbed(folder):
    """What the run comes to, and how long it takes: until it is ready, and from then on."""
    begin = time.monotonic()
    process = start("run", folder / "checkpoints", folder / "end")
    process.stderr.readline()
    ready = time.monotonic()
    said, _ = process.communicate()
    points.expect(process.returncode == 0, "a run that nobody kills ends well", said)
    return (folder / "end").read_bytes(), ready - begin, time.monotonic() - ready


def life(folder, dice, startup, whole):
    """One process; true if it was killed before its end. One in five dies before it is ready."""
    process = start("run", folder / "checkpoints", folder / "end")
    if dice.random() < 0.2:
        time.sleep(dice.uniform(0, startup))
    else:
        process.stderr.readline()
        time.sleep(dice.uniform(0, whole / 10))
    process.kill()
    said, errors = process.communicate()
    if process.returncode not in (0, -9):
        points.check("a process ends well or is killed", [said, errors])
    return process.returncode == -9


def check(folder, what):
    process = start("check", folder / "checkpoints")
    said, _ = process.communicate()
    if process.returncode != 0:
        points.check("what is under a final name can be read, " + what, [said])


def one_run(folder, dice, left, times, expected):
    """A run from beginning to end, with up to `left` kills in between; how many there were."""
    kills, deaths = 0, []
    while kills < left and life(folder, dice, *times):
        kills += 1
        names = [path.name for path in (folder / "checkpoints").glob("*")]
        deaths.append(sum(name.endswith(".tmp") for name in names))
        check(folder, f"after {kills} kills")
    if kills == left:  # it may come to its end now
        process = start("run", folder / "checkpoints", folder / "end")
        said, _ = process.communicate()
        points.expect(process.returncode == 0, "what is left of the run ends well", said)
    end = folder / "end"
    points.expect(end.exists() and end.read_bytes() == expected,
                  f"after {kills} kills, {sum(map(bool, deaths))} of them while a file was written, "
                  "the run ends with the same bytes")
    points.expect(not list((folder / "checkpoints").glob("*.tmp")), "nothing is left over")
    return kills


def main():
    dice, kills, runs = random.Random(SEED), 0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "whole").mkdir()
        expected, *times = undisturbed(folder / "whole")
        while kills < KILLS:
            runs += 1
            (folder / str(runs)).mkdir()
            kills += one_run(folder / str(runs), dice, KILLS - kills, times, expected)
    points.expect(kills == KILLS, f"{kills} kills in {runs} runs")
    return points.finish()


if __name__ == "__main__":
    sys.exit(main())
