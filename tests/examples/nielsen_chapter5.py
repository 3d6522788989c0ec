"""Chapter 5 of Nielsen's book, as a command and by its figures: nielsen_chapter5.py PROGRAM"""
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
SYNTHETIC = "Data: synthetic digits (for MNIST: --mnist DIR, or VGRAD_MNIST_DIR)"
GOLDEN = json.loads(pathlib.Path(os.environ["VGRAD_SOURCE_ROOT"], "tests", "golden",
                                 "nielsen-chapter5.json").read_text(encoding="utf-8"))
PARTS = {"norms": ["norms", "findings"], "bars": ["bars"], "chain": ["chain", "width", "identity"],
         "curves": ["curves", "mini_batches", "epoch_means"], "accuracy": ["accuracy"]}
SHORT = ("--curve-epochs", "6", "--epochs", "2", "--rows", "1000")
PICTURES = {"bars": ["bars"], "chain": ["chain", "width"], "curves": ["curves", "batches"],
            "accuracy": ["accuracy"]}


def start(*arguments, **environment):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False,
                          env={**os.environ, **environment})


def summary_of(folder):
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))


def quiet(folder, *arguments, **environment):
    """The summary that a quiet start without pictures leaves."""
    done = start("--quiet", "--no-plots", "--out", str(folder), *arguments, **environment)
    points.expect(done.returncode == 0 and not done.stdout and not done.stderr,
                  f"{arguments}: exits 0 and is quiet", done)
    return summary_of(folder)


def is_ordered(layers):
    return all(a < b for a, b in zip(layers, layers[1:]))


def check_wrong(folder):
    done = start("--help")
    points.expect(done.returncode == 0 and all(word in done.stdout for word in (
        "--part", "--mnist", "--curve-epochs", "--rows", "--seed", "--epochs")), "--help", done)
    for wrong in (["--nonsense"], ["--part", "norm"], ["--rows", "9"], ["--rows", "50001"], ["stray"]):
        done = start(*wrong, "--out", str(folder / "never"))
        points.expect(done.returncode == 2 and done.stderr and not (folder / "never").exists(),
                      f"{wrong}: exits 2 with a message", done)
    done = start("--mnist", str(folder), "--out", str(folder / "never"))
    points.expect(done.returncode == 1 and "train-images-idx3-ubyte" in done.stderr,
                  "a folder without MNIST exits 1", done)
    done = start("--out", "/dev/null/below", "--part", "accuracy")
    points.expect(done.returncode == 1 and "Epoch" not in done.stdout,
                  "an --out that cannot be written exits 1 before the training", done)


def check_members(summary, part):
    points.expect(sorted(summary) == sorted(["runs", "data", "seed", *PARTS[part]]),
                  f"--part {part} leaves {PARTS[part]}", list(summary))


def check_parts(folder):
    whole = quiet(folder / "all", *SHORT)
    points.expect(whole["data"] == "synthetic" and all(member in whole for members in PARTS.values()
                                                       for member in members), "all parts are the default")
    for part in ("norms", "curves"):  # chain and accuracy: below
        summary = quiet(folder / part, "--part", part, *SHORT)
        check_members(summary, part)
        points.expect(all(summary[member] == whole[member] for member in PARTS[part]),
                      f"{part}: the same seed leaves the same")
    other = quiet(folder / "other", "--part", "norms", "--seed", "2")
    points.expect(other["norms"] != whole["norms"], "another seed leaves others")
    with open(folder / "all" / "history.csv", newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    points.expect({row["run"] for row in rows} == {f"hidden{h}-batch{b}" for h in (2, 3, 4)
                                                   for b in (10, 1000)}, "history.csv has the curves")
    return whole


def check_norms(summary):
    for hidden in ("2", "3", "4"):
        norms = summary["norms"][hidden]
        points.expect(len(norms) == int(hidden) and is_ordered(norms),
                      f"{hidden} hidden layers: each begins to learn faster than the one before", norms)
        found = summary["findings"][hidden]
        points.expect(found["cause"] == "budget_derivative" and "derivative factor" in found["message"],
                      "and the probe names the derivative", found)
        curve = summary["curves"][hidden]
        points.expect(curve["epochs"] == [0, 1, 5] and all(map(is_ordered, curve["norms"])),
                      "it stays so over the first epochs", curve)
        points.expect(all(math.isclose(a, b, rel_tol=1e-5) for a, b in zip(curve["norms"][0], norms)),
                      "the curves begin where the norms are", (curve["norms"][0], norms))
    points.expect([len(summary["bars"][layer]) for layer in "12"] == [6, 6], "six neurons of two layers")
    points.expect(sum(map(abs, summary["bars"]["2"])) > sum(map(abs, summary["bars"]["1"])),
                  "and the second layer's learn faster", summary["bars"])
    first = summary["mini_batches"]["3"]["norms"][0]
    points.expect(is_ordered(first), "one mini-batch says the same at first", first)


def check_accuracy(summary):
    points.expect([one["sizes"] for one in summary["accuracy"]]
                  == [[784, *[30] * hidden, 10] for hidden in (1, 2, 3, 4)], "four networks")
    for one in summary["accuracy"]:
        points.expect(len(one["epochs"]) == 2 and one["best"] == max(one["epochs"])
                      and one["final"] == one["epochs"][-1]
                      and one["epochs"][one["best_epoch"]] == one["best"], "best and final epoch", one)
    bests = [one["best"] for one in summary["accuracy"]]
    points.expect(bests[0] > 0.4 > bests[3], "the deepest has not begun when the shallow one reads digits",
                  bests)


def check_chain(summary):
    chain, width, identity = summary["chain"], summary["width"], summary["identity"]
    points.expect(chain["ratios"] == GOLDEN["ratios"], "w = 100: 15625 : 625 : 25 : 1", chain["ratios"])
    w, s = chain["weights"], chain["slopes"]
    product = s[0] * w[1] * s[1] * w[2] * s[2] * w[3] * s[3] * chain["cost_slope"]
    points.expect(math.isclose(product, chain["gradients"][0], rel_tol=1e-7),
                  "(122) multiplied out is what backward gives", (product, chain["gradients"]))
    points.expect(chain["difference"] < 1e-12, "to rounding", chain["difference"])
    points.expect(chain["share_of_16"] > 0.85, "dC/db_3 is usually 16 times dC/db_1", chain["share_of_16"])
    kinds = {kind["name"]: kind for kind in chain["activations"]}
    points.expect(kinds["sigmoid"]["high"] < -5 and kinds["sigmoid(16 z)"]["median"] < -20,
                  "a chain of sigmoids vanishes, and so does one of steep ones", kinds)
    points.expect(math.isclose(kinds["sigmoid(16 z)"]["centred"], 9 * math.log10(4))
                  and math.isclose(kinds["sigmoid"]["centred"], -9 * math.log10(4)),
                  "but at z = 0 that one explodes", kinds)
    points.expect(math.isclose(width["argmax"], GOLDEN["width"]["argmax"], abs_tol=1e-5)
                  and math.isclose(width["max"], GOLDEN["width"]["max"], abs_tol=1e-7)
                  and width["difference"] < 1e-6, "(123) is widest at |w| = 6.894", width)
    points.expect(0.05 < identity["error_alone"] < 0.06 and is_ordered(identity["errors_with_bias"])
                  and identity["errors_with_bias"][0] < 2e-4, "a neuron that passes x on", identity)


def check_mnist(folder):
    if not MNIST:
        points.skip("initial norms on MNIST", "VGRAD_MNIST_DIR names no folder with MNIST")
        return
    for seed in range(5):
        summary = quiet(folder / "mnist", "--part", "norms", "--seed", str(seed), "--mnist", MNIST)
        for hidden, bounds in GOLDEN["norms_995"].items():
            norms = summary["norms"][hidden]
            points.expect(summary["data"] == "mnist" and is_ordered(norms)
                          and all(low / 1.2 < norm < high * 1.2
                                  for norm, (low, high) in zip(norms, bounds)),
                          f"MNIST, seed {seed}: initial norms of {hidden} hidden layers", norms)


def check_interrupt(folder):
    with subprocess.Popen([PROGRAM, "--part", "accuracy", "--epochs", "1000", "--rows", "1000",
                           "--no-plots", "--out", str(folder)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as training:
        while "Epoch  1" not in training.stdout.readline():
            pass
        training.send_signal(signal.SIGINT)
        _, said = training.communicate(timeout=60)
    points.expect(training.returncode == 0 and "Interrupted" in said, "an interrupt exits 0", said)
    check_members(summary_of(folder), "accuracy")
    accuracy = summary_of(folder)["accuracy"]
    points.expect(len(accuracy) == 1 and len(accuracy[0]["epochs"]) >= 1,
                  "and what was seen until then is written", accuracy)


def check_pictures(folder):
    done = start("--part", "chain", "--out", str(folder), PATH=str(folder))
    points.expect(done.returncode == 0 and done.stdout.count("gnuplot") == 1 and not done.stderr
                  and done.stdout.startswith(SYNTHETIC), "no gnuplot is one line and exits 0", done)
    check_members(summary_of(folder), "chain")
    if not shutil.which("gnuplot"):
        points.skip("pictures are XML", "gnuplot is not installed")
        return
    done = start("--out", str(folder), *SHORT)
    points.expect(done.returncode == 0 and not done.stderr, "pictures are drawn without a word", done.stderr)
    for name in (f"nielsen_chapter5_{name}" for names in PICTURES.values() for name in names):
        root = xml.etree.ElementTree.parse(folder / (name + ".svg")).getroot()
        points.expect(root.tag.endswith("svg") and (folder / (name + ".png")).stat().st_size > 5000
                      and f"{folder}/{name}.svg" in done.stdout, f"{name}.svg and .png", done.stdout)
    done = start("--out", str(folder / "none"), "--part", "curves", "--curve-epochs", "0", "--quiet")
    points.expect(done.returncode == 0 and not done.stderr
                  and not (folder / "none" / "nielsen_chapter5_curves.svg").exists(),
                  "nothing trained is no picture of it", done.stderr)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        check_wrong(folder)
        whole = check_parts(folder)
        check_norms(whole)
        check_accuracy(whole)
        check_chain(whole)
        check_mnist(folder)
        check_interrupt(folder / "interrupted")
        check_pictures(folder / "pictures")
    return points.finish()


if __name__ == "__main__":
    sys.exit(main())
