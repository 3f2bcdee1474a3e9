"""plan.xlsx: its formulas, worked out by a reader of their own, are the plan."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from funnelkit.report.planning.live import write_live
from tests.plan import plans_by_hand as by_hand
from tests.report.planning.made import facts

_CELL = re.compile(r"(?:('[^']+'|[A-Za-z]+)!)?\$([A-Z]+)\$(\d+)(?::\$([A-Z]+)\$(\d+))?")
_KNOWN = re.compile(r"SUMPRODUCT|SUM|MIN|MAX|IF")


class Book:
    """A workbook whose formulas are computed from its cells, by the few functions they use."""

    def __init__(self, path: Path) -> None:
        self.book = openpyxl.load_workbook(path)
        self.changed: dict[tuple[str, str], float] = {}

    def value(self, sheet: str, place: str) -> Any:
        if (sheet, place) in self.changed:
            return self.changed[sheet, place]
        held = self.book[sheet][place].value
        if not (isinstance(held, str) and held.startswith("=")):
            return 0.0 if held is None else held
        return eval(self._python(held[1:], sheet), {"__builtins__": {}}, self._functions())

    def _python(self, formula: str, sheet: str) -> str:
        def cell(found: re.Match[str]) -> str:
            where = (found[1] or sheet).strip("'")
            if found[4] is None:
                return f"cell({where!r}, {found[2] + found[3]!r})"
            return f"block({where!r}, {found[2] + found[3] + ':' + found[4] + found[5]!r})"

        return _CELL.sub(cell, _KNOWN.sub(lambda one: f"f_{one[0]}", formula))

    def _block(self, sheet: str, span: str) -> np.ndarray:
        rows = self.book[sheet][span]
        return np.array([[self.value(sheet, one.coordinate) for one in row] for row in rows], float)

    def _functions(self) -> dict[str, Any]:
        return {
            "cell": self.value,
            "block": self._block,
            "f_SUM": lambda *parts: float(sum(np.sum(part) for part in parts)),
            "f_SUMPRODUCT": lambda one, two: float((one * two).sum()),
            "f_MIN": min,
            "f_MAX": max,
            "f_IF": lambda test, then, other: then if test else other,
        }


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_live(tmp_path_factory.mktemp("book") / "plan.xlsx", facts())


@pytest.fixture
def book(path: Path) -> Book:
    return Book(path)


def column(book: Book, sheet: str, head: str) -> list[float]:
    """What stands under a heading, in the four months and in the row of all."""
    names = {one.value: one.column_letter for one in book.book[sheet][4]}
    return [book.value(sheet, f"{names[head]}{row}") for row in range(5, 10)]


def test_formulas_are_the_plan_to_the_last_digit(book: Book) -> None:
    plan = by_hand.plan()
    for head, values in (
        ("New bookings", plan.new),
        ("In flight", plan.in_flight),
        ("Expected", plan.expected),
        ("Target", plan.targets.amount),
        ("Gap", plan.gap),
        ("Spend", plan.spend.sum(axis=0)),
    ):
        np.testing.assert_allclose(
            column(book, "Live months", head), [*values, values.sum()], rtol=1e-9, err_msg=head
        )
    deals = np.einsum("cm,cmh->ch", plan.leads, plan.assumptions.yields)
    np.testing.assert_allclose(column(book, "Live months", "Deals of web")[:4], deals[0])


def test_the_values_that_are_stored_are_those_of_the_formulas(book: Book, path: Path) -> None:
    stored = openpyxl.load_workbook(path, data_only=True)
    checked = 0
    for sheet in ("Inputs", "Leads", "Live months", "Live chain"):
        for row in book.book[sheet].iter_rows():
            for one in row:
                if isinstance(one.value, str) and one.value.startswith("="):
                    computed = book.value(sheet, one.coordinate)
                    kept = stored[sheet][one.coordinate].value
                    assert computed == pytest.approx(kept, rel=1e-9), (sheet, one.coordinate)
                    checked += 1
    assert checked > 60


def test_a_rate_that_is_changed_changes_what_follows(book: Book) -> None:
    before = column(book, "Live months", "Deals of web")
    book.changed["Inputs", "B5"] = 0.4  # from lead to sql, twice as many
    np.testing.assert_allclose(column(book, "Live months", "Deals of web"), 2 * np.array(before))


def test_the_chain_is_the_calculator_s(book: Book) -> None:
    # (750,000 - 100,000) / (mix of 5 % of 20,000 and 6 % of 30,000)
    mix = by_hand.plan().leads.sum(axis=1) / by_hand.plan().leads.sum()
    needed = 650_000 / (mix @ [1_000, 1_800])
    assert book.value("Live chain", "B8") == pytest.approx(needed)
    assert book.value("Live chain", "B11") == pytest.approx(needed * mix[0])


def test_hostile_names_are_texts(book: Book) -> None:
    names = [book.book["Inputs"][f"A{row}"].value for row in (5, 6)]
    assert names == ["web", by_hand.HOSTILE]
    for sheet in book.book:
        for row in sheet.iter_rows():
            for one in row:
                if one.data_type == "f":
                    assert by_hand.HOSTILE not in one.value
                elif isinstance(one.value, str):
                    assert not one.value.startswith(("=", "+", "@"))


def test_every_table_of_the_page_has_a_sheet(book: Book) -> None:
    assert {
        "On one page", "What must hold", "Options", "Months", "Chances", "People", "Requisitions",
        "Scenarios", "What matters", "Assumptions", "Definitions",
    } <= set(book.book.sheetnames)  # fmt: skip
