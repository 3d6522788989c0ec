"""Twenty seeds of the momentum circles beside what was measured elsewhere: momentum_circles.py PROGRAM"""
# SPDX-License-Identifier: MIT
import json
import os
import pathlib
import statistics
import sys

import seeds

GOLDEN = pathlib.Path(os.environ["VGRAD_SOURCE_ROOT"], "tests", "golden", "momentum-circles.json")
SEEDS = range(1, 21)
LEARNED = 0.7  # a test accuracy that no network reaches by chance


def by_name(summaries):
    """The runs of all seeds, by their names."""
    runs = {}
    for summary in summaries:
        for run in summary["runs"]:
            runs.setdefault(run["name"], []).append(run)
    return runs


def tell_rest(runs):
    """What has no band."""
    for name, mine in runs.items():
        test = [run["test_accuracy"] for run in mine]
        dead = sum(run["gradient_l2_first"][0] == 0 for run in mine)
        print(f"{name}: {sum(value > LEARNED for value in test)} of {len(test)} learn, {dead} begin dead; "
              f"test accuracy {min(test):.3f} to {max(test):.3f}")
        for key in ("gradient_l2_first", "gradient_l2_mean", "test_accuracy_50_100_200_300_400_500"):
            medians = [statistics.median(column) for column in zip(*(run[key] for run in mine))]
            print(f"    {key}: " + " ".join(f"{value:.3g}" for value in medians))


def main():
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))["runs"]
    runs = by_name(seeds.summaries(sys.argv[1], SEEDS, "--depth"))
    bands = seeds.Bands()
    for name, figures in golden.items():
        for figure, (low, high) in figures.items():
            median = statistics.median(run[figure] for run in runs[name])
            bands.row(f"{name}: median {figure}", low, median, high)
    tell_rest(runs)
    return bands.finish()


if __name__ == "__main__":
    sys.exit(main())
