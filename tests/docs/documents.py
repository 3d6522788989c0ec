"""Programs quoted in documents are the files they name, links lead somewhere, and every finding is
told of. TAP."""
# SPDX-License-Identifier: MIT
import pathlib
import re
import sys

import headers
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


def untold(root):
    """Findings that docs/findings.md has no row for."""
    text = (root / "docs/findings.md").read_text(encoding="utf-8")
    for kind, names in headers.all_enums(root):
        if kind == "vgrad_finding_code":
            for name in names:
                if f"| `{name.removeprefix('VGRAD_FINDING_')}` |" not in text:
                    yield name


def main():
    root = pathlib.Path(sys.argv[1])
    points = tap.Tap()
    for document in sorted(root.glob("*.md")) + sorted((root / "docs").rglob("*.md")):
        points.check(document.relative_to(root), list(problems(root, document)))
    points.check("docs/findings.md has a row for every finding", list(untold(root)))
    return points.finish()



if __name__ == "__main__":
    sys.exit(main())
