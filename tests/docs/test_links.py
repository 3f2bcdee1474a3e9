"""Links lead somewhere: to a file, a heading or a page; nothing is asked of the network."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES, ROOT, anchors, blocks, name, prose, spans

LINK = re.compile(r"\]\(([^)\s]+)\)")
FOLDERS = "tests|benchmarks|notebooks|docs|examples|tools|reports/example|funnelkit"
PATH = re.compile(rf"(?:{FOLDERS})/[\w./-]*")
EVERY = pytest.mark.parametrize("page", PAGES, ids=name)


def entries(page: Path) -> list[str]:
    """What the tables of contents of a page list, patterns too."""
    listed = [body for words, body in blocks(page) if words == "{toctree}"]
    lines = "\n".join(listed).splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith(":")]


@EVERY
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    missing = []
    for target in LINK.findall(prose(page)):
        if target.startswith("https://"):
            continue
        assert ":" not in target, target
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            missing.append(target)
    assert missing == []


@EVERY
def test_links_to_other_hosts_are_few_and_safe(page: Path) -> None:
    """They are not followed here; a reader may, so they are encrypted and to a page, not a file."""
    for target in LINK.findall(prose(page)):
        if "//" in target:
            assert re.fullmatch(r"https://[\w.-]+/[\w./%#-]*", target), target


@EVERY
def test_every_path_that_is_named_is_there(page: Path) -> None:
    named = [span for span in spans(page) if PATH.fullmatch(span)]
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_page_is_in_a_table_of_contents() -> None:
    pages = {path for path in PAGES if path.is_relative_to(DOCS)} - {DOCS / "index.md"}
    listed = set()
    for page in PAGES:
        for entry in entries(page):
            listed |= set(page.parent.glob(f"{entry}.md"))
    assert pages - listed == set()


def test_what_the_tables_of_contents_list_is_there_or_is_built() -> None:
    built = {"notebooks/*", "reference/commands", "reference/parameters"}
    for page in PAGES:
        for entry in set(entries(page)) - built:
            assert list(page.parent.glob(f"{entry}.md")), entry


def test_every_numbered_notebook_has_a_guide_that_leads_to_it() -> None:
    linked = "\n".join(prose(page) for page in DOCS.glob("guides/*.md"))
    for notebook in ROOT.glob("notebooks/[0-9][0-9]_*.ipynb"):
        assert f"(../../notebooks/{notebook.name})" in linked, notebook.name


def test_the_readme_shows_the_picture_first() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    first = re.search(r"!\[([^\]]+)\]\(([^)]+)\)", readme)
    assert first is not None
    assert first.start() < readme.index("\n## ")
    assert len(first[1]) > 30  # what is to be seen, for those who do not see it
    picture = ROOT / first[2]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < 150_000
