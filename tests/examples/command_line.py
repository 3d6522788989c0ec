"""keras_circles as a command, and the files that it leaves: command_line.py PROGRAM"""
# SPDX-License-Identifier: MIT
import csv
import json
import math
import pathlib
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import tap

points = tap.Tap()

PROGRAM = sys.argv[1]
RUN_KEYS = ["name", "loop", "activation", "seed", "loss", "accuracy", "layers", "gradient_l2_first",
            "gradient_l2_mean", "gradient_std_mean", "weight_std_first", "weight_std_last"]
FIGURES = RUN_KEYS[7:]
DEAD_SEED = "3"  # of the first seeds, the one whose ReLU network passes nothing on
LAYERS = ["hidden1", "hidden2", "hidden3", "hidden4", "output"]
COLUMNS = ["run", "step", "epoch", "layer", "role", "quantity", "value"]


def start(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)


def train(folder, *arguments):
    """The runs and the rows of history of a quiet start with these arguments."""
    done = start("--quiet", "--out", str(folder), *arguments)
    points.expect(done.returncode == 0 and done.stdout == "" and done.stderr == "",
              " ".join(arguments) + ": exits 0 and is quiet", done)
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    points.expect(list(summary) == ["runs"], "summary.json holds runs", list(summary))
    with open(folder / "history.csv", newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return summary["runs"], rows


def check_exit_status(folder):
    done = start("--help")
    points.expect(done.returncode == 0 and "usage:" in done.stdout, "--help exits 0", done)
    for word in ("--seed", "--epochs", "--out", "--quiet", "--no-plots", "--help", "--activation",
                 "--loop", "--init", "--shallow", "--record"):
        points.expect(word in done.stdout, f"--help tells of {word}")
    for wrong in (["--nonsense"], ["stray"], ["--seed"], ["--seed", "x"], ["--epochs", "-1"],
                  ["--epochs", "1x"], ["--activation", "swish"], ["--loop", "fi"], ["--quiet=1"],
                  ["--out", ""], ["--init", "normal|glorot_uniform"]):
        done = start(*wrong)
        points.expect(done.returncode == 2 and done.stderr and not done.stdout,
                  f"{wrong}: exits 2 with a message to stderr", done)
    file = folder / "file"
    file.write_text("", encoding="utf-8")
    done = start("--out", str(file / "below"), "--quiet")
    points.expect(done.returncode == 1 and done.stderr, "an --out below a file exits 1", done)


def check_shape(runs, names, layers):
    points.expect([run["name"] for run in runs] == names, f"the runs are {names}",
              [run["name"] for run in runs])
    for run in runs:
        points.expect(sorted(run) == sorted(RUN_KEYS), f"{run['name']} has the keys", list(run))
        points.expect(run["layers"] == layers and all(len(run[key]) == len(layers) for key in FIGURES),
                  f"{run['name']} has a figure for every layer", run)


def check_history(rows, run, epochs):
    mine = [row for row in rows if row["run"] == run["name"]]
    points.expect(all(list(row) == COLUMNS for row in mine), f"{run['name']}: the header")
    for role in ("kernel", "kernel_gradient"):
        for quantity in ("mean", "std", "l2"):
            for layer in run["layers"]:
                records = [row for row in mine if (row["layer"], row["role"], row["quantity"])
                           == (layer, role, quantity)]
                if [int(row["epoch"]) for row in records] != list(range(epochs + 1)):
                    points.expect(False, f"{run['name']}: {layer} {role} {quantity} at every epoch")
                    return
    points.expect(True, f"{run['name']}: {epochs + 1} records of everything")
    losses = [row for row in mine if row["role"] == "loss"]
    points.expect(len(losses) == epochs + 1 and all(row["layer"] == "" for row in losses),
              f"{run['name']}: {epochs + 1} losses", len(losses))
    words = {(row["role"], row["quantity"]) for row in mine}
    points.expect(len(words) == 7, f"{run['name']}: no other words", words)
    check_agreement(mine, run)


def check_agreement(rows, run):
    """summary.json says what follows from history.csv."""
    def series(layer, role, quantity):
        return [float(row["value"]) for row in rows
                if (row["layer"], row["role"], row["quantity"]) == (layer, role, quantity)]

    def close(key, values):
        good = all(math.isclose(a, b, rel_tol=1e-6) for a, b in zip(run[key], values))
        points.expect(good, f"{run['name']}: {key} follows from the history", (run[key], values))

    gradients = [series(layer, "kernel_gradient", "l2") for layer in run["layers"]]
    close("gradient_l2_first", [values[0] for values in gradients])
    close("gradient_l2_mean", [sum(values[:-1]) / len(values[:-1]) for values in gradients])
    stds = [series(layer, "kernel_gradient", "std") for layer in run["layers"]]
    close("gradient_std_mean", [sum(values[:-1]) / len(values[:-1]) for values in stds])
    weights = [series(layer, "kernel", "std") for layer in run["layers"]]
    close("weight_std_first", [values[0] for values in weights])
    close("weight_std_last", [values[-1] for values in weights])


def check_loops_agree(runs, rows):
    def figures(run):
        return {key: run[key] for key in run if key not in ("name", "loop")}

    def history(run):
        return [list(row.values())[1:] for row in rows if row["run"] == run["name"]]

    for fit, manual in zip(runs[::2], runs[1::2]):
        points.expect((fit["loop"], manual["loop"]) == ("fit", "manual"), "fit comes before manual")
        points.expect(figures(fit) == figures(manual), f"{fit['name']} and {manual['name']} agree",
                  (fit, manual))
        points.expect(history(fit) == history(manual), "and so do their histories")


def check_nothing_trained(folder):
    runs, rows = train(folder, "--epochs", "0", "--no-plots")
    for run in runs:
        nulls = [key for key in FIGURES if run[key] == [None] * 5]
        points.expect(nulls == FIGURES[:3], f"{run['name']} of 0 epochs: its gradients are null", run)
    points.expect({row["role"] for row in rows} == {"kernel"}, "and only weights are in the history")
    points.expect(len(rows) == 6 * 5 * 3, "once", len(rows))


def check_records(folder):
    """What --record writes is what the example has seen itself, and changes nothing."""
    chosen = ["--no-plots", "--loop", "fit", "--activation", "tanh", "--epochs", "3"]
    plain, _ = train(folder / "plain", *chosen)
    runs, rows = train(folder / "recorded", *chosen, "--record", "32")
    points.expect(runs == plain and not (folder / "plain" / "records").exists(),
                  "--record changes no figure, and without it there are no records")
    records = folder / "recorded" / "records"
    with open(records / "tanh-fit.csv", newline="", encoding="utf-8") as lines:
        found = list(csv.DictReader(lines))
    points.expect(list(found[0]) == COLUMNS, "records have the columns of history.csv", found[0])

    def values(table):
        return {(row["step"], row["layer"], row["quantity"]): float(row["value"]) for row in table
                if row["role"] == "kernel_gradient" and row["quantity"] in ("mean", "std", "l2")}
    seen, recorded = values(rows), values(found)
    both = [key for key in recorded if key in seen]
    points.expect(len(both) == 3 * 5 * 3 and
                  all(math.isclose(seen[key], recorded[key], rel_tol=1e-5) for key in both),
                  "records hold the gradients of history.csv", (len(both), sorted(seen)[:3]))
    with open(records / "tanh-fit.jsonl", encoding="utf-8") as lines:
        kinds = {json.loads(line)["what"] for line in lines}
    points.expect({"run", "figure", "histogram"} <= kinds, "JSON Lines hold more", kinds)


def check_pictures(folder):
    names = ["circles", "gradients"] + [kind + "-" + run + "-manual" for kind in
                                        ("gradients", "weights") for run in
                                        ("sigmoid", "tanh", "relu")]
    if not shutil.which("gnuplot"):
        for name in names:
            points.skip(f"{name} is XML and a PNG", "gnuplot is not installed")
        return
    train(folder, "--loop", "manual", "--epochs", "2")
    for name in names:
        root = xml.etree.ElementTree.parse(folder / (name + ".svg")).getroot()
        png = (folder / (name + ".png")).read_bytes()
        points.expect(root.tag.endswith("svg") and png.startswith(b"\x89PNG"),
                      f"{name} is XML and a PNG", root.tag)
    told = start("--loop", "manual", "--epochs", "2", "--out", str(folder)).stdout.split("To open:\n")
    named = [line.strip().split(": ")[0] for line in told[-1].splitlines()]
    points.expect(len(told) == 2 and named[0] == f"{folder}/gradients.svg"
                  and sorted(named[:-2]) == sorted(f"{folder}/{name}.svg" for name in names)
                  and named[-2:] == [f"{folder}/summary.json", f"{folder}/history.csv"],
                  "it names what to open, the picture to look at first", named)
    train(folder, "--epochs", "0")  # pictures of nothing
    runs, _ = train(folder, "--seed", DEAD_SEED, "--activation", "relu")  # and of zeros
    points.expect(runs[0]["gradient_l2_mean"] == [0] * 5, f"relu of seed {DEAD_SEED} is dead", runs)
    train(folder / "it's a directory", "--loop", "fit", "--activation", "tanh", "--epochs", "1")
    points.expect((folder / "it's a directory" / "circles.svg").exists(), "a quote in --out is a quote")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        check_exit_status(folder)
        runs, rows = train(folder / "all" / "three", "--no-plots", "--epochs", "100")
        check_shape(runs, [a + "-" + loop for a in ("sigmoid", "tanh", "relu")
                           for loop in ("fit", "manual")], LAYERS)
        for run in runs:
            check_history(rows, run, 100)
        check_loops_agree(runs, rows)
        again, _ = train(folder, "--no-plots")
        points.expect(again == runs, "100 epochs are the default, and the same seed gives the same")
        other, _ = train(folder, "--no-plots", "--seed", "2", "--activation", "tanh", "--loop=fit")
        points.expect(other[0]["seed"] == 2, "summary.json tells the seed")
        points.expect(other[0]["weight_std_first"] != runs[2]["weight_std_first"],
                  "another seed starts elsewhere")
        for init in ("glorot_uniform", "he_uniform"):
            other, _ = train(folder, "--no-plots", "--epochs", "1", "--init", init, "--loop", "fit",
                             "--activation", "relu")
            points.expect(other[0]["weight_std_first"][1] < runs[4]["weight_std_first"][1],
                      f"{init} starts smaller than N(0, 1)", other)
        runs, rows = train(folder, "--no-plots", "--epochs", "3", "--shallow", "--loop", "fit",
                           "--activation", "relu")
        check_shape(runs[1:2], ["relu-2-5-1-fit"], ["hidden1", "output"])
        check_shape(runs[2:3], ["sigmoid-2-5-1-fit"], ["hidden1", "output"])
        check_shape(runs[3:], ["sigmoid-2-5-5-5-1-fit"],
                    ["hidden1", "hidden2", "hidden3", "output"])
        check_history(rows, runs[3], 3)
        check_nothing_trained(folder)
        check_records(folder)
        check_pictures(folder)
    return points.finish()


if __name__ == "__main__":
    sys.exit(main())
