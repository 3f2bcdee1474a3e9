"""Figures of "how we know it is right" stand in the files that are named beside them."""

import re

import pytest

from tests.docs.pages import DOCS, ROOT, text

PAGE = text(DOCS / "how-we-know.md")
FILE = re.compile(r"(?:tests|benchmarks)/[\w/.-]+\.(?:py|md)")
FIGURE = re.compile(r"-?\d[\d_]*(?:\.\d+)?(?:e-\d+)?|\.\d+")


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}")[1].split("\n## ")[0]


def rows(part: str) -> list[list[str]]:
    lines = [line for line in part.splitlines() if line.startswith("|") and "---" not in line]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


PARITY = [row for row in rows(section("Parity")) if FILE.search(row[-1])]


@pytest.mark.parametrize("row", PARITY, ids=lambda row: row[0])
def test_figures_of_parity_stand_in_their_tests(row: list[str]) -> None:
    files = "\n".join(text(ROOT / path) for path in FILE.findall(row[-1]))
    figures = [found for found in re.findall(r"`([^`]+)`", row[2]) if FIGURE.fullmatch(found)]
    assert figures or "every count" in row[2]
    assert [figure for figure in figures if figure not in files] == []


def test_there_is_parity_in_every_room_of_statistics() -> None:
    rooms = {path.split("/")[1] for row in PARITY for path in FILE.findall(row[-1])}
    assert {"lag", "experiment", "monitor", "plan", "data", "_core"} <= rooms


def test_rows_of_lag_coverage_stand_in_its_table() -> None:
    made = text(ROOT / "benchmarks" / "lag_coverage.md")
    known, chosen = made.split("## The family chosen")
    shown = [row for row in rows(section("Coverage")) if row[0] in {"known", "chosen of six"}]
    assert len(shown) >= 6
    for family, leads, days, rate, sets, holds in shown:
        start = f"| {leads} | {days.removesuffix(' days')} | {rate} |"
        [line] = [one for one in (known if family == "known" else chosen).splitlines()
                  if one.startswith(start)]  # fmt: skip
        cells = line.strip("| ").split(" | ")
        assert cells[4] == holds
        assert f"--runs {sets.replace(',', '')}\n" in (known if family == "known" else chosen)


def test_figures_of_drift_stand_in_the_script() -> None:
    script = text(ROOT / "benchmarks" / "drift.py")
    shown = [row for row in rows(section("Coverage")) if row[-1] in {".983", ".985"}]
    assert len(shown) == 2
    assert [cell for row in shown for cell in row[1:] if cell not in script] == []


def test_every_other_figure_names_its_script() -> None:
    for title in ("Coverage", "Back-tests"):
        headed = [part for part in section(title).split("\n\n") if "| script |" in part]
        assert headed
        for part in headed:
            for row in rows(part)[1:]:
                [path] = FILE.findall(row[-1])
                assert (ROOT / path).is_file()


def test_the_comparison_takes_its_figures_from_benchmarks() -> None:
    page = text(DOCS / "how-it-compares.md")
    for part in re.split(r"\n## ", page)[1:]:
        if re.search(r"\d+ s\b|1/\d+|\d\.\d+ times|\.\d+ from", part):
            assert "`benchmarks/" in part, part.splitlines()[0]
