"""modern_network as a command, its files, and what it shows: modern_network.py PROGRAM"""
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
GOLDEN = json.loads(pathlib.Path(os.environ["VGRAD_SOURCE_ROOT"], "tests", "golden", "modern-network.json")
                    .read_text(encoding="utf-8"))
DEEP = ["sigmoid", "relu_he", "relu", "sigmoid_he"]
RESIDUAL = ["modern", "modern_no_clip", "modern_no_skip", "modern_no_bn"]
RUN_KEYS = ["name", "part", "seed", "batches", "layers", "gradient_l2_first", "gradient_l2_mean",
            "gradient_l2_last", "ratio_last_first", "loss_first", "loss_late", "test_accuracy", "norm_first",
            "norm_late", "clipped", "verdict", "budget_first", "budget_last", "findings"]
PICTURES = {"activations": "activations", "demo": "decay", "deep": "deep loss", "conv": "loss"}


def start(*arguments, **environment):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False,
                          env={**os.environ, "OPENBLAS_NUM_THREADS": "1", **environment})


def train(folder, *arguments):
    """What a start says, and its summary with the runs by name."""
    done = start("--no-plots", "--out", str(folder), *arguments)
    points.expect(done.returncode == 0, f"{arguments}: exits 0", done)
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return done.stdout, summary, {run["name"]: run for run in summary["runs"]}


def is_near(here, published, share):
    return len(here) == len(published) and all(
        math.isclose(a, b, rel_tol=share) for a, b in zip(here, published))


def check_arithmetic(folder):
    said, summary, _ = train(folder, "--part", "demo", "--numpy-seed", "42")
    for which in ("as_printed", "correct"):
        points.expect(is_near(summary["demo"][which], GOLDEN["demo"][which], 1e-8),
                      f"the ten numbers of the demonstration, {which}", summary["demo"])
        points.expect(all(f"{figure:.10e}" in said for figure in GOLDEN["demo"][which]),
                      "are said to every digit", said)
    points.expect("Layer  1: 4.03e-16" in said and "Layer 10: 2.35e-01" in said, "as the article prints them")
    points.expect(summary["demo"]["gradient_check_as_printed"] > 0.01
                  and summary["demo"]["gradient_check_correct"] < 1e-5,
                  "the gradient checker finds the article's derivative wrong", summary["demo"])
    points.expect(summary["data"] == "none" and summary["runs"] == [], "no images, no runs", summary)
    _, summary, _ = train(folder, "--part", "demo", "--numpy-seed", "7")
    other = summary["demo"]["as_printed"]
    points.expect(3e-16 < other[0] < 6e-16 and other != GOLDEN["demo"]["as_printed"],
                  "another seed has other numbers of the same size", other)
    _, summary, _ = train(folder, "--part", "decay")
    points.expect(is_near(summary["decay"], GOLDEN["decay"], 1e-8), "powers of 0.2", summary["decay"])
    _, summary, _ = train(folder, "--part", "activations")
    for name, published in GOLDEN["activations"].items():
        here = summary["activations"][name]
        points.expect(is_near([here["maximum"], here["grid_maximum"]],
                              [published["maximum"], published["grid_maximum"]], 1e-8)
                      and abs(here["grid_mean"] - published["grid_mean"]) < 1e-5, f"{name}'s derivative", here)
    said, summary, _ = train(folder, "--part", "two_layer")
    two = summary["two_layer"]
    points.expect(len(two) == 11 and 0 < two["dL/dz1"] < 0.25 * two["dL/da1"]
                  and two["dL/dz2"] < 0.25 * two["dL/da2"], "two layers: f' lets a quarter through at most", two)


def check_run(run, part, layers, batches):
    points.expect(sorted(run) == sorted(RUN_KEYS), f"{run['name']} has the keys", list(run))
    points.expect(run["part"] == part and run["batches"] == batches and len(run["layers"]) == layers
                  and all(len(run["gradient_l2_" + when]) == layers for when in ("first", "mean", "last")),
                  f"{run['name']}: figures of {layers} layers over {batches} batches", run)
    mean = run["gradient_l2_mean"]
    points.expect(math.isclose(run["ratio_last_first"], mean[-1] / mean[0], rel_tol=1e-6), "and their ratio")


def check_deep(folder):
    said, summary, runs = train(folder, "--part", "deep", "--batches", "60", "--test-rows", "1000")
    points.expect(summary["data"] == "synthetic" and said.startswith("Data: synthetic"), "synthetic digits")
    points.expect(list(runs) == DEEP, "the four deep networks", list(runs))
    for run in runs.values():
        check_run(run, "deep", 11, 60)
    sigmoid, relu_he = runs["sigmoid"], runs["relu_he"]
    points.expect(sigmoid["ratio_last_first"] > 1e7 > 1e5 > runs["sigmoid_he"]["ratio_last_first"] > 100
                  and 0.2 < relu_he["ratio_last_first"] < 2, "the gradient vanishes under sigmoid alone",
                  {name: run["ratio_last_first"] for name, run in runs.items()})
    points.expect(sigmoid["test_accuracy"] < 0.3 and relu_he["test_accuracy"] > 0.6, "and only ReLU with He learns",
                  {name: run["test_accuracy"] for name, run in runs.items()})
    # A layer of ReLU units may have many dead ones and learn all the same, which the probe tells.
    said_of = [runs[name]["verdict"] for name in DEEP]
    points.expect(said_of[0] == said_of[2] == said_of[3] == "vanishing" and said_of[1] in ("healthy", "dead_units"),
                  "the probe says so", {name: run["verdict"] for name, run in runs.items()})
    points.expect("derivative factor" in sigmoid["findings"][0]["message"] and sigmoid["findings"][0]["severity"] == 3
                  and sigmoid["findings"][0]["message"] in said, "and why: the derivative", sigmoid["findings"])
    with open(folder / "history.csv", newline="", encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["run"] == "relu_he" and row["quantity"] == "l2"
                and row["layer"] == "hidden1"]
    points.expect(len(rows) == 60 and math.isclose(float(rows[0]["value"]), relu_he["gradient_l2_first"][0],
                                                   rel_tol=1e-6), "the history has every batch", len(rows))


def check_residual(folder):
    _, _, runs = train(folder, "--part", "residual", "--batches", "25", "--test-rows", "1000")
    points.expect(list(runs) == RESIDUAL, "the residual network and its ablations", list(runs))
    for run in runs.values():
        check_run(run, "residual", 42, 25)
        points.expect(run["clipped"] == (0 if run["name"] == "modern_no_clip" else 25),
                      f"{run['name']}: how many batches are clipped", run["clipped"])
    grows = {name: run["gradient_l2_first"][1] / run["gradient_l2_first"][39] for name, run in runs.items()}
    points.expect(5 < grows["modern"] < 30 and grows["modern_no_skip"] > 400 and grows["modern_no_bn"] < 1,
                  "the gradient grows toward the input, without skip connections a hundredfold more", grows)
    loss = {name: run["loss_late"] for name, run in runs.items()}
    points.expect(loss["modern"] < loss["modern_no_skip"] and loss["modern"] < loss["modern_no_bn"],
                  "with all of it the network learns fastest", loss)
    points.expect(runs["modern_no_bn"]["loss_first"] > 100, "without batch norm the first loss is huge", runs)
    points.expect([runs[name]["verdict"] for name in RESIDUAL[:3]] == ["healthy", "healthy", "exploding"],
                  "the probe says so", {name: run["verdict"] for name, run in runs.items()})


def check_conv(folder):
    arguments = ["--part", "conv", "--network", "conv_residual", "--batches", "12", "--test-rows", "200"]
    said, _, runs = train(folder, *arguments)
    check_run(runs["conv_residual"], "conv", 8, 12)
    points.expect(runs["conv_residual"]["verdict"] == "healthy"
                  and runs["conv_residual"]["gradient_l2_first"][0] > 0.1, "convolutions are healthy", runs)
    again, _, same = train(folder, *arguments)
    points.expect(same == runs and again == said, "the same seed gives the same", same)
    _, _, other = train(folder, *arguments, "--seed", "2")
    points.expect(other["conv_residual"]["loss_first"] != runs["conv_residual"]["loss_first"],
                  "and another one something else", other)


def check_wrong(folder):
    done = start("--help")
    points.expect(done.returncode == 0 and "--epochs" not in done.stdout, "--help has no --epochs", done)
    for word in ("--part", "--network", "--batches", "--test-rows", "--numpy-seed", "--mnist", "--seed", "--out"):
        points.expect(word in done.stdout, f"--help tells of {word}")
    never = str(folder / "never")
    for wrong in (["--nonsense"], ["--epochs", "3"], ["--part", "half"], ["--network", "swish"], ["--batches", "0"],
                  ["--batches", "100001"], ["--test-rows", "0"], ["--numpy-seed", "4294967296"],
                  ["--part", "conv", "--network", "modern"]):
        done = start("--out", never, *wrong)
        points.expect(done.returncode == 2 and done.stderr and not done.stdout, f"{wrong}: exits 2", done)
    done = start("--mnist", str(folder), "--out", never)
    points.expect(done.returncode == 1 and "train-images-idx3-ubyte" in done.stderr and not (folder / "never").exists(),
                  "a folder without MNIST is no data", done)
    done = start("--part", "deep", "--out", "/dev/null/below")
    points.expect(done.returncode == 1 and "Training" not in done.stderr, "an --out that cannot be written is "
                  "found before the training", done)


def check_interrupt(folder):
    with subprocess.Popen([PROGRAM, "--part", "deep", "--batches", "100000", "--no-plots", "--test-rows", "100",
                           "--out", str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as training:
        first = training.stderr.readline()
        training.send_signal(signal.SIGINT)
        _, said = training.communicate(timeout=60)
    runs = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["runs"]
    points.expect("Training sigmoid" in first and training.returncode == 0 and "Interrupted" in said
                  and len(runs) == 1 and 1 <= runs[0]["batches"] < 100000,
                  "an interrupt ends the training, and what was seen is written", (said, runs))


def check_pictures(folder):
    done = start("--part", "activations", "--out", str(folder), PATH="/nowhere")
    points.expect(done.returncode == 0 and done.stdout.count("gnuplot") == 1 and not done.stderr,
                  "without gnuplot there is a line that says so", done)
    if not shutil.which("gnuplot"):
        points.skip("pictures are XML", "gnuplot is not installed")
        return
    for part, names in PICTURES.items():
        done = start("--part", part, "--batches", "2", "--test-rows", "10", "--out", str(folder))
        for name in names.split():
            root = xml.etree.ElementTree.parse(folder / f"modern_network_{name}.svg").getroot()
            points.expect(root.tag.endswith("svg") and f"modern_network_{name}.svg" in done.stdout
                          and (folder / f"modern_network_{name}.png").stat().st_size > 10000,
                          f"{part}: {name}.svg is XML and named, and there is a PNG", done)


def check_mnist(folder):
    if not MNIST:
        points.skip("the deep networks on MNIST", "VGRAD_MNIST_DIR names no folder with MNIST")
        return
    _, summary, runs = train(folder, "--part", "deep", "--mnist", MNIST)
    points.expect(summary["data"] == "mnist", "--mnist reads MNIST", summary["data"])
    for name in ("sigmoid", "relu_he"):
        mean = GOLDEN["networks"][name]["mean"]
        share = runs[name]["ratio_last_first"] / (mean[-1] / mean[0])
        points.expect(0.4 < share < 2.5, f"{name}: the ratio of the norms is about that in PyTorch", share)
        accuracy = GOLDEN["networks"][name]["test_accuracy"]
        points.expect(abs(runs[name]["test_accuracy"] - accuracy) < 0.05, "and so is the accuracy", runs[name])


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        check_wrong(folder)
        check_arithmetic(folder)
        check_deep(folder)
        check_residual(folder)
        check_conv(folder)
        check_interrupt(folder)
        check_pictures(folder)
        check_mnist(folder)
    return points.finish()


if __name__ == "__main__":
    sys.exit(main())
