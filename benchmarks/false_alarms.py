"""False alarms of control charts, stated against found, for charts in control.

Usage: python benchmarks/false_alarms.py [charts per row, default 400]

Each simulated chart has a baseline and 12 judged periods at one rate. Found is the share of charts
with any signal among the judged, with the 95 % interval that so many charts allow (Wilson); stated
is what the chart says of itself. The last column says where the two are apart by more than chance
allows over all rows (Bonferroni): with 100 charts a row, the interval is six points wide on each
side, and of 27 rows one or two will miss by chance alone. Each row has draws of its own, so that it
is the same however many rows are before it.

Where they are apart in truth: an estimated overdispersion is taken to be at least 1, so that found
is below stated where there is none (rows "raw"). And months that differ by a skewed factor, as they
do here, cross the upper limit of a chart of sums more often than the lower one: in 6,000 charts of
plain scores, a CUSUM with a Pearson scatter of 36 periods that states .084 signals in .076 with
normal months and in .090 with these.
"""

import sys

import numpy as np
import pandas as pd

from funnelkit._core.interval import share_interval
from funnelkit.monitor import control_chart

_JUDGED = 12
_LEADS = 300
_RATE = 0.2


def simulated(rng: np.random.Generator, kind: str, baseline: int) -> pd.DataFrame:
    """Return counts in control: raw, overdispersed, or of cohorts that are ever younger."""
    size = baseline + _JUDGED
    spread = 0.2 if kind != "raw" else 0.0
    rate = np.clip(_RATE * np.exp(spread * rng.standard_normal(size)), 0, 1)
    mature = np.ones(size)
    if kind == "lag-adjusted":
        mature[-6:] = (0.97, 0.92, 0.85, 0.7, 0.5, 0.25)
    entered = rng.integers(_LEADS - 60, _LEADS + 60, size)
    return pd.DataFrame(
        {
            "period": pd.period_range("2020-01", periods=size, freq="M"),
            "entered": entered,
            "converted": rng.binomial(entered, rate * mature),
            "maturity": mature,
        }
    )


ROWS = [
    (kind, method, baseline, scatter)
    for kind in ("raw", "overdispersed", "lag-adjusted")
    for method in ("p", "ewma", "cusum")
    for baseline, scatter in ((12, "pearson"), (36, "pearson"), (36, "laney"))
]


def main() -> None:
    """Print stated against found, and what raw rates of young cohorts would do."""
    charts = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    print(f"{charts} charts in each row; {_JUDGED} judged periods; stated 1 in 100 periods")
    heads = f"{'input':>14} {'method':>7} {'baseline':>8} {'scatter':>8} {'stated':>7} {'found':>7}"
    print(f"{heads} {'95 %':>13}  apart?")
    for number, (kind, method, baseline, scatter) in enumerate(ROWS):
        rng = np.random.default_rng([1931, number])
        hits, stated = 0, 0.0
        for _ in range(charts):
            chart = control_chart(
                simulated(rng, kind, baseline),
                method,
                judged=_JUDGED,
                dispersion=scatter,
                average_run_length=100,
            )
            hits += bool(chart.signals)
            stated += chart.chance_of_false_alarm / charts
        low, high = share_interval(hits, charts)
        least, most = share_interval(hits, charts, confidence_level=1 - 0.05 / len(ROWS))
        apart = "below" if most < stated else "ABOVE" if least > stated else ""
        print(
            f"{kind:>14} {method:>7} {baseline:8d} {scatter:>8} {stated:7.3f} {hits / charts:7.3f} "
            f"{float(low):6.3f}-{float(high):.3f}  {apart}",
            flush=True,
        )
    young = 0
    rng = np.random.default_rng([1931, len(ROWS)])
    for _ in range(charts):
        table = simulated(rng, "lag-adjusted", 36).drop(columns="maturity")
        young += bool(control_chart(table, judged=_JUDGED, average_run_length=100).signals)
    print(f"the same young cohorts without their maturity: {young / charts:.3f} of charts signal")


if __name__ == "__main__":
    main()
