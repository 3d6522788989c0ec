"""Ten seeds of the activations on MNIST beside what was measured elsewhere: mnist_activations.py PROGRAM"""
# SPDX-License-Identifier: MIT
import json
import os
import pathlib
import statistics
import sys

import seeds

GOLDEN = pathlib.Path(os.environ["VGRAD_SOURCE_ROOT"], "tests", "golden", "mnist-activations.json")
SEEDS = range(1, 11)


def by_name(summaries):
    """The runs of all seeds, by their names; with the ratio at the first look."""
    runs = {}
    for summary in summaries:
        for run in summary["runs"]:
            first = run["layer_mean_abs"][0]
            run["ratio_6_1_start"] = first[5] / first[0]
            runs.setdefault(run["name"], []).append(run)
    return runs


def tell_looks(name, mine):
    """Medians of each look, which have no band."""
    print(f"{name}: iteration, batch accuracy, loss, mean |gradient| of layers 1 to 6, 6 by 1, 6 by 1 in L2")
    for look, iteration in enumerate(mine[0]["iterations"]):
        figures = [[run["batch_accuracy"][look], run["batch_loss"][look], *run["layer_mean_abs"][look],
                    run["layer_mean_abs"][look][5] / run["layer_mean_abs"][look][0],
                    run["layer_l2"][look][5] / run["layer_l2"][look][0]] for run in mine]
        print(f"    {iteration:5} " + " ".join(f"{statistics.median(column):.3g}" for column in zip(*figures)))


def main():
    seeds.need_mnist()
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))["runs"]
    runs = by_name(seeds.summaries(sys.argv[1], SEEDS))
    bands = seeds.Bands()
    for name, figures in golden.items():
        for figure, (low, high) in figures.items():
            bands.row(f"{name}: median {figure}", low, statistics.median(run[figure] for run in runs[name]), high)
    for name, mine in runs.items():
        tell_looks(name, mine)
    return bands.finish()


if __name__ == "__main__":
    sys.exit(main())
