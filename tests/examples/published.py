"""The published figures of the circles experiment, as medians over seeds: published.py PROGRAM"""
# SPDX-License-Identifier: MIT
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import tap

points = tap.Tap()

GOLDEN = pathlib.Path(os.environ["VGRAD_SOURCE_ROOT"], "tests", "golden", "circles-published.json")


def train(program, seeds):
    """The runs of every seed, by activation."""
    runs = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(seeds):
            subprocess.run([program, "--loop", "manual", "--no-plots", "--quiet", "--seed",
                            str(seed), "--out", folder], check=True)
            with open(os.path.join(folder, "summary.json"), encoding="utf-8") as file:
                for run in json.load(file)["runs"]:
                    runs.setdefault(run["activation"], []).append(run)
    return runs


def check_range(name, value, bounds):
    points.note(f"{name}: {value:.4g}, published range {bounds}")
    points.expect(bounds[0] <= value <= bounds[1], name, value)


def main():
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    runs = train(sys.argv[1], golden["seeds"])
    for activation in ("sigmoid", "tanh", "relu"):
        expected, mine = golden[activation], runs[activation]
        points.expect(len(mine) == golden["seeds"], f"{activation}: every seed ran", len(mine))
        check_range(f"{activation}: median accuracy",
                    statistics.median(run["accuracy"] for run in mine), expected["accuracy"])
        first = [run["gradient_l2_first"] for run in mine]
        alive = [layers for layers in first if layers[0] > 0]
        points.note(f"{activation}: {len(first) - len(alive)} of {len(first)} runs start dead")
        check_range(f"{activation}: median last/first ratio of the first batch",
                    statistics.median(layers[-1] / layers[0] for layers in alive),
                    expected["ratio"])
        for layer, published in enumerate(expected["gradient_std_mean"]):
            median = statistics.median(run["gradient_std_mean"][layer] for run in mine)
            check_range(f"{activation}: median s.d. of layer {layer + 1}'s gradient", median,
                        [published / golden["factor"], published * golden["factor"]])
    return points.finish()


if __name__ == "__main__":
    sys.exit(main())
