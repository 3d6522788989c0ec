"""NAME PROGRAM CORPUS FOUND [DICTIONARY]: fuzzes one target for VGRAD_FUZZ_SECONDS (60); TAP, one
point. The folder FOUND keeps the inputs that reach new code, for the next time; those that break
something lie beside it."""
# SPDX-License-Identifier: MIT
import os
import re
import subprocess
import sys

import tap

# Of one input, in seconds: a reader that takes longer is stuck.
STUCK_AFTER = 10


def fuzz(program, corpus, found, dictionaries):
    """(exit status, what libFuzzer printed)."""
    command = [program, "-max_total_time=" + os.environ.get("VGRAD_FUZZ_SECONDS", "60"),
               "-timeout={}".format(STUCK_AFTER), "-print_final_stats=1",
               "-artifact_prefix={}-".format(found)]
    command += ["-dict=" + name for name in dictionaries]
    done = subprocess.run(command + [found, corpus], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def figure(pattern, output):
    """The last such number that was printed; "?" if there is none."""
    numbers = re.findall(pattern, output)
    return numbers[-1] if numbers else "?"


def main():
    name, program, corpus, found, *dictionaries = sys.argv[1:]
    os.makedirs(found, exist_ok=True)
    status, output = fuzz(program, corpus, found, dictionaries)
    crashes = set(re.findall(r"Test unit written to (\S+)", output)) if status else set()
    points = tap.Tap()
    points.check("{}: {} executions, {} new inputs, {} points of code reached, {} crashes".format(
        name, figure(r"stat::number_of_executed_units: *(\d+)", output),
        figure(r"stat::new_units_added: *(\d+)", output), figure(r"\bcov: (\d+)", output),
        len(crashes)), [output] if status else [])
    for crash in crashes:
        points.note("again: " + " ".join(os.path.relpath(path, os.environ["VGRAD_SOURCE_ROOT"])
                                         for path in (program, crash)))
    return points.finish()


if __name__ == "__main__":
    sys.exit(main())
