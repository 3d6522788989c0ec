"""The digits example: which data it takes, what it says and leaves: digits.py PROGRAM"""
# SPDX-License-Identifier: MIT
import csv
import json
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
SYNTHETIC = "Data: synthetic digits (for MNIST: --mnist DIR, or VGRAD_MNIST_DIR)"


def start(*arguments, **environment):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False,
                          env={**os.environ, **environment})


def train(folder, *arguments, **environment):
    """What a start says, line by line, and its summary."""
    done = start("--no-plots", "--out", str(folder), *arguments, **environment)
    points.expect(done.returncode == 0 and done.stderr == "", f"{arguments}: exits 0", done)
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return done.stdout.splitlines(), summary


def check_synthetic(folder):
    said, summary = train(folder, "--epochs", "2")
    points.expect(said[0] == SYNTHETIC, "the first line says: synthetic", said[0])
    points.expect(summary["data"] == "synthetic", "and so does summary.json", summary)
    run = summary["runs"][0]
    points.expect(0.90 < run["test_accuracy"] < 0.97 and 0.88 < run["train_accuracy"] < 0.97,
                  "two epochs read more than 9 of 10 digits", run)
    points.expect(f"{run['test_accuracy']:.4f}" in said[2], "as the last epoch's line says", said)
    again, _ = train(folder, "--epochs", "2")
    points.expect(again == said, "the same seed says the same", again)
    quiet = start("--quiet", "--no-plots", "--epochs", "0", "--out", str(folder))
    points.expect(quiet.returncode == 0 and not quiet.stdout and not quiet.stderr, "--quiet", quiet)


def check_history(folder):
    train(folder, "--epochs", "3", "--rows", "500", "--hidden-layers", "2", "--units", "7")
    with open(folder / "history.csv", newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    layers = sorted({row["layer"] for row in rows if row["role"] == "kernel_gradient"})
    points.expect(layers == ["hidden1", "hidden2", "output"], "every layer is in the history", layers)
    l2 = [row for row in rows if row["quantity"] == "l2" and row["layer"] == "hidden1"]
    points.expect([int(row["epoch"]) for row in l2] == [1, 2, 3], "once an epoch", l2)
    points.expect([int(row["step"]) for row in l2] == [49, 99, 149], "at its last batch", l2)


def check_records(folder):
    plain = train(folder / "plain", "--epochs", "1", "--rows", "500")[1]
    recorded = train(folder / "recorded", "--epochs", "1", "--rows", "500", "--record", "10")[1]
    points.expect(plain == recorded, "--record changes no figure", recorded)
    with open(folder / "recorded" / "records" / "sigmoid.csv", newline="", encoding="utf-8") as lines:
        steps = {int(row["step"]) for row in csv.DictReader(lines) if row["role"] == "kernel_gradient"}
    points.expect(steps == {0, 10, 20, 30, 40}, "every tenth of 50 steps is recorded", steps)
    points.expect(not (folder / "plain" / "records").exists(), "nothing is, where nobody asks")


def check_mnist(folder):
    if not MNIST:
        points.skip("--mnist reads MNIST", "VGRAD_MNIST_DIR names no folder with MNIST")
        points.skip("VGRAD_MNIST_DIR is read", "VGRAD_MNIST_DIR names no folder with MNIST")
        return
    said, summary = train(folder, "--epochs", "1", "--mnist", MNIST, VGRAD_MNIST_DIR="/nowhere")
    points.expect(said[0] == f"Data: MNIST, from {MNIST}" and summary["data"] == "mnist",
                  "--mnist reads MNIST", said[0])
    points.expect(0.85 < summary["runs"][0]["test_accuracy"] < 0.95, "and learns it", summary)
    said, _ = train(folder, "--epochs", "1", "--rows", "100", VGRAD_MNIST_DIR=MNIST)
    points.expect(said[0] == f"Data: MNIST, from {MNIST}", "VGRAD_MNIST_DIR is read", said[0])


def check_wrong(folder):
    for arguments, environment in ((["--mnist", str(folder)], {}), ([], {"VGRAD_MNIST_DIR": "/nowhere"})):
        done = start("--out", str(folder / "never"), *arguments, **environment)
        points.expect(done.returncode == 1 and "train-images-idx3-ubyte" in done.stderr
                      and not done.stdout and not (folder / "never").exists(),
                      f"{arguments} {environment}: a folder without MNIST is no synthetic data", done)
    done = start("--epochs", "3", "--out", "/dev/null/below")
    points.expect(done.returncode == 1 and "Epoch" not in done.stdout, "an --out that cannot be "
                  "written is found before the training", done)
    for rows in ("0", "9", "60001"):
        done = start("--rows", rows, "--out", str(folder / "never"))
        points.expect(done.returncode == 2 and f"--rows takes 10 to 60000, got {rows}" in done.stderr,
                      f"--rows {rows} is refused", done)
    done = start("--mnist")
    points.expect(done.returncode == 2, "--mnist needs a folder", done)


def check_interrupt(folder):
    with subprocess.Popen([PROGRAM, "--epochs", "1000", "--no-plots", "--out", str(folder)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as training:
        first = [training.stdout.readline() for _ in range(2)]
        training.send_signal(signal.SIGINT)
        _, said = training.communicate(timeout=60)
    points.expect("Epoch  1" in first[1] and training.returncode == 0 and "Interrupted" in said,
                  "an interrupt ends the training and exits 0", said)
    run = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["runs"][0]
    points.expect(run["test_accuracy"] > 0.8, "and what was seen until then is written", run)


def check_pictures(folder):
    if not shutil.which("gnuplot"):
        points.skip("pictures are XML", "gnuplot is not installed")
        return
    done = start("--out", str(folder), "--epochs", "1", "--rows", "100")
    for name in ("digits", "gradients"):
        root = xml.etree.ElementTree.parse(folder / (name + ".svg")).getroot()
        png = (folder / (name + ".png")).read_bytes()
        points.expect(root.tag.endswith("svg") and png.startswith(b"\x89PNG"),
                      f"{name} is XML and a PNG", root.tag)
        points.expect(f"{folder}/{name}.svg" in done.stdout, f"{name}.svg is named", done.stdout)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        check_synthetic(folder)
        check_history(folder)
        check_records(folder)
        check_mnist(folder)
        check_wrong(folder)
        check_interrupt(folder)
        check_pictures(folder)
    return points.finish()


if __name__ == "__main__":
    sys.exit(main())
