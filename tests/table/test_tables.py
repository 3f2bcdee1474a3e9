"""Tables of results: every cell is the frame's, immature ones are called so."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.counts.flows import Flows, Stays
from funnelkit.table.grid import Table


def adjusted(triangle: fk.Triangle) -> fk.lag.AdjustedRates:
    return fk.lag.adjust(triangle, fk.lag.fit_competing(triangle))


def column(table: Table, head: str) -> list[str]:
    at = [one.head for one in table.columns].index(head)
    return [row[at].replace("\u202f", " ") for row in table.rows]


def estimate(rate: float, low: float, high: float) -> str:
    return f"{100 * rate:.1f} % ({100 * low:.1f}\u2013{100 * high:.1f})"


def test_cohorts_are_those_of_the_frame(three: fk.Triangle) -> None:
    rates = adjusted(three)
    frame = rates.to_frame()
    table = fk.table.cohorts(rates)
    assert column(table, "cohort") == frame["cohort"].tolist()
    assert column(table, "entered lead") == [str(n) for n in frame["entered"]]
    assert column(table, "won so far") == [str(n) for n in frame["converted"]]
    assert column(table, "share so far") == [f"{100 * rate:.1f} %" for rate in frame["rate"]]
    assert column(table, "expected by day 90") == [
        estimate(*row) for row in frame[["adjusted", "adjusted_low", "adjusted_high"]].to_numpy()
    ]
    assert column(table, "status") == [
        "immature" if immature else "mature" for immature in frame["immature"]
    ]
    assert table.summary == rates.summary()


def test_maturity_is_never_rounded_up_to_all(make: Callable[..., fk.Triangle]) -> None:
    triangle = make([[[(500, 90, {1: 299, 90: 1})], [(500, 80, {1: 100})]]])
    shares = column(fk.table.cohorts(adjusted(triangle)), "maturity")
    assert shares == ["100 %", "99 %"]


def test_fewer_than_twenty_leads_have_no_percentage(make: Callable[..., fk.Triangle]) -> None:
    table = fk.table.cohorts(adjusted(make([[[(19, 90, {1: 9})], [(500, 90, {1: 50})], []]])))
    assert column(table, "share so far") == ["\u2013", "10.0 %", "\u2013"]
    assert column(table, "expected by day 90")[0] == "\u2013"
    assert column(table, "status") == ["mature, fewer than 20 leads", "mature", "no leads"]


def test_a_cohort_without_a_rate_of_its_own_says_so(make: Callable[..., fk.Triangle]) -> None:
    table = fk.table.cohorts(adjusted(make([[[(500, 90, {80: 50})], [(60, 2, {})]]])))
    assert column(table, "expected by day 90")[1] == "\u2013"
    assert column(table, "status")[1] == "immature, too young for a rate of its own"


def test_part_of_a_cohort_says_so(three: fk.Triangle) -> None:
    part = replace(three, partial=frozenset({pd.Period("2026-01", "M")}))
    assert column(fk.table.cohorts(adjusted(part)), "status")[0] == (
        "mature, only a part of the cohort"
    )


def test_segments_stand_under_their_own_names_the_largest_first(nasty: fk.Triangle) -> None:
    table = fk.table.cohorts(fk.lag.adjust(nasty, fk.lag.fit_kaplan_meier(nasty)))
    assert [one.head for one in table.columns][:2] == ["$s_1", "entered lead_$a"]
    assert column(table, "$s_1")[:4] == [
        *("$x_1^2$ & a_b", "(blank)", "<script>alert(1)</script>", "two lines")
    ]
    assert "<script" not in table.to_html()


def test_segments_are_sorted_by_leads(make: Callable[..., fk.Triangle]) -> None:
    cells = [[[(n, 60, {1: 10})], [(n, 50, {1: 10})]] for n in (100, 300, 200)]
    triangle = make(cells, segments=(("a",), ("b",), (None,)), by=("source",))
    for table in (
        fk.table.cohorts(fk.lag.adjust(triangle, fk.lag.fit_kaplan_meier(triangle))),
        fk.table.rates(fk.rates.cohort(triangle)),
    ):
        assert column(table, "source") == ["b", "b", "(blank)", "(blank)", "a", "a"]
        assert column(table, "cohort") == ["2026-01", "2026-02"] * 3
        assert column(table, "entered lead") == ["300", "300", "200", "200", "100", "100"]


def test_rates_within_a_window(three: fk.Triangle) -> None:
    rates = fk.rates.cohort(three, within=30)
    frame = rates.to_frame()
    table = fk.table.rates(rates)
    assert column(table, "won within 30 days") == [str(n) for n in frame["converted"]]
    assert column(table, "share") == [
        *(estimate(*row) for row in frame[["rate", "rate_low", "rate_high"]].to_numpy()[:2]),
        "\u2013",
    ]
    assert column(table, "followed that long") == ["100 %", "100 %", "0 %"]
    assert column(table, "status") == ["mature", "mature", "immature"]


def test_rates_so_far_say_how_old_the_youngest_lead_is(three: fk.Triangle) -> None:
    table = fk.table.rates(fk.rates.cohort(three))
    assert column(table, "youngest lead") == ["90 days", "45 days", "3 days"]
    assert "young cohorts have had less time" in " ".join(table.notes)


def flows(**changes: object) -> Flows:
    given = {
        "steps": ("lead", "won"),
        "by": (),
        "segments": ((),),
        "periods": pd.period_range("2018-03", periods=3, freq="M"),
        "as_of": dt.date(2018, 5, 31),
        "entries": [[[19, 1352, 1303], [40, 207, 122]]],
        "undated": [[0, 0]],
        "partial": frozenset({pd.Period("2018-05", "M")}),
    }
    return Flows(**(given | changes))


def test_period_rates_are_called_ratios(three: fk.Triangle) -> None:
    rates = fk.rates.period(flows(), "lead", "won")
    frame = rates.to_frame()
    table = fk.table.rates(rates)
    assert column(table, "entries to lead") == ["19", "1,352", "1,303"]
    assert column(table, "entries to won") == ["40", "207", "122"]
    assert column(table, "ratio") == [
        "\u2013",
        *(estimate(*row) for row in frame[["rate", "rate_low", "rate_high"]].to_numpy()[1:]),
    ]
    assert column(table, "status") == ["fewer than 20 leads", "", "period not wholly observed"]
    assert "not the same leads" in table.notes[0]


STAYS = Stays(
    stages=("opportunity", "engaged", "won"),
    exits=("lost",),
    by=(),
    segments=((),),
    as_of=dt.date(2017, 12, 31),
    entered=[[8800, 8300, 4238]],
    filled=[[0, 0, 0]],
    moved_on=[[8300, 4238, 0]],
    left={"lost": [[0, 2473, 0]]},
    still_there=[[500, 1589, 4238]],
    days=[[[0] * 58, [0] * 57 + [4238], [0] * 58]],
)


def test_the_stage_table_is_the_frame() -> None:
    rates = fk.rates.flow(STAYS)
    frame = rates.to_frame()
    table = fk.table.flow(rates)
    assert column(table, "stage") == ["opportunity", "engaged", "won"]
    assert column(table, "entered") == ["8,800", "8,300", "4,238"]
    assert column(table, "moved on") == ["8,300", "4,238", ""]
    assert column(table, "lost") == ["0", "2,473", ""]
    assert column(table, "still there") == ["500", "1,589", ""]
    assert column(table, "median days") == ["\u2013", "57", ""]
    shares = frame[["rate", "rate_low", "rate_high"]].to_numpy()[:2]
    assert column(table, "share moved on") == [*(estimate(*row) for row in shares), ""]
    assert column(table, "share moved on")[1].startswith("51.1 %")
    reached = frame[["cumulative_rate", "cumulative_low", "cumulative_high"]].to_numpy()[1:]
    assert column(table, "share of opportunity") == ["", *(estimate(*row) for row in reached)]


def test_filled_entries_have_a_column_where_there_are_any() -> None:
    table = fk.table.flow(fk.rates.flow(replace(STAYS, filled=np.array([[0, 40, 0]]))))
    assert column(table, "of these filled in") == ["0", "40", "0"]
    assert any(note.startswith("Filled in") for note in table.notes)
    heads = [one.head for one in fk.table.flow(fk.rates.flow(STAYS)).columns]
    assert "of these filled in" not in heads


def test_a_small_stage_has_counts_and_no_percentage() -> None:
    small = replace(
        STAYS,
        entered=np.array([[30, 19, 4]]),
        moved_on=np.array([[19, 4, 0]]),
        left={"lost": np.array([[0, 5, 0]])},
        still_there=np.array([[11, 10, 4]]),
    )
    shares = column(fk.table.flow(fk.rates.flow(small)), "share moved on")
    assert shares[0].startswith("63.3 %")
    assert shares[1:] == ["\u2013", ""]


def test_a_labelled_rate_carries_its_denominator() -> None:
    rates = fk.rates.flow(replace(STAYS, exits=("lost",)))
    table = fk.table.rates(rates.opportunity_to_win)
    assert column(table, "opportunity-to-win") == ["won / (won + lost)"]
    assert column(table, "numerator") == ["4,238"]
    assert column(table, "denominator") == ["6,711"]
    assert column(table, "share")[0].startswith("63.2 %")
    still = fk.table.rates(rates.win_rate)
    assert column(still, "denominator") == ["8,800"]
    assert column(still, "status") == ["2,089 still open"]


def test_a_stage_table_may_be_given_to_rates() -> None:
    rates = fk.rates.flow(STAYS)
    assert fk.table.rates(rates).rows == fk.table.flow(rates).rows


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (fk.table.cohorts, "`adjusted` must be what fk.lag.adjust returns"),
        (fk.table.flow, "`flow` must be what fk.rates.flow returns"),
        (fk.table.rates, "`rates` must be what fk.rates.cohort, fk.rates.period or fk.rates.flow"),
    ],
)
def test_something_else_is_refused(table: Callable[[object], Table], words: str) -> None:
    with pytest.raises(fk.FunnelError) as raised:
        table(3)
    assert str(raised.value).startswith(words)
    assert str(raised.value).endswith("; got int.")
