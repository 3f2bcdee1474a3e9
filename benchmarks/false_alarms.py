"""False alarms of control charts, stated against found, for charts in control.

Usage: python benchmarks/false_alarms.py [charts per row, default 400]

Each simulated chart has a baseline and 12 judged periods at one rate. Found is the share of charts
with any signal among the judged; stated is what the chart says of itself. With an estimated
overdispersion found may be below stated, since that is taken to be at least 1.
"""

import sys

import numpy as np
import pandas as pd

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


def main() -> None:
    """Print stated against found, and what raw rates of young cohorts would do."""
    charts = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    print(f"{charts} charts in each row; {_JUDGED} judged periods; stated 1 in 100 periods")
    print(f"{'input':>14} {'method':>7} {'baseline':>8} {'scatter':>8} {'stated':>7} {'found':>7}")
    rng = np.random.default_rng(1931)
    for kind in ("raw", "overdispersed", "lag-adjusted"):
        for method in ("p", "ewma", "cusum"):
            for baseline, scatter in ((12, "pearson"), (36, "pearson"), (36, "laney")):
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
                found = hits / charts
                print(
                    f"{kind:>14} {method:>7} {baseline:8d} {scatter:>8} {stated:7.3f} {found:7.3f}"
                )
    young = 0
    for _ in range(charts):
        table = simulated(rng, "lag-adjusted", 36).drop(columns="maturity")
        young += bool(control_chart(table, judged=_JUDGED, average_run_length=100).signals)
    print(f"the same young cohorts without their maturity: {young / charts:.3f} of charts signal")


if __name__ == "__main__":
    main()
