"""Python packages that a test needs and that the library does not: numpy, safetensors, ..."""
# SPDX-License-Identifier: MIT
import fcntl
import importlib.util
import os
import subprocess
import sys

STARTED_ANEW = "VGRAD_TESTS_PACKAGES"
# So that a machine without a network says so soon.
PIP = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1",
       "--timeout", "20"]


def failure(command):
    """None, or the last line that a failed command printed."""
    try:
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             universal_newlines=True, check=False)
    except OSError as error:
        return str(error)
    lines = run.stdout.strip().splitlines() or ["exit status {}".format(run.returncode)]
    return lines[-1] if run.returncode else None


def install(folder, packages):
    """Sees to it that the environment in `folder` has the packages; None, or why it has not."""
    python = os.path.join(folder, "bin", "python3")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several tests may want it at once
        if not failure([python, "-c", "import " + ", ".join(packages)]):
            return None
        problem = None
        if failure([python, "-m", "pip", "--version"]):
            problem = failure([sys.executable, "-m", "venv", folder])
        return problem or failure([python] + PIP + packages)


def need(folder, *packages):
    """None if all of them can be imported; to this end the script may start anew, with the Python of
    an environment in `folder` that pip fills. Else why they cannot be had: the test is skipped."""
    if all(importlib.util.find_spec(name) for name in packages):
        return None
    if os.environ.get(STARTED_ANEW) == folder:
        return "pip has installed them, but they cannot be imported"
    problem = install(folder, list(packages))
    if problem:
        return "{} cannot be had: {}".format(", ".join(packages), problem)
    os.environ[STARTED_ANEW] = folder
    sys.stdout.flush()
    python = os.path.join(folder, "bin", "python3")
    return os.execv(python, [python] + sys.argv)
