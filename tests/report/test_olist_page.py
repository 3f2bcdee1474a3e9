"""The page of Olist, May 2018: the figures of ../shared/data/README.md and of issue and mock-up."""

from pathlib import Path

import pytest

import funnelkit as fk
from funnelkit.report.page.markup import plain
from funnelkit.report.page.monthly_page import MonthlyPage, monthly


@pytest.fixture(scope="module")
def leads(shared_data: Path) -> fk.Leads:
    folder = shared_data / "olist"
    funnel = fk.Funnel(
        ["lead", "won"],
        id="mql_id",
        columns={"lead": "first_contact_date", "won": "won_date"},
        segments=["origin"],
        value="declared_monthly_revenue",
        out_of_order="drop",
    )
    return fk.read_csv(
        folder / "olist_marketing_qualified_leads_dataset.csv",
        funnel,
        join=[folder / "olist_closed_deals_dataset.csv"],
        as_of="2018-11-14",
        recorded_from="2017-12-05",
    )


@pytest.fixture(scope="module")
def page(leads: fk.Leads) -> MonthlyPage:
    return monthly(leads=leads, month="2018-05", horizon=150)


def test_counts_by_month(page: MonthlyPage) -> None:
    months = {str(month): tally for month, tally in page.facts.months.tallies.items()}
    assert list(months) == [f"2018-{k:02d}" for k in range(1, 6)]
    assert [tally.entered for tally in months.values()] == [1141, 1028, 1173, 1352, 1303]
    assert months["2018-04"].won, months["2018-05"].won == (207, 122)


def test_cohorts_in_rates(page: MonthlyPage) -> None:
    rows = page.facts.cohorts.rows
    assert [row.entered for row in rows] == [1141, 1028, 1173, 1352, 1303]
    assert [row.converted for row in rows] == [137, 131, 139, 154, 70]
    assert page.facts.quality.in_rates == 5997


def test_the_curve_is_the_published_one(page: MonthlyPage) -> None:
    for age, share in {7: 0.04727, 30: 0.09407, 90: 0.11899, 150: 0.12601}.items():
        assert page.facts.curve.at(age).value == pytest.approx(share, abs=1e-5)


def test_may_is_corrected_for_its_age(page: MonthlyPage) -> None:
    may = page.facts.cohorts.rows[-1]
    assert may.rate.value == pytest.approx(0.0537, abs=5e-5)
    assert may.expected.value == pytest.approx(0.1005, abs=1e-3)
    assert may.expected.low < 0.0998 < may.expected.high
    assert page.adjusted.title == "May stands at 5.4\u202f%, but is young: expect about 10.0\u202f%"


def test_the_headline(page: MonthlyPage) -> None:
    assert page.opening.title == "Wins fell by 41\u202f% in May; no clear change in new leads"


def test_shares_at_equal_age(page: MonthlyPage) -> None:
    cells = {str(row.cohort): row.cells for row in page.facts.heat.rows}
    at_7 = [round(100 * cells[month][0].estimate.value, 1) for month in cells]
    assert at_7 == [3.2, 4.1, 5.1, 6.2, 4.7]  # ../shared/mockup
    assert [cell.state for cell in cells["2018-05"]] == [*["immature"] * 3, *["blank"] * 3]


def test_amounts_are_all_zero_and_the_page_says_why(page: MonthlyPage) -> None:
    words = plain(page.headline.html())
    assert "none has an amount other than 0" in words
    assert "Value won" not in words


def test_nothing_from_after_the_day_is_on_the_page(page: MonthlyPage) -> None:
    assert page.facts.months.now.won == 122
    assert "842" not in plain(page.funnel.html())


def test_origins_with_their_leads(page: MonthlyPage) -> None:
    found = {row.value: row.entered for row in page.facts.segments.rows}
    assert found["organic search"] == 1735  # ../shared/mockup
    assert found["unknown"] == 813
    assert found[None] == 48


def test_the_rule_of_the_horizon_asks_for_twenty_leads_and_one_in_a_hundred(
    leads: fk.Leads,
) -> None:
    """On 31 May only 8 leads have reached day 150, and 1,005 open ones day 120 (mock-up)."""
    assert monthly(leads=leads, month="2018-05").facts.cohorts.horizon == 120
