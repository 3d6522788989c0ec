"""TAP for the checkers that are scripts: one line for each thing checked."""
# SPDX-License-Identifier: MIT


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0

    def check(self, name, problems):
        """One point: ok if the list of problems is empty; else they follow as comments."""
        self.count += 1
        self.failed += bool(problems)
        print("{} {} - {}".format("not ok" if problems else "ok", self.count, name))
        for problem in problems:
            self.note(problem)

    def expect(self, good, name, detail=""):
        """One point: ok if `good`; else the detail follows as comments."""
        self.check(name, [] if good else [detail])

    def note(self, text):
        """A comment for whoever reads the log."""
        for line in str(text).splitlines():
            print("#   " + line)

    def skip(self, name, why):
        self.count += 1
        print("ok {} - {} # SKIP {}".format(self.count, name, why))

    def finish(self):
        """Prints the plan; the exit status."""
        print("1..{}".format(self.count), flush=True)
        return self.failed > 0
