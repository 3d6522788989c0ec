"""The phase diagram example on a small grid: phase_diagram.py PROGRAM"""
# SPDX-License-Identifier: MIT
import csv
import json
import math
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import tap

points = tap.Tap()

PROGRAM = sys.argv[1]
MNIST = os.environ.pop("VGRAD_MNIST_DIR", "")  # so that nothing below takes it unasked
COLUMNS = ["activation", "depth", "variance", "fell", "loss_first", "loss_last", "decades_per_layer",
           "predicted_decades_per_layer", "trainable_depth"]
SMALL = ("--depths", "3", "--variances", "6")  # 2, 25 and 48 layers; 1/4 to 8, twofold each time
GUESSING = math.log(10)
TOLERANCE = {"tanh": 0.02, "relu": 0.03}  # decades a layer: one network of 64 units, 25 layers or more


def start(*arguments, **environment):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False,
                          env={**os.environ, **environment})


def read(folder):
    """The rows of the table, by activation, and summary.json."""
    with open(folder / "phase_diagram.csv", newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    points.expect(all(list(row) == COLUMNS for row in rows), "the table has its columns", rows[:1])
    planes = {}
    for row in rows:
        planes.setdefault(row["activation"], []).append(
            {key: float(row[key]) for key in COLUMNS[1:]})
    return planes, json.loads((folder / "summary.json").read_text(encoding="utf-8"))


def run(folder, *arguments):
    done = start("--quiet", "--no-plots", "--out", str(folder), *arguments)
    points.expect(done.returncode == 0 and not done.stdout and not done.stderr,
                  f"{arguments}: exits 0 and is quiet", done)
    return read(folder)


def check_predicted(name, cells):
    """What is foretold, where it is known in closed form."""
    for cell in cells:
        if name == "relu":
            exact, depth = -math.log10(cell["variance"] / 2) / 2, 6 / abs(
                math.log(cell["variance"] / 2)) if cell["variance"] != 2 else math.inf
        elif cell["variance"] < 1 and cell["depth"] == 48:
            # The signal fades away, and tanh is straight around 0; the first layers still bend.
            exact, depth = -math.log10(cell["variance"]) / 2, 6 / -math.log(cell["variance"])
        else:
            continue
        points.expect(math.isclose(cell["predicted_decades_per_layer"], exact, abs_tol=0.01)
                      and (math.isclose(cell["trainable_depth"], depth, rel_tol=1e-3)
                           or cell["trainable_depth"] > 1e4 < depth),
                      f"{name}, variance {cell['variance']:g}: foretold as theory has it", cell)


def check_measured(name, cells):
    for cell in cells:
        if cell["depth"] < 25:
            continue
        error = abs(cell["decades_per_layer"] - cell["predicted_decades_per_layer"])
        points.expect(error < TOLERANCE[name], f"{name}, {cell['depth']:g} layers, variance "
                      f"{cell['variance']:g}: what is lost is within {TOLERANCE[name]} decades a "
                      "layer of what is foretold", cell)


def check_trained(name, cells):
    for cell in cells:
        least = 0.9 * min(cell["loss_first"], GUESSING)
        points.expect(cell["fell"] == (cell["loss_last"] <= least), f"{name}: a loss fell by 10 %", cell)
    trained = {(cell["depth"], cell["variance"]) for cell in cells if cell["fell"]}
    critical = {"tanh": 1, "relu": 2}[name]
    points.expect((2, critical) in trained and (2, 0.5) in trained, f"{name}: shallow networks train",
                  trained)
    points.expect(not any((48, variance) in trained for variance in (0.25, 0.5, 4, 8)),
                  f"{name}: deep ones do not where gradients vanish or explode", trained)
    if name == "tanh":
        points.expect({(25, 1), (48, 1)} <= trained, "tanh: 48 layers train at the critical variance",
                      trained)


def check_summary(name, cells, summary):
    deep = sorted(abs(cell["decades_per_layer"] - cell["predicted_decades_per_layer"])
                  for cell in cells if cell["depth"] > 24)
    agree = [(cell["depth"] <= cell["trainable_depth"]) == cell["fell"] for cell in cells]
    points.expect(summary["cells"] == len(cells) == 18
                  and summary["trained"] == sum(cell["fell"] for cell in cells),
                  f"{name}: summary.json counts the cells", summary)
    points.expect(math.isclose(summary["median_abs_error_decades"], (deep[5] + deep[6]) / 2, rel_tol=1e-6),
                  f"{name}: and has the median error of the deeper half", (summary, deep))
    points.expect(math.isclose(summary["agreement_at_6_xi"], sum(agree) / len(agree), rel_tol=1e-6)
                  and summary["best_agreement"] >= summary["agreement_at_6_xi"],
                  f"{name}: and the share that agrees", summary)
    critical = {"tanh": 1, "relu": 2}[name]
    points.expect(math.isclose(summary["critical_variance_limit"], critical, rel_tol=1e-4),
                  f"{name}: chi is 1 at variance {critical}", summary)
    ratio = summary["critical_variance_measured"] / summary["critical_variance_predicted"]
    points.expect(0.8 < ratio < 1.25, f"{name}: the critical variance is where it was foretold", ratio)


def check_grid(folder):
    """Everything about the figures, and that threads change none."""
    planes, summary = run(folder / "two", *SMALL, "--threads", "2")
    run(folder / "one", *SMALL, "--threads", "1")
    for name in ("phase_diagram.csv", "phase_theory.csv", "summary.json"):
        points.expect((folder / "one" / name).read_bytes() == (folder / "two" / name).read_bytes(),
                      f"one thread and two write the same {name}")
    points.expect(summary["data"] == "synthetic" and [r["name"] for r in summary["runs"]]
                  == list(planes) == ["tanh", "relu"], "there are two planes", summary)
    for of_plane in summary["runs"]:
        name = of_plane["name"]
        check_predicted(name, planes[name])
        check_measured(name, planes[name])
        check_trained(name, planes[name])
        check_summary(name, planes[name], of_plane)
    other, _ = run(folder / "other", *SMALL, "--activation", "tanh", "--seed", "2", "--steps", "2")
    points.expect(list(other) == ["tanh"], "--activation tanh leaves ReLU out", list(other))
    points.expect(all(a["decades_per_layer"] != b["decades_per_layer"] for a, b
                      in zip(other["tanh"], planes["tanh"])), "another seed has other networks")


def check_wrong(folder):
    done = start("--help")
    points.expect(done.returncode == 0 and "--steps" in done.stdout and "--epochs" not in done.stdout,
                  "--help tells of steps and not of epochs", done.stdout)
    for wrong in (["--nonsense"], ["--epochs", "1"], ["--activation", "elu"], ["--depths", "1"],
                  ["--depths", "48"], ["--variances", "1"], ["--threads", "0"], ["--width", "0"],
                  ["--steps", "0"], ["--steps", "1876"]):
        done = start(*wrong, "--out", str(folder / "never"))
        points.expect(done.returncode == 2 and wrong[0] in done.stderr
                      and not (folder / "never").exists(), f"{wrong} exits 2", done)
    done = start("--mnist", str(folder), "--out", str(folder / "never"))
    points.expect(done.returncode == 1 and "train-images-idx3-ubyte" in done.stderr,
                  "a folder without MNIST exits 1", done)
    done = start("--out", "/dev/null/below")
    points.expect(done.returncode == 1 and "networks" not in done.stderr,
                  "an --out that cannot be written is found before the training", done)


def check_interrupt(folder):
    with subprocess.Popen([PROGRAM, "--no-plots", "--depths", "47", "--variances", "6", "--out",
                           str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as training:
        first = training.stderr.readline()
        training.send_signal(signal.SIGINT)
        _, said = training.communicate(timeout=60)
    points.expect("of 564 networks" in first and training.returncode == 0 and "Interrupted" in said,
                  "an interrupt ends the run and exits 0", (first, said))
    planes, summary = read(folder)
    cells = [len(planes[name]) for name in ("tanh", "relu")]
    points.expect(sum(cells) >= 57 and max(cells) < 282
                  and cells == [of_plane["cells"] for of_plane in summary["runs"]],
                  "and what was seen until then is written", (cells, summary))


def check_pictures(folder):
    tiny = ("--depths", "2", "--variances", "2", "--steps", "1", "--out", str(folder))
    done = start(*tiny, PATH="/nowhere")
    points.expect(done.returncode == 0 and done.stdout.count("gnuplot is not installed") == 1
                  and not (folder / "phase_diagram.svg").exists(), "without gnuplot it says so", done)
    if not shutil.which("gnuplot"):
        points.skip("the picture is XML", "gnuplot is not installed")
        return
    for activation in ("all", "relu"):
        done = start(*tiny, "--activation", activation)
        root = xml.etree.ElementTree.parse(folder / "phase_diagram.svg").getroot()
        points.expect(root.tag.endswith("svg") and (folder / "phase_diagram.png").exists()
                      and f"{folder}/phase_diagram.png" in done.stdout and done.returncode == 0
                      and "warning" not in done.stderr, f"{activation}: the picture is drawn", done)


def check_mnist(folder):
    if not MNIST:
        points.skip("MNIST is read", "VGRAD_MNIST_DIR names no folder with MNIST")
        return
    planes, summary = run(folder, *SMALL, "--mnist", MNIST)
    points.expect(summary["data"] == "mnist", "MNIST is read", summary)
    for name, cells in planes.items():
        check_measured(name, cells)
        check_trained(name, cells)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        check_grid(folder)
        check_wrong(folder)
        check_interrupt(folder / "interrupted")
        check_pictures(folder / "pictures")
        check_mnist(folder / "mnist")
    return points.finish()


if __name__ == "__main__":
    sys.exit(main())
