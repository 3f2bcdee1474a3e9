"""Overdispersion of cohort totals: by hand, against statsmodels, and merged where few are due."""

import numpy as np
import pytest
import statsmodels.api as sm

from funnelkit import lag
from tests.reference.leads import Lead, triangle


def mature(*cells, segment="all"):
    leads = []
    for j, (won, entered) in enumerate(cells):
        leads += [Lead(400, "won", 1, cohort=j, segment=segment)] * won
        leads += [Lead(400, cohort=j, segment=segment)] * (entered - won)
    return leads


def test_pearson_of_a_binomial_model_with_one_rate():
    """As statsmodels' GLM with a constant: `pearson_chi2 / df_resid`."""
    cells = ((30, 100), (18, 90), (45, 120), (12, 100), (25, 80))
    counts = triangle(mature(*cells), exits=())
    found = lag.overdispersion(counts, lag.fit_kaplan_meier(counts))
    ends = np.array([(won, n - won) for won, n in cells])
    other = sm.GLM(ends, np.ones((5, 1)), family=sm.families.Binomial()).fit()
    assert found.df == other.df_resid
    assert found.statistic == pytest.approx(other.pearson_chi2, rel=1e-6)
    assert found.factor == pytest.approx(other.pearson_chi2 / 4)
    assert found.pvalue < 0.001
    assert "5 groups of cohorts with 490 leads" in found.summary()
    assert found.to_frame()["converted"].tolist() == [30, 18, 45, 12, 25]


def test_neighbours_are_merged_until_five_are_expected():
    """5 % of 40 is 2: three cohorts make a group, and the rest joins the last one."""
    counts = triangle(mature(*[(2, 40)] * 8), exits=())
    frame = lag.overdispersion(counts, lag.fit_kaplan_meier(counts)).to_frame()
    assert frame["entered"].tolist() == [120, 200]
    assert frame["first_cohort"].tolist() == ["2026-01", "2026-04"]
    assert frame["last_cohort"].tolist() == ["2026-03", "2026-08"]
    assert frame["expected"].tolist() == pytest.approx([6, 10])


def test_it_is_never_below_one():
    counts = triangle(mature((20, 100), (20, 100), (20, 100)), exits=())
    assert lag.overdispersion(counts, lag.fit_kaplan_meier(counts)).factor == 1


def test_segments_have_rates_of_their_own():
    leads = mature((10, 100), (10, 100), segment="a") + mature((50, 100), (50, 100), segment="b")
    counts = triangle(leads, exits=(), by=True)
    found = lag.overdispersion(counts, lag.fit_kaplan_meier(counts))
    assert found.df == 2
    assert found.statistic == pytest.approx(0, abs=1e-9)
    assert found.to_frame()["source"].tolist() == ["a", "a", "b", "b"]


@pytest.mark.parametrize("cells", [((1, 3),), ((0, 50), (1, 40))])
def test_too_few_to_tell(cells):
    counts = triangle(mature(*cells), exits=())
    found = lag.overdispersion(counts, lag.fit_kaplan_meier(counts))
    assert (found.factor, found.pvalue, found.df) == (1.0, 1.0, 0)
    assert found.summary() == "Too few conversions to tell how much cohorts differ from each other."
