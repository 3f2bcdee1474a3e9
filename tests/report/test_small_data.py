"""Whatever the data lack, every section says what it needs, and none fails."""

import datetime as dt
import re
from decimal import Decimal

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import EvidenceError
from funnelkit.report.page.markup import plain
from funnelkit.report.page.monthly_page import MonthlyPage, monthly
from funnelkit.report.page.sheets import sheets_of
from tests.report import literal_facts as literal

Row = tuple[str | float | None, ...]
NAMES = ("id", "lead", "won")


def day(month: int, number: int) -> str:
    return dt.date(2026, month, number).isoformat()


def page(
    rows: list[Row], *, columns: tuple[str, ...] = NAMES, month: str = "2026-03", **reading: object
) -> MonthlyPage:
    funnel = fk.Funnel(
        ["lead", "won"],
        id="id",
        exits=[name for name in columns if name == "lost"],
        segments=[name for name in columns if name == "source"],
        value="amount" if "amount" in columns else None,
    )
    told = {"as_of": "2026-03-31"} | reading
    leads = fk.from_frame(pd.DataFrame(rows, columns=list(columns)), funnel, **told)
    return monthly(leads=leads, month=month)


def three_months(n: int = 300, *, won: bool = True) -> list[Row]:
    return [
        (str(k), day(1 + k % 3, 1 + k % 28), day(3, 31) if won and k % 5 == 0 else None)
        for k in range(n)
    ]


CASES = {
    "a single lead": lambda: page([("a", day(3, 5), None)]),
    "a single win": lambda: page([("a", day(3, 5), day(3, 9))]),
    "one cohort": lambda: page([(str(k), day(3, 1 + k % 28), None) for k in range(60)]),
    "all on the last day": lambda: page([(str(k), day(3, 31), None) for k in range(50)]),
    "no conversions": lambda: page(three_months(won=False)),
    "all won at once": lambda: page([(i, start, start) for i, start, _ in three_months()]),
    "all lost": lambda: page(
        [(i, start, None, start) for i, start, _ in three_months()], columns=(*NAMES, "lost")
    ),
    "an empty month": lambda: page([(str(k), day(1, 1 + k % 28), None) for k in range(80)]),
    "a gap of a month": lambda: page(
        [(str(k), day(1 if k % 2 else 3, 1 + k % 28), None) for k in range(80)]
    ),
    "one segment": lambda: page(
        [(*row, "web") for row in three_months()], columns=(*NAMES, "source")
    ),
    "blank segment": lambda: page(
        [(*row, None if int(row[0]) % 2 else "web") for row in three_months()],
        columns=(*NAMES, "source"),
    ),
    "no amounts": lambda: page([(*row, 0.0) for row in three_months()], columns=(*NAMES, "amount")),
    "three amounts": lambda: page(
        [(*row, 10.0 if row[0] in {"0", "5", "10"} else None) for row in three_months()],
        columns=(*NAMES, "amount"),
    ),
    "a month in progress": lambda: page(three_months(), as_of="2026-03-20"),
    "the first day of a month": lambda: page(three_months(), as_of="2026-03-01"),
    "recorded for three weeks": lambda: page(three_months(), recorded_from="2026-03-10"),
    "delayed entry": lambda: page(
        three_months(), recorded_from="2026-02-10", before_recording="delayed_entry"
    ),
    "an early month": lambda: page(three_months(), month="2026-01"),
}


@pytest.mark.parametrize("case", CASES)
def test_every_section_stands(case: str) -> None:
    made = CASES[case]()
    html = made.to_html()
    absent = {"experiments", "plan", "restated"}  # what funnel.yml may name, and does not here
    names = [name for name in MonthlyPage.names()[1:] if name not in absent]
    assert re.findall(r'<section id="(\w+)">', html) == names
    said = plain(made.opening.html()) + " ".join(plain(each.html()) for each in made)
    assert not re.search(r"\b(nan|inf|NaT)\b|\bNone\b(?! (of|has))", said), said
    assert not re.search(r'(x|y|d|width|height)\d?="[^"]*(nan|inf)', html)
    sheets_of(made.facts)


def test_a_single_lead_says_what_each_panel_needs() -> None:
    made = CASES["a single lead"]()
    assert made.opening.title == "1 new lead and no wins in March"
    for name in ("cohorts", "adjusted", "timing", "segments"):
        assert "This panel needs more." in getattr(made, name).html()
    assert "at least 20 leads" in plain(made.adjusted.html())
    assert "name one under" in plain(page(three_months()).segments.html())


def test_without_conversions_only_a_bound_is_told() -> None:
    made = CASES["no conversions"]()
    assert re.fullmatch(r"No win yet: at most \d+\.\d\u202f% by day 60", made.adjusted.title)
    assert made.timing.title == "No win has come yet by day 60"
    assert "expect about" not in plain(made.adjusted.html())


def test_an_empty_month_is_said() -> None:
    assert CASES["an empty month"]().opening.title == "No new leads and no wins in March"


def test_all_lost_is_not_not_yet() -> None:
    made = CASES["all lost"]()
    assert made.funnel.title == "None has gone on from lead so far"
    assert "300 are lost, and 0 are still on the way" in plain(made.funnel.html())


def test_blank_amounts_give_no_money_and_a_reason() -> None:
    made = CASES["no amounts"]()
    words = plain(made.headline.html())
    assert "Value won" not in words
    assert "none has an amount other than 0" in words
    assert "no usable amounts" in made.quality.title.lower()


def test_few_amounts_are_an_exact_sum_without_an_interval() -> None:
    words = plain(CASES["three amounts"]().headline.html())
    assert "an exact sum" in words
    assert "n = 3 of 60 wins with an amount" in words
    assert "Value per win" not in words


def test_a_month_in_progress_is_compared_at_the_same_working_day() -> None:
    """Friday 20 March 2026 is the 15th working day of March; of February that is the 20th too."""
    made = CASES["a month in progress"]()
    rows = [row for row in three_months() if row[1][:7] == "2026-02" and int(row[1][8:]) <= 20]
    assert made.facts.months.before_name == "the first 15 working days of February"
    assert made.facts.months.before.entered == len(rows)


def test_leads_from_before_recording_are_counted_and_left_out() -> None:
    made = CASES["recorded for three weeks"]()
    rated = [row for row in three_months() if row[1] >= "2026-03-10"]
    assert made.facts.quality.in_rates == len(rated)
    assert made.facts.quality.left_out == 300 - len(rated)
    assert f"{300 - len(rated)} early leads left out of rates" in made.quality.title


def test_a_first_month_recorded_in_part_is_left_out_of_comparisons() -> None:
    made = page(three_months(), recorded_from="2026-01-10")
    assert [str(row.cohort) for row in made.facts.cohorts.rows] == ["2026-02", "2026-03"]
    entered = sum(row[1] >= "2026-02-01" for row in three_months())
    assert made.facts.quality.in_rates == made.facts.flow.stages[0].entered == entered


def test_a_month_after_the_data_is_refused() -> None:
    with pytest.raises(
        EvidenceError, match=r"`month` must lie in the data, which end on 2026-03-31"
    ):
        page(three_months(), month="2026-04")


def test_hostile_names_come_out_harmless() -> None:
    names = [literal.HOSTILE, literal.FORMULA, '"><img src=x onerror=alert(1)>']
    rows = [(*row, names[int(row[0]) % 3]) for row in three_months(600)]
    html = page(rows, columns=(*NAMES, "source")).to_html()
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html


def test_earlier_months_are_as_they_were_known() -> None:
    early = page(three_months(), month="2026-02")
    assert early.facts.setting.as_of == dt.date(2026, 2, 28)
    assert early.facts.months.now.won == 0  # every win came on 31 March


def test_a_fiscal_year_is_followed_everywhere() -> None:
    calendar = fk.Calendar(fiscal_year_start=2, week_start="sunday")
    funnel = fk.Funnel(["lead", "won"], id="id", calendar=calendar)
    frame = pd.DataFrame(three_months(), columns=list(NAMES))
    leads = fk.from_frame(frame, funnel, as_of="2026-03-31")
    made = monthly(leads=leads, month="2026-03")
    assert dict(made.opening.meta)["Fiscal quarter"] == "FY2027 Q1"
    assert list(made.facts.months.to_date) == ["FY2027 Q1 to date", "FY2027 to date"]
    rows = [row for row in three_months() if row[1] >= "2026-02-01"]
    assert made.facts.months.to_date["FY2027 Q1 to date"].entered == len(rows)
    words = plain(made.definitions.html())
    assert "the fiscal year starts in February" in words
    assert "Weeks start on Sunday." in words


def test_money_is_the_exact_sum_of_the_known_amounts() -> None:
    rows = [(*row, 0.1 if int(row[0]) % 3 else None) for row in three_months()]
    made = page(rows, columns=(*NAMES, "amount"))
    known = sum(1 for row in rows if row[2] and row[3])
    now = made.facts.months.now
    assert (now.amounts, now.value) == (known, known * Decimal("0.1"))
    assert f"n = {known} of 60 wins with an amount" in plain(made.headline.html())
