"""What one scan says of raw columns, and what follows from it."""

import ibis
import pandas as pd
import pytest

from funnelkit.data import embedded, first_look, parsing, refusals
from funnelkit.data.sources import Source

TIDY = {
    "id": ["a", "b", "c", "c"],
    "stage": ["lead", "won", "lead", "won"],
    "time": ["2026-01-05", "2026-01-06", "2026-01-07", "2026-02-01"],
    "region": ["north", None, "south", "south"],
}


def source(**changed: list) -> Source:
    table = embedded.connect().create_table("raw", pd.DataFrame(TIDY | changed))
    return Source(name="raw", table=table, columns=tuple(table.columns), rows=4)


def looked_over(raw: Source) -> Source:
    return first_look.looked_over(
        raw, texts={"id", "region", None}, dates={"time", None}, ids="id", few="stage"
    )


def lacking(raw: Source) -> tuple[int, int]:
    """How many rows lack an id, and a day."""
    days, _ = parsing.read_days(raw, ["time"], parsing.DateRules.of(None, None, dayfirst=None))
    tests = {
        "ids": first_look.without_id(raw, "id"),
        "days": first_look.without_day(raw, "time", days.get("time")),
    }
    found = raw.table.select(**tests, id=raw.table.id).execute()
    return int(found["ids"].sum()), int(found["days"].sum())


def test_tidy_columns_are_known_as_such() -> None:
    assert looked_over(source()).tidy == {"id", "region", "stage"}


@pytest.mark.parametrize("text", ["", " ", "south ", "\tsouth", "south\n"])
@pytest.mark.parametrize("column", ["id", "region", "stage"])
def test_an_untidy_text_makes_its_column_so(column: str, text: str) -> None:
    raw = looked_over(source(**{column: [text, *TIDY[column][1:]]}))
    assert raw.tidy == {"id", "region", "stage"} - {column}


def test_nothing_is_asked_again_that_the_look_has_settled(monkeypatch) -> None:
    raw = looked_over(source())
    monkeypatch.setattr(ibis.Expr, "execute", lambda *_, **__: pytest.fail("a further scan"))
    rules = parsing.DateRules.of(None, None, dayfirst=None)
    days, unread = parsing.read_days(raw, ["time"], rules)
    assert (list(days), unread) == (["time"], {})
    assert refusals.of_ids(raw, "id") == []


@pytest.mark.parametrize("look", [looked_over, lambda raw: raw])
@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, (0, 0)),
        ({"id": ["a", None, "", " "]}, (3, 0)),
        ({"id": [1, 2, 3, 4]}, (0, 0)),
        ({"time": ["2026-01-05", None, "", "2026-02-01"]}, (0, 2)),
        ({"time": ["2026-01-05", "2026-01-06T10:00", None, "2026-02-01"]}, (0, 1)),
        (
            {"time": [pd.Timestamp("2026-01-05"), pd.NaT, pd.NaT, pd.Timestamp("2026-02-01")]},
            (0, 2),
        ),
        ({"time": ["5 January", "?", "", "-"]}, (0, 0)),  # not read at all, which is told elsewhere
    ],
)
def test_rows_without_an_id_or_a_day_are_the_same_without_the_look(look, changed, expected) -> None:
    assert lacking(look(source(**changed))) == expected


@pytest.mark.parametrize("look", [looked_over, lambda raw: raw])
def test_ids_that_lost_digits_are_told_with_or_without_the_look(look) -> None:
    raw = look(source(id=["1.23E+15", " 1,5e+9 ", "a+b", "c"]))
    [problem] = refusals.of_ids(raw, "id")
    assert "2 ids were turned into powers of ten" in problem
    assert "1,5e+9" in problem
