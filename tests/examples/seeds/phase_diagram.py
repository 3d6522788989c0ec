"""The whole phase diagram over several seeds, against what was foretold: phase_diagram.py PROGRAM"""
# SPDX-License-Identifier: MIT
import os
import statistics
import sys

import seeds

SEEDS = range(1, 6)


def main():
    os.environ.pop("VGRAD_MNIST_DIR", None)  # the figures are those of the drawn digits
    bands = seeds.Bands()
    runs = {}
    for summary in seeds.summaries(sys.argv[1], SEEDS, "--threads", "1"):
        for run in summary["runs"]:
            runs.setdefault(run["name"], []).append(run)

    def median(name, key):
        return statistics.median(run[key] for run in runs[name])

    for name, error, agree, best in ("tanh", 0.005, 0.92, 0.94), ("relu", 0.008, 0.87, 0.90):
        bands.row(f"{name}: median error, decades a layer", 0,
                  median(name, "median_abs_error_decades"), error)
        bands.near(f"{name}: critical variance at 36 layers and more",
                   median(name, "critical_variance_measured"),
                   median(name, "critical_variance_predicted"), 0.12)
        bands.row(f"{name}: trained, if no deeper than 6 xi", agree,
                  median(name, "agreement_at_6_xi"), 1)
        bands.row(f"{name}: the same with the best multiple of xi", best,
                  median(name, "best_agreement"), 1)
        bands.row(f"{name}: that multiple", 2, median(name, "best_xis"), 7)
    return bands.finish()


if __name__ == "__main__":
    sys.exit(main())
