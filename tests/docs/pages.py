"""The pages that people read, as text: for the tests beside this module."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
WRITTEN_BY_THE_BUILD = {DOCS / "reference" / "commands.md", DOCS / "reference" / "parameters.md"}
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    + [path for path in DOCS.rglob("*.md") if path not in WRITTEN_BY_THE_BUILD]
)
FENCE = re.compile(r"^( *)```([^\n]*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)


def name(path: Path) -> str:
    """Path of a page within the checkout."""
    return path.relative_to(ROOT).as_posix()


def text(path: Path) -> str:
    """The whole page."""
    return path.read_text(encoding="utf-8")


def blocks(path: Path) -> list[tuple[str, str]]:
    """Each fenced block: its language or directive, and what stands in it."""
    return [(words.strip(), body) for _, words, body in FENCE.findall(text(path))]


def prose(path: Path) -> str:
    """The page without its fenced blocks."""
    return FENCE.sub("", text(path))


def spans(path: Path) -> list[str]:
    """What stands in single backticks, outside of fenced blocks."""
    return re.findall(r"`([^`\n]+)`", prose(path))


def slug(heading: str) -> str:
    """The anchor of a heading, as GitHub and MyST make it."""
    words = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return words.replace(" ", "-")


def anchors(path: Path) -> set[str]:
    """The anchors of all headings of a page."""
    found = re.findall(r"^#{1,3} (.+)$", prose(path), re.MULTILINE)
    return {slug(heading) for heading in found}
