"""Write constraints.txt anew: one version of every package that pyproject.toml leads to.

Run after a change of the dependencies, or to move to today's versions::

    .venv/bin/python tools/pins.py

The set is closed (with the development extra and the engines), and one version of each package
serves all supported Pythons and systems, so a line is `name==version` alone.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEADER = """\
# One version of everything, development tools and engines included, for Python 3.11 to 3.13.
# Written by tools/pins.py from pyproject.toml; pip and uv read it through --constraint.
"""


def resolve() -> str:
    """What uv finds for the lowest supported Python and all later ones, on every system."""
    lowest = ("--universal", "--python-version", "3.11", "--fork-strategy", "fewest")
    plain = ("--no-header", "--no-annotate", "--quiet")
    named = ("dev", "browser", "docs", "engines")
    extras = tuple(word for name in named for word in ("--extra", name))
    command = ("uv", "pip", "compile", "pyproject.toml", *extras, *lowest, *plain)
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout


def pins(resolved: str) -> list[str]:
    """`name==version` for each package, with a marker only where versions differ by Python."""
    lines = [line.strip() for line in resolved.splitlines() if line.strip()]
    names = [re.split(r"==", line)[0] for line in lines]
    return [
        line if names.count(name) > 1 else line.split(";")[0].strip()
        for name, line in zip(names, lines, strict=True)
    ]


def main() -> None:
    """Resolve, and write the file."""
    text = HEADER + "\n".join(pins(resolve())) + "\n"
    (ROOT / "constraints.txt").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
