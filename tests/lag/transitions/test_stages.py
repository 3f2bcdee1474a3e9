"""Stages one by one: against a case computed by hand, and against the truth of simulated leads."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import EvidenceError
from funnelkit.data.simulate import Lag
from funnelkit.lag.transitions.spells import one_after_the_other
from funnelkit.lag.transitions.stage_fits import fit_stages


def by_hand(**more):
    """Ten leads of one day, all followed for 20 days.

    lead -> sql on days 1, 1, 2, 4; two lost at day 3; four still there.
    sql (four) -> won on days 5, 9; one lost at day 2; one still there.
    """
    day = [(dt.date(2026, 1, 1) + dt.timedelta(days=k)).isoformat() for k in range(30)]
    export = pd.DataFrame(
        {
            "id": list("abcdefghij"),
            "source": ["x", "x", "y", "y", "x", "y", "x", "x", "y", "y"],
            "lead": [day[0]] * 10,
            "sql": [day[1], day[1], day[2], day[4]] + [None] * 6,
            "won": [day[6], day[10]] + [None] * 8,
            "lost": [None, None, day[4], None, day[3], day[3]] + [None] * 4,
        }
    )
    funnel = fk.Funnel(["lead", "sql", "won"], exits=["lost"], id="id", segments=["source"])
    return fit_stages(fk.from_frame(export, funnel, as_of="2026-01-21"), **more)


class TestByHand:
    def test_table(self):
        stages = by_hand(horizon=10)
        frame = stages.to_frame()
        assert frame["start"].tolist() == ["lead", "sql"]
        assert frame["target"].tolist() == ["sql", "won"]
        assert frame["entered"].tolist() == [10, 4]
        assert frame["moved_on"].tolist() == [4, 2]
        assert frame["left"].tolist() == [2, 1]
        assert frame["open"].tolist() == [4, 1]
        np.testing.assert_allclose(frame["rate"], [0.4, 0.5])
        assert frame["quartile_1_days"].tolist() == [1, 5]
        assert frame["median_days"].tolist() == [1, 5]
        assert frame["quartile_3_days"].tolist() == [2, 9]
        # days at lead, none above 10: 1 + 1 + 2 + 4 + 3 + 3 + 4 x 10; at sql: 5 + 9 + 2 + 10
        np.testing.assert_allclose(frame["waiting_days"], [54 / 10, 26 / 4])
        assert (frame["rate_low"] < frame["rate"]).all()
        assert (frame["rate"] < frame["rate_high"]).all()
        assert (frame["waiting_low_days"] <= frame["waiting_days"]).all()
        assert (frame["waiting_days"] <= frame["waiting_high_days"]).all()
        assert (frame["waiting_high_days"] <= 10).all()

    def test_the_longest_wait(self):
        stages = by_hand(horizon=10)
        assert stages.longest == "sql"
        assert stages.waiting_days == pytest.approx({"lead": 5.4, "sql": 6.5})
        text = stages.summary()
        assert "wait longest at sql: half of those who move on do so by day 5" in text
        assert "4 leads spend 6 of the first 10 days there on average; 1 lead is there now" in text

    def test_end_to_end(self):
        """Both won leads came by day 10; within 16 days, stage by stage, .4 x .5."""
        row = by_hand().end_to_end().iloc[0]
        assert (row["start"], row["target"], row["entered"]) == ("lead", "won", 10)
        assert row["within_days"] == 20 - 4
        assert row["direct_rate"] == pytest.approx(0.2)
        assert row["stages_rate"] == pytest.approx(0.2)
        assert row["difference"] == pytest.approx(0, abs=1e-12)
        assert row["direct_low"] < 0.2 < row["direct_high"]

    def test_by_segment(self):
        stages = by_hand(by="source", horizon=10)
        frame = stages.to_frame()
        assert frame["source"].tolist() == ["x", "y", "x", "y"]
        assert frame["entered"].tolist() == [5, 5, 2, 2]
        np.testing.assert_allclose(frame["waiting_days"], [25 / 5, 29 / 5, 14 / 2, 12 / 2])
        assert stages.longest == "sql"
        assert stages.waiting_days == by_hand(horizon=10).waiting_days
        assert stages.end_to_end()["source"].tolist() == ["x", "y"]
        assert stages.summary() == by_hand(horizon=10).summary()

    def test_between(self):
        stages = by_hand()
        assert stages.between("lead", "won").ultimate[0, 0] == pytest.approx(0.2)
        assert set(stages.fits) == {("lead", "sql"), ("lead", "won"), ("sql", "won")}
        with pytest.raises(fk.FunnelError, match=r"unknown stage `sq`.*Did you mean `sql`"):
            stages.between("lead", "sq")
        with pytest.raises(fk.FunnelError, match="`target` must come after `start`"):
            stages.between("won", "lead")

    def test_too_long_a_horizon(self):
        with pytest.raises(fk.FunnelError, match=r"at most 16 days.*`sql` is followed; got 17"):
            by_hand(horizon=17)
        with pytest.raises(fk.FunnelError, match="`horizon` must be a whole number"):
            by_hand(horizon=0)


class TestWithoutFits:
    def test_a_stage_that_nobody_entered(self):
        export = pd.DataFrame(
            {"id": ["a", "b"], "lead": ["2026-01-01", "2026-01-02"], "sql": [None, None]}
        ).assign(won=None)
        funnel = fk.Funnel(["lead", "sql", "won"], id="id")
        stages = fit_stages(fk.from_frame(export, funnel, as_of="2026-01-09"))
        assert stages.steps == (("lead", "sql"),)
        frame = stages.to_frame()
        assert frame["rate"].tolist() == [0]
        assert frame["median_days"].isna().all()
        assert frame["verdict"].tolist() == ["bound only"]
        assert "nobody has moved on yet" in stages.summary()
        assert "There is no fit of sql to won" in stages.summary()
        assert stages.end_to_end().empty
        with pytest.raises(EvidenceError, match=r"`sql` -> `won`: no record entered `sql`"):
            stages.between("sql", "won")

    def test_nothing_at_all(self):
        export = pd.DataFrame({"id": ["a"], "lead": [None], "won": ["2026-01-01"]})
        funnel = fk.Funnel(["lead", "won"], id="id")
        leads = fk.from_frame(export, funnel, as_of="2026-01-09")
        with pytest.raises(EvidenceError, match="no transition can be fitted"):
            fit_stages(leads)


def simulated(**more):
    """20,000 leads over a year, with the truth."""
    funnel = fk.Funnel(["lead", "sql", "won"], exits=["lost"], id="lead_id")
    settings = {
        "rates": [0.4, 0.3],
        "exits": {"lost": [0.5, 0.8]},
        "lags": [Lag("weibull", 10, 0.9), Lag("lognormal", 30, 0.7)],
        "exit_lags": {"lost": [Lag("weibull", 20, 1.0), Lag("weibull", 25, 1.2)]},
        "direct": 0.0,
        "skipped": 0.0,
        "reopened": 0.0,
        "leads_per_account": 1.0,
        "account_correlation": 0.0,
    }
    return fk.make_leads(20_000, rng=3, funnel=funnel, months=12, **(settings | more))


@pytest.fixture(scope="module")
def leads():
    return simulated()


class TestSimulated:
    def test_rates_and_days(self, leads):
        truth = leads.truth
        frame = fit_stages(leads, horizon=60).to_frame(confidence_level=0.999)
        for row in frame.itertuples():
            by_age = truth.rate_by_age(row.start, row.target, np.arange(row.within_days + 1))
            assert row.rate_low <= by_age[-1] <= row.rate_high
            for share, days in ((0.25, row.quartile_1_days), (0.75, row.quartile_3_days)):
                assert abs(np.argmax(by_age >= share * by_age[-1]) - days) <= 1
            assert abs(np.argmax(by_age >= 0.5 * by_age[-1]) - row.median_days) <= 1
            # the share still there: by hand, since the truth's rate of an exit is that of a lead
            # at this stage or any later one
            k = leads.funnel.stages.index(row.start)
            left = (1 - truth.rates[k]) * truth.exits["lost"][k]
            nodes = (np.polynomial.legendre.leggauss(20)[0] + 1) / 2
            weights = np.polynomial.legendre.leggauss(20)[1] / 2
            lost = truth.exit_lags["lost"][k].happened_by(np.arange(60)[:, None] + nodes) @ weights
            waiting = (1 - by_age[:60] - left * lost).sum()
            assert row.waiting_low_days <= waiting <= row.waiting_high_days

    def test_stage_by_stage(self, leads):
        """One stage says nothing about the next here, so that both ways come to the same."""
        row = fit_stages(leads).end_to_end(confidence_level=0.999).iloc[0]
        truth = leads.truth.rate_by_age("lead", "won", row["within_days"])
        assert row["direct_low"] <= truth <= row["direct_high"]
        assert row["stages_rate"] == pytest.approx(row["direct_rate"], rel=0.02)
        assert row["difference"] == pytest.approx(row["stages_rate"] - row["direct_rate"])

    def test_stages_that_were_skipped(self):
        """Of those who pass sql three in ten are filled in: p (1 - s) / (1 - p s) of the others
        move on, which is why the direct rate is the headline."""
        leads = simulated(skipped=0.3)
        stages = fit_stages(leads)
        p = leads.truth.rates[1]
        fit = stages.between("sql", "won")
        low, high = fit.confidence_interval(confidence_level=0.999)
        assert low[0, 0] <= p * 0.7 / (1 - p * 0.3) <= high[0, 0]
        row = stages.end_to_end(confidence_level=0.999).iloc[0]
        truth = leads.truth.rate_by_age("lead", "won", row["within_days"])
        assert row["direct_low"] <= truth <= row["direct_high"]
        assert row["difference"] < -0.01

    def test_with_a_family_where_leads_leave(self, leads):
        """Eventual shares: .4, then .3 of those, so .12 in all."""
        stages = fit_stages(leads, family="weibull", horizon=60)
        frame = stages.to_frame(confidence_level=0.999)
        assert frame["within_days"].isna().all()
        first = frame.iloc[0]
        assert first["rate_low"] <= 0.4 <= first["rate_high"]
        assert frame["rate"].to_numpy() == pytest.approx([0.4, 0.3], abs=0.03)
        row = stages.end_to_end().iloc[0]
        product = np.prod([stages.between(*pair).ultimate[0, 0] for pair in stages.steps])
        assert row["stages_rate"] == pytest.approx(product)
        bare = fit_stages(leads, horizon=60).to_frame()
        np.testing.assert_allclose(frame["waiting_days"], bare["waiting_days"], rtol=0.05)

    def test_with_a_family(self):
        """Without exits a fit with a tail: what comes in the end, and a median beyond follow-up."""
        leads = simulated(exits={"lost": [0.0, 0.0]}, exit_lags=None)
        stages = fit_stages(leads, family="weibull", horizon=60)
        frame = stages.to_frame()
        assert frame["within_days"].isna().all()
        first = frame.iloc[0]
        assert first["rate_low"] <= 0.4 <= first["rate_high"]
        by_age = leads.truth.rate_by_age("lead", "sql", np.arange(400)) / 0.4
        assert abs(np.argmax(by_age >= 0.5) - first["median_days"]) <= 1
        row = stages.end_to_end().iloc[0]
        assert row["within_days"] is None
        product = np.prod([stages.between(*pair).ultimate[0, 0] for pair in stages.steps])
        assert row["stages_rate"] == pytest.approx(product)


def test_one_after_the_other_is_a_sum_of_days():
    """Against draws of both waits."""
    rng = np.random.default_rng(5)
    first, second = rng.geometric(0.2, 200_000), rng.poisson(4, 200_000)
    days = np.arange(30)
    curves = [0.5 * (wait[:, None] <= days).mean(axis=0) for wait in (first, second)]
    found = one_after_the_other(curves)
    np.testing.assert_allclose(
        found, 0.25 * ((first + second)[:, None] <= days).mean(axis=0), atol=2e-3
    )
