"""Checks of arguments: what passes, and the exact words for what does not."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError


def said(check: object, *args: object) -> str:
    with pytest.raises(ArgumentError) as raised:
        check(*args)  # type: ignore[operator]
    return str(raised.value)


@pytest.mark.parametrize("level", [0.95, 0.5, 1e-9, np.float64(0.9)])
def test_confidence_passes_a_share_as_a_plain_float(level: float) -> None:
    passed = checks.confidence(level)
    assert passed == level
    assert type(passed) is float


@pytest.mark.parametrize(
    ("level", "message"),
    [
        (95, "`confidence_level` must be between 0 and 1; got 95. Did you mean 0.95?"),
        (99.9, "`confidence_level` must be between 0 and 1; got 99.9. Did you mean 0.999?"),
        (0, "`confidence_level` must be between 0 and 1; got 0."),
        (1, "`confidence_level` must be between 0 and 1; got 1."),
        (True, "`confidence_level` must be between 0 and 1; got True."),
        (-0.95, "`confidence_level` must be between 0 and 1; got -0.95."),
        (100, "`confidence_level` must be between 0 and 1; got 100."),
        (float("nan"), "`confidence_level` must be between 0 and 1; got nan."),
        ("0.95", "`confidence_level` must be between 0 and 1; got '0.95'."),
        (None, "`confidence_level` must be between 0 and 1; got None."),
    ],
)
def test_confidence_refuses_what_is_no_share(level: object, message: str) -> None:
    assert said(checks.confidence, level) == message


def test_one_of_passes_a_known_word() -> None:
    assert checks.one_of("every", "month", ("day", "month")) == "month"


def test_one_of_lists_the_words_and_offers_the_closest() -> None:
    assert said(checks.one_of, "every", "months", ("day", "month")) == (
        '`every` must be one of "day", "month"; got \'months\'. Did you mean `month`?'
    )
    assert said(checks.one_of, "every", 3, ("day", "month")) == (
        '`every` must be one of "day", "month"; got 3.'
    )


def test_member_passes_a_known_name() -> None:
    assert checks.member("by", "segment", "source", {"source": 1}) == "source"


def test_member_names_the_argument() -> None:
    assert said(checks.member, "by", "segment", "sorce", ["source"]) == (
        "`by`: unknown segment `sorce`; known: `source`. Did you mean `source`?"
    )


@pytest.mark.parametrize(
    "given",
    [
        "2026-10-31",
        dt.date(2026, 10, 31),
        dt.datetime(2026, 10, 31, 23, 59),
        pd.Timestamp("2026-10-31 12:00"),
    ],
)
def test_day_takes_dates_times_and_iso_text(given: dt.date | str) -> None:
    found = checks.day("as_of", given)
    assert found == dt.date(2026, 10, 31)
    assert type(found) is dt.date


@pytest.mark.parametrize("given", ["31.10.2026", "2026-02-30", "10/31/2026", "", None, 20261031])
def test_day_never_guesses(given: object) -> None:
    assert said(checks.day, "as_of", given) == (
        f"`as_of` must be a calendar day such as 2026-10-31; got {given!r}."
    )


def test_positive_whole_passes_a_whole_number() -> None:
    assert checks.positive_whole("horizon", 1) == 1


@pytest.mark.parametrize("given", [0, -3, 1.5, True, "3", None])
def test_positive_whole_refuses_the_rest(given: object) -> None:
    assert said(checks.positive_whole, "horizon", given) == (
        f"`horizon` must be a whole number of at least 1; got {given!r}."
    )
