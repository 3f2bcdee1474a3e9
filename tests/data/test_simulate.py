"""The simulator: what it says is true is what it draws, and all of its dirt is on record."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from funnelkit._core.errors import ArgumentError
from funnelkit.data.definition import Funnel
from funnelkit.data.simulate import Lag, Level, make_leads, simulate_frame, simulated_funnel
from funnelkit.data.simulation.dirt import KINDS
from funnelkit.data.simulation.lags import sum_happened_by

DATES = ["created_at", "mql_at", "sql_at", "opportunity_at", "won_at"]
EXITS = ["lost_at", "disqualified_at"]
PLAIN = {"direct": 0.0, "skipped": 0.0, "reopened": 0.0}
TWO = Funnel(["lead", "won"], exits=["lost"], id="id", segments=["source"])
ONE_SOURCE = {"source": {"web": Level(share=1)}}


def days(frame: pd.DataFrame, column: str) -> np.ndarray:
    return frame[column].to_numpy("datetime64[D]")


def ages(frame: pd.DataFrame, start: str, target: str) -> np.ndarray:
    """Whole days between two dates, NaN where the second is missing."""
    return (frame[target] - frame[start]).dt.days.to_numpy(float)


def near(count: int, n: int, share: float) -> bool:
    """Whether a count is within five standard errors of what a share makes one expect."""
    return abs(count - n * share) < 5 * np.sqrt(n * share * (1 - share)) + 1


# --- lags: closed forms -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lag", "scipy_lag"),
    [
        (Lag("weibull", 9, 0.8), stats.weibull_min(0.8, scale=9)),
        (Lag("lognormal", 10, 0.9), stats.lognorm(0.9, scale=10)),
    ],
)
def test_a_lag_is_scipys_distribution(lag, scipy_lag):
    at = np.array([0.0, 0.01, 1, 10, 200, 5000])
    np.testing.assert_allclose(lag.happened_by(at), scipy_lag.cdf(at), rtol=1e-12)
    np.testing.assert_allclose(lag.cumulative_hazard(at), -scipy_lag.logsf(at), rtol=1e-10)
    np.testing.assert_allclose(lag.days_at(-scipy_lag.logsf(at[1:])), at[1:], rtol=1e-6)


def test_sum_of_lags_is_erlang_where_they_are_exponential():
    happened_by = sum_happened_by((Lag("weibull", 5, 1.0),) * 3, 200.0)
    at = np.array([0.5, 2.0, 10.0, 40.0, 150.0])
    np.testing.assert_allclose(happened_by(at), stats.gamma(3, scale=5).cdf(at), atol=5e-6)


def test_sum_of_unlike_lags_is_their_convolution():
    first, second = Lag("lognormal", 3, 1.3), Lag("weibull", 9, 0.8)
    happened_by = sum_happened_by((first, second), 100.0)
    density = stats.lognorm(1.3, scale=3).pdf
    for at in (1.0, 7.0, 30.0):
        expected, _ = integrate.quad(
            lambda x, at=at: density(x) * second.happened_by(at - x), 0, at, epsabs=1e-10
        )
        assert float(happened_by(np.array(at))) == pytest.approx(expected, abs=2e-5)


# --- truth: what the numbers imply ------------------------------------------------------------


def test_rate_by_age_is_the_integral_of_design_section_6():
    lag = Lag("weibull", 20, 1.4)
    truth = simulate_frame(
        10, funnel=TWO, levels=ONE_SOURCE, rates=[0.3], lags=[lag], **PLAIN
    ).truth
    for age in (0, 3, 50):
        expected, _ = integrate.quad(lambda u, age=age: lag.happened_by(age + u), 0, 1)
        found = float(truth.rate_by_age("lead", "won", age))
        assert found == pytest.approx(0.3 * expected, rel=1e-5)
    assert truth.rate("lead", "won") == pytest.approx(0.3)
    np.testing.assert_allclose(truth.rate_by_age("lead", "won", [-1, 10_000]), [0, 0.3])


def test_rates_multiply_within_a_cell_and_fill_up_to_one_with_the_exits():
    truth = simulate_frame(10, **PLAIN).truth
    cell = {"source": "Referral", "region": "EMEA", "size": "small"}
    stages = truth.funnel.stages
    product = np.prod([truth.rate(a, b, segment=cell) for a, b in itertools.pairwise(stages)])
    assert truth.rate("lead", "won", segment=cell) == pytest.approx(product)
    # Odds multiply: 1.5 (Referral) x 1.1 (EMEA) x 1 (small) on a rate of 0.40.
    odds = 0.4 / 0.6 * 1.5 * 1.1
    assert truth.rate("lead", "mql", segment=cell) == pytest.approx(odds / (1 + odds))
    outcomes = ["won", "lost", "disqualified"]
    at_400 = sum(truth.rate_by_age("lead", name, 400.0) for name in outcomes)
    ever = sum(truth.rate("lead", name) for name in outcomes)
    assert at_400 < ever < 1


def test_rates_over_all_levels_are_means_weighted_by_who_gets_there():
    levels = {"source": {"a": Level(share=3), "b": Level(share=1, odds=3)}}
    funnel = Funnel(["lead", "mql", "won"], id="id", segments=["source"])
    truth = simulate_frame(
        10, funnel=funnel, levels=levels, rates=[0.5, 0.5], lags=[Lag("weibull", 5, 1)] * 2, **PLAIN
    ).truth
    assert truth.rate("lead", "mql") == pytest.approx((3 * 0.5 + 0.75) / 4)
    reached = np.array([3 * 0.5, 0.75])
    assert truth.rate("mql", "won") == pytest.approx(reached @ [0.5, 0.75] / reached.sum())


def test_drift_moves_the_odds_month_by_month():
    truth = simulate_frame(
        10, funnel=TWO, levels=ONE_SOURCE, rates=[0.2], lags=[Lag("weibull", 5, 1)], drift=0.1
    ).truth
    odds = 0.25 * np.exp(0.1 * 5)
    assert truth.rate("lead", "won", cohort="2025-06") == pytest.approx(odds / (1 + odds))
    assert truth.rate("lead", "won", cohort="2025-01") == pytest.approx(0.2)
    assert 0.2 < truth.rate("lead", "won") < truth.rate("lead", "won", cohort="2026-06")


def test_mean_value_is_that_of_the_log_normal_by_segment():
    truth = simulate_frame(10, value_median=100, value_sd=1.0).truth
    cell = {"source": "Event", "region": "Americas", "size": "enterprise"}
    expected = stats.lognorm(1.0, scale=100 * 9).mean()
    assert truth.mean_value(segment=cell) == pytest.approx(expected)


# --- what is drawn, against the truth ---------------------------------------------------------


@pytest.fixture(scope="module")
def large():
    return simulate_frame(120_000, rng=5, months=24, account_correlation=0.3, **PLAIN)


@pytest.mark.parametrize(
    ("start", "target"),
    [("lead", "mql"), ("lead", "won"), ("opportunity", "won"), ("lead", "disqualified")],
)
def test_drawn_rates_by_age_are_the_true_ones(large, start, target):
    funnel, horizon = large.funnel, 60
    first, last = funnel.column_of(start), funnel.column_of(target)
    latest = np.datetime64(large.as_of) - np.timedelta64(horizon)
    mature = large.frame[days(large.frame, first) <= latest]
    age = ages(mature, first, last)
    for at in (0, 7, 30, 60):
        share = float(large.truth.rate_by_age(start, target, at))
        assert near(int((age <= at).sum()), len(mature), share), at


def test_drawn_rates_by_segment_are_the_true_ones(large):
    latest = np.datetime64(large.as_of) - np.timedelta64(120)
    mature = large.frame[days(large.frame, "created_at") <= latest]
    for name, value in (("source", "Referral"), ("region", "APAC"), ("size", "enterprise")):
        mine = mature[mature[name] == value]
        share = float(large.truth.rate_by_age("lead", "sql", 120, segment={name: value}))
        assert near(int((ages(mine, "created_at", "sql_at") <= 120).sum()), len(mine), share)


def test_leads_of_an_account_go_together_and_share_its_segments(large):
    frame = large.frame
    by_account = frame.groupby("account_id")
    assert (by_account["region"].nunique() == 1).all()
    assert len(frame) / by_account.ngroups == pytest.approx(1.6, abs=0.02)
    # Two normal draws with correlation 0.3, both below the point of rate p.
    moved = frame["mql_at"].notna()
    sizes = by_account["lead_id"].transform("size")
    pairs = moved[sizes == 2].groupby(frame["account_id"])
    both = float((pairs.sum() == 2).mean())
    assert both > moved.mean() ** 2 + 0.03
    apart = simulate_frame(60_000, rng=6, account_correlation=0.0, **PLAIN).frame
    moved = apart["mql_at"].notna()
    sizes = apart.groupby("account_id")["lead_id"].transform("size")
    pairs = moved[sizes == 2].groupby(apart["account_id"])
    assert near(int((pairs.sum() == 2).sum()), pairs.ngroups, moved.mean() ** 2 + 0.004)


def test_amounts_owners_costs_and_season(large):
    frame, truth = large.frame, large.truth
    deal = frame["opportunity_at"].notna()
    assert (frame["amount"].notna() == deal).all()
    mean = frame.loc[deal, "amount"].mean()
    assert mean == pytest.approx(truth.mean_value(stage="opportunity"), rel=0.05)
    assert frame["owner"].nunique() == 12
    months = frame["created_at"].dt.to_period("M").value_counts().sort_index()
    assert all(
        near(int(n), len(frame), share)
        for n, share in zip(months, truth.expected / len(frame), strict=True)
    )
    assert truth.expected["2025-09"] > truth.expected["2025-08"]
    assert len(truth.costs) == 24 * 6
    assert truth.costs["cost"].sum() == pytest.approx(
        120_000 * (0.26 * 15 + 0.22 * 90 + 0.2 * 60 + 0.14 * 55 + 0.1 * 140 + 0.08 * 20), rel=0.03
    )


def test_entries_follow_growth_and_the_week():
    flat = simulate_frame(60_000, growth=0.0, seasonality=0.0, weekend=0.0, **PLAIN)
    assert (flat.frame["created_at"].dt.day_of_week < 5).all()
    grown = simulate_frame(60_000, growth=0.1, seasonality=0.0, **PLAIN).truth.expected
    assert grown["2026-03"] / grown["2025-03"] == pytest.approx(1.1**12, rel=0.05)


def test_pace_speeds_up_calendar_months_without_changing_the_rate():
    plain = {"funnel": TWO, "levels": ONE_SOURCE, "rates": [0.5], "months": 60, "growth": 0.0}
    lag = [Lag("weibull", 20, 1.0)]
    made = simulate_frame(150_000, lags=lag, pace_sd=0.6, exits={"lost": [0]}, **PLAIN, **plain)
    frame, pace = made.frame, made.truth.pace
    latest = np.datetime64(made.as_of) - np.timedelta64(365)
    old = days(frame, "lead") <= latest
    assert near(int(frame.loc[old, "won"].notna().sum()), int(old.sum()), 0.5)
    # An exponential lag: wins in a month are its pace times the waiting days, over 20.
    month = pd.Period("2027-05", "M")
    start, end = np.datetime64(month.start_time, "D"), np.datetime64(month.end_time, "D")
    lead, won = days(frame, "lead"), days(frame, "won")
    after = start + np.arange(int((end - start).astype(int)) + 1)
    converts = ~np.isnat(won)
    waiting = sum(int(((lead < day) & converts & (won >= day)).sum()) for day in after)
    wins = int(((won >= start) & (won <= end) & (lead < won)).sum())
    assert wins / waiting * 20 == pytest.approx(pace[month], rel=0.08)


# --- odd records, on request ------------------------------------------------------------------


def test_clean_records_are_in_order_and_before_as_of():
    frame = simulate_frame(5000, rng=3, **PLAIN).frame
    drawn = np.stack([days(frame, name) for name in DATES], axis=1)
    assert not np.isnat(drawn[:, 0]).any()
    for k in range(1, 5):
        later = ~np.isnat(drawn[:, k])
        assert (drawn[later, k] >= drawn[later, k - 1]).all()
    assert np.nanmax(frame[DATES + EXITS].max()) <= pd.Timestamp("2026-06-30")
    assert frame["lead_id"].is_unique
    assert frame[EXITS].notna().sum(axis=1).max() == 1
    assert not (frame["won_at"].notna() & frame[EXITS].notna().any(axis=1)).any()


def test_deals_that_never_were_leads():
    made = simulate_frame(40_000, rng=2, direct=0.1)
    never = made.frame["created_at"].isna()
    assert near(int(never.sum()), 40_000, 0.1)
    assert made.frame.loc[never, ["mql_at", "sql_at"]].isna().all(axis=None)
    assert made.frame.loc[never, "opportunity_at"].notna().mean() > 0.97  # few are skipped
    early = simulate_frame(2000, rng=2, direct=1.0, direct_stage="mql").frame
    assert early["created_at"].isna().all()
    assert early["mql_at"].notna().all()


def test_skipped_stages_leave_a_gap_before_a_reached_one():
    frame = simulate_frame(40_000, rng=2, direct=0, skipped=0.3, reopened=0).frame
    later = frame["sql_at"].notna()
    skipped = later & frame["mql_at"].isna()
    assert near(int(skipped.sum()), int(later.sum()), 0.3)
    assert frame.loc[skipped, "created_at"].notna().all()


def test_reopened_and_reversed_records():
    made = simulate_frame(40_000, rng=2, reopened=0.2, reversed_wins=0.1, skipped=0, direct=0)
    frame = made.frame
    lost, won = days(frame, "lost_at"), days(frame, "won_at")
    last = frame[DATES].max(axis=1).to_numpy("datetime64[D]")
    exit_ = frame[EXITS].min(axis=1).to_numpy("datetime64[D]")
    assert (exit_ < last).sum() > 300
    reversed_ = lost > won
    assert 0.04 < reversed_.sum() / (~np.isnat(won)).sum() <= 0.1
    assert len(made.returns) > 300
    log = made.to_events(returns=True)
    assert len(log) == len(made.to_events()) + len(made.returns)


# --- dirt: everything on record -------------------------------------------------------------


@pytest.fixture(scope="module")
def soiled():
    return simulate_frame(4000, rng=9, dirt=0.05)


def test_every_kind_of_dirt_is_there_and_counted(soiled):
    counted = soiled.truth.dirt["kind"].value_counts()
    assert set(counted.index) == set(KINDS)
    assert (counted == 20).all()
    assert soiled.truth.dirt["row"].is_unique
    assert len(soiled.frame) == 4000 + 40


def test_dirt_is_what_it_says(soiled):
    frame, dirt = soiled.frame, soiled.truth.dirt

    def rows(kind):
        return frame.loc[dirt.loc[dirt["kind"] == kind, "row"]]

    assert rows("blank_segment")["source"].isna().all()
    assert (rows("unknown_segment")["source"] == "unknown").all()
    assert rows("near_name")["source"].str.fullmatch(r"[a-z ]+ ").all()
    assert rows("white_space")["size"].str.fullmatch(r" .* ").all()
    assert rows("missing_id")["lead_id"].isna().all()
    assert (rows("zero_amount")["amount"] == 0).all()
    assert (rows("future_date")[DATES].max(axis=1) > pd.Timestamp(soiled.as_of)).all()
    assert (
        not rows("out_of_order")[DATES]
        .apply(lambda row: row.dropna().is_monotonic_increasing, axis=1)
        .any()
    )
    repeats = pd.concat([rows("repeated_row"), rows("repeated_id")])
    assert repeats["lead_id"].isin(frame["lead_id"].iloc[:4000]).all()
    # and no other row is touched
    clean = simulate_frame(4000, rng=9).frame
    untouched = np.setdiff1d(np.arange(4000), dirt["row"])
    pd.testing.assert_frame_equal(frame.loc[untouched], clean.loc[untouched])
    restored = dirt[(dirt["kind"] == "near_name")]
    assert (clean.loc[restored["row"], "source"].to_numpy() == restored["clean"].to_numpy()).all()


def test_dirt_by_kind():
    made = simulate_frame(1000, rng=1, dirt={"out_of_order": 0.03, "missing_id": 0.001})
    counted = made.truth.dirt["kind"].value_counts().to_dict()
    assert counted == {"out_of_order": 30, "missing_id": 1}


# --- exports ----------------------------------------------------------------------------------


def test_same_seed_same_export_and_no_other():
    first, second = simulate_frame(500, rng=4, dirt=0.1), simulate_frame(500, rng=4, dirt=0.1)
    pd.testing.assert_frame_equal(first.frame, second.frame)
    pd.testing.assert_frame_equal(first.costs, second.costs)
    given = np.random.default_rng(4)
    drawn = simulate_frame(500, rng=given, dirt=0.1)
    pd.testing.assert_frame_equal(drawn.frame, first.frame)
    assert not simulate_frame(500, rng=given, dirt=0.1).frame.equals(first.frame)
    assert not simulate_frame(500, rng=5, dirt=0.1).frame.equals(first.frame)


def test_csv_holds_iso_dates_or_times(tmp_path):
    paths = simulate_frame(50, rng=1).to_csv(tmp_path)
    assert {name: path.name for name, path in paths.items()} == {
        "leads": "leads.csv",
        "costs": "costs.csv",
    }
    text = pd.read_csv(paths["leads"], dtype=str)
    assert text["created_at"].dropna().str.fullmatch(r"2025-\d\d-\d\d|2026-\d\d-\d\d").all()
    clocked = simulate_frame(50, rng=1, times="clock").to_csv(tmp_path)
    text = pd.read_csv(clocked["leads"], dtype=str)
    assert text["created_at"].dropna().str.fullmatch(r"202\d-\d\d-\d\d \d\d:\d\d:\d\d").all()


def test_times_cut_to_dates_are_the_dates():
    dates = simulate_frame(3000, rng=1).frame
    clocked = simulate_frame(3000, rng=1, times="clock").frame
    for column in DATES + EXITS:
        pd.testing.assert_series_equal(clocked[column].dt.normalize(), dates[column])


def test_parquet_is_the_frame(tmp_path):
    made = simulate_frame(300, rng=1)
    paths = made.to_parquet(tmp_path)
    pd.testing.assert_frame_equal(pd.read_parquet(paths["leads"]), made.frame, check_dtype=False)


def test_events_are_the_dates_of_the_frame():
    made = simulate_frame(300, rng=1)
    log = made.to_events()
    assert len(log) == made.frame[DATES + EXITS].notna().sum().sum()
    assert log["time"].is_monotonic_increasing
    assert set(log["stage"]) == {*made.funnel.stages, *made.funnel.exits}
    assert made.event_funnel().log_names_of("lead") == ("lead",)


def test_leads_and_deals_in_two_files(tmp_path):
    made = simulate_frame(2000, rng=1, direct=0.1)
    paths = made.to_csv(tmp_path, deals_from="opportunity")
    leads, deals = (pd.read_csv(paths[name], dtype=str) for name in ("leads", "deals"))
    frame = made.frame
    assert set(deals["lead_id"]) == set(
        frame.loc[frame["opportunity_at"].notna() | frame["won_at"].notna(), "lead_id"]
    )
    assert set(leads["lead_id"]) == set(frame.loc[frame[DATES[:3]].notna().any(axis=1), "lead_id"])
    assert not set(DATES[3:]) & set(leads.columns)


def test_a_current_stage_export_with_planned_close_dates():
    funnel = Funnel(
        ["opportunity", "won"],
        exits=["lost"],
        id="deal",
        columns={"opportunity": "created"},
        status="stage",
        status_date="close_date",
        status_values={"won": "Closed Won", "lost": "Closed Lost", "opportunity": "Open"},
        personal=["email"],
    )
    made = simulate_frame(2000, rng=1, funnel=funnel, **PLAIN)
    frame = made.frame
    assert list(frame) == ["deal", "email", "created", "stage", "close_date"]
    assert set(frame["stage"]) == {"Open", "Closed Won", "Closed Lost"}
    planned = frame["close_date"] > pd.Timestamp(made.as_of)
    assert (planned == (frame["stage"] == "Open")).all()
    assert frame["email"].str.startswith("private-").all()


def test_any_funnel_has_defaults():
    stages = [f"s{k}" for k in range(8)]
    made = simulate_frame(500, rng=1, funnel=Funnel(stages, id="key", segments=["team"]))
    assert len(made.truth.rates) == 7
    assert list(made.truth.levels["team"]) == ["A", "B", "C"]
    assert "owner" not in made.frame
    bare = simulate_frame(500, rng=1, funnel=Funnel(["in", "out"], id="key"))
    assert bare.costs.empty
    assert bare.truth.rate("in", "out") == pytest.approx(0.28)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n": 0}, "`n` must be a whole number of at least 1; got 0."),
        ({"months": 1.5}, "`months` must be a whole number of at least 1; got 1.5."),
        ({"direct": 2}, "`direct` must lie from 0 to 1; got 2."),
        ({"rates": [0.5]}, "`rates` needs 4 numbers, one for each stage but the last; got [0.5]."),
        ({"rates": [0.5, 0.5, 0.5, 50]}, "`rates` must lie between 0 and 1"),
        ({"exits": {"lots": [0, 0, 0, 0]}}, "unknown exit `lots`; known: `lost`, `disqualified`."),
        ({"exits": {"lost": [0.5, 0.5, 0.5, 1.5]}}, "`exits` must be shares"),
        ({"lags": [Lag("weibull", 1, 1)]}, "`lags` needs 4 lags"),
        ({"levels": {"sorce": {}}}, "unknown segment `sorce`"),
        ({"direct_stage": "lead"}, "`direct_stage` must be one of"),
        ({"drift": {"won": 0.1}}, "unknown stage `won`"),
        ({"dirt": {"mud": 0.1}}, "unknown kind of dirt `mud`"),
        ({"dirt": 3}, "`dirt` must be a share from 0 to 1"),
        ({"times": "hours"}, "`times` must be one of"),
        ({"start": "2025-13-01"}, "`start` must be a calendar day"),
    ],
)
def test_what_cannot_be_simulated(given, message):
    with pytest.raises(ArgumentError) as error:
        simulate_frame(**{"n": 10, **given})
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("start", "target", "options", "message"),
    [
        ("won", "lead", {}, "`target` must lie behind `won`"),
        ("lead", "wun", {}, "unknown stage or exit `wun`"),
        ("lead", "won", {"segment": {"source": "Telex"}}, "unknown source `Telex`"),
        ("lead", "won", {"segment": {"colour": "red"}}, "unknown segment `colour`"),
        ("lead", "won", {"cohort": "2024-01"}, "unknown month `2024-01`"),
    ],
)
def test_what_the_truth_does_not_know(start, target, options, message):
    with pytest.raises(ArgumentError) as error:
        simulate_frame(10).truth.rate(start, target, **options)
    assert message in str(error.value)


def test_make_leads_attaches_the_truth():
    leads = make_leads(400, rng=1)
    assert len(leads) == 400
    assert leads.as_of == dt.date(2026, 6, 30)
    assert leads.truth.rate("lead", "won") == pytest.approx(0.03, abs=0.01)
    assert leads.funnel == simulated_funnel()
    with pytest.raises(dataclasses.FrozenInstanceError):
        leads.truth.direct = 1.0
