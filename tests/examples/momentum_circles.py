"""The momentum circles: data, files, figures and the phenomenon: momentum_circles.py PROGRAM"""
# SPDX-License-Identifier: MIT
import csv
import os
import pathlib
import sys
import tempfile

import experiment
import tap

points = tap.Tap()
program = experiment.Experiment(sys.argv[1], points)

DATA = pathlib.Path(os.environ["VGRAD_SOURCE_ROOT"], "examples", "data", "momentum_circles.csv")
NAMES = ["tanh", "relu", "relu_glorot_output", "tanh_glorot", "tanh_double_output"]
DEPTHS = ["tanh_1_hidden", "relu_10_hidden", "relu_15_hidden", "relu_20_hidden"]
KEYS = ["name", "activation", "hidden_layers", "outputs", "seed", "train_accuracy", "test_accuracy",
        "mean_abs_dw1_50_100", "weights1_50", "weights1_100", "test_accuracy_50_100_200_300_400_500",
        "layers", "gradient_l2_first", "gradient_l2_mean"]
PICTURES = ["momentum_circles_accuracy", "momentum_circles_gradients", "momentum_circles_weights"]


def read_table(path):
    with open(path, newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def check_data():
    """The published points: what scikit-learn's make_circles draws for seed 1, by its span and labels."""
    rows = read_table(DATA)
    span = [(min(float(row[x]) for row in rows), max(float(row[x]) for row in rows)) for x in ("x1", "x2")]
    published = [(-1.2171333, 1.2386988), (-1.1938705, 1.2447577)]
    points.expect(len(rows) == 1000 and all(abs(a - b) < 1e-7 for mine, theirs in zip(span, published)
                                            for a, b in zip(mine, theirs)), "the points have their span", span)
    inner = [sum(row["label"] == "1" for row in half) for half in (rows[:500], rows[500:])]
    points.expect(inner == [248, 252], "and their labels in either half", inner)


def check_phenomenon(folder):
    said, summary = program.train(folder, "--seed", "2")
    runs = {run["name"]: run for run in summary["runs"]}
    points.expect(list(runs) == NAMES, "the runs are those of both sources", list(runs))
    points.expect(all(list(run) == KEYS for run in runs.values()), "each has its keys", summary)
    test = {name: run["test_accuracy"] for name, run in runs.items()}
    points.expect(test["tanh_glorot"] > 0.75 and test["relu_glorot_output"] > 0.75,
                  "Glorot's and He's initializers learn", test)
    points.expect(test["tanh_double_output"] < 0.52, "two outputs, as printed, never learn", test)
    points.expect(test["tanh"] < test["tanh_glorot"] - 0.1, "tanh from U(0, 1) falls behind", test)
    moved = {name: run["mean_abs_dw1_50_100"] for name, run in runs.items()}
    points.expect(moved["tanh_double_output"] < 0.05 < moved["relu_glorot_output"],
                  "the first layer's weights stand still where nothing is learned", moved)
    points.expect(any(f"{moved['tanh']:.4f}" in line for line in said), "which is said", said)
    check_tables(folder, runs)


def check_tables(folder, runs):
    accuracies = read_table(folder / "accuracies.csv")
    points.expect(len(accuracies) == 500 * len(NAMES), "a row of accuracies for each epoch", len(accuracies))
    at_end = {row["run"]: float(row["test_accuracy"]) for row in accuracies}
    points.expect(all(abs(at_end[name] - run["test_accuracy"]) < 1e-6 for name, run in runs.items()),
                  "the last of them is the summary's", at_end)
    for name, run in runs.items():
        rows = [row for row in read_table(folder / "weights.csv") if row["run"] == name]
        change = sum(abs(float(row["after_100_epochs"]) - float(row["after_50_epochs"])) for row in rows) / 10
        points.expect(len(rows) == 10 and abs(change - run["mean_abs_dw1_50_100"]) < 1e-6,
                      f"{name}: the mean change is that of the ten weights", change)
        curves = [row for row in read_table(folder / "gradients.csv") if row["run"] == name]
        mean = sum(float(row["kernel_gradient_l2"]) for row in curves if row["place"] == "1") / 50
        points.expect(len(curves) == 50 * len(run["layers"])
                      and abs(mean / run["gradient_l2_mean"][0] - 1) < 1e-4,
                      f"{name}: means over ten epochs of every layer's gradient", mean)


def check_options(folder):
    few = ("--epochs", "12", "--run", "relu")
    _, default = program.train(folder, *few)
    _, again = program.train(folder, *few, "--data", str(DATA))
    points.expect(default == again, "the committed points are the default; the same seed, the same summary", again)
    points.expect(default["runs"][0]["mean_abs_dw1_50_100"] is None, "no 100 epochs, no change", default)
    _, fresh = program.train(folder, *few, "--data", "fresh")
    _, other = program.train(folder, *few, "--seed", "5")
    points.expect(default["runs"][0]["gradient_l2_first"] != fresh["runs"][0]["gradient_l2_first"],
                  "--data fresh draws others", fresh)
    points.expect(default["runs"][0]["gradient_l2_first"] != other["runs"][0]["gradient_l2_first"],
                  "another seed starts elsewhere", other)
    _, deep = program.train(folder, "--epochs", "2", "--run", "tanh", "--depth")
    points.expect([run["name"] for run in deep["runs"]] == ["tanh"] + DEPTHS
                  and [len(run["layers"]) for run in deep["runs"]] == [6, 2, 11, 16, 21],
                  "--depth adds its networks", deep)
    _, none = program.train(folder, "--epochs", "0")
    points.expect(len(none["runs"]) == 5 and none["runs"][0]["layers"] == [], "no epoch is fine", none)


def check_wrong(folder):
    program.check_command_line(folder, ("--run", "--data", "--depth", "--epochs"),
                               (["--nonsense"], ["stray"], ["--run", "swish"], ["--epochs", "x"], ["--data"]))
    wide = folder / "wide.csv"
    wide.write_text("1,2,3,0\n" * 100, encoding="utf-8")
    for data in (str(folder / "missing.csv"), str(wide)):
        done = program.start("--quiet", "--no-plots", "--out", str(folder / "wrong"), "--data", data)
        points.expect(done.returncode == 1 and done.stderr, f"--data {data}: exits 1 with a message", done)


def check_ends(folder):
    program.check_quiet(folder, "--epochs", "1")
    runs = program.check_interrupt(folder, "--epochs", "1000000")["runs"]
    points.expect([run["name"] for run in runs] == ["tanh"], "and what was seen until then is written", runs)
    program.check_without_gnuplot(folder, "--epochs", "1")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        check_data()
        check_phenomenon(folder)
        check_options(folder)
        check_wrong(folder)
        check_ends(folder)
        program.check_pictures(folder / "all", PICTURES, "--epochs", "100")
        program.check_pictures(folder / "few", PICTURES[:2], "--epochs", "3", "--run", "relu", "--depth")
    return points.finish()


if __name__ == "__main__":
    sys.exit(main())
