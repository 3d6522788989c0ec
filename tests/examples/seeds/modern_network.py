"""The figures of modern_network over five to fifteen seeds, on MNIST: modern_network.py PROGRAM"""
# SPDX-License-Identifier: MIT
import collections
import json
import os
import pathlib
import statistics
import sys

import seeds

GOLDEN = pathlib.Path(os.environ["VGRAD_SOURCE_ROOT"], "tests", "golden", "modern-network.json")
SEEDS = {"deep": range(1, 16), "residual": range(1, 6), "conv": range(1, 6)}
# How far a ratio of norms may be from the published one: without skip connections that is of two
# seeds, and what is of one batch alone of ten layers spreads more than a mean over a hundred.
FACTOR, FACTOR_NO_SKIP, FACTOR_ONE_BATCH = 1.5, 3, 2
ACCURACY = {"relu": 0.15, "modern_no_skip": 0.15}  # likewise of accuracies; else 0.03


def medians(summaries, name):
    """The figures of a network, each the median over the seeds; norms by layer."""
    runs = [run for summary in summaries for run in summary["runs"] if run["name"] == name]
    figures = {key: statistics.median(run[key] for run in runs)
               for key in ("loss_first", "loss_late", "test_accuracy", "norm_first", "norm_late", "clipped")}
    for when in ("first", "mean", "last"):
        rows = zip(*(run["gradient_l2_" + when] for run in runs))
        figures[when] = dict(zip(runs[0]["layers"], map(statistics.median, rows)))
    figures["verdict"] = collections.Counter(run["verdict"] for run in runs)
    figures["ratio"] = [run["ratio_last_first"] for run in runs]
    return figures


def by_layer(published, layers):
    """Published norms, which are a list where every layer has one."""
    return dict(zip(layers, published)) if isinstance(published, list) else published


def ratios(name):
    """Which layers' norms are divided by which."""
    if name.startswith("modern"):
        return [("block1.first", "block20.first"), ("block1.second", "block20.second"),
                ("stem", "block20.first")]
    return [("output", "hidden1"), ("hidden10", "hidden1")]


def check_network(bands, name, published, here):
    for when in ("first", "mean", "last"):
        factor = FACTOR_NO_SKIP if name == "modern_no_skip" else \
            FACTOR_ONE_BATCH if when == "first" and not name.startswith("modern") else FACTOR
        theirs = by_layer(published.get(when, {}), list(here[when]))
        for over, under in ratios(name):
            if over in theirs and under in theirs:
                ratio = theirs[over] / theirs[under]
                bands.row(f"{name}: {when}, {over} / {under}", ratio / factor,
                          here[when][over] / here[when][under], ratio * factor)
    bands.near(f"{name}: loss of the last ten batches", here["loss_late"], published["loss_late"], 0.25)
    near = ACCURACY.get(name, 0.03)
    bands.row(f"{name}: test accuracy", published["test_accuracy"] - near, here["test_accuracy"],
              published["test_accuracy"] + near)


def tell(name, here):
    """All that the page of the experiment wants to know."""
    print(f"{name}: loss {here['loss_first']:.4g} -> {here['loss_late']:.4g}, test accuracy "
          f"{here['test_accuracy']:.4f}, norm {here['norm_first']:.4g} -> {here['norm_late']:.4g}, "
          f"clipped {here['clipped']:g}, {dict(here['verdict'])}, ratios {min(here['ratio']):.3g} to "
          f"{max(here['ratio']):.3g}")
    for when in ("first", "mean", "last"):
        layers = [layer for layer in here[when] if not layer.startswith("block")
                  or layer.split(".")[0] in ("block1", "block2", "block3", "block10", "block19", "block20")]
        print(f"    {when}: " + ", ".join(f"{layer} {here[when][layer]:.3g}" for layer in layers))


def main():
    seeds.need_mnist()
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    summaries = seeds.summaries(sys.argv[1], [1], "--part", "demo")
    for part, numbers in SEEDS.items():
        summaries += seeds.summaries(sys.argv[1], numbers, "--part", part)
    figures = {name: medians(summaries, name) for name in [*golden["networks"], "conv_residual"]}
    for name, here in figures.items():
        tell(name, here)
    bands = seeds.Bands()
    for which in ("as_printed", "correct"):
        for layer, published in enumerate(golden["demo"][which]):
            bands.near(f"demo {which}, layer {layer + 1}", summaries[0]["demo"][which][layer], published, 1e-8)
    for name, published in golden["networks"].items():
        check_network(bands, name, published, figures[name])
    accuracy = {name: here["test_accuracy"] for name, here in figures.items()}
    bands.row("no skip is the worst", 0, accuracy["modern_no_skip"],
              min(accuracy[name] for name in accuracy if name.startswith("modern") and name != "modern_no_skip"))
    bands.row("no batch norm is worse than all of it", 0, accuracy["modern_no_bn"], accuracy["modern"])
    bands.row("residual convolutions learn", 0.8, accuracy["conv_residual"], 1)
    return bands.finish()


if __name__ == "__main__":
    sys.exit(main())
