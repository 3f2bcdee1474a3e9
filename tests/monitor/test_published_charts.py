"""Charts worked out in print: the numbers of the books, with their source beside them.

NIST/SEMATECH e-Handbook of Statistical Methods, sections 6.3.2.3, 6.3.2.4 and 6.3.3.1; Montgomery,
Introduction to Statistical Quality Control, example 9.1; Montgomery and Runger, Applied Statistics
and Probability for Engineers, example 16-6; Wetherill and Brown (1991), Statistical Process
Control, p. 120. Sections 6.3.2.2 and 6.3.3.2 of the e-Handbook stand in ``test_charts.py``. A table
of Laney's (2002) own example was not to be had; there the formula is checked instead.
"""

from __future__ import annotations

import numpy as np
import pytest

from funnelkit.monitor import ControlChart, average_run_length, control_chart

# NIST 6.3.2.4: λ = 0.3, centre 50, s = 2.0539; the EWMA as printed
EWMA_DATA = [
    *(52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5),
    *(49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1),
]
EWMA_PRINTED = [
    *(50.60, 49.52, 50.56, 50.18, 50.16, 49.21, 49.75, 49.85, 50.26, 50.33),
    *(50.11, 49.36, 49.52, 50.05, 49.38, 49.92, 50.73, 51.23, 51.94, 51.99),
]
# NIST 6.3.2.3: target 325, k = 0.3175, h = 4.1959, both in units of the data; deviation 0.635
CUSUM_DATA = [
    *(324.925, 324.675, 324.725, 324.350, 325.350, 325.225, 324.125, 324.525, 325.225, 324.600),
    *(324.625, 325.150, 328.325, 327.250, 327.825, 328.500, 326.675, 327.775, 326.875, 328.350),
]
CUSUM_HIGH = [
    *(0, 0, 0, 0, 0.03, 0, 0, 0, 0, 0, 0, 0),
    *(3.01, 4.94, 7.45, 10.63, 11.99, 14.44, 16.00, 19.04),
]
CUSUM_LOW = [0, 0.01, 0, 0.33, 0, 0, 0.56, 0.72, 0.17, 0.25, 0.31, *[0] * 9]
# Montgomery, example 9.1 (table 9.1): target 10, deviation 1, k = 1/2, h = 5; upper sum as printed
MONTGOMERY = [
    *(9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34),
    *(9.03, 11.47, 10.51, 9.40, 10.08, 9.37, 10.62, 10.31, 8.52, 10.84),
    *(10.90, 9.33, 12.29, 11.50, 10.60, 11.08, 10.38, 11.62, 11.31, 10.52),
]
MONTGOMERY_HIGH = [
    *(0, 0, 0, 1.16, 2.82, 2.50, 0.04, 1.00, 0, 0, 0, 0.97, 0.98, 0, 0),
    *(0, 0.12, 0, 0, 0.34, 0.74, 0, 1.79, 2.79, 2.89, 3.47, 3.35, 4.47, 5.28),
]
# Montgomery and Runger, example 16-6 (table 16-8): target 99, K = 1, H = 10; both sums as printed
CONCENTRATIONS = [
    *(102.0, 94.8, 98.3, 98.4, 102.0, 98.5, 99.0, 97.7, 100.0, 98.1),
    *(101.3, 98.7, 101.1, 98.4, 97.0, 96.7, 100.3, 101.4, 97.2, 101.0),
]
RUNGER_HIGH = [2, 0, 0, 0, 2, 0.5, 0, 0, 0, 0, 1.3, 0, 1.1, 0, 0, 0, 0.3, 1.7, 0, 1]
RUNGER_LOW = [0, 3.2, 2.9, 2.5, 0, 0, 0, 0.3, 0, 0, 0, 0, 0, 0, 1, 2.3, 0, 0, 0.8, 0]
# NIST 6.3.3.1: defects of 25 wafers
WAFERS = [
    *(16, 14, 28, 16, 12, 20, 10, 12, 10, 17, 19, 17, 14),
    *(16, 15, 13, 14, 16, 11, 20, 11, 19, 16, 31, 13),
]
# Wetherill and Brown (1991), p. 120: water in batches of antifreeze
ANTIFREEZE = [
    *(2.23, 2.53, 2.62, 2.63, 2.58, 2.44, 2.49, 2.34, 2.95, 2.54, 2.60, 2.45),
    *(2.17, 2.58, 2.57, 2.44, 2.38, 2.23, 2.23, 2.54, 2.66, 2.84, 2.81, 2.39),
    *(2.56, 2.70, 3.00, 2.81, 2.77, 2.89, 2.54, 2.98, 2.35, 2.53),
]
# Lucas and Saccucci (1990), Technometrics 32, 1-12, table 3: shift -> ARL, as quoted beside
# `xewma.arl` in the R package spc; that of λ = 0.1 as in Montgomery's table 9.11, after the same.
# Before each λ and L
SACCUCCI = {
    (0.5, 3.071): {0: 500, 0.25: 255, 0.5: 88.8, 0.75: 35.9, 1: 17.5, 1.5: 6.53, 2: 3.63, 3: 1.93},
    (0.03, 2.437): {
        0: 500,
        0.25: 76.7,
        0.5: 29.3,
        0.75: 17.6,
        1: 12.6,
        1.5: 8.07,
        2: 5.99,
        3: 4.03,
    },
    (0.1, 2.814): {0: 500, 0.25: 106, 0.5: 31.3, 0.75: 15.9, 1: 10.3, 1.5: 6.09, 2: 4.36, 3: 2.87},
}
# Lucas and Crosier (1982), Technometrics 24, 199-205, table 1, k = 1/2, h = 4, both sides, as
# quoted beside `xcusum.arl` in the R package spc
CROSIER = {0: 168, 0.25: 74.2, 0.5: 26.6, 0.75: 13.3, 1: 8.38, 1.5: 4.75, 2: 3.34, 3: 2.19, 5: 1.31}


def cusum(values: list[float], *, centre: float, sigma: float, k: float, h: float) -> ControlChart:
    return control_chart(
        values, "cusum", kind="individuals", centre=centre, dispersion=sigma,
        reference=k / sigma, limit=h / sigma, baseline="all",
    )  # fmt: skip


def test_ewma_of_nist() -> None:
    chart = control_chart(
        EWMA_DATA, "ewma", kind="individuals", centre=50, dispersion=2.0539, smoothing=0.3,
        limit=3, baseline="all",
    )  # fmt: skip
    lasting = np.sqrt(0.3 / 1.7)
    spread = 2.0539 * lasting * np.sqrt(1 - 0.7 ** (2 * np.arange(1, 21)))
    assert 50 + chart.statistic * spread == pytest.approx(np.array(EWMA_PRINTED), abs=0.0051)
    # as printed: 52.5884 and 47.4115, with the root cut to 0.4201
    assert 50 + 3 * 2.0539 * lasting == pytest.approx(52.5884, abs=2e-4)
    assert chart.baseline_signals == ()


def test_cusum_of_nist() -> None:
    chart = cusum(CUSUM_DATA, centre=325, sigma=0.635, k=0.3175, h=4.1959)
    assert 0.635 * chart.sums["up"] == pytest.approx(np.array(CUSUM_HIGH), abs=0.0051)
    assert 0.635 * chart.sums["down"] == pytest.approx(np.array(CUSUM_LOW), abs=0.0051)
    assert chart.baseline_signals == tuple(map(str, range(14, 21)))  # starred there: 14 to 20


def test_cusum_of_montgomery() -> None:
    chart = cusum(MONTGOMERY, centre=10, sigma=1, k=0.5, h=5)
    assert chart.sums["up"][:29] == pytest.approx(np.array(MONTGOMERY_HIGH), abs=1e-9)
    assert chart.baseline_signals[0] == "29"  # the first beyond 5


def test_cusum_of_montgomery_and_runger() -> None:
    chart = cusum(CONCENTRATIONS, centre=99, sigma=2, k=1, h=10)
    assert 2 * chart.sums["up"] == pytest.approx(np.array(RUNGER_HIGH), abs=1e-9)
    assert 2 * chart.sums["down"] == pytest.approx(np.array(RUNGER_LOW), abs=1e-9)
    assert chart.baseline_signals == ()


def test_counts_of_nist() -> None:
    chart = control_chart(WAFERS, "u", entered=1, baseline="all", dispersion=None, tails="normal")
    # as printed: mean 16, limits 28 and 4; beyond them one, and one on the limit
    assert chart.centre[0] == pytest.approx(16, abs=1e-9)
    assert (chart.low[0], chart.high[0]) == pytest.approx((4, 28), abs=1e-3)
    assert "24" in chart.baseline_signals
    assert set(chart.baseline_signals) <= {"3", "24"}


def test_individuals_of_wetherill_and_brown() -> None:
    chart = control_chart(ANTIFREEZE, baseline="all")
    # R: qcc 2.7, qcc(x, type = "xbar.one"): center 2.57, std.dev 0.179, limits 2.03 and 3.11
    assert chart.centre[0] == pytest.approx(2.57, abs=0.005)
    assert chart.sigma == pytest.approx(0.179, abs=0.0005)
    assert (chart.low[0], chart.high[0]) == pytest.approx((2.03, 3.11), abs=0.005)


@pytest.mark.parametrize(("scheme", "table"), SACCUCCI.items())
def test_ewma_run_lengths(scheme: tuple[float, float], table: dict[float, float]) -> None:
    smoothing, limit = scheme
    for shift, expected in table.items():
        found = average_run_length(
            "ewma", limit=limit, smoothing=smoothing, shift=shift, spread="asymptotic"
        )
        assert found == pytest.approx(expected, rel=0.006), shift


def test_cusum_run_lengths() -> None:
    for shift, expected in CROSIER.items():
        found = average_run_length("cusum", limit=4, reference=0.5, shift=shift)
        assert found == pytest.approx(expected, rel=0.005), shift
    # SAS/QC manual (1999), as quoted there: k = .25, h = 8, shift 2.5
    both = average_run_length("cusum", limit=8, reference=0.25, shift=2.5)
    assert both == pytest.approx(4.1500826715, rel=1e-4)
    one = average_run_length("ewma", limit=3, smoothing=0.25, shift=1, spread="asymptotic")
    assert one == pytest.approx(11.154267016, rel=1e-4)
