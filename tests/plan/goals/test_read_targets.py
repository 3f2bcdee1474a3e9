"""Targets from files and frames: months, quarters, fiscal years, kinds, segments and totals."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.plan import read_targets


def written(tmp_path: Path, text: str, *, encoding: str = "utf-8") -> Path:
    path = tmp_path / "targets.csv"
    path.write_bytes(text.encode(encoding))
    return path


def frame(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["period", "segment", "kind", "amount"])


def months(*periods: object) -> pd.DataFrame:
    return pd.DataFrame({"period": list(periods), "amount": [12.0] * len(periods)})


@pytest.mark.parametrize(
    ("text", "start", "first", "last"),
    [
        ("2027-03", 1, "2027-03", "2027-03"),
        ("2027-03-01", 1, "2027-03", "2027-03"),
        ("2027-03-31", 1, "2027-03", "2027-03"),
        ("2027-Q1", 1, "2027-01", "2027-03"),
        ("Q4 2027", 1, "2027-10", "2027-12"),
        ("2027", 1, "2027-01", "2027-12"),
        ("FY27", 1, "2027-01", "2027-12"),
        # A fiscal year bears the number of the civil year in which it ends: `Calendar`.
        ("FY27", 2, "2026-02", "2027-01"),
        ("FY2027", 4, "2026-04", "2027-03"),
        ("FY27-Q1", 2, "2026-02", "2026-04"),
        ("FY27 Q4", 2, "2026-11", "2027-01"),
        ("Q2 FY27", 10, "2027-01", "2027-03"),
        ("fy'27", 7, "2026-07", "2027-06"),
        ("2027-H1", 1, "2027-01", "2027-06"),
        ("FY27-H2", 2, "2026-08", "2027-01"),
        ("2027-02/2027-05", 1, "2027-02", "2027-05"),
        (pd.Period("2027Q2"), 2, "2027-04", "2027-06"),
        (pd.Period("2027-05"), 2, "2027-05", "2027-05"),
        (pd.Timestamp("2027-05-01"), 2, "2027-05", "2027-05"),
        (2027, 1, "2027-01", "2027-12"),
        (2027.0, 1, "2027-01", "2027-12"),
    ],
)
def test_periods_are_read_in_the_users_calendar(
    text: object, start: int, first: str, last: str
) -> None:
    found = read_targets(months(text), fiscal_year_start=start)
    assert (found.labels[0], found.labels[-1]) == (first, last)
    assert found.total == pytest.approx(12.0)
    assert found.fiscal_year_start == start


@pytest.mark.parametrize("start", range(1, 13))
def test_fiscal_quarters_are_those_of_the_calendar(start: int) -> None:
    calendar = fk.plan.read_targets(months("FY27"), fiscal_year_start=start).calendar
    for quarter in (1, 2, 3, 4):
        period = pd.Period(f"2027Q{quarter}", freq=calendar.freq("quarter"))
        found = read_targets(months(f"FY27-Q{quarter}"), fiscal_year_start=start)
        assert found.periods[0].start_time == period.start_time
        assert found.periods[-1].end_time == period.end_time


def test_quarters_without_fy_are_of_the_users_year_unless_said() -> None:
    fiscal = read_targets(months("2027-Q1"), fiscal_year_start=2)
    assert fiscal.labels[0] == "2026-02"
    assert 'say years="civil"' in fiscal.notes[0]
    civil = read_targets(months("2027-Q1"), fiscal_year_start=2, years="civil")
    assert civil.labels[0] == "2027-01"


def test_a_quarter_is_spread_evenly_or_by_season_and_says_so() -> None:
    even = read_targets(months("2027-Q1"))
    assert even.amount.tolist() == [4.0, 4.0, 4.0]
    assert "spread over them evenly" in even.notes[0]
    # Weights 1, 2, 3 of 6: 12 is 2, 4, 6.
    bent = read_targets(months("2027-Q1"), season=[1, 2, 3] + [0] * 9)
    assert bent.amount.tolist() == [2.0, 4.0, 6.0]
    assert "by the season given" in bent.notes[0]
    history = pd.Series(
        [1.0, 2, 3] * 2,
        pd.PeriodIndex(
            ["2025-01", "2025-02", "2025-03", "2026-01", "2026-02", "2026-03"], freq="M"
        ),
    )
    assert read_targets(months("2027-Q1"), season=history).amount.tolist() == [2.0, 4.0, 6.0]
    assert read_targets(months("2027-Q1"), season={1: 1, 2: 2, 3: 3}).amount.tolist() == [2, 4, 6]


@pytest.mark.parametrize(
    ("season", "message"),
    [
        ([1, 2, 3], "12 months"),
        ([0.0] * 12, "the weight 0"),
        ([-1.0] * 12, "at least 0"),
        ({13: 1.0}, "got 13"),
        ({1: 1.0}, "no weight for months 2 and 3"),
        ("summer", "12 months"),
    ],
)
def test_a_season_that_is_none_is_refused(season: object, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        read_targets(months("2027-Q1"), season=season)


def test_kinds_are_kept_apart_and_only_new_is_the_target() -> None:
    found = read_targets(
        frame(
            ("2027-Q1", "", "New Business", 300),
            ("2027-Q1", "", "upsell", 60),
            ("2027-Q1", "", "Renewals", 900),
        )
    )
    assert found.amount.tolist() == [100.0] * 3
    assert {kind: one.tolist() for kind, one in found.other.items()} == {
        "expansion": [20.0] * 3,
        "renewal": [300.0] * 3,
    }
    assert "not brought by leads: 60 of expansion and 900 of renewal" in found.summary()


def test_unknown_kinds_are_refused_with_the_closest() -> None:
    with pytest.raises(DataError, match=r"`expnsion` \(1 row\) Did you mean `expansion`\?"):
        read_targets(frame(("2027-01", "", "new", 5), ("2027-01", "", "expnsion", 5)))


def test_segments_are_kept_and_are_the_whole() -> None:
    found = read_targets(frame(("2027-01", "EMEA", "new", 30), ("2027-01", "US", "new", 70)))
    assert found.amount.tolist() == [100.0]
    assert {name: one.tolist() for name, one in found.segments.items()} == {
        "EMEA": [30.0],
        "US": [70.0],
    }


def test_a_total_that_agrees_with_its_parts_is_taken_once() -> None:
    found = read_targets(
        frame(
            ("2027", "", "new", 1200),
            ("2027-Q1", "", "new", 150),
            ("2027-Q2", "", "new", 250),
            ("2027-Q3", "", "new", 350),
            ("2027-Q4", "", "new", 450),
        )
    )
    assert found.total == 1200
    assert found.by("quarter").tolist() == [150, 250, 350, 450]


def test_the_rest_of_a_total_goes_to_months_of_no_line() -> None:
    found = read_targets(
        frame(("2027", "", "new", 1200), ("2027-Q1", "", "new", 150), ("2027-04", "", "new", 90))
    )
    # 1,200 less 150 less 90 is 960, over the eight months from May.
    assert found.amount.tolist() == pytest.approx([50, 50, 50, 90, *[120] * 8])
    assert "Rests of totals" in " ".join(found.notes)


def test_totals_that_disagree_are_all_listed_with_the_difference() -> None:
    lines = frame(
        ("2027-Q1", "", "new", 300),
        ("2027-01", "", "new", 100),
        ("2027-02", "", "new", 100),
        ("2027-03", "", "new", 90),
        ("2027-Q2", "", "new", 300),
        ("2027-Q2", "EMEA", "new", 100),
        ("2027-Q2", "US", "new", 150),
        ("2027-Q1", "EMEA", "new", 100),
        ("2027-Q1", "US", "new", 200),
    )
    with pytest.raises(DataError) as caught:
        read_targets(lines)
    text = str(caught.value)
    assert "2027-01 to 2027-03 (row 1): 300 against 290 in 3 lines within it (+10)" in text
    assert "(row 5), all segments: 300 against 250 in 2 segments (+50)" in text
    assert "(row 4), all segments: 90 against 100 in 2 segments" not in text
    assert 'take="parts" or take="totals"' in text
    parts = read_targets(lines, take="parts")
    assert parts.by("quarter").tolist() == pytest.approx([300, 250])
    totals = read_targets(lines, take="totals")
    assert totals.by("quarter").tolist() == pytest.approx([300, 300])
    # Each segment is scaled by 300 / 250.
    assert totals.segments["US"][3:].sum() == pytest.approx(180)
    assert "of which the totals are taken" in " ".join(totals.notes)


def test_totals_of_parts_are_scaled_by_month() -> None:
    lines = frame(
        ("2027-Q1", "", "new", 600),
        ("2027-01", "", "new", 50),
        ("2027-02", "", "new", 100),
        ("2027-03", "", "new", 150),
    )
    assert read_targets(lines, take="parts").amount.tolist() == [50, 100, 150]
    assert read_targets(lines, take="totals").amount.tolist() == pytest.approx([100, 200, 300])


def test_parts_that_exceed_a_total_with_months_left_are_refused() -> None:
    lines = frame(("2027-Q1", "", "new", 100), ("2027-01", "", "new", 120))
    with pytest.raises(DataError, match="1 total disagrees with its parts"):
        read_targets(lines)
    assert read_targets(lines, take="parts").amount.tolist() == [120, 0, 0]
    assert read_targets(lines, take="totals").amount.tolist() == [100, 0, 0]


def test_a_segments_quarter_is_spread_as_the_whole_is() -> None:
    found = read_targets(
        frame(
            ("2027-01", "", "new", 10),
            ("2027-02", "all", "new", 20),
            ("2027-03", "Total", "new", 30),
            ("2027-Q1", "EMEA", "new", 24),
            ("2027-Q1", "US", "new", 36),
        )
    )
    assert found.segments["EMEA"].tolist() == pytest.approx([4, 8, 12])
    assert found.amount.tolist() == pytest.approx([10, 20, 30])


def test_a_total_of_all_kinds_is_checked_and_cannot_be_taken() -> None:
    lines = frame(
        ("2027-01", "", "new", 10), ("2027-01", "", "renewal", 5), ("2027-01", "", "all", 16)
    )
    with pytest.raises(DataError, match=r"16 against 15 in new and renewal \(\+1.00\)"):
        read_targets(lines)
    assert read_targets(lines, take="parts").total == 10
    with pytest.raises(DataError, match="does not say which kind to change"):
        read_targets(lines, take="totals")


def test_a_total_row_is_the_sum_of_all_periods() -> None:
    rows = [("2027-01", "", "new", 10), ("2027-02", "", "new", 20)]
    assert read_targets(frame(*rows, ("Total", "", "new", 30))).amount.tolist() == [10, 20]
    with pytest.raises(DataError, match="40 against 30"):
        read_targets(frame(*rows, ("Total", "", "new", 40)))


def test_lines_that_overlap_without_one_holding_the_other_are_refused() -> None:
    with pytest.raises(DataError, match="1 pair of lines overlap"):
        read_targets(months("2027-01/2027-04", "2027-Q2"))


def test_gaps_are_refused_or_taken_as_0() -> None:
    with pytest.raises(DataError, match=r"2 months without a target .*: new: 2027-02, 2027-03"):
        read_targets(months("2027-01", "2027-04"))
    found = read_targets(months("2027-01", "2027-04"), missing="zero")
    assert found.amount.tolist() == [12, 0, 0, 12]
    assert "taken as 0" in " ".join(found.notes)
    with pytest.raises(DataError, match="EMEA, new: 2027-02"):
        read_targets(
            frame(
                ("2027-01", "EMEA", "new", 1),
                ("2027-01", "US", "new", 1),
                ("2027-02", "US", "new", 1),
            )
        )


def test_duplicates_are_refused_or_added_up() -> None:
    with pytest.raises(DataError, match=r"2027-01 to 2027-03 \(rows 1, 2\)"):
        read_targets(months("2027-Q1", "FY27-Q1"))
    assert read_targets(months("2027-Q1", "FY27-Q1"), duplicates="sum").total == 24


def test_one_error_lists_every_problem() -> None:
    lines = frame(
        ("2027-01", "", "new", "12"),
        ("soon", "", "new", "12"),
        ("2027-02", "", "old", "12"),
        ("2027-03", "", "new", "-3"),
        ("2027-04", "", "new", "1.2M"),
        ("", "", "new", "7"),
        ("2027-05", "", "new", "€5"),
        ("2027-06", "", "new", "$5"),
        ("2027-06", "", "new", "$5"),
        ("2027-07", "", "", "5"),
    )
    with pytest.raises(DataError) as caught:
        read_targets(lines)
    text = str(caught.value)
    for words in (
        "'soon'",
        "`old` (1 row)",
        "row 4 (-3)",
        "'1.2M'",
        "Write numbers out",
        "without a period, such as in row 6",
        "2 currencies",
        "rows 8, 9",
        "1 row without a kind, such as row 10",
    ):
        assert words in text, words
    # Of rows that cannot be read, no gaps and no sums are told beside.
    assert "without a target" not in text


@pytest.mark.parametrize(
    ("text", "encoding", "options", "total"),
    [
        ("period,amount\n2027-01,100\n2027-02,200\n", "utf-8", {}, 300),
        ("period,amount\n2027-01,100\n2027-02,200\n", "utf-8-sig", {}, 300),
        ("period;amount\n2027-01;1.000\n2027-02;2.000,5\n", "utf-8",
         {"decimal": ",", "thousands": "."}, 3000.5),
        ('period,amount\r\n2027-01,"1,000"\r\n2027-02,"$2,000"\r\n', "utf-8", {"thousands": ","},
         3000),
        ("Month,Region,Target\n2027-01,Köln,100\n2027-01,Wien,200\n", "cp1252",
         {"encoding": "cp1252"}, 300),
        ("Fiscal Year,Quarter,Quota\n2027,Q1,100\n2027,2,200\n", "utf-8", {}, 300),
        ("year,month,target\n2027,1,100\n2027,2,200\n", "utf-8", {}, 300),
        ("segment,2027-01,2027-02,Total\nEMEA,1,2,3\nUS,3,4,7\n", "utf-8", {}, 10),
        ("Jan 2027,Feb 2027\n", "utf-8", {"date_format": "%b %Y"}, None),
        ("period,amount\nJan 2027,100\nFeb 2027,200\n", "utf-8", {"date_format": "%b %Y"}, 300),
    ],
)  # fmt: skip
def test_files_as_people_write_them(
    tmp_path: Path, text: str, encoding: str, options: dict[str, str], total: float | None
) -> None:
    path = written(tmp_path, text, encoding=encoding)
    if total is None:
        with pytest.raises(DataError, match="no rows"):
            read_targets(path, **options)
        return
    found = read_targets(path, **options)
    assert found.total == pytest.approx(total)
    assert found.source == "targets.csv"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("period;amount\n2027-01;1.000\n2027-02;2.500\n", "may be thousands or decimals"),
        ('period,amount\n2027-01,"1,000"\n', 'say thousands=","'),
        ("periode,betrag\n2027-01,1\n", "no column of the amount"),
        ("period,bookings,revenue\n2027-01,1,2\n", r'columns={"amount": "bookings"}'),
        ("period,amount\n01/2027,1\n", 'date_format="%m/%Y"'),
        ("period,amount\n2027-01-15,1\n", "days within a month"),
        ("period,amount\n2027-W03,1\n", "days within a month"),
        ("period,amount\n2027-13,1\n", "cannot be read"),
        ("period,amount\n2027-Q5,1\n", "cannot be read"),
        ("period,amount\nTotal,1\n", "Name the period"),
        ("period,amount\n2027-01,\n", "holds no targets"),
        ("period,kind,amount\n2027-01,renewal,5\n", "no target of new business"),
        ("", "is empty"),
    ],
)
def test_files_that_cannot_be_read_say_why(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_targets(written(tmp_path, text))


def test_a_file_in_another_encoding_asks_for_it(tmp_path: Path) -> None:
    path = written(tmp_path, "period,segment,amount\n2027-01,Köln,1\n", encoding="cp1252")
    with pytest.raises(DataError, match='encoding="cp1252"'):
        read_targets(path)


def test_what_is_counted_is_read_from_the_header() -> None:
    deals = read_targets(pd.DataFrame({"month": ["2027-01"], "deals": [12]}))
    assert (deals.unit, deals.what) == ("count", "deals")
    mrr = read_targets(pd.DataFrame({"month": ["2027-01"], "New MRR": [12]}), currency="EUR")
    assert (mrr.unit, mrr.what, mrr.currency) == ("value", "new MRR", "EUR")
    assert "EUR 12 of new business (new MRR)" in mrr.summary()


def test_currencies_must_agree() -> None:
    rows = pd.DataFrame({"month": ["2027-01"], "amount": ["€ 12"]})
    assert read_targets(rows).currency == "€"
    with pytest.raises(DataError, match="`currency` is USD, but the amounts say €"):
        read_targets(rows, currency="USD")


def test_rows_without_an_amount_and_columns_not_read_are_said() -> None:
    found = read_targets(
        pd.DataFrame({"period": ["2027-01", "2027-02"], "amount": [5, None], "note": ["a", "b"]})
    )
    assert found.labels == ("2027-01",)
    assert any("1 row without an amount (row 2)" in note for note in found.notes)
    assert any("Not read: `note`" in note for note in found.notes)


def test_a_target_of_0_is_refused_as_the_whole_and_allowed_in_a_month() -> None:
    rows = pd.DataFrame({"period": ["2027-01", "2027-02"], "amount": [0, 5]})
    assert read_targets(rows).amount.tolist() == [0, 5]
    with pytest.raises(ArgumentError, match="0 in all of 2 months: it needs no leads"):
        read_targets(rows.assign(amount=0))


def test_hostile_names_are_kept_as_they_are_and_shown_escaped() -> None:
    name = "<script>alert(1)</script>\n=cmd"
    found = read_targets(frame(("2027-01", name, "new", 5)))
    assert "<script>" not in found._repr_html_()


def test_round_trip_through_a_file(tmp_path: Path) -> None:
    found = read_targets(
        frame(
            ("2027-Q1", "EMEA", "new", 30), ("2027-Q1", "US", "new", 60),
            ("2027-Q1", "", "renewal", 9),
        )
    )  # fmt: skip
    path = tmp_path / "again.csv"
    found.to_frame().to_csv(path, index=False, encoding="utf-8")
    again = read_targets(path)
    assert again.amount.tolist() == found.amount.tolist()
    assert again.segments["US"].tolist() == found.segments["US"].tolist()
    assert again.other["renewal"].tolist() == found.other["renewal"].tolist()


@settings(max_examples=60, deadline=None)
@given(
    truth=st.lists(st.integers(0, 999), min_size=12, max_size=12).filter(any),
    quarters=st.sets(st.integers(0, 3)),
    halves=st.sets(st.integers(0, 1)),
    year=st.booleans(),
    bare=st.sets(st.integers(0, 3), max_size=4),
    start=st.integers(1, 12),
)
def test_sums_hold_whatever_lines_tell_them(
    truth: list[int],
    quarters: set[int],
    halves: set[int],
    year: bool,
    bare: set[int],
    start: int,
) -> None:
    """The slow, obvious way: months are known; lines are sums of them; each sum must come back."""
    first = pd.Period(year=2026 if start > 1 else 2027, month=start, freq="M")
    lines: list[tuple[str, float]] = []
    by_quarter = [sum(truth[3 * q : 3 * q + 3]) for q in range(4)]
    for q in range(4):
        if q in quarters or q in bare:
            lines.append((f"FY27-Q{q + 1}", by_quarter[q]))
        if q not in bare:
            lines += [(str(first + m), truth[m]) for m in range(3 * q, 3 * q + 3)]
    lines += [(f"FY27-H{h + 1}", by_quarter[2 * h] + by_quarter[2 * h + 1]) for h in halves]
    if year:
        lines.append(("FY27", sum(truth)))
    table = pd.DataFrame(lines, columns=["period", "amount"])
    found = read_targets(table.sample(frac=1, random_state=0), fiscal_year_start=start)
    assert found.periods[0] == first
    assert found.by("quarter").to_numpy() == pytest.approx(np.array(by_quarter, float))
    for month in range(12):
        even = by_quarter[month // 3] / 3
        expected = even if month // 3 in bare else truth[month]
        assert found.amount[month] == pytest.approx(expected)
