"""The figures of chapter 5 over many seeds, on MNIST: nielsen_chapter5.py PROGRAM"""
# SPDX-License-Identifier: MIT
import json
import os
import pathlib
import resource
import statistics
import sys

import seeds

GOLDEN = json.loads(pathlib.Path(os.environ["VGRAD_SOURCE_ROOT"], "tests", "golden",
                                 "nielsen-chapter5.json").read_text(encoding="utf-8"))
NORM_SEEDS, CURVE_SEEDS, ACCURACY_SEEDS = 200, 20, 5
BOUND_MARKS = (0, 1, 5, 10, 100, 499)  # of the curves of three and four hidden layers
SECONDS = 60


def is_ordered(layers):
    return all(a < b for a, b in zip(layers, layers[1:]))


def spread(values):
    """The 5 %, 50 % and 95 % of many."""
    values = sorted(values)
    return values[len(values) // 20], statistics.median(values), values[-1 - len(values) // 20]


def norms(bands, program):
    done = seeds.summaries(program, range(NORM_SEEDS), "--part", "norms")
    for hidden, published in GOLDEN["norms"].items():
        mine = [summary["norms"][hidden] for summary in done]
        for layer, median in enumerate(published):
            bands.near(f"H={hidden}: initial norm of layer {layer + 1}",
                       statistics.median(layers[layer] for layers in mine), median, 0.15)
        bands.row(f"H={hidden}: seeds in strict order", NORM_SEEDS,
                  sum(map(is_ordered, mine)), NORM_SEEDS)
        caused = sum(s["findings"][hidden]["cause"] == "budget_derivative" for s in done)
        bands.row(f"H={hidden}: seeds whose cause is the derivative", NORM_SEEDS, caused, NORM_SEEDS)
        low, median, high = spread([layers[-1] / layers[0] for layers in mine])
        print(f"    last/first {median:.2f}, 5 to 95 %: {low:.2f} to {high:.2f}")


def bars(bands, program):
    def size(values):
        return sum(map(abs, values))

    done = seeds.summaries(program, range(NORM_SEEDS), "--part", "bars")
    low, median, high = spread([size(s["bars"]["2"]) / size(s["bars"]["1"]) for s in done])
    bands.near("bars: layer 2 over layer 1, first six neurons", median,
               GOLDEN["bars_ratio"]["median"], 0.2)
    print(f"    5 to 95 %: {low:.2f} to {high:.2f}")


def curve_marks(bands, hidden, runs):
    for place, epoch in enumerate(GOLDEN["marks"]):
        published = GOLDEN["curves"][hidden][place]
        mine = [run["norms"][place] for run in runs]
        in_order = sum(map(is_ordered, mine))
        bound = hidden != "2" and epoch in BOUND_MARKS
        for layer, value in enumerate(published):
            median = statistics.median(layers[layer] for layers in mine)
            if bound:
                bands.near(f"H={hidden}, epoch {epoch}: layer {layer + 1}", median, value, 0.4)
            else:
                print(f"    H={hidden}, epoch {epoch}: layer {layer + 1} {median:.3g}, elsewhere {value:.3g}")
        if bound:
            bands.row(f"H={hidden}, epoch {epoch}: seeds in order", len(runs), in_order, len(runs))
        ratio = statistics.median(layers[-1] / layers[0] for layers in mine)
        print(f"    H={hidden}, epoch {epoch}: last/first {ratio:.2f}, {in_order} of {len(runs)} in order")


def batches(hidden, done):
    """What the epochs of mini-batches say beside as many updates with all images."""
    for kind in ("mini_batches", "epoch_means"):
        for place, epoch in enumerate(done[0][kind][hidden]["epochs"]):
            medians = [statistics.median(s[kind][hidden]["norms"][place][layer] for s in done)
                       for layer in range(int(hidden))]
            print(f"    {kind}, H={hidden}, epoch {epoch}:", *(f"{m:.2e}" for m in medians))


def curves(bands, program):
    done = seeds.summaries(program, range(CURVE_SEEDS), "--part", "curves")
    for hidden in GOLDEN["curves"]:
        runs = [summary["curves"][hidden] for summary in done]
        curve_marks(bands, hidden, runs)
        batches(hidden, done)


def accuracy(bands, program):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = seeds.summaries(program, range(ACCURACY_SEEDS), "--part", "accuracy")
    used = (resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before) / ACCURACY_SEEDS
    for i, (name, mean) in enumerate(GOLDEN["accuracy"].items()):
        mine = [summary["accuracy"][i] for summary in done]
        best = statistics.median(one["best"] for one in mine)
        bands.row(f"{name}: best accuracy", mean - 0.0025, best, mean + 0.0025)
        print(f"    book {GOLDEN['accuracy_book'][name]}; final", statistics.median(o["final"] for o in mine),
              "epoch 0", statistics.median(o["epochs"][0] for o in mine),
              "best of each seed", [o["best"] for o in mine])
    bands.row("four trainings of one seed: CPU seconds", 0, used, SECONDS)


def main():
    seeds.need_mnist()
    bands = seeds.Bands()
    for check in (norms, bars, curves, accuracy):
        check(bands, sys.argv[1])
    return bands.finish()


if __name__ == "__main__":
    sys.exit(main())
