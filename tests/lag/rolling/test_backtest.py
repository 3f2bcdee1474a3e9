"""Back-tests on simulated leads with known truth, and on Olist beside its own figures."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.data.simulate import simulate_frame
from funnelkit.lag import backtest
from funnelkit.lag.rolling.leaks import leaks_of
from tests.olist_figures import MONTHS


def product_limit(counts, horizon):
    return fk.lag.fit_competing(counts, horizon=horizon)


def without_exits(counts, horizon):
    return fk.lag.fit_kaplan_meier(counts)


@pytest.fixture(scope="module")
def exported():
    funnel = fk.Funnel(
        ["lead", "mql"],
        exits=["lost"],
        id="lead_id",
        columns={"lead": "created_at", "mql": "mql_at", "lost": "lost_at"},
        segments=["source"],
    )
    return simulate_frame(
        6000, rng=3, funnel=funnel, months=14, leads_per_account=1.0, reopened=0.05, direct=0.0
    )


@pytest.fixture(scope="module")
def leads(exported):
    return fk.from_frame(exported.frame, exported.funnel, as_of=exported.as_of)


@pytest.fixture(scope="module")
def found(leads):
    return backtest(leads, "lead", "mql", horizon=60, dates=5)


def as_known_on(exported, day):
    """The export as it would have been written on that day: later dates are blank."""
    frame = exported.frame.copy()
    columns = [exported.funnel.column_of(step) for step in exported.funnel.steps]
    for name in columns:
        when = pd.to_datetime(frame[name])
        frame[name] = frame[name].where(when <= pd.Timestamp(day))
    return frame[frame[columns].notna().any(axis=1)]


class TestSimulated:
    def test_dates_are_ends_of_months_after_which_all_was_followed(self, found):
        assert found.as_of == dt.date(2026, 2, 28)
        days = sorted(set(found.dates))
        assert days[-1] == dt.date(2025, 11, 30)
        assert all((day + dt.timedelta(days=1)).day == 1 for day in days)
        assert days[-1] <= found.as_of - dt.timedelta(days=60)
        assert len(days) == 5

    def test_what_came_is_what_the_frame_says(self, found, exported):
        """Counted by hand from the export: same month of entry, mql within 60 days."""
        frame = exported.frame.dropna(subset=["created_at"])
        entry = pd.to_datetime(frame["created_at"])
        reached = pd.to_datetime(frame["mql_at"])
        within = (reached - entry).dt.days <= 60
        month = entry.dt.to_period("M")
        table = found.to_frame().drop_duplicates("cohort").set_index("cohort")
        for label, row in table.iterrows():
            chosen = month == label
            assert row["entered"] == chosen.sum()
            assert row["actual"] == pytest.approx(within[chosen].mean())

    def test_adjusted_beats_naive(self, found):
        scores = found.scores().set_index("method")
        assert scores.index[0] == "adjusted"
        assert scores.loc["adjusted", "mae_points"] < scores.loc["raw", "mae_points"] / 3
        assert scores.loc["adjusted", "skill"] > 0.6
        assert scores.loc["raw", "skill"] == 0
        assert scores.loc["adjusted", "log_score"] > scores.loc["raw", "log_score"]
        assert scores.loc["raw", "bias_points"] < -5
        assert abs(scores.loc["adjusted", "bias_points"]) < 2

    def test_intervals_hold_what_came_about_as_often_as_they_say(self, leads):
        """16 forecasts; those of one cohort on two dates go together."""
        dates = [f"2025-{month:02d}-28" for month in (5, 7, 9, 11)]
        found = backtest(
            leads,
            "lead",
            "mql",
            cohort="week",
            horizon=30,
            dates=dates,
            confidence_level=0.8,
            methods=["adjusted"],
        )
        held = found.scores().set_index("method").loc["adjusted"]
        assert held["n"] >= 15
        assert 0.6 <= held["coverage"] <= 0.95

    def test_frame(self, found):
        frame = found.to_frame()
        assert set(frame["method"]) == set(found.methods)
        assert len(frame) == found.n * len(found.methods)
        numbers = frame.select_dtypes("number")
        assert np.isfinite(numbers.to_numpy()).all()
        shares = frame[["maturity", "predicted", "low", "high", "actual"]]
        assert ((shares >= 0) & (shares <= 1)).all().all()
        mine = frame[frame["method"] == "adjusted"]
        assert (mine["low"] >= mine["converted"] / mine["entered"] - 1e-12).all()
        error = 100 * (frame["predicted"] - frame["actual"])
        np.testing.assert_allclose(frame["error_points"], error)
        inside = (frame["low"] <= frame["actual"]) & (frame["actual"] <= frame["high"])
        assert frame["covered"].tolist() == inside.tolist()

    def test_the_same_call_gives_the_same(self, leads, found):
        again = backtest(leads, "lead", "mql", horizon=60, dates=["2025-08-31"])
        pd.testing.assert_frame_equal(again.to_frame(), found.on("2025-08-31").to_frame())

    def test_the_sentence(self, found):
        assert found.summary().startswith(
            "Three to seven months ago this method would have been off"
        )
        figures = found.scores().set_index("method")["mae_points"]
        assert f"off by {figures['adjusted']:.1f} points on average" in found.summary()
        assert f"the raw rate by {figures['raw']:.1f} ({found.n} cohort forecasts" in (
            found.summary()
        )
        assert "on 5 dates" in found.summary()

    def test_one_date(self, found):
        then = found.ago(6)
        assert set(then.dates) == {dt.date(2025, 8, 31)}
        assert then.summary().startswith("Six months ago")
        assert "on 31 August 2025" in then.summary()
        whole = found.to_frame()
        pd.testing.assert_frame_equal(
            then.to_frame(), whole[whole["date"] == "2025-08-31"].reset_index(drop=True)
        )
        assert found.on("2025-08-31").n == then.n
        with pytest.raises(fk.FunnelError, match=r"`date` must be one of 2025-07-31"):
            found.on("2025-08-30")
        with pytest.raises(fk.FunnelError, match=r"`months` must be a number above 0; got 0"):
            found.ago(0)

    def test_what_was_said_of_the_youngest_cohort(self, found):
        text = found.said(6)
        row = found.ago(6).to_frame()
        row = row[(row["cohort"] == "2025-08") & (row["method"] == "adjusted")].iloc[0]
        assert text.startswith("On 31 August 2025 this method expected")
        assert f"{100 * row['predicted']:.1f}\u202f%" in text
        assert f"of the {row['entered']} leads of August 2025 to reach mql within 60 days" in text
        assert f"{100 * row['actual']:.1f}\u202f% did" in text
        assert found.said() == found.said(3)

    def test_what_leaks_is_named(self, leads, found):
        assert len(found.leaks) == 1
        assert "deleted or merged" in found.leaks[0]
        split = backtest(leads, "lead", "mql", by="source", horizon=60, dates=1)
        assert any(text.startswith("`source` is as exported") for text in split.leaks)
        assert "dates rewound, `source` as exported" in split.summary()
        assert {"source", "cohort"} <= set(split.to_frame().columns)

    def test_rewinding_is_reading_the_export_of_that_day(self, exported, leads):
        day = "2025-09-17"
        then = fk.from_frame(as_known_on(exported, day), exported.funnel, as_of=day)
        mine = fk.triangle(leads, "lead", "mql", as_of=day)
        pd.testing.assert_frame_equal(mine.to_frame(), fk.triangle(then, "lead", "mql").to_frame())

    def test_a_forecast_knows_nothing_of_what_came_later(self, exported, leads):
        """The same forecasts from an export without anything after the date plus its horizon."""
        day = "2025-09-30"
        whole = backtest(leads, "lead", "mql", horizon=60, dates=[day])
        cut = fk.from_frame(
            as_known_on(exported, "2025-11-29"), exported.funnel, as_of="2025-11-29"
        )
        short = backtest(cut, "lead", "mql", horizon=60, dates=[day])
        pd.testing.assert_frame_equal(short.to_frame(), whole.to_frame())

    def test_what_is_not_yet_known_is_left_out_and_counted(self, leads):
        late = backtest(leads, "lead", "mql", horizon=60, dates=["2026-01-15"])
        assert late.n == 1  # November; December's leads lack days, and January is still filling
        assert late.left_out["not all leads followed to the horizon by now"] == 1
        assert late.left_out["cohort still filling on the date"] == 1

    def test_small_cohorts_are_left_out(self, leads):
        with pytest.raises(fk.FunnelError, match="at least 90,000 leads in all"):
            backtest(leads, "lead", "mql", horizon=60, dates=["2025-09-30"], least=90_000)


def test_leaks_of_all_kinds():
    funnel = fk.Funnel(
        ["lead", "won"],
        id="id",
        columns={"lead": "created", "won": None},
        status="stage",
        status_date="since",
        value="amount",
        owner="rep",
        account="company",
        segments=["source", "region"],
    )
    told = leaks_of(funnel, by=("source", "region", "entered_at"), changed=2)
    assert told[0].startswith("`source` and `region` are as exported: a lead stands")
    assert told[1] == "`company` is as exported; it decides how wide intervals are, and no rate."
    assert told[2].startswith("`won` has no column of dates")
    assert "deleted or merged" in told[3]
    assert told[4].startswith("2 leads stand in another cohort")
    assert told[5] == "`amount` and `rep` are as exported too, but not used here."


class TestMethods:
    def test_names_and_functions(self, leads):
        found = backtest(
            leads,
            "lead",
            "mql",
            horizon=60,
            dates=1,
            methods={
                "usual": "adjusted",
                "mine": product_limit,
            },
        )
        assert found.methods == ("usual", "mine", "raw")
        frame = found.to_frame().set_index("method")
        columns = ["predicted", "low", "high", "crps"]
        np.testing.assert_array_equal(frame.loc["usual", columns], frame.loc["mine", columns])

    def test_a_fit_with_a_tail_is_read_within_the_horizon(self, olist):
        found = backtest(
            olist,
            "mql",
            "won",
            horizon=90,
            dates=["2018-05-31"],
            methods=("weibull", "adjusted"),
        )
        frame = found.to_frame().set_index(["cohort", "method"])
        gap = frame["predicted"].unstack()
        assert (gap["weibull"] - gap["adjusted"]).abs().max() < 0.02
        assert (gap["weibull"] > gap["raw"]).all()

    def test_a_family_where_leads_leave(self, leads):
        found = backtest(
            leads, "lead", "mql", horizon=60, dates=["2025-11-30"], methods=["weibull"]
        )
        errors = found.scores().set_index("method")["mae_points"]
        assert errors["weibull"] < errors["raw"] / 2

    def test_the_raw_rate_and_the_mature_average_are_what_they_say(self, olist):
        found = backtest(olist, "mql", "won", horizon=90, dates=["2018-05-31"])
        frame = found.to_frame().set_index(["method", "cohort"])
        raw = frame.loc["raw"]
        np.testing.assert_allclose(raw["predicted"], raw["converted"] / raw["entered"])
        full = [MONTHS[month] for month in MONTHS if month <= "2018-02"]
        share = sum(row[4] for row in full) / sum(row[0] for row in full)
        np.testing.assert_allclose(frame.loc["mature", "predicted"], share)

    @pytest.mark.parametrize(
        ("methods", "message"),
        [
            ("weibul", "unknown method `weibul`.*Did you mean `weibull`"),
            (["raw", "mature"], "needs at least one that fits timing"),
            (["adjusted", "adjusted"], "has `adjusted` twice"),
            ({"mine": 3}, "must be names or functions"),
        ],
    )
    def test_what_cannot_be_a_method(self, leads, methods, message):
        with pytest.raises(fk.FunnelError, match=message):
            backtest(leads, "lead", "mql", methods=methods)

    def test_a_method_that_can_say_nothing(self, leads):
        """A fit without exits refuses leads that left, on each date."""
        with pytest.raises(fk.FunnelError, match=r"`bare` gave no forecast on any date.*left"):
            backtest(leads, "lead", "mql", horizon=60, dates=1, methods={"bare": without_exits})
        found = backtest(
            leads,
            "lead",
            "mql",
            horizon=60,
            dates=1,
            methods={
                "adjusted": "adjusted",
                "bare": without_exits,
            },
        )
        assert found.left_out["no forecast by `bare`"] == found.n
        assert found.scores()["method"].tolist() == ["adjusted", "raw"]


class TestTooLittle:
    def test_history(self, leads):
        with pytest.raises(fk.FunnelError, match=r"at least 800 days.*there are 4\d\d days"):
            backtest(leads, "lead", "mql", horizon=400)
        with pytest.raises(fk.FunnelError, match="such as 1 day, or come back"):
            backtest(leads.at("2025-01-04"), "lead", "mql")
        young = leads.at("2025-01-02")
        with pytest.raises(fk.FunnelError, match="Come back when more has been seen"):
            backtest(young, "lead", "mql")

    def test_no_month_ends_between(self, leads):
        short = leads.at("2025-03-20")
        with pytest.raises(fk.FunnelError, match="one end of a month between them"):
            backtest(short, "lead", "mql", horizon=38)

    def test_dates(self, leads):
        for dates in ([], ["2026-02-28"]):
            with pytest.raises(fk.FunnelError, match="`dates` must be days before `as_of`"):
                backtest(leads, "lead", "mql", dates=dates)
        with pytest.raises(fk.FunnelError, match="1 nobody had entered by the date"):
            backtest(leads, "lead", "mql", horizon=60, dates=["2024-05-31"])

    def test_levels_and_units(self, leads):
        with pytest.raises(fk.FunnelError, match=r"Did you mean 0\.9"):
            backtest(leads, "lead", "mql", confidence_level=90)
        with pytest.raises(fk.FunnelError, match="`every` must be one of"):
            backtest(leads, "lead", "mql", every="fortnight")


@pytest.fixture(scope="module")
def read(shared_data):
    funnel = fk.Funnel(
        ["mql", "won"],
        id="mql_id",
        columns={"mql": "first_contact_date", "won": "won_date"},
        segments=["origin"],
        out_of_order="drop",
    )
    folder = shared_data / "olist"

    def olist(recorded_from=None):
        return fk.read_csv(
            folder / "olist_marketing_qualified_leads_dataset.csv",
            funnel,
            join=[folder / "olist_closed_deals_dataset.csv"],
            as_of="2018-11-14",
            recorded_from=recorded_from,
        )

    return olist


@pytest.fixture(scope="module")
def olist(read):
    return read()


class TestOlist:
    """Standing on 2018-05-31: the five cohorts of 2018 (../shared/data/README.md)."""

    @pytest.mark.parametrize("recorded_from", [None, "2017-12-05"])
    def test_of_may_31(self, read, recorded_from):
        found = backtest(read(recorded_from), "mql", "won", horizon=150, dates=["2018-05-31"])
        frame = found.to_frame().set_index(["method", "cohort"])
        mine = frame.loc["adjusted"]
        assert mine.index.tolist() == [f"2018-0{month}" for month in range(1, 6)]
        # One of March's leads has a win before its entry: it is set aside.
        assert mine["entered"].tolist() == [1141, 1028, 1173, 1352, 1303]
        assert mine["converted"].tolist() == [137, 131, 139, 154, 70]
        # 12.189 % of the 5,997 within 150 days.
        came = (mine["actual"] * mine["entered"]).sum()
        assert came / 5997 == pytest.approx(0.12189, abs=5.1e-6)
        raw = frame.loc["raw"]
        assert mine["error_points"].abs().mean() < raw["error_points"].abs().mean() / 4
        assert mine["covered"].sum() >= 4
        assert not raw.loc["2018-05", "covered"]
        may = mine.loc["2018-05"]
        assert may["predicted"] == pytest.approx(0.1005, abs=0.003)
        assert may["low"] <= may["actual"] <= may["high"]
        assert found.summary().startswith("Five months ago this method would have been off by 0.3")
        assert "the raw rate by 1.6 (5 cohort forecasts on 31 May 2018 of 5,997 leads" in (
            found.summary()
        )

    def test_within_90_days_what_came_is_in_the_table(self, olist):
        found = backtest(olist, "mql", "won", horizon=90, dates=["2018-05-31"])
        mine = found.to_frame().query("method == 'adjusted'").set_index("cohort")
        for month in ("2018-04", "2018-05"):
            entered, _, _, _, within = MONTHS[month]
            assert mine.loc[month, "entered"] == entered
            assert mine.loc[month, "actual"] == pytest.approx(within / entered)

    def test_on_its_own_dates(self, olist):
        found = backtest(olist, "mql", "won")
        assert found.horizon == 150
        assert len(set(found.dates)) == 6
        scores = found.scores().set_index("method")
        assert scores.loc["adjusted", "mae_points"] < scores.loc["raw", "mae_points"] / 2
        assert scores.loc["adjusted", "skill"] > 0.5


def test_cohorts_that_had_come_far_are_told_apart():
    found = backtest(fk.make_leads(4000, rng=1), "lead", "mql", horizon=60, dates=3)
    middle = float(np.median(found.maturity))
    part = found.from_maturity(middle)
    assert part.maturity.min() >= middle
    assert len(part.dates) == (found.maturity >= middle).sum()
    frame = found.to_frame()
    whole = frame[frame["maturity"] >= middle].reset_index(drop=True)
    assert part.to_frame().equals(whole)
    with pytest.raises(fk.FunnelError, match="`maturity` must be between 0 and 1; got 2"):
        found.from_maturity(2)
