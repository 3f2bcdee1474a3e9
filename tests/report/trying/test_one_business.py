"""Several businesses: a report names all that is to be chosen at once, a first look the largest."""

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.report.page.gather import of_one_business
from funnelkit.report.trying.business import one_business, where_lines


@pytest.fixture(scope="module")
def leads() -> fk.Leads:
    """Six deals in two pipelines of two types each: two of Sales, New and of Renewal, Old."""
    frame = pd.DataFrame(
        {
            "id": list("abcdef"),
            "deal": ["2026-01-05"] * 6,
            "won": ["2026-02-01", None, None, None, None, None],
            "line": ["Sales", "Sales", "Sales", "Renewal", "Renewal", "Renewal"],
            "type": ["New", "New", "Old", "Old", "Old", None],
        }
    )
    funnel = fk.Funnel(["deal", "won"], id="id", segments=["line", "type"], apart=["line", "type"])
    return fk.from_frame(frame, funnel, as_of="2026-03-31")


def test_all_that_is_to_be_chosen_is_said_at_once(leads: fk.Leads) -> None:
    with pytest.raises(ArgumentError) as told:
        of_one_business(leads)
    words = str(told.value)
    assert "`line` keeps 2 businesses apart (Renewal 3, Sales 3)" in words
    assert "`type` keeps 3 businesses apart (Old 3, New 2, (blank) 1)" in words
    assert "`where: {line: Renewal, type: Old}`" in words


def test_a_first_look_takes_the_largest_and_says_so(leads: fk.Leads) -> None:
    found, business = one_business(leads, {})
    assert business is not None
    assert (dict(business.chosen), business.records) == ({"line": "Renewal", "type": "Old"}, 2)
    assert sum(n for _, n in business.others) == 4
    assert len(found) == 2
    assert where_lines({}, business)[2:] == ("  line: [Renewal]", "  type: [Old]")


def test_what_was_asked_for_is_looked_at(leads: fk.Leads) -> None:
    found, business = one_business(leads, {"line": ["Sales"]})
    assert business is not None
    assert (dict(business.chosen), len(found)) == ({"type": "New"}, 2)
    found, business = one_business(leads, {}, pooled=True)
    assert (business, len(found)) == (None, 6)
