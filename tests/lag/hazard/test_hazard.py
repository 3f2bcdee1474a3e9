"""The hazard model against product-limit curves, statsmodels on one row per lead and day, truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.families.links import CLogLog, Logit
from statsmodels.genmod.generalized_linear_model import GLM

from funnelkit import lag
from funnelkit._core.errors import ArgumentError, EvidenceError
from tests.reference.leads import Lead, triangle


def drawn(rng, n, hazards, *, cohorts=1, names=("won",), segments=("all",)):
    """Leads whose daily hazards are ``hazards[cohort][outcome]``, followed for 8 to 19 days."""
    leads = []
    for _ in range(n):
        cohort, segment = int(rng.integers(cohorts)), str(rng.choice(segments))
        followed, lead = int(rng.integers(8, 20)), None
        for day in range(followed + 1):
            chance = rng.random()
            for name, hazard in zip(names, hazards[cohort], strict=True):
                if chance < hazard:
                    lead = Lead(followed, name, day, cohort=cohort, segment=segment)
                    break
                chance -= hazard
            if lead:
                break
        leads.append(lead or Lead(followed, cohort=cohort, segment=segment))
    return leads


def person_days(leads, starts, *, cohorts, segments, outcome):
    """One row per lead and day at risk: whether the outcome came, and the design."""
    came, design = [], []
    for lead in leads:
        for day in range(lead.late, lead.time + 1):
            came.append(float(lead.outcome == outcome and day == lead.time))
            row = np.zeros(len(starts) + len(segments) - 1 + cohorts - 1)
            row[np.searchsorted(starts, day, side="right") - 1] = 1
            if (position := segments.index(lead.segment)) > 0:
                row[len(starts) + position - 1] = 1
            if lead.cohort:
                row[len(starts) + len(segments) - 1 + lead.cohort - 1] = 1
            design.append(row)
    return np.array(came), np.array(design)


class TestOracles:
    def test_saturated_in_age_it_is_kaplan_meier(self):
        leads = drawn(np.random.default_rng(1), 400, [[0.03]])
        counts = triangle(leads, exits=())
        fit = lag.fit_hazard(counts, ages="day", cohorts=False)
        plain = lag.fit_kaplan_meier(counts)
        days = np.arange(fit.horizon + 1)
        np.testing.assert_allclose(fit.rate_at(days), plain.rate_at(days), atol=1e-9)
        for ours, theirs in zip(
            fit.confidence_interval(days), plain.confidence_interval(days), strict=True
        ):
            np.testing.assert_allclose(ours, theirs, atol=1e-7)

    def test_saturated_in_age_with_exits_it_is_aalen_johansen(self):
        leads = drawn(np.random.default_rng(2), 500, [[0.03, 0.05]], names=("won", "lost"))
        leads += [Lead(15, "won", 9, late=6), Lead(15, late=3)] * 5
        counts = triangle(leads)
        fit = lag.fit_hazard(counts, ages="day", cohorts=False)
        plain = lag.fit_competing(counts)
        days = np.arange(fit.horizon + 1)
        for name in ("won", "lost"):
            np.testing.assert_allclose(
                fit.rate_at(days, outcome=name), plain.rate_at(days, outcome=name), atol=1e-9
            )
            # cause-specific binomials for a daily multinomial: equal but for terms of h²
            ours, theirs = (
                each.confidence_interval(days[3:], outcome=name) for each in (fit, plain)
            )
            for end, expected in zip(ours, theirs, strict=True):
                np.testing.assert_allclose(end, expected, rtol=0.03)

    @pytest.mark.parametrize(("link", "theirs"), [("cloglog", CLogLog()), ("logit", Logit())])
    def test_statsmodels_on_one_row_per_lead_and_day(self, link, theirs):
        rng, segments, starts = np.random.default_rng(3), ["ads", "web"], [0, 2, 5, 10]
        hazards = [[0.02, 0.04], [0.04, 0.02], [0.05, 0.05]]
        leads = drawn(rng, 500, hazards, cohorts=3, names=("won", "lost"), segments=segments)
        fit = lag.fit_hazard(triangle(leads, by=True), ages=starts, link=link)
        for name in ("won", "lost"):
            came, design = person_days(leads, starts, cohorts=3, segments=segments, outcome=name)
            oracle = GLM(came, design, family=Binomial(link=theirs)).fit(tol=1e-12)
            model = fit.models[name]
            np.testing.assert_allclose(model.coefficients, oracle.params, atol=1e-6)
            np.testing.assert_allclose(model.covariance, oracle.cov_params(), rtol=1e-4)
        frame = fit.parameters()
        assert frame["effect"].tolist() == ["web", "2026-02", "2026-03"]
        assert not fit.models["won"].penalised


class TestTruth:
    def test_a_drift_of_cohorts_is_found(self):
        """Hazards of 2 %, 3 % and 4.5 % a day: each 1.5 times the one before."""
        hazards = [[0.02], [0.03], [0.045]]
        leads = drawn(np.random.default_rng(4), 3000, hazards, cohorts=3)
        counts = triangle(leads, exits=())
        frame = lag.fit_hazard(counts).parameters(confidence_level=0.999)
        for row, truth in zip(frame.itertuples(), (1.5, 2.25), strict=True):
            assert row.ratio_low < truth < row.ratio_high
            assert row.ratio == pytest.approx(truth, rel=0.25)
        trend = lag.fit_hazard(counts, cohorts="trend")
        assert trend.parameters()["ratio"][0] == pytest.approx(1.5, rel=0.08)
        truth = 1 - (1 - np.array([0.02, 0.03, 0.045])) ** 20
        for fit in (trend, lag.fit_hazard(counts)):
            low, high = fit.confidence_interval([19], confidence_level=0.999)
            assert ((low[0, :, 0] < truth) & (truth < high[0, :, 0])).all()
        flat = lag.fit_hazard(counts, cohorts=False)
        assert (flat.ultimate == flat.ultimate[0, 0]).all()

    def test_a_young_cohort_is_carried_by_the_ages_of_older_ones(self):
        old = drawn(np.random.default_rng(5), 2000, [[0.05]])
        young = [
            Lead(3, lead.outcome, lead.age) if lead.outcome and lead.age <= 3 else Lead(3)
            for lead in drawn(np.random.default_rng(6), 1000, [[0.05]])
        ]
        leads = old + [lead._replace(cohort=1) for lead in young]
        fit = lag.fit_hazard(triangle(leads, exits=()), horizon=19)
        assert fit.verdicts.tolist() == [["measured", "extrapolated"]]
        assert fit.verdict == "extrapolated"
        low, high = fit.confidence_interval(confidence_level=0.999)
        truth = 1 - 0.95**20
        assert ((low < truth) & (truth < high)).all()
        assert (high - low)[0, 1] > (high - low)[0, 0]

    def test_draws_spread_as_the_interval(self):
        leads = drawn(np.random.default_rng(7), 2000, [[0.02, 0.03], [0.03, 0.02]],
                      cohorts=2, names=("won", "lost"))  # fmt: skip
        fit = lag.fit_hazard(triangle(leads))
        draws = fit.sample(2000, rng=1, ages=[5, 15])
        low, high = fit.confidence_interval([5, 15])
        np.testing.assert_allclose(np.quantile(draws, 0.025, axis=0), low, rtol=0.05)
        np.testing.assert_allclose(np.quantile(draws, 0.975, axis=0), high, rtol=0.05)
        both = fit.sample(5, rng=3) + fit.sample(5, rng=3, outcome="lost")
        assert (both <= 1).all()


@st.composite
def some_leads(draw):
    leads = []
    for _ in range(draw(st.integers(1, 30))):
        followed = draw(st.integers(0, 12))
        outcome = draw(st.sampled_from([None, None, "won", "lost"]))
        late = draw(st.integers(0, followed))
        age = None if outcome is None else draw(st.integers(late, followed))
        cohort, segment = draw(st.integers(0, 2)), draw(st.sampled_from(["ads", "web"]))
        leads.append(Lead(followed, outcome, age, cohort=cohort, segment=segment, late=late))
    return leads


class TestLaws:
    @given(
        some_leads(),
        st.sampled_from(["factor", "trend", "none"]),
        st.sampled_from([None, "day", [0, 3]]),
        st.sampled_from(["cloglog", "logit"]),
    )
    @settings(max_examples=80, deadline=None)
    def test_bounds(self, leads, cohorts, ages, link):
        counts = triangle(leads, by=True)
        if not counts.converted.any():
            return
        horizon = None if ages != [0, 3] else max(lead.time for lead in leads)
        if horizon is not None and horizon < 3:
            return
        try:
            fit = lag.fit_hazard(counts, ages=ages, cohorts=cohorts, link=link, horizon=horizon)
        except EvidenceError as error:  # a handful of leads may tell too little, and it says so
            if len(leads) > 30 or "does not settle on these counts" not in str(error):
                raise
            return
        days = np.arange(-1, fit.horizon + 1)
        won, lost = (fit.rate_at(days, outcome=name) for name in ("won", "lost"))
        low, high = fit.confidence_interval(days)
        maturity, conditional = fit.maturity(days), fit.conditional(days)
        for surface in (won, lost, low, high, maturity, conditional):
            assert surface.shape == (*counts.entered.shape, len(days))
            assert ((surface >= 0) & (surface <= 1 + 1e-9)).all()
        for surface in (won, lost, maturity):
            assert (np.diff(surface, axis=-1) >= -1e-12).all()
        assert (won + lost <= 1 + 1e-9).all()
        assert ((low <= won + 1e-9) & (won <= high + 1e-9)).all()
        assert np.isfinite(fit.sample(5, rng=1)).all()
        assert np.isfinite(fit.parameters().select_dtypes("number")).all(axis=None)
        assert "nan" not in fit.summary()

    def test_it_is_a_lag_fit(self):
        counts = triangle([Lead(9, "won", 2), Lead(9), Lead(5, cohort=1)], exits=())
        fit = lag.fit_hazard(counts, cohorts=False)
        assert isinstance(fit, lag.LagFit)
        assert np.isfinite(lag.adjust(counts, fit).adjusted).all()
        assert isinstance(lag.within(fit, 4), lag.LagFit)


class TestEdges:
    def test_a_cohort_without_conversions_gets_half_of_one(self):
        """20 of 80 leads at risk convert on day 9. Half an event at that hazard is half an event of
        2 leads: the cohort without one has (0 + .5) / (40 + 2) then."""
        leads = [Lead(9, "won", 9)] * 20 + [Lead(9)] * 20 + [Lead(9, cohort=1)] * 40
        fit = lag.fit_hazard(triangle(leads, exits=()), ages="day")
        assert fit.models["won"].penalised == 1
        low, high = fit.confidence_interval()
        assert fit.ultimate[0].tolist() == pytest.approx([20 / 40, 0.5 / 42])
        assert 0 <= low[0, 1] < fit.ultimate[0, 1] < high[0, 1] < 0.2
        assert fit.verdicts.tolist() == [["measured", "bound only"]]
        assert "1 level without enough conversions was given half a conversion" in fit.summary()

    def test_effects_that_run_away_are_held(self):
        """Every conversion of web is in the second cohort, of which ads has no lead."""
        leads = [Lead(5, "won", 1, segment="ads"), Lead(5, segment="ads")] * 5
        leads += [Lead(5, segment="web")] * 10
        leads += [Lead(5, "won", 1, segment="web", cohort=1), Lead(5, segment="web", cohort=1)] * 5
        fit = lag.fit_hazard(triangle(leads, exits=(), by=True))
        assert fit.models["won"].penalised == 4
        low, high = fit.confidence_interval()
        assert fit.ultimate[1, 0] < 0.3
        assert np.isfinite([low, high]).all()

    def test_everybody_converts_on_one_day(self):
        fit = lag.fit_hazard(triangle([Lead(3, "won", 2)] * 5, exits=()), ages="day")
        assert fit.rate_at([1, 2]).tolist() == [[[0, 1]]]
        low, high = fit.confidence_interval()
        assert high[0, 0] == 1
        assert low[0, 0] == 1 or low[0, 0] > 0

    def test_bins_hold_an_event_each(self):
        rng = np.random.default_rng(8)
        ages = np.minimum(rng.exponential(20, 600).astype(int), 150)
        leads = [Lead(200, "won", int(age)) for age in ages] + [Lead(200)] * 500
        fit = lag.fit_hazard(triangle(leads, exits=()))
        starts = fit.models["won"].starts
        assert (np.histogram(ages, [*starts, 201])[0] > 0).all()
        assert 10 < len(starts) < 45
        plain = lag.fit_kaplan_meier(triangle(leads, exits=()))
        ends = starts[1:] - 1
        np.testing.assert_allclose(fit.rate_at(ends), plain.rate_at(ends), atol=5e-4)

    @pytest.mark.parametrize("ages", ["days", [], [3, 1], [-1, 2], [0, 99], [0.5, 2], "ab", [[0]]])
    def test_unsound_bins(self, ages):
        with pytest.raises(ArgumentError, match="`ages` must be"):
            lag.fit_hazard(triangle([Lead(9, "won", 2), Lead(9)]), ages=ages)

    def test_arguments(self):
        counts = triangle([Lead(9, "won", 2), Lead(9)])
        with pytest.raises(ArgumentError, match="Did you mean `cloglog`"):
            lag.fit_hazard(counts, link="clogog")
        with pytest.raises(ArgumentError, match="`cohorts` must be one of"):
            lag.fit_hazard(counts, cohorts="each")
        with pytest.raises(EvidenceError, match="`horizon` must be at most 9"):
            lag.fit_hazard(counts, horizon=10)
        fit = lag.fit_hazard(counts)
        with pytest.raises(EvidenceError, match="at most 9 days"):
            fit.rate_at([10])
        with pytest.raises(ArgumentError, match="unknown outcome"):
            fit.rate_at([1], outcome="win")

    def test_no_leads_and_no_conversions(self):
        with pytest.raises(EvidenceError, match="no leads that entered lead"):
            lag.fit_hazard(triangle([], cohorts=1))
        with pytest.raises(EvidenceError, match="none of 2 leads has reached won by day 9"):
            lag.fit_hazard(triangle([Lead(9, "lost", 2), Lead(9)]))
