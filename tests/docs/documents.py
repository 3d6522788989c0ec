"""Programs quoted in documents are the files they name, and links lead somewhere. TAP."""
# SPDX-License-Identifier: MIT
import pathlib
import re
import sys

import tap

# A quoted program: <!-- examples/minimal.c --> and then a fenced block.
QUOTE = re.compile(r"<!-- (\S+) -->\n```\w*\n(.*?)```\n", re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)[^)]*\)")


def problems(root, document):
    """What is wrong with one document, a line each."""
    text = document.read_text(encoding="utf-8")
    for name, quoted in QUOTE.findall(text):
        source = root / name
        if not source.is_file():
            yield f"quotes {name}, which is not there"
        elif source.read_text(encoding="utf-8") != quoted:
            yield f"its {name} is not the file's text"
    for target in LINK.findall(text):
        if not (document.parent / target).exists():
            yield f"links to {target}, which is not there"


def main():
    root = pathlib.Path(sys.argv[1])
    points = tap.Tap()
    for document in sorted(root.glob("*.md")) + sorted((root / "docs").rglob("*.md")):
        points.check(document.relative_to(root), list(problems(root, document)))
    return points.finish()



if __name__ == "__main__":
    sys.exit(main())
