"""Back-tests of forecasts: rolling worlds, scores by hand, the choice, and refusals."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.data.records import Leads
from funnelkit.forecast import Forecast
from funnelkit.forecast.rolling.backtests import backtest
from funnelkit.forecast.rolling.choosing import Compared, chosen
from tests.forecast.rolling.made import forecast_of, leads_of

WINS = [4, 6, 5, 8, 7, 9, 6, 8, 10, 9, 7, 8, 11, 9]


def always(*values: float, **changed: Any) -> Any:
    """A method that gives the same draws for each period."""

    def method(leads: Leads, periods: pd.PeriodIndex, *, rng: np.random.Generator) -> Forecast:
        draws = np.tile(np.array(values)[:, None], (1, len(periods)))
        return forecast_of(draws, periods=periods, as_of=leads.as_of, **changed)

    return method


def last_month(leads: Leads, periods: pd.PeriodIndex, *, rng: np.random.Generator) -> Forecast:
    """The last month again, as the leads know it."""
    value = float(leads.count("won").iloc[-1])
    return forecast_of(np.full((3, len(periods)), value), periods=periods, as_of=leads.as_of)


@pytest.fixture(scope="module")
def leads() -> Leads:
    return leads_of(WINS)


@pytest.fixture(scope="module")
def found(leads: Leads) -> Any:
    methods = {"six to ten": always(6, 7, 8, 9, 10), "last": last_month}
    return backtest(leads, horizon=2, origins=4, methods=methods)


def test_each_forecast_stands_beside_what_came(found: Any) -> None:
    frame = found.to_frame()
    own = frame[(frame["method"] == "last") & (frame["target"] == "period")]
    # origins are the ends of months 9 to 12 of 14, two months ahead of each
    assert own["as_of"].dt.strftime("%Y-%m-%d").unique().tolist() == [
        "2025-09-30",
        "2025-10-31",
        "2025-11-30",
        "2025-12-31",
    ]
    assert own["expected"].tolist() == [10, 10, 9, 9, 7, 7, 8, 8]
    assert own["actual"].tolist() == [9, 7, 7, 8, 8, 11, 11, 9]
    totals = frame[(frame["method"] == "last") & (frame["target"] == "total")]
    assert totals["actual"].tolist() == [16, 15, 19, 20]
    assert totals["expected"].tolist() == [20, 18, 14, 16]
    assert totals["period"].tolist() == ["2025-11", "2025-12", "2026-01", "2026-02"]


def test_scores_are_those_by_hand(found: Any) -> None:
    table = found.scores().set_index(["target", "method"])
    last = table.loc["period", "last"]
    errors = np.array([10, 10, 9, 9, 7, 7, 8, 8]) - np.array([9, 7, 7, 8, 8, 11, 11, 9])
    assert last["n"] == 8
    assert last["bias"] == pytest.approx(errors.mean())
    assert last["mae"] == last["crps"] == pytest.approx(np.abs(errors).mean())
    # fewer than 12 months before the first origin: scaled by the plain naive error until then
    scales = [np.abs(np.diff(WINS[:k])).mean() for k in (9, 10, 11, 12) for _ in range(2)]
    assert found.season == 1
    assert last["mase"] == pytest.approx((np.abs(errors) / scales).mean())
    assert last["coverage_80"] == 0.0
    six = table.loc["period", "six to ten"]
    # 80 % between the smallest of 5 draws that 10 % and 90 % do not exceed: 6 to 10
    assert six["coverage_80"] == 6 / 8 == six["coverage_95"]  # 11 lies outside, twice
    ends = stats.binomtest(6, 8).proportion_ci(method="wilson")  # SciPy's own
    assert six["coverage_80_low"] == pytest.approx(ends.low)
    assert six["coverage_80_high"] == pytest.approx(ends.high)
    assert table.loc["total", "six to ten"]["n"] == 4


def test_calibration_counts_what_is_covered(found: Any) -> None:
    table = found.calibration()
    own = table[(table["method"] == "six to ten") & (table["target"] == "period")]
    assert own["level"].tolist() == [0.5, 0.8, 0.9, 0.95]
    # 50 %: between 7 and 9, the 2nd and 4th of 5 draws: 9 7 7 8 8 9 of 9 7 7 8 8 11 11 9
    assert own["covered"].tolist() == [6, 6, 6, 6]
    assert (own["n"] == 8).all()
    assert own["covered_rate"].tolist() == [0.75] * 4


def test_pit_is_kept_for_plots(found: Any) -> None:
    table = found.pit(bins=5)
    own = table[(table["method"] == "six to ten") & (table["target"] == "period")]
    # draws 6 to 10 fill the fifths: 7 twice, 8 twice, 9 twice, and 11 twice beyond all of them
    assert own["share"].tolist() == pytest.approx([0, 2 / 8, 2 / 8, 2 / 8, 2 / 8])
    assert table.groupby(["target", "method"])["share"].sum().tolist() == pytest.approx([1.0] * 4)


def test_the_method_with_the_least_crps_is_chosen(found: Any) -> None:
    table = found.scores()
    single = table[table["target"] == "period"].set_index("method")["crps"]
    total = table[table["target"] == "total"].set_index("method")["crps"]
    relative = single / single.mean() + total / total.mean()
    assert found.chosen == relative.idxmin() == "six to ten"
    assert found.reason.startswith("six to ten had the least mean CRPS")
    assert "too few dates to tell more than chance" in found.reason
    assert found.chosen in found.summary()
    assert "4 dates" in found.summary()


def test_a_clear_winner_is_told_from_chance() -> None:
    part = Compared(
        target="period",
        rows=np.arange(24),
        methods=(0, 1),
        counts=np.ones(24),
        sums=np.column_stack([np.full(24, 1.0), np.linspace(2, 3, 24)]),
        run=2,
    )
    found = chosen(["good", "bad"], [part], "month")
    assert (found.method, found.clear) == ("good", True)
    assert found.reason.endswith("more than chance.")
    same = Compared(
        target="period",
        rows=np.arange(24),
        methods=(0, 1),
        counts=np.ones(24),
        sums=np.random.default_rng(0).random((24, 2)),
        run=2,
    )
    assert chosen(["one", "other"], [same], "month").reason.endswith("which may be chance.")


def test_nothing_to_choose_from_is_said() -> None:
    with pytest.raises(EvidenceError, match="no forecast whose period is known"):
        chosen(["a"], [], "month")


def test_bootstrapped_ends_hold_the_mean_and_stay_the_same(leads: Leads) -> None:
    one = backtest(leads, horizon=1, origins=6, methods={"eight": always(6, 8, 10)})
    table = one.scores()
    assert (table["crps_low"] <= table["crps"]).all()
    assert (table["crps"] <= table["crps_high"]).all()
    assert one.scores().equals(table)
    few = backtest(leads, horizon=2, origins=2, methods={"eight": always(6, 8, 10)})
    assert few.scores()["crps_low"].isna().all()


def test_methods_see_the_leads_of_the_day(leads: Leads) -> None:
    seen = []

    def spy(then: Leads, periods: pd.PeriodIndex, *, rng: np.random.Generator) -> Forecast:
        seen.append((then.as_of, int(then.count("won").sum()), str(periods[0]), len(periods)))
        return always(8)(then, periods, rng=rng)

    backtest(leads, horizon=3, origins=["2025-10-31", dt.date(2025, 11, 15)], methods=[spy])
    assert seen == [
        (dt.date(2025, 10, 31), sum(WINS[:10]), "2025-11", 3),
        (dt.date(2025, 11, 15), sum(WINS[:11]), "2025-11", 3),  # the month that runs comes first
    ]


def test_periods_that_are_not_over_are_not_scored(leads: Leads) -> None:
    one = backtest(leads, horizon=3, origins=["2025-12-31"], methods=[last_month])
    frame = one.to_frame()
    assert frame["actual"].tolist()[:2] == [11, 9]
    assert frame["actual"].isna().tolist() == [False, False, True, True]
    assert one.scores()["target"].tolist() == ["period"]
    assert one.scores()["n"].tolist() == [2]
    assert "a month" in one.summary()


def test_chance_of_one_method_does_not_hang_on_the_others(leads: Leads) -> None:
    def noisy(then: Leads, periods: pd.PeriodIndex, *, rng: np.random.Generator) -> Forecast:
        return forecast_of(rng.poisson(8, (20, len(periods))), periods=periods, as_of=then.as_of)

    alone = backtest(leads, horizon=1, origins=2, methods={"a": noisy}, rng=5)
    both = backtest(leads, horizon=1, origins=3, methods={"b": noisy, "a": noisy}, rng=5)
    own = both.to_frame()
    own = own[(own["method"] == "a") & (own["as_of"] >= "2025-12-31")].reset_index(drop=True)
    assert own.equals(alone.to_frame())
    other = backtest(leads, horizon=1, origins=2, methods={"a": noisy}, rng=6)
    assert not other.to_frame()["crps"].equals(alone.to_frame()["crps"])


def test_segments_are_scored_beside_their_sum() -> None:
    split = leads_of([6, 4, 8, 6, 4, 8, 6, 10], segments=True)

    def by_source(then: Leads, periods: pd.PeriodIndex, *, rng: np.random.Generator) -> Forecast:
        draws = np.ones((2, 1, len(periods))) * 3.0
        return forecast_of(
            draws, periods=periods, as_of=then.as_of, by=("source",), segments=(("web",),)
        )

    methods = {"web only": by_source, "in all": always(6)}
    one = backtest(split, horizon=1, origins=2, methods=methods, by="source")
    frame = one.to_frame()
    own = frame[(frame["method"] == "web only") & (frame["target"] == "period")]
    # half of 6 and 10 wins each come from the two sources; of the fair the forecast knows nothing
    assert own["source"].fillna("all").tolist() == ["all", "fair", "web"] * 2
    assert own["actual"].tolist() == [6, 3, 3, 10, 5, 5]
    assert own["expected"].tolist() == [3, 0, 3, 3, 0, 3]
    single = one.scores(per="series")
    assert single["method"].unique().tolist() == ["web only"]  # the other one does not split
    assert single[single["target"] == "period"]["n"].tolist() == [4]
    assert single[single["target"] == "period"]["mae"].tolist() == [(3 + 0 + 5 + 2) / 4]
    assert one.scores()["method"].tolist() == ["web only", "in all"] * 2
    assert any("`source` is as exported" in leak for leak in one.leaks)


def test_money_is_counted_and_open_amounts_are_hidden(leads: Leads) -> None:
    seen = []

    def spy(then: Leads, periods: pd.PeriodIndex, *, rng: np.random.Generator) -> Forecast:
        seen.append(then.list("lead")["amount"].isna().sum())
        return always(700.0, what="bookings", unit="value")(then, periods, rng=rng)

    # on 3 November that month's leads are open: they are won on the fifth
    day = ["2025-11-03"]
    one = backtest(leads, horizon=1, origins=day, methods=[spy], what="bookings")
    assert seen == [WINS[10]]
    assert one.to_frame()["actual"].tolist() == [100.0 * WINS[10]] * 2
    assert "still open then are left blank" in one.leaks[-1]
    backtest(leads, horizon=1, origins=day, methods=[spy], what="bookings", open_amounts="exported")
    assert seen == [WINS[10], 0]


def test_months_are_added_up_to_quarters(leads: Leads) -> None:
    one = backtest(
        leads, horizon=1, origins=["2025-09-30"], methods=["naive"], step="quarter", n_draws=50
    )
    frame = one.to_frame()
    assert frame["period"].tolist() == ["2025 Q4", "2025 Q4"]
    assert frame["actual"].tolist() == [sum(WINS[9:12])] * 2
    assert 15 < frame["expected"][0] < 45  # three months of about 10
    with pytest.raises(ArgumentError, match="must be ends of periods; got 2025-10-15"):
        backtest(leads, horizon=1, origins=["2025-10-15"], methods=["naive"], step="quarter")


def test_a_method_without_evidence_is_left_out(leads: Leads) -> None:
    def shy(then: Leads, periods: pd.PeriodIndex, *, rng: np.random.Generator) -> Forecast:
        if then.as_of < dt.date(2025, 12, 1):
            raise EvidenceError("too little is known")
        return always(8)(then, periods, rng=rng)

    one = backtest(leads, horizon=1, origins=3, methods={"shy": shy, "last": last_month})
    assert dict(one.left_out) == {"no forecast by `shy`": 1}
    assert one.scores()["n"].tolist() == [2, 2, 2, 2]  # on the dates that both forecast

    def mute(then: Leads, periods: pd.PeriodIndex, *, rng: np.random.Generator) -> Forecast:
        raise EvidenceError("too little is known")

    with pytest.raises(EvidenceError, match=r"none of them could forecast.*too little is known"):
        backtest(leads, horizon=1, origins=3, methods=[mute])


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"horizon": 0}, "`horizon` must be a whole number"),
        ({"origins": 0}, "`origins` must be a whole number"),
        ({"origins": "2025-10-31"}, "`origins` must be a whole number"),
        ({"origins": []}, "at least one day"),
        ({"origins": ["2026-02-28"]}, "after which a whole month has been seen"),
        ({"origins": ["2024-12-31"]}, "must not lie before the month of the first win"),
        ({"origins": ["31.10.2025"]}, "calendar day"),
        ({"what": "won deal"}, "Did you mean `won deals`"),
        ({"step": "week"}, "`step` must be one of"),
        ({"by": "sorce"}, "`by`"),
        ({"open_amounts": "all"}, "`open_amounts` must be one of"),
        ({"season": 0}, "`season` must be"),
        ({"n_draws": 0}, "`n_draws` must be"),
        ({"methods": []}, "at least one"),
        ({"methods": ["naiv"]}, "Did you mean `naive`"),
        ({"methods": [last_month, last_month]}, "`last_month` twice"),
        ({"methods": [3]}, "names or functions"),
        ({"methods": 3}, "names or functions"),
        ({"methods": {"": last_month}}, "labels must be texts"),
        ({"methods": {"x": lambda leads, periods, rng: 3}}, "`x` must return a Forecast; got int"),
        ({"methods": {"x": always(1.0, unit="value")}}, 'must forecast a "count"'),
        ({"methods": {"x": always(np.nan)}}, "draws that are no numbers"),
    ],
)
def test_wrong_arguments_are_named(leads: Leads, asked: dict[str, Any], message: str) -> None:
    given = {"horizon": 1, "origins": 2, "methods": {"x": last_month}, **asked}
    with pytest.raises(ArgumentError, match=message):
        backtest(leads, **given)


def test_a_function_that_takes_no_seed_is_refused(leads: Leads) -> None:
    def seedless(then: Leads, periods: pd.PeriodIndex) -> Forecast:
        return last_month(then, periods, rng=np.random.default_rng(0))

    with pytest.raises(ArgumentError, match=r"`seedless` cannot be\. Add `\*, rng`"):
        backtest(leads, horizon=1, origins=2, methods=[seedless])


def test_other_periods_are_refused(leads: Leads) -> None:
    def late(then: Leads, periods: pd.PeriodIndex, *, rng: np.random.Generator) -> Forecast:
        return always(8)(then, periods + 1, rng=rng)

    with pytest.raises(ArgumentError, match="`late` must forecast 2026-01 to 2026-01; got 2026-02"):
        backtest(leads, horizon=1, origins=2, methods=[late])


def test_too_short_a_history_says_what_is_needed() -> None:
    with pytest.raises(EvidenceError, match="at least 6 whole months from the first win"):
        backtest(leads_of([3, 4, 5, 6]), horizon=2, methods=[last_month])


def test_money_needs_amounts() -> None:
    export = pd.DataFrame({"id": ["a"], "lead": ["2026-01-01"], "won": ["2026-01-02"]})
    plain = fk.from_frame(export, fk.Funnel(["lead", "won"], id="id"), as_of="2026-03-31")
    with pytest.raises(ArgumentError, match="the funnel has no `value`"):
        backtest(plain, what="bookings", methods=[last_month])


def test_a_funnel_without_wins_is_told() -> None:
    export = pd.DataFrame({"id": ["a"], "lead": ["2026-01-01"], "won": [None]})
    plain = fk.from_frame(export, fk.Funnel(["lead", "won"], id="id"), as_of="2026-03-31")
    for origins in (None, 3, ["2026-01-31"]):
        with pytest.raises(EvidenceError, match="no whole month with a win"):
            backtest(plain, methods=[last_month], origins=origins)


def test_the_usual_methods_run(leads: Leads) -> None:
    one = backtest(leads, horizon=1, origins=1, n_draws=50)
    assert one.methods == (
        "funnelkit",
        "ensemble on wins",
        "immature rate",
        "stage-weighted",
        "naive",
        "seasonal naive",
    )
    assert one.told.all()
    assert one.chosen in one.methods


def test_hostile_labels_stay_text(leads: Leads) -> None:
    label = "<script>=cmd|' /C calc'!A0</script>"
    one = backtest(leads, horizon=1, origins=1, methods={label: last_month})
    assert "<script>" not in one._repr_html_()
    assert one.chosen == label


def test_what_a_reader_must_know_is_noted(leads: Leads) -> None:
    one = backtest(leads, horizon=2, origins=20, methods={"last": last_month})
    few, plain = one.notes
    assert few == "7 dates in place of 20: the history reaches no further."
    assert plain.startswith("Errors are scaled by the plain naive forecast")
    free = leads_of([3, 4, 5, 6, 7, 8, 9], amount=0.0)
    method = always(0.0, what="bookings", unit="value")
    days = ["2025-03-31"]
    with pytest.raises(EvidenceError, match="no whole month with money"):
        backtest(free, horizon=1, origins=days, methods=[method], what="bookings")
