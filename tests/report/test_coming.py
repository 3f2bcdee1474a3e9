"""What is still to come: the section's title, sentences, figures and table, from literal draws."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.report.page.changes import Estimate
from funnelkit.report.page.facts import Coming, Missing, Said
from funnelkit.report.page.markup import plain
from funnelkit.report.page.sections import coming
from funnelkit.report.page.sheets import sheets_of
from funnelkit.report.page.views.coming import coming_view
from tests.report.literal_facts import facts, setting


def words(text: object) -> str:
    return plain(str(text)).replace("\u202f", " ").replace("\u2212", "-").replace("\u2013", "-")


def said(month: str, expected: float, low: float, high: float, came: int) -> Said:
    return Said(month=pd.Period(month, "M"), expected=Estimate(expected, low, high), came=came)


PAST = (
    said("2018-03", 56, 40, 75, 64),
    said("2018-04", 67, 50, 90, 68),
    said("2018-05", 86, 60, 110, 47),
)


def forecast(*, money: bool = False) -> fk.forecast.BookingsForecast:
    rng = np.random.default_rng(0)
    parts = {
        "won": np.zeros((400, 3)),
        "in flight": rng.poisson([40, 20, 10], (400, 3)),
        "not yet created": rng.poisson([10, 30, 40], (400, 3)),
        "without a lead": np.zeros((400, 3)),
    }
    shared = {
        "by": (),
        "segments": ((),),
        "periods": pd.period_range("2018-06", periods=3, freq="M"),
        "gone": pd.period_range("2018-01", periods=5, freq="M"),
        "as_of": dt.date(2018, 5, 31),
        "method": "a test",
        "reason": "none",
        "n": 100,
    }
    draws = sum(parts.values())[:, None].astype(float)
    observed, so_far = [[73, 113, 147, 207, 122]], [0.0]
    deals = fk.forecast.Forecast(
        what="won deals", unit="count", draws=draws, expected=draws.mean(axis=0),
        observed=observed, so_far=so_far, **shared,
    )  # fmt: skip
    scale = 1000.0 if money else 1.0
    return fk.forecast.BookingsForecast(
        what="bookings" if money else "won deals", unit="value" if money else "count",
        draws=draws * scale, expected=draws.mean(axis=0) * scale, observed=observed, so_far=so_far,
        deals=deals, parts={name: one * scale for name, one in parts.items()}, deal_parts=parts,
        currency="<b>EUR</b>" if money else None, **shared,
    )  # fmt: skip


def view(**changed: object) -> Coming:
    given = {"forecast": forecast(), "open": 5366, "past": PAST}
    return Coming(**(given | changed))


def shown(made: Coming | Missing):
    return coming.section(facts(ahead=lambda: made))


def test_the_title_says_what_comes_and_what_of_it_is_open() -> None:
    title = shown(view()).title
    assert re.fullmatch(
        r"About 1[45]\d wins to come by August, [67]\d from what is open today", title
    )


def test_the_lead_adds_up_and_has_its_interval() -> None:
    lead = words(shown(view()).lead)
    assert lead.startswith("5,366 records are open at the end of 31 May 2018.")
    total = int(re.search(r"bring about (\d+) \(", lead).group(1))  # type: ignore[union-attr]
    open_, new = (
        int(number) for number in re.search(r"(\d+) are open today and (\d+) come", lead).groups()
    )  # type: ignore[union-attr]
    assert open_ + new == pytest.approx(total, abs=1)
    assert "never were" not in lead


def test_money_is_told_and_its_currency_stays_text() -> None:
    section = shown(view(forecast=forecast(money=True)))
    assert "worth" in section.lead
    assert "<b>EUR" not in str(section.html())


def test_misses_come_first_of_all() -> None:
    section = shown(view())
    text = words(section.after)
    assert re.search(r"May( 2018)? was outside its interval", text)
    assert text.index("2018-05") < text.index("2018-03")
    assert "-39" in text
    assert "All of them came" in words(shown(view(past=PAST[:2])).after)
    assert shown(view(past=())).after is None


def test_the_table_holds_what_came_and_what_is_expected() -> None:
    (table,) = shown(view()).tables
    rows = [[words(cell) for cell in row] for row in table.rows]
    assert [row[1] for row in rows] == ["73", "113", "147", "207", "122", "-", "-", "-"]
    assert [row[0] for row in rows][-3:] == ["2018-06", "2018-07", "2018-08"]


def test_nothing_is_shown_of_another_stage_and_needs_are_told() -> None:
    terms = replace(setting().terms, target=setting().terms.stages[0])
    elsewhere = facts(setting=replace(setting(), terms=terms), ahead=view)
    assert coming.section(elsewhere).title == ""
    lacking = shown(Missing("It needs at least 20 wins; there are 3."))
    assert "It needs at least 20 wins" in str(lacking.html())


def test_few_wins_are_not_foretold() -> None:
    rows = [(f"a{i}", "2018-01-05", "2018-02-03" if i < 3 else None) for i in range(40)]
    frame = pd.DataFrame(rows, columns=["id", "mql", "won"])
    leads = fk.from_frame(frame, fk.Funnel(["mql", "won"], id="id"), as_of="2018-05-31")
    found = coming_view(leads, setting())
    assert isinstance(found, Missing)
    assert "there are 3" in found.needs


def test_the_workbook_holds_earlier_months_and_those_to_come() -> None:
    sheet = sheets_of(facts(ahead=view))["To come"]
    assert sheet.frame["period"].tolist() == [
        "2018-03", "2018-04", "2018-05", "2018-06", "2018-07", "2018-08",
    ]  # fmt: skip
    assert sheet.frame["came"].tolist()[:3] == [64, 68, 47]
