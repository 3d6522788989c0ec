"""The programs that are there to be read: samples.py NAME=PROGRAM ...

VGRAD_LIBRARY names the library that keras_circles.py loads; a sanitized one needs its runtime
loaded first, so there the script is skipped.
"""
# SPDX-License-Identifier: MIT
import math
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

import tap

points = tap.Tap()

ROOT = pathlib.Path(os.environ["VGRAD_SOURCE_ROOT"])
SAMPLES = dict(argument.split("=", 1) for argument in sys.argv[1:])
CLANG_FORMAT = "14"


def start(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


def check_length(name, most):
    lines = (ROOT / "examples" / name).read_text(encoding="utf-8").count("\n")
    points.expect(lines <= most, f"{name} has at most {most} lines", lines)


def check_format(name):
    what = f"{name} is what clang-format makes of it"
    version = start("clang-format", "--version").stdout if shutil.which("clang-format") else ""
    if not re.search(r"version " + CLANG_FORMAT + r"\.", version):
        points.skip(what, f"there is no clang-format {CLANG_FORMAT}")
        return
    path = ROOT / "examples" / name
    formatted = start("clang-format", f"--style=file:{ROOT / '.clang-format'}", str(path)).stdout
    points.expect(formatted == path.read_text(encoding="utf-8"), what)


def check_minimal():
    done = start(SAMPLES["minimal"])
    lines = done.stdout.splitlines()
    points.expect(done.returncode == 0 and done.stderr == "", "minimal runs", done)
    *steps, last = lines or [""]
    points.expect(len(steps) == 20 and all(re.fullmatch(r"step \d+: \|dense(_1)?\.kernel_gradient\| = "
                                                    r"[-+.e\d]+", line) for line in steps),
              "minimal prints both layers' gradients at ten steps", done.stdout)
    verdict = re.fullmatch(r"XOR learned: loss ([-+.e\d]+), accuracy 1", last)
    points.expect(verdict and float(verdict[1]) < 0.1, "minimal learns XOR and says so", last)


def check_own_layer():
    done = start(SAMPLES["own_layer"])
    lines = done.stdout.splitlines()
    points.expect(done.returncode == 0 and done.stderr == "" and len(lines) == 2, "own_layer runs",
                  done)
    checked = re.fullmatch(r"backward is off by ([-+.e\d]+)", lines[0] if lines else "")
    points.expect(checked and float(checked[1]) < 1e-7, "own_layer checks its backward", lines)
    learned = re.fullmatch(r"circles learned: loss ([-+.e\d]+), accuracy ([.\d]+)", lines[-1])
    points.expect(learned and float(learned[2]) > 0.95, "own_layer learns the circles", lines)


def check_own_loop():
    """Findings as they change, then the layers' table, the budget and the lines."""
    done = start(SAMPLES["own_loop"])
    points.expect(done.returncode == 0 and done.stderr == "", "own_loop runs", done)
    found = re.findall(r"^step (\d+), loss [.\d]+:\nwarning, hidden, since step 0\n"
                       r"    hidden is saturated: ", done.stdout, re.MULTILINE)
    points.expect(len(found) > 1 and found[0] == "9", "own_loop finds that tanh is saturated",
                  done.stdout)
    number = r" +[-+.e\d]+"
    rows = re.findall(rf"^(hidden|out)((?:{number}){{6}}) +\S+$", done.stdout,
                      re.MULTILINE)
    points.expect([name for name, _ in rows] == ["hidden", "out"], "own_loop prints a table",
                  done.stdout)
    lost = re.search(r"^from out to hidden delta (?:loses|gains) [.\d]+ decades: \w", done.stdout,
                     re.MULTILINE)
    points.expect(lost, "own_loop prints the budget", done.stdout)
    loss = re.search(r"^loss    [\u2581-\u2588]{60}  ([.\d]+) to ([.\d]+)$", done.stdout,
                     re.MULTILINE)
    points.expect(loss and float(loss[1]) < 0.1 < 0.6 < float(loss[2]),
                  "own_loop learns the circles", done.stdout)


def check_residual():
    done = start(SAMPLES["residual"])
    points.expect(done.returncode == 0 and done.stderr == "" and
                  "add_7 (add)" in done.stdout, "residual runs and shows its network", done)
    told = re.search(r"best epoch \d+: loss [.\d]+, accuracy ([.\d]+) on the held-out rows\n$",
                     done.stdout)
    points.expect(told and float(told[1]) > 0.97, "residual learns the circles", done.stdout[-99:])


def check_keras60():
    for words, role in (["tanh"], "kernel"), (["tanh", "gradients"], "kernel_gradient"):
        done = start(SAMPLES["keras60"], *words)
        rows = [line.split(",") for line in done.stdout.splitlines()]
        points.expect(done.returncode == 0 and all(len(row) == 5 for row in rows),
                  f"keras60 {' '.join(words)} runs", done)
        mine = [row for row in rows if row[1].endswith("." + role)]
        points.expect(len(mine) == 500, f"keras60 prints 100 epochs of 5 layers' {role}", len(mine))
        events = [row for row in rows if row[1].endswith(".kernel")]
        points.expect(len(events) == 500, "and its callback 500 rows of weights, in either loop",
                      len(events))
    points.expect(start(SAMPLES["keras60"], "nonsense").returncode == 1, "keras60 nonsense exits 1")


def check_table():
    """Three clusters by name and by number; and what is wrong with a file comes out."""
    dice = random.Random(3)
    rows = [(c, dice.gauss(5 * c, 1), dice.gauss(-4 * c, 1)) for c in range(3) for _ in range(60)]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "table.csv")
        path.write_text("size,species,weight\n" +
                        "".join(f"{a:.3f},{c},{b:.3f}\n" for c, a, b in rows), encoding="utf-8")
        for column in ("species", "1"):
            done = start(SAMPLES["table"], str(path), column)
            told = re.fullmatch(r"36 rows it has not seen: loss [\d.]+, accuracy ([\d.]+)\n",
                                done.stdout)
            points.expect(done.returncode == 0 and told and float(told[1]) > 0.9,
                          f"table tells clusters apart by column {column}", done)
        done = start(SAMPLES["table"], str(path), "kind")
        points.expect(done.returncode == 1 and '"kind" among 3 columns' in done.stderr,
                      "table names a column that is not there", done)
    points.expect(start(SAMPLES["table"]).returncode == 2, "table without a file exits 2")


def check_what_to_see():
    """What docs/first-experiment.md says of the first batch: last/first s.d. of the gradients."""
    text = (ROOT / "docs" / "first-experiment.md").read_text(encoding="utf-8")
    for activation, least, most in ("sigmoid", 30, 1000), ("tanh", 0.5, 2), ("relu", 0.5, 2):
        done = start(SAMPLES["keras60"], activation, "gradients")
        rows = [line.split(",") for line in done.stdout.splitlines()]
        stds = [float(row[3]) for row in rows
                if row[0] == "0" and row[1].endswith(".kernel_gradient")]
        ratio = stds[-1] / stds[0] if len(stds) == 5 and stds[0] else 0
        points.expect(least < ratio < most, f"keras60 {activation}: last/first is as told", stds)
        told = re.search(rf"^\| `{activation}` *\|(.*)\|(.*)\|(.*)\|$", text, re.MULTILINE)
        pairs = zip(told.groups(), (stds[0], stds[-1], ratio)) if told and ratio else []
        close = [math.isclose(float(a), b, rel_tol=0.02) for a, b in pairs]
        points.expect(close == [True] * 3, f"and the document has {activation}'s figures",
                      (told and told[0], stds, ratio))


def check_resume():
    """Killed while it trains, and started again."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        whole = start(SAMPLES["resume"], str(folder / "whole"))
        points.expect(whole.returncode == 0 and whole.stderr == "", "resume runs", whole)
        with subprocess.Popen([SAMPLES["resume"], str(folder / "killed")], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE) as process:
            while process.poll() is None and not list(folder.glob("killed/checkpoint-0000001*.safetensors")):
                time.sleep(0.001)
            process.kill()
        points.expect(process.returncode == -9, "resume is killed on its way", process.returncode)
        again = start(SAMPLES["resume"], str(folder / "killed"))
        losses = [done.stdout.splitlines()[-1:] for done in (whole, again)]
        points.expect(losses[0] == losses[1] and "loss" in losses[0][0], "resume ends with the same loss",
                      losses)
        points.expect(len(list(folder.glob("killed/*"))) == 4, "three checkpoints and the best are left",
                      list(folder.glob("killed/*")))


def check_same_experiment():
    """C++ and Python print the same lines."""
    python = start(sys.executable, str(ROOT / "examples" / "keras_circles.py")) \
        if not os.environ.get("VGRAD_SANITIZED") else None
    if python:
        words = [line.split(":")[0] for line in python.stdout.splitlines()]
        runs = [f"{activation} {what}" for activation in ("sigmoid", "tanh", "relu")
                for what in ("weights", "gradients")]
        points.expect(python.returncode == 0 and words == runs,
                  "keras_circles.py runs", python)
    else:
        points.skip("keras_circles.py runs", "the library is sanitized")
    if "keras_circles.cpp" not in SAMPLES:
        points.skip("keras_circles.cpp runs", "there is no C++ compiler")
        return
    done = start(SAMPLES["keras_circles.cpp"])
    points.expect(done.returncode == 0 and done.stdout.count("\n") == 6, "keras_circles.cpp runs", done)
    if python:
        points.expect(done.stdout == python.stdout, "C++ and Python agree", (done, python))


def main():
    check_length("minimal.c", 45)
    check_length("keras60.c", 60)
    check_format("minimal.c")
    check_format("keras60.c")
    check_format("table.c")
    check_format("own_layer.c")
    check_format("own_loop.c")
    check_format("residual.c")
    check_format("resume.c")
    check_minimal()
    check_own_layer()
    check_own_loop()
    check_residual()
    check_keras60()
    check_table()
    check_what_to_see()
    check_same_experiment()
    check_resume()
    return points.finish()


if __name__ == "__main__":
    sys.exit(main())
