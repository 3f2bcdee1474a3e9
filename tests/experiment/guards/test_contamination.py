"""`check_contamination`: units in several arms, counted and not named."""

import pandas as pd
import pytest

from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.experiment.guards.contamination import check_contamination


def test_units_in_one_arm_are_fine_however_many_rows_they_have() -> None:
    table = pd.DataFrame({"unit": [1, 1, 2, 3], "arm": ["a", "a", "b", "a"]})
    found = check_contamination(table)
    assert (found.level, found.summary()) == ("ok", "None of 3 leads is in more than one arm.")


def test_some_are_a_note_and_many_a_warning() -> None:
    clean = pd.DataFrame({"account": range(300), "arm": ["a", "b"] * 150})
    twice = pd.DataFrame({"account": [0, 1, 2], "arm": ["b", "a", "c"]})
    one = pd.concat([clean, twice[:1]])
    found = check_contamination(one, unit="account", units="accounts")
    assert found.level == "note"
    assert found.sentence == "1 of 300 accounts is in more than one arm (0.3\u202f%)."
    several = check_contamination(pd.concat([clean, twice]), unit="account", units="accounts")
    assert several.level == "warning"
    assert several.to_frame().values.tolist() == [
        ["a and b", 2, 2 / 300],
        ["a and c", 1, 1 / 300],
        ["b", 149, 149 / 300],
        ["a", 148, 148 / 300],
    ]
    assert "in first" in several.remedy


def test_two_numbers_do() -> None:
    assert check_contamination((0, 90)).level == "ok"
    assert check_contamination((3, 1200)).level == "note"
    assert check_contamination((12, 1200)).level == "warning"


def test_blank_units_are_not_one_unit() -> None:
    table = pd.DataFrame({"unit": [None, None, "x"], "arm": ["a", "b", "a"]})
    found = check_contamination(table)
    assert found.summary() == "None of 1 leads is in more than one arm."
    assert not check_contamination(table[:2]).checked


def test_names_of_units_are_not_told() -> None:
    table = pd.DataFrame({"unit": ["ann@example.org"] * 2, "arm": ["a", "b"]})
    found = check_contamination(table)
    assert "example.org" not in repr(found) + found._repr_html_()


@pytest.mark.parametrize("given", [(5, 3), (-1, 3), (1, 2, 3), (0.5, 10), ("1", 10)])
def test_numbers_that_cannot_be_are_refused(given) -> None:
    with pytest.raises(ArgumentError, match="`assignments` must be a table, or"):
        check_contamination(given)


def test_tables_that_cannot_be_are_refused() -> None:
    with pytest.raises(DataError, match="blank in 1 row"):
        check_contamination(pd.DataFrame({"unit": [1, 2], "arm": ["a", None]}))
    with pytest.raises(ArgumentError, match="unknown column `unit`"):
        check_contamination(pd.DataFrame({"units": [1, 2], "arm": ["a", "b"]}))
