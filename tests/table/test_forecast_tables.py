"""Tables of forecasts: cells are counted from draws chosen by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from tests.plot.forecasts_by_hand import DRAWS, by_hand

DEALS = pd.DataFrame(
    {
        "deal_id": ["=1+1", "<b>x</b>", None],
        "stage": ["offer", "de\nmo", None],
        "stage_age_days": [12, np.nan, 300],
        "amount": [1000.0, np.nan, 8000.0],
        "p_win": [0.4, 0.005, 0.2],
        "expected_value": [400.0, 5.0, 1600.0],
        "probable_month": ["2026-11", None, "2026-12"],
        "stale": [False, False, True],
    }
)


def plain(row: tuple[str, ...]) -> list[str]:
    return [cell.replace("\u202f", " ").replace("\u2013", "-") for cell in row]


def test_periods_with_their_intervals() -> None:
    table = fk.table.forecast(by_hand(), levels=(0.95, 0.5))
    # Sums by month: 6 7 8 9, 4 6 6 11, 2 3 4 5.
    assert table.rows == (
        ("2026-11", "7.5", "6 to 8", "6 to 9"),
        ("2026-12", "6.8", "4 to 6", "4 to 11"),
        ("2027-01", "3.5", "2 to 4", "2 to 5"),
    )
    heads = [column.head.replace("\u202f", " ") for column in table.columns]
    assert heads == ["period", "expected", "50 % interval", "95 % interval"]
    assert table.summary.startswith("About 7.5 won deals in November 2026 (6 to 9)")


def test_summed_up_by_segment_with_what_is_there() -> None:
    ahead = by_hand(as_of=dt.date(2026, 11, 10), so_far=[2, 0])
    table = fk.table.forecast(ahead, segment="web", cumulative=True, levels=0.95)
    # 5 6 7 8; 9 11 13 17; 12 13 14 21
    assert table.rows[0] == ("2026-11", "2", "6.5", "5 to 8")
    assert table.rows[2] == ("2027-01", "", "15", "12 to 21")
    assert table.columns[0].head == "by the end of"


def test_money_is_whole_and_names_its_currency() -> None:
    ahead = by_hand(draws=1000 * np.asarray(DRAWS), unit="value", currency="EUR", what="bookings")
    table = fk.table.forecast(ahead, levels=0.5)
    assert table.rows[0] == ("2026-11", "7,500", "6,750 to 8,250")
    assert "In EUR." in table.notes[0]
    assert table.summary.startswith("About EUR 7,500 of bookings in November 2026")


def test_targets_and_their_chances() -> None:
    table = fk.table.attainment(by_hand(), {"2026-12": 38, "2027-01": 41}, since="2026-09")
    # 25 came; 10 13 15 19 and 15 16 17 23 are still to come.
    assert [plain(row) for row in table.rows] == [
        ["2026-12", "38", "39", "35 to 44", "75 %"],
        ["2027-01", "41", "43", "40 to 48", "75 %"],
    ]
    assert table.notes[0] == "Summed up since the start of 2026-09."
    told = table.summary.replace("\u202f", " ")
    assert told == "About 43 won deals by January 2027 (40 to 48): 41 has a 75 % chance."


def test_chances_are_never_none_or_all() -> None:
    rows = [plain(row) for row in fk.table.attainment(by_hand(), {"2026-11": 1}).rows]
    assert rows[0][-1] == "more than 99 %"
    assert plain(fk.table.attainment(by_hand(), 99).rows[0])[-1] == "less than 1 %"


def test_deals_stand_in_the_order_of_what_they_should_bring() -> None:
    table = fk.table.pipeline_deals(DEALS, currency="EUR")
    assert [plain(row) for row in table.rows] == [
        ["(blank)", "(blank)", "300", "8,000", "20 %", "1,600", "2026-12", "stale"],
        ["=1+1", "offer", "12", "1,000", "40 %", "400", "2026-11", ""],
        ["<b>x</b>", "de mo", "-", "-", "less than 1 %", "5", "(blank)", ""],
    ]
    assert table.summary == (
        "3 open deals should bring about EUR 2,005; 1 of them is stale and should bring EUR 1,600."
    )
    html = table.to_html()
    assert "<b>x" not in html
    assert "mso-number-format" in html  # text stays text when it is pasted


def test_deals_that_are_not_shown_are_counted() -> None:
    table = fk.table.pipeline_deals(DEALS, most=1)
    assert len(table.rows) == 1
    assert table.notes[-1] == "2 further deals not shown, bringing 405."


def test_deals_without_money_are_counted_as_wins() -> None:
    table = fk.table.pipeline_deals(DEALS.assign(expected_value=np.nan)[["stage", "p_win"]])
    assert table.summary == "3 open deals should bring about 0.6 wins."
    assert [column.head for column in table.columns] == ["stage", "stage", "chance to win"]


def test_scores_of_methods() -> None:
    scores = pd.DataFrame({"method": ["ours", None], "score": [12.34, 0.5], "low": 1, "high": 20})
    table = fk.table.backtest(scores)
    assert table.rows == (("ours", "12.3 (1.00 to 20.0)"), ("(blank)", "0.500 (1.00 to 20.0)"))
    assert "smallest error is that of (blank)" in table.summary
    by = fk.table.backtest(scores.assign(measure=["CRPS", "MASE"]))
    assert [row[0] for row in by.rows] == ["CRPS", "MASE"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: fk.table.forecast("x"), "`forecast` must be"),
        (lambda: fk.table.forecast(by_hand(), levels=2), "`levels`"),
        (lambda: fk.table.attainment(by_hand(), "x"), "`targets` must be a number"),
        (lambda: fk.table.attainment(by_hand(), -1), "`targets`"),
        (lambda: fk.table.pipeline_deals(DEALS, most=0), "`most`"),
        (lambda: fk.table.pipeline_deals(DEALS.drop(columns="p_win")), "lacks the column `p_win`"),
        (lambda: fk.table.pipeline_deals(DEALS.assign(p_win="high")), "3 rows not: 'high'"),
        (lambda: fk.table.pipeline_deals(DEALS.assign(p_win=40)), "between 0 and 1"),
        (lambda: fk.table.pipeline_deals(3), "`deals` must be a frame"),
        (lambda: fk.table.backtest(DEALS), "lacks the column `method`"),
        (lambda: fk.table.backtest("x"), "`tested` must be a frame"),
    ],
)
def test_wrong_arguments_are_named(make: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        make()
