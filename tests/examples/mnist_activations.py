"""The activations on digits: looks, files and the phenomenon: mnist_activations.py PROGRAM"""
# SPDX-License-Identifier: MIT
import csv
import os
import pathlib
import statistics
import sys
import tempfile

import experiment
import tap

points = tap.Tap()
program = experiment.Experiment(sys.argv[1], points)

MNIST = os.environ.pop("VGRAD_MNIST_DIR", "")  # so that nothing below takes it unasked
NAMES = ["sigmoid", "relu", "leaky_relu"]
KEYS = ["name", "seed", "updates", "test_accuracy", "iterations", "batch_accuracy", "batch_loss",
        "layer_mean_abs", "layer_l2", "ratio_6_1_mean", "ratio_6_1_late"]
PICTURES = ["mnist_activations_" + name for name in ("gradients", "histograms", "learning", "ratio")]


def ratio(figures):
    return figures[5] / figures[0]


def check_shape(summary, kind):
    points.expect(list(summary) == ["runs", "data"] and summary["data"] == kind, f"the data is {kind}", summary)
    points.expect([run["name"] for run in summary["runs"]] == NAMES, "the runs are the three activations", summary)
    for run in summary["runs"]:
        looks = run["layer_mean_abs"]
        points.expect(list(run) == KEYS and run["updates"] == 2500, f"{run['name']} has its keys", list(run))
        points.expect(run["iterations"] == list(range(0, 2401, 200)) and [len(look) for look in looks] == [6] * 13,
                      f"{run['name']}: 13 looks at 6 layers", run["iterations"])
        mean = sum(look[5] for look in looks) / sum(look[0] for look in looks)
        late = statistics.median(ratio(look) for look in looks[6:])
        points.expect(abs(mean / run["ratio_6_1_mean"] - 1) < 1e-6 and abs(late / run["ratio_6_1_late"] - 1) < 1e-6,
                      f"{run['name']}: the ratios are those of the looks", (mean, late))


def check_phenomenon(summary):
    runs = {run["name"]: run for run in summary["runs"]}
    test = {name: run["test_accuracy"] for name, run in runs.items()}
    points.expect(min(test["relu"], test["leaky_relu"]) > max(0.8, test["sigmoid"] + 0.15),
                  "both ReLUs read digits, and sigmoid much fewer", test)
    start = {name: ratio(run["layer_mean_abs"][0]) for name, run in runs.items()}
    points.expect(start["sigmoid"] > 500 and start["relu"] < 10 and start["leaky_relu"] < 10,
                  "sigmoid begins with a gradient that vanishes", start)
    mean = {name: run["ratio_6_1_mean"] for name, run in runs.items()}
    points.expect(mean["sigmoid"] > 15 and 2 < mean["relu"] < 25 and 2 < mean["leaky_relu"] < 25,
                  "layer 6 by layer 1 is some 30 for sigmoid, below 20 for the others", mean)


def check_synthetic(folder):
    said, summary = program.train(folder)
    points.expect(said[0].startswith("Data: synthetic digits"), "the first line says: synthetic", said[0])
    check_shape(summary, "synthetic")
    check_phenomenon(summary)
    check_tables(folder, summary)


def check_tables(folder, summary):
    with open(folder / "looks.csv", newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    points.expect([row["run"] for row in rows] == [name for name in NAMES for _ in range(13)]
                  and abs(float(rows[12]["layer1"]) / summary["runs"][0]["layer_mean_abs"][12][0] - 1) < 1e-4,
                  "looks.csv has the looks", rows[12])
    for run in summary["runs"]:
        with open(folder / "records" / (run["name"] + ".csv"), newline="", encoding="utf-8") as lines:
            found = [row for row in csv.DictReader(lines)
                     if (row["role"], row["quantity"]) == ("kernel_gradient", "mean_abs")]
        wanted = [value for look in run["layer_mean_abs"] for value in look]
        points.expect([int(row["step"]) for row in found] == [200 * i for i in range(13) for _ in range(6)]
                      and all(abs(float(row["value"]) / value - 1) < 1e-5
                              for row, value in zip(found, wanted)),
                      f"{run['name']}: its records hold the same looks", found[:7])
    shares = {}
    with open(folder / "histograms.csv", newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            key = (row["run"], row["iteration"], row["layer"], row["role"])
            shares[key] = shares.get(key, 0) + float(row["share"])
    points.expect(len(shares) == 3 * 13 * 6 * 2 and all(abs(share - 1) < 1e-4 for share in shares.values()),
                  "a histogram of gradients and one of weights for every layer and look", len(shares))
    points.expect({key[3] for key in shares} == {"kernel", "kernel_gradient"}, "of the weights themselves")


def check_looks(folder):
    """What looks see, they do not change."""
    _, rare = program.train(folder, "--iterations", "301", "--every", "100")
    _, dense = program.train(folder, "--iterations", "301", "--every", "20")
    for few, many in zip(rare["runs"], dense["runs"]):
        points.expect(few["test_accuracy"] == many["test_accuracy"]
                      and few["layer_mean_abs"] == many["layer_mean_abs"][::5]
                      and few["iterations"] == [0, 100, 200, 300],
                      f"{few['name']}: more looks, the same training", (few, many))
        points.expect(few["ratio_6_1_late"] is None, f"{few['name']}: nothing late in 301 iterations")
    _, again = program.train(folder, "--iterations", "301", "--every", "100")
    points.expect(again == rare, "the same seed, the same summary", again)
    _, small = program.train(folder, "--iterations", "301", "--every", "100", "--small-alpha")
    points.expect(small["runs"][:2] == rare["runs"][:2] and small["runs"][2] != rare["runs"][2],
                  "--small-alpha is another leaky ReLU", small)
    _, none = program.train(folder, "--iterations", "0")
    points.expect(none["runs"][0]["layer_mean_abs"] == [] and none["runs"][0]["ratio_6_1_mean"] is None,
                  "no iteration is fine", none)


def check_mnist(folder):
    if not MNIST:
        points.skip("the phenomenon on MNIST", "VGRAD_MNIST_DIR names no folder with MNIST")
        return
    for seed in ("1", "2"):
        said, summary = program.train(folder, "--mnist", MNIST, "--seed", seed)
        points.expect(said[0] == f"Data: MNIST, from {MNIST}", "--mnist reads MNIST", said[0])
        check_shape(summary, "mnist")
        check_phenomenon(summary)


def check_wrong(folder):
    program.check_command_line(folder, ("--iterations", "--every", "--mnist", "--small-alpha"),
                               (["--nonsense"], ["stray"], ["--epochs", "1"], ["--every", "0"],
                                ["--iterations", "x"], ["--mnist"]))
    done = program.start("--mnist", str(folder), "--out", str(folder / "never"))
    points.expect(done.returncode == 1 and "train-images-idx3-ubyte" in done.stderr
                  and not (folder / "never").exists(), "a folder without MNIST is no synthetic data", done)


def check_ends(folder):
    program.check_quiet(folder, "--iterations", "1")
    runs = program.check_interrupt(folder, "--iterations", "1000000000", "--every", "1000")["runs"]
    points.expect([run["name"] for run in runs] == ["sigmoid"] and runs[0]["updates"] < 1000000000,
                  "and what was seen until then is written", runs)
    program.check_without_gnuplot(folder, "--iterations", "1")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        check_synthetic(folder)
        check_looks(folder)
        check_mnist(folder)
        check_wrong(folder)
        check_ends(folder)
        program.check_pictures(folder / "all", PICTURES, "--iterations", "401")
        program.check_pictures(folder / "one", PICTURES, "--iterations", "1")
    return points.finish()


if __name__ == "__main__":
    sys.exit(main())
