"""What every experiment must do as a program, for their checkers."""
# SPDX-License-Identifier: MIT
import json
import os
import shutil
import signal
import subprocess
import xml.etree.ElementTree


class Experiment:
    """A program, and where the points go (tap.Tap)."""

    def __init__(self, program, points):
        self.program = program
        self.points = points

    def start(self, *arguments, **environment):
        return subprocess.run([self.program, *arguments], capture_output=True, text=True, check=False,
                              env={**os.environ, "OPENBLAS_NUM_THREADS": "1", **environment})

    def train(self, folder, *arguments, **environment):
        """What a start without pictures says, line by line, and its summary."""
        done = self.start("--no-plots", "--out", str(folder), *arguments, **environment)
        self.points.expect(done.returncode == 0, " ".join(arguments) + ": exits 0", done)
        return done.stdout.splitlines(), json.loads((folder / "summary.json").read_text(encoding="utf-8"))

    def check_command_line(self, folder, words, wrong):
        """--help tells of `words`; each command line of `wrong` exits 2; an --out that cannot be written
        exits 1, and nothing is trained."""
        done = self.start("--help")
        missing = [word for word in words if word not in done.stdout]
        self.points.expect(done.returncode == 0 and not missing, "--help tells of every option", missing)
        for arguments in wrong:
            done = self.start("--out", str(folder / "never"), *arguments)
            self.points.expect(done.returncode == 2 and done.stderr and not done.stdout
                               and not (folder / "never").exists(),
                               f"{arguments}: exits 2 with a message", done)
        done = self.start("--out", "/dev/null/below")
        self.points.expect(done.returncode == 1 and "/dev/null" in done.stderr and "Training" not in done.stderr,
                           "an --out that cannot be written is found before the training", done)

    def check_quiet(self, folder, *arguments):
        done = self.start("--quiet", "--no-plots", "--out", str(folder), *arguments)
        self.points.expect(done.returncode == 0 and not done.stdout and not done.stderr, "--quiet", done)

    def check_interrupt(self, folder, *arguments):
        """The summary that a start leaves which is interrupted as soon as it trains."""
        with subprocess.Popen([self.program, "--out", str(folder), *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as training:
            first = training.stderr.readline()
            training.send_signal(signal.SIGINT)
            _, said = training.communicate(timeout=120)
        self.points.expect("Training" in first and training.returncode == 0 and "Interrupted" in said,
                           "an interrupt ends the training and exits 0", said)
        self.points.expect("warning" not in said, "and gnuplot draws what there is", said)
        return json.loads((folder / "summary.json").read_text(encoding="utf-8"))

    def check_without_gnuplot(self, folder, *arguments):
        done = self.start("--out", str(folder), *arguments, PATH=str(folder))
        lines = [line for line in done.stdout.splitlines() if "gnuplot" in line]
        self.points.expect(done.returncode == 0 and len(lines) == 1 and (folder / "summary.json").exists(),
                           "without gnuplot there is one line about it, and the files", done)

    def check_pictures(self, folder, names, *arguments):
        """A start draws these pictures, as XML and PNG, names them, and no others."""
        if not shutil.which("gnuplot"):
            self.points.skip("pictures are drawn", "gnuplot is not installed")
            return
        done = self.start("--out", str(folder), *arguments)
        drawn = sorted(path.stem for path in folder.glob("*.svg"))
        self.points.expect(done.returncode == 0 and drawn == sorted(names), f"it draws {names}", (done, drawn))
        for name in drawn:
            root = xml.etree.ElementTree.parse(folder / (name + ".svg")).getroot()
            png = (folder / (name + ".png")).read_bytes()
            self.points.expect(root.tag.endswith("svg") and png.startswith(b"\x89PNG")
                               and f"{folder}/{name}.svg" in done.stdout,
                               f"{name} is XML and a PNG, and is named", done.stdout)
        self.points.expect("warning" not in done.stderr and "line" not in done.stderr,
                           "gnuplot has nothing to say", done.stderr)
