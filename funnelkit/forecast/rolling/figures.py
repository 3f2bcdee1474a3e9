"""The figures of a back-test: one row of scores for each method, and the sentence about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core import scores as measures
from funnelkit._core.interval import share_interval
from funnelkit.forecast.rolling.choosing import Compared
from funnelkit.forecast.rolling.scoring import LEVELS

if TYPE_CHECKING:
    from funnelkit.forecast.rolling.result import ForecastBacktest

REFERENCES = ("seasonal naive", "naive")
"""Methods whose CRPS the skill is measured against: the first that is there, else the last."""


def scores(
    backtest: ForecastBacktest, part: Compared, confidence_level: float
) -> list[dict[str, Any]]:
    """Return the scores of each method on one target."""
    checks.confidence(confidence_level)
    reference = part.methods[-1:]
    for label in REFERENCES[::-1]:
        own = [m for m in part.methods if backtest.methods[m] == label]
        reference = tuple(own) or reference
    return [_row(backtest, m, part, reference[0], confidence_level) for m in part.methods]


def _row(
    backtest: ForecastBacktest, m: int, part: Compared, reference: int, confidence_level: float
) -> dict[str, Any]:
    kept = part.rows
    error, came = backtest.error[kept, m], backtest.actual[kept]
    scaled = np.abs(error) / backtest.scale[kept]
    scaled = scaled[np.isfinite(scaled)]
    crps = float(part.means[m])
    ends = part.interval(m, confidence_level)
    total = float(np.abs(came).sum())
    row = {
        "target": part.target,
        "method": backtest.methods[m],
        "n": len(kept),
        "origins": len(part.counts),
        "mase": float(scaled.mean()) if scaled.size else float("nan"),
        "mae": float(np.abs(error).mean()),
        "bias": measures.bias(error, 0.0),
        "bias_share": float(error.sum()) / total if total else float("nan"),
        "crps": crps,
        "crps_low": ends.low,
        "crps_high": ends.high,
        "pinball": float(backtest.pinball[kept, m].mean()),
        "skill": measures.skill(crps, float(part.means[reference])),
    }
    for level in (0.8, 0.95):
        inside = backtest.covered[kept, m, LEVELS.index(level)]
        low, high = share_interval(inside.sum(), len(kept), confidence_level=confidence_level)
        name = f"coverage_{100 * level:.0f}"
        row |= {name: float(inside.mean()), f"{name}_low": low, f"{name}_high": high}
    return row


def covered(
    backtest: ForecastBacktest, part: Compared, confidence_level: float
) -> list[dict[str, Any]]:
    """Return how often what came lay in the intervals of each method and level."""
    checks.confidence(confidence_level)
    rows, n = [], len(part.rows)
    for m in part.methods:
        for k, level in enumerate(LEVELS):
            inside = int(backtest.covered[part.rows, m, k].sum())
            low, high = share_interval(inside, n, confidence_level=confidence_level)
            rows.append(
                {
                    "target": part.target,
                    "method": backtest.methods[m],
                    "level": level,
                    "n": n,
                    "covered": inside,
                    "covered_rate": inside / n,
                    "low": low,
                    "high": high,
                }
            )
    return rows


def sentence(backtest: ForecastBacktest) -> str:
    """Return which method forecast best, by how much, and on how many days that rests."""
    days, label = backtest.dates, backtest.chosen
    rows = [row for row in backtest.scores().to_dict("records") if row["method"] == label]
    line = rows[-1]
    sums = line["target"] == "total"
    span = display.plural(backtest.horizon, backtest.step)
    of = f"the sum over {span}" if sums else f"a {backtest.step}"
    share = float(line["bias_share"])
    way = "high" if share > 0 else "low"
    told = (
        f"On average its forecast of {of} was too {way} by {display.percent(abs(share))}"
        if np.isfinite(share)
        else "Nothing came"
    )
    inside, n = round(line["coverage_80"] * line["n"]), int(line["n"])
    return (
        f"Back-test of {backtest.what} with {display.plural(len(backtest.methods), 'method')} on "
        f"{display.plural(len(days), 'date')}, {days[0].isoformat()} to {days[-1].isoformat()}: "
        f"{backtest.reason} {told}, and {display.count(inside)} of {display.count(n)} intervals "
        f"of 80{display.NARROW_SPACE}% held what came."
    )
