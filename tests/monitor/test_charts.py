"""`control_chart` against published limits, real exports and simulated false alarms."""

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError, EvidenceError
from funnelkit.monitor import control_chart

# NIST/SEMATECH e-Handbook of Statistical Methods, section 6.3.3.2: 30 wafers of 50 chips
NIST = [12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22]
NIST += [8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6]
# NIST/SEMATECH e-Handbook, section 6.3.2.2: flowrates of 10 batches
FLOWS = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]


def months(values, start="2024-01"):
    index = pd.period_range(start, periods=len(values), freq="M")
    return pd.Series(np.asarray(values, float), index=index, name="won")


def test_p_chart_of_nist():
    chart = control_chart(NIST, entered=50, baseline="all", dispersion=None, tails="normal")
    # as printed there: centre .2313, limits .0524 and .4103 (3 x .05963 about the centre)
    assert chart.centre[0] == pytest.approx(0.2313, abs=5e-5)
    assert chart.low[0] == pytest.approx(0.0524, abs=1e-4)
    assert chart.high[0] == pytest.approx(0.4103, abs=1e-4)
    assert chart.baseline_signals == ("15", "23")
    assert "no period is judged" in chart.summary()


def test_individuals_chart_of_nist():
    chart = control_chart(FLOWS, baseline="all")
    # as printed there: mean 50.81, mean moving range 1.8778, limits 55.8041 and 45.8159
    assert chart.centre[0] == pytest.approx(50.81, abs=1e-9)
    assert chart.sigma == pytest.approx(1.8778 / 1.128, abs=1e-4)
    assert chart.high[0] == pytest.approx(55.8041, abs=1e-3)
    assert chart.low[0] == pytest.approx(45.8159, abs=1e-3)


def test_laney_by_hand():
    rng = np.random.default_rng(3)
    n = rng.integers(2000, 3000, 20)
    x = rng.binomial(n, rng.normal(0.05, 0.01, 20))
    chart = control_chart(x, entered=n, baseline="all", tails="normal")
    # Laney (2002), Quality Engineering 14, 531-537: three times its ratio about the centre
    share = x.sum() / n.sum()
    z = (x / n - share) / np.sqrt(share * (1 - share) / n)
    sigma = np.abs(np.diff(z)).mean() / 1.128
    assert sigma > 1
    assert chart.sigma == pytest.approx(sigma)
    half = 3 * sigma * np.sqrt(share * (1 - share) / n)
    assert chart.high == pytest.approx(share + half, rel=1e-5)
    u = control_chart(x, "u", entered=n, baseline="all", tails="normal")
    z = (x / n - share) / np.sqrt(share / n)
    sigma = np.abs(np.diff(z)).mean() / 1.128
    assert u.high == pytest.approx(share + 3 * sigma * np.sqrt(share / n), rel=1e-5)


def test_exact_tails_are_those_of_the_binomial():
    from scipy import stats

    chart = control_chart([3, 1, 0, 12], entered=40, centre=0.1, dispersion=None, baseline=1)
    below = stats.binom.cdf(0, 40, 0.1)
    above = stats.binom.sf(11, 40, 0.1)
    assert chart.statistic[2] == pytest.approx(stats.norm.ppf(below))
    assert chart.statistic[3] == pytest.approx(-stats.norm.ppf(above))
    assert chart.signals == ("4",)
    assert chart.blind == ("2", "3", "4")  # even none of 40 is no signal: 0.9 ** 40 = 0.0148
    poisson = control_chart([3, 9], "u", entered=1, centre=3.0, dispersion=None, baseline=1)
    assert poisson.statistic[1] == pytest.approx(-stats.norm.ppf(stats.poisson.sf(8, 3)))


def planted():
    """Counts of 30 cohorts, whose rate falls from .12 to .05 in the 26th; the last are young."""
    rng = np.random.default_rng(2)
    n = rng.integers(350, 450, 30)
    share = np.r_[np.ones(26), 0.9, 0.7, 0.5, 0.2]
    x = rng.binomial(n, np.r_[np.full(25, 0.12), np.full(5, 0.05)] * share)
    cohorts = pd.period_range("2024-01", periods=30, freq="M").astype(str)
    return pd.DataFrame({"cohort": cohorts, "entered": n, "converted": x, "maturity": share})


def test_a_fall_is_found_and_dated():
    for method in ("p", "ewma", "cusum"):
        chart = control_chart(planted(), method, dispersion=None, alternative="less")
        assert chart.signals
        assert "2025-11" <= chart.since <= "2026-02"  # it began in 2026-02
        assert "fell" in chart.summary()
    assert chart.immature[-3:].all()
    assert chart.to_frame()["used"].value_counts().to_dict() == {"baseline": 20, "judged": 10}


def test_young_cohorts_alone_are_no_alarm():
    table = planted()
    table["converted"] = (0.12 * table["entered"] * table["maturity"]).round()
    for method in ("p", "ewma", "cusum"):
        assert not control_chart(table, method, dispersion=None).signals
    raw = control_chart(table.drop(columns="maturity"), dispersion=None)
    assert "2026-06" in raw.signals  # what the raw rates would say


def test_restart_at_a_change():
    rng = np.random.default_rng(4)
    x = months(rng.binomial(400, np.r_[np.full(14, 0.10), np.full(12, 0.16)]))
    plain = control_chart(x, "p", entered=400, baseline=14, dispersion=None)
    assert plain.since == "2025-03"
    anew = control_chart(
        x, "p", entered=400, dispersion=None, changes=[("2025-03-01", "new MQL rule")]
    )
    assert not anew.signals
    assert anew.centre[0] == pytest.approx(x[:14].sum() / 5600)
    assert anew.centre[-1] == pytest.approx(x[14:22].sum() / 3200)
    inside = control_chart(x, "p", entered=400, dispersion=None, changes=["2025-03-10"])
    assert "2025-03" in inside.set_aside
    late = control_chart(x, "p", entered=400, dispersion=None, changes=["2026-02-01"])
    assert not late.judged.any()


def test_maven(shared_data):
    deals = pd.read_csv(shared_data / "maven_crm" / "sales_pipeline.csv")
    closed = deals[deals["deal_stage"].isin(["Won", "Lost"])]
    won = closed["deal_stage"].eq("Won")

    def table(freq):
        grouped = won.groupby(pd.PeriodIndex(closed["close_date"], freq=freq))
        return grouped.agg(entered="size", converted="sum").rename_axis("period").reset_index()

    by_month = table("M")
    for method in ("p", "ewma"):
        for dispersion in ("laney", "pearson"):
            seasonal = control_chart(by_month, method, season="quarter_end", dispersion=dispersion)
            assert not seasonal.signals
            assert not seasonal.baseline_signals
    # quarter-end months .82 to .78, others .49 to .57 (README of the data)
    assert 0.78 < seasonal.centre[0] < 0.83
    assert 0.49 < seasonal.centre[1] < 0.57
    # without the season chance alone would cry out; the cut-off first quarter is left out
    assert control_chart(by_month, dispersion=None).signals
    quarters = table("Q").assign(partial=[True, False, False, False])
    chart = control_chart(quarters, dispersion=1)
    assert not chart.signals
    assert chart.set_aside == {"2017 Q1": "not wholly observed"}
    with pytest.raises(EvidenceError, match="season"):
        control_chart(by_month, season="month")


def test_adjusted_rates_of_olist(olist_rates):
    chart = control_chart(olist_rates, baseline=slice("2018-01", "2018-03"), dispersion=1)
    assert chart.converted[-1] == 70  # README of the data, as of 2018-05-31
    assert chart.maturity[-1] < 0.6
    assert chart.immature[-1]
    assert not chart.signals  # May is young, not weak
    raw = control_chart(chart.converted[7:], entered=chart.entered[7:], baseline=3, dispersion=None)
    assert raw.signals[-1] == "5"  # the raw rate of May


@pytest.fixture
def olist_rates(shared_data):
    folder = shared_data / "olist"
    funnel = fk.Funnel(
        ["mql", "won"], id="mql_id", columns={"mql": "first_contact_date", "won": "won_date"}
    )
    leads = fk.read_csv(
        folder / "olist_marketing_qualified_leads_dataset.csv",
        funnel,
        as_of="2018-05-31",
        join=[folder / "olist_closed_deals_dataset.csv"],
    )
    triangle = fk.triangle(leads, "mql", "won", cohort="month")
    return fk.lag.adjust(triangle, fk.lag.fit_kaplan_meier(triangle))


def test_stated_false_alarms_by_simulation():
    # a baseline of 24 and 12 judged, all in control; the long run is benchmarks/false_alarms.py
    rng = np.random.default_rng(5)
    expected = 1 - (1 - 1 / 30) ** 12
    for shift, dispersion in ((0.0, None), (0.15, "pearson")):
        hits = 0
        for _ in range(100):
            rate = np.clip(0.2 * np.exp(shift * rng.standard_normal(36)), 0, 1)
            x = rng.binomial(500, rate)
            chart = control_chart(
                x, entered=500, judged=12, dispersion=dispersion, average_run_length=30
            )
            assert chart.chance_of_false_alarm == pytest.approx(expected)
            hits += bool(chart.signals)
        assert expected / 3 < hits / 100 < expected + 3 * np.sqrt(expected * (1 - expected) / 100)


def test_run_rules_and_their_cost():
    x = np.r_[np.full(16, 100.0) + np.tile([-3, 3], 8), np.full(9, 103.0)]
    chart = control_chart(x, baseline=16, rules="western electric")
    assert any("8 on one side" in names for names in chart.rule[-2:])
    assert chart.stated == pytest.approx(91.75, rel=0.03)  # Champ and Woodall (1987)
    assert "without the run rules" in chart.summary()
    with pytest.raises(ArgumentError, match="without memory"):
        control_chart(x, "ewma", rules="nelson")


def test_limits_by_hand():
    chart = control_chart([20, 21, 19, 20, 35], "p", entered=100, limits=(0.1, 0.3), dispersion=1)
    assert chart.signals == ("5",)
    assert chart.low[-1] == 0.1
    assert 0 < chart.false_alarm_rate < 1
    with pytest.raises(ArgumentError, match="limits"):
        control_chart([1, 2, 3], "p", entered=10, limits=(0.3, 0.1), dispersion=1)


@pytest.mark.parametrize("method", ["p", "u", "individuals", "ewma", "cusum"])
@pytest.mark.parametrize(
    "counts",
    [[], [3], [0] * 20, [50] * 20, [np.nan] * 20, [5] * 19 + [np.nan], [np.inf] * 20],
    ids=["none", "one", "zero", "all", "nan", "gap", "inf"],
)
def test_hostile_counts(counts, method):
    entered = None if method == "individuals" else 50
    try:
        chart = control_chart(counts, method, entered=entered)
    except EvidenceError:
        chart = None  # too little, or nothing that varies: said, not guessed
    if chart is not None:
        assert not chart.signals
        assert chart.summary()
        assert len(chart.to_frame()) == len(counts)


def test_zero_denominators_and_gaps_are_named():
    entered = [100] * 11 + [0]
    chart = control_chart([20, 22, 18, 21, 19, 20, 22, 18, 20, 21, 19, 0], "p", entered=entered)
    assert chart.set_aside == {"12": "nobody entered"}
    assert np.isnan(chart.value[-1])
    series = months([20, 22, 18, 21, 19, 20, 22, 18, 20, 21, 19, 20]).drop("2024-03")
    assert "1 period between" in control_chart(series, "p", entered=100).summary()


def test_wrong_arguments():
    with pytest.raises(DataError, match="more converted than entered"):
        control_chart([5, 20], "p", entered=10)
    with pytest.raises(DataError, match="below 0"):
        control_chart([5, -2], "p", entered=10)
    with pytest.raises(ArgumentError, match=r"Did you mean 0\.12"):
        control_chart([5, 2], "p", entered=100, centre=12)
    with pytest.raises(ArgumentError, match="needs counts"):
        control_chart([5.0, 2.0], "p")
    with pytest.raises(ArgumentError, match="cusum"):
        control_chart([5, 2], "cusm", entered=10)
    with pytest.raises(ArgumentError, match="changes"):
        control_chart([5, 2, 3], "p", entered=10, changes=["2026-01-01"], dispersion=1)
    with pytest.raises(DataError, match="more than once"):
        control_chart(pd.DataFrame({"period": ["a", "a"], "entered": [1, 1], "converted": [0, 0]}))
    hostile = pd.DataFrame(
        {"period": ["<b>=1\n", "b", "c"], "entered": [9] * 3, "converted": [1] * 3}
    )
    assert "\n" not in control_chart(hostile, dispersion=1).summary()
