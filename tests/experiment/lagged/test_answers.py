"""The answers about two arms beside published figures, other packages and obvious versions."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from scipy import optimize, special, stats
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

import funnelkit as fk
from funnelkit.experiment.lagged import compare_lagged
from funnelkit.experiment.lagged.curves_of_arms import ArmCurves
from funnelkit.experiment.lagged.daily_odds import DailyOdds

Build = Callable[..., fk.Triangle]

# Gehan (1965), Biometrika 52, table 1 (Freireich et al. 1963): weeks of remission; + is censored.
PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"
SIX_MP = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"


def remission() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    words = [*PLACEBO.split(), *SIX_MP.split()]
    weeks = np.array([int(word.rstrip("+")) for word in words])
    relapsed = np.array([not word.endswith("+") for word in words])
    return weeks, relapsed, np.repeat(["control", "treatment"], 21)


@pytest.fixture
def leukemia(counts: Build) -> fk.Triangle:
    rows = zip(*remission(), strict=True)
    return counts([(str(arm), int(week), "won" if event else "") for week, event, arm in rows])


def test_rates_and_worth_are_those_of_lifelines_and_statsmodels(leukemia: fk.Triangle) -> None:
    found = compare_lagged(leukemia, within=20)
    weeks, relapsed, arm = remission()
    rates, leads = [], []
    for name in ("control", "treatment"):
        mine = arm == name
        km = KaplanMeierFitter().fit(weeks[mine], relapsed[mine])
        rates.append(1 - float(km.predict(20)))
        theirs = SurvfuncRight(weeks[mine], relapsed[mine])
        last = np.flatnonzero(theirs.surv_times <= 20)[-1]
        variance = theirs.surv_prob_se[last] ** 2
        leads.append(rates[-1] * (1 - rates[-1]) / variance)
    assert found.matured.control.mean == pytest.approx(rates[0], rel=1e-12)
    assert found.matured.treatment.mean == pytest.approx(rates[1], rel=1e-12)
    worth = ArmCurves(counts=found.counts).effective(20, 0.95)[1]
    np.testing.assert_allclose(worth, leads, rtol=1e-10)


def test_the_log_rank_of_statsmodels_and_of_the_textbooks(leukemia: fk.Triangle) -> None:
    """R: survdiff(Surv(time, status) ~ treat), 16.8 on 1 df, p = 4e-05; exactly 16.79."""
    found = compare_lagged(leukemia).hazard
    statistic, pvalue = survdiff(*remission())
    assert found.statistic**2 == pytest.approx(statistic, rel=1e-10)
    assert found.statistic**2 == pytest.approx(16.79, abs=0.005)
    assert found.pvalue == pytest.approx(pvalue, rel=1e-8)
    alike = fk.lag.homogeneity(leukemia, across="segments")
    assert found.statistic**2 == pytest.approx(alike.statistic, rel=1e-12)


def test_the_daily_odds_ratio_is_that_of_the_exact_partial_likelihood(
    leukemia: fk.Triangle,
) -> None:
    """R: coxph(Surv(time, status) ~ treat, ties = "exact"), coefficient 1.628 of placebo."""
    found = compare_lagged(leukemia).hazard
    assert math.log(found.effect) == pytest.approx(-1.628, abs=0.0006)


def test_one_day_is_the_table_of_the_tea(counts: Build) -> None:
    """Conditional odds ratio 6.4083 (Fisher's tea, R: fisher.test)."""
    rows = [("control", 0, "won"), *[("control", 1, "")] * 3]
    rows += [*[("treatment", 0, "won")] * 3, ("treatment", 1, "")]
    found = compare_lagged(counts(rows)).hazard
    assert found.effect == pytest.approx(6.4083, abs=5e-5)
    low, high = found.confidence_interval()
    for end, sign in ((low, 1), (high, -1)):
        law = stats.nchypergeom_fisher(8, 4, 4, float(end))
        assert (3 - law.mean()) / law.std() == pytest.approx(sign * 1.959964, abs=1e-5)


def test_without_censoring_it_is_the_comparison_of_plain_counts(counts: Build) -> None:
    """Newcombe (1998), 56/70 and 48/80: Miettinen-Nurminen (.0528, .3382)."""
    rows = [("control", age % 5, "won") for age in range(48)] + [("control", 9, "")] * 32
    rows += [("treatment", age % 3, "won") for age in range(56)] + [("treatment", 9, "")] * 14
    found = compare_lagged(counts(rows)).matured
    low, high = found.confidence_interval()
    assert (round(float(low), 4), round(float(high), 4)) == (0.0528, 0.3382)
    assert found.effect == pytest.approx(0.2)


@pytest.mark.parametrize("exits", [(), ("lost",)])
def test_without_censoring_waiting_is_welchs_test(counts: Build, exits: tuple[str, ...]) -> None:
    rng = np.random.default_rng(3)
    rows = []
    for arm, n, mean in (("control", 40, 12), ("treatment", 25, 7)):
        for _ in range(n):
            age, left = int(rng.exponential(mean)), bool(exits) and rng.random() < 0.3
            rows.append((arm, age, "lost" if left else "won") if age < 30 else (arm, 60, ""))
    found = compare_lagged(counts(rows, exits=exits), within=20).waiting
    days = [
        [min(age, 20) if what == "won" else 20 for arm, age, what in rows if arm == name]
        for name in ("control", "treatment")
    ]
    theirs = stats.ttest_ind(days[1], days[0], equal_var=False)
    assert found.control.mean == pytest.approx(np.mean(days[0]))
    # Lost leads are no censoring: each arm is worth all its leads, up to rounding.
    assert found.statistic == pytest.approx(theirs.statistic, rel=1e-9)
    assert found.pvalue == pytest.approx(theirs.pvalue, rel=1e-6)
    low, high = found.confidence_interval()
    expected = theirs.confidence_interval()
    assert (low, high) == pytest.approx((expected.low, expected.high), rel=1e-6)


def test_the_restricted_mean_is_that_of_the_textbook_formula(leukemia: fk.Triangle) -> None:
    """Klein and Moeschberger (2003), eq. 4.5.1 and 4.5.2, written out lead by lead."""
    weeks, relapsed, arm = remission()
    found = ArmCurves(counts=compare_lagged(leukemia).counts).waiting(23)
    for k, name in enumerate(("control", "treatment")):
        t, event = weeks[arm == name], relapsed[arm == name]
        open_share, area, curve = 1.0, 0.0, []
        for week in range(23):
            at_risk, came = (t >= week).sum(), (event & (t == week)).sum()
            open_share *= 1 - came / at_risk
            curve.append((week, at_risk, came))
            area += open_share
        variance = 0.0
        for week, at_risk, came in curve:
            rest = 0.0
            still = 1.0
            for later, n, d in curve:
                still *= 1 - d / n
                rest += still if later >= week else 0.0
            if came and at_risk > came:
                variance += rest**2 * came / (at_risk * (at_risk - came))
        assert found[0][k] == pytest.approx(area, rel=1e-12)
        assert found[1][k] == pytest.approx(variance, rel=1e-9)


def young_and_old(rng: np.random.Generator) -> list[tuple[str, int, str]]:
    rows = []
    for arm, n, oldest, rate, scale in (
        ("control", 300, 120, 0.3, 15.0),
        ("treatment", 250, 60, 0.4, 9.0),
    ):
        for _ in range(n):
            age = int(rng.integers(0, oldest + 1))
            at = int(rng.random() + scale * rng.weibull(1.2))
            comes = rng.random() < rate and at <= age
            rows.append((arm, at if comes else age, "won" if comes else ""))
    return rows


def test_the_likelihood_ratios_are_those_of_a_plain_search(counts: Build) -> None:
    """logit p and log scale by arm, one shape; G(a) by a fine sum, and Nelder and Mead's search."""
    rows = young_and_old(np.random.default_rng(5))
    found = compare_lagged(counts(rows), family="weibull")
    table = [(int(arm == "treatment"), age, what == "won") for arm, age, what in rows]
    middles = (np.arange(40) + 0.5) / 40

    def minus(b: list[float]) -> float:
        total = 0.0
        for k in (0, 1):
            p = special.expit(b[0] + k * b[1])
            scale, shape = math.exp(b[2] + k * b[3]), math.exp(b[4])
            ages = np.arange(121)
            by = (1 - np.exp(-(((ages[:, None] + middles) / scale) ** shape))).mean(axis=1)
            mass = np.diff(by, prepend=0.0)
            for arm, age, won in table:
                if arm == k:
                    total -= math.log(p * mass[age] if won else 1 - p * by[age])
        return total

    start = np.array([-0.8, 0.4, 2.7, -0.5, 0.2])
    tops = {}
    for held in ((), (1,), (3,), (1, 3)):
        free = [j for j in range(5) if j not in held]

        def of_free(x: np.ndarray, free: list[int] = free) -> float:
            whole = np.zeros(5)
            whole[free] = x
            return minus(whole.tolist())

        settings = {"xatol": 1e-4, "fatol": 1e-4, "maxiter": 900}
        tops[held] = -optimize.minimize(
            of_free, start[free], method="Nelder-Mead", options=settings
        ).fun
    for one, held in ((found.eventual, (1,)), (found.pace, (3,))):
        expected = stats.chi2.sf(2 * (tops[()] - tops[held]), 1)
        assert one.pvalue == pytest.approx(expected, rel=0.02)
    joint = stats.chi2.sf(2 * (tops[()] - tops[1, 3]), 2)
    assert found.joint_pvalue == pytest.approx(joint, rel=0.02)


@pytest.mark.parametrize("seed", range(4))
def test_p_is_below_alpha_exactly_where_the_interval_excludes_no_effect(
    counts: Build, seed: int
) -> None:
    rows = young_and_old(np.random.default_rng(seed))[150 * (seed % 2) :]
    for alternative in ("two-sided", "greater", "less"):
        found = compare_lagged(counts(rows), alternative=alternative, family="weibull")
        for one in found.comparisons:
            for level in (1 - one.pvalue * 1.01, 1 - one.pvalue / 1.01):
                if not 0.5 < level < 1:
                    continue
                low, high = one.confidence_interval(level)
                assert (one.null < low or one.null > high) == (one.pvalue < 1 - level)


def test_a_day_with_many_conversions_keeps_its_moments() -> None:
    """Noncentral hypergeometric of SciPy, summed over two days."""
    odds = DailyOdds(
        events=np.array([[3.0, 40.0], [5.0, 60.0]]),
        at_risk=np.array([[500.0, 480.0], [300.0, 290.0]]),
    )
    laws = [
        stats.nchypergeom_fisher(int(n), int(n2), int(d), 1.7)
        for n, n2, d in ((800, 300, 8), (770, 290, 100))
    ]
    mean, variance = odds.moments(math.log(1.7))
    assert mean == pytest.approx(sum(law.mean() for law in laws), rel=1e-9)
    assert variance == pytest.approx(sum(law.var() for law in laws), rel=1e-9)


def test_grays_test_keeps_who_left_at_risk(counts: Build) -> None:
    """Without censoring: the log-rank test with those who left open to the end (statsmodels)."""
    rng = np.random.default_rng(2)
    rows = []
    for arm, n, mean in (("control", 60, 12), ("treatment", 50, 7)):
        for _ in range(n):
            age, left = int(rng.exponential(mean)), rng.random() < 0.4
            rows.append((arm, age, "lost" if left else "won") if age < 30 else (arm, 60, ""))
    found = compare_lagged(counts(rows, exits=("lost",)), within=20)
    assert found.incidence is not None
    time = [age if what == "won" else 60 for _, age, what in rows]
    event = [what == "won" for _, _, what in rows]
    statistic, pvalue = survdiff(np.array(time), np.array(event), [arm for arm, _, _ in rows])
    assert found.incidence.statistic**2 == pytest.approx(statistic, rel=1e-10)
    assert found.incidence.pvalue == pytest.approx(pvalue, rel=1e-8)
    assert found.incidence.method == "Gray's test"
    assert found.to_frame()["question"].tolist()[2] == "incidence"


def test_the_hazard_of_open_leads_takes_who_left_for_censored(counts: Build) -> None:
    rows = young_and_old(np.random.default_rng(9))
    rows = [(arm, age, "lost" if not what and age % 2 else what) for arm, age, what in rows]
    found = compare_lagged(counts(rows, exits=("lost",))).hazard
    statistic, _ = survdiff(
        np.array([age for _, age, _ in rows]),
        np.array([what == "won" for _, _, what in rows]),
        [arm for arm, _, _ in rows],
    )
    assert found.statistic**2 == pytest.approx(statistic, rel=1e-10)
    assert found.method == "log-rank test of the cause-specific hazard"
