"""Many seeds of an experiment at once, and their medians against what was published."""
# SPDX-License-Identifier: MIT
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile


def summaries(program, seeds, *arguments):
    """What `program` leaves in summary.json, for each seed; as many at a time as there are CPUs."""
    with tempfile.TemporaryDirectory() as name, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        def one(seed):
            folder = pathlib.Path(name) / str(seed)
            subprocess.run([program, "--quiet", "--no-plots", "--seed", str(seed), "--out", str(folder),
                            *arguments], check=True,
                           env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
            return json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        return list(workers.map(one, seeds))


class Bands:
    """A table of figures, each with the band that it must lie in."""

    def __init__(self):
        self.outside = 0
        print(f"{'figure':<56} {'from':>11} {'here':>11} {'to':>11}")

    def row(self, name, low, here, high):
        good = low <= here <= high
        self.outside += not good
        print(f"{name:<56} {low:11.4g} {here:11.4g} {high:11.4g}{'' if good else '   OUTSIDE'}", flush=True)

    def near(self, name, here, published, share):
        """A figure that must lie within `share` of the published one."""
        self.row(name, published * (1 - share), here, published * (1 + share))

    def finish(self):
        """The exit status."""
        print("all inside" if self.outside == 0 else f"{self.outside} OUTSIDE", flush=True)
        return self.outside > 0


def need_mnist():
    """Ends the program where there is no MNIST."""
    if not os.environ.get("VGRAD_MNIST_DIR"):
        sys.exit("VGRAD_MNIST_DIR must name a folder with MNIST's four files")
