"""Tables, bands and sentences of a mixture-cure fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit._core.frames import long_frame
from funnelkit._core.interval import Interval
from funnelkit.lag.choosing.showing import bound_in_words
from funnelkit.lag.cure.clocks import Days
from funnelkit.lag.cure.profile import IntervalMethod

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from funnelkit.lag.cure.result import CureFit
    from funnelkit.lag.cure.solution import Solution

FloatArray = NDArray[np.float64]


def band(
    fit: CureFit,
    days: FloatArray,
    *,
    low: FloatArray,
    high: FloatArray,
    level: float,
    method: IntervalMethod,
    design: FloatArray,
) -> Interval:
    """Return the interval of the rate by each age, shape ``(n_segments, n_cohorts, n_ages)``.

    Parameters
    ----------
    fit
        The fit.
    days
        Whole ages, or infinity.
    low, high
        Interval of each eventual rate, shape ``(n_rates,)``.
    level, method, design
        Of the cut-offs.

    Notes
    -----
    With v = p G: d logit v = ((1 - p) d logit p + d log G) / (1 - v). Where nobody converted the
    band is [0, high G]; where everybody did, [low G, 1].
    """
    found = fit.solution
    wanted = np.clip(days, 0, None)
    last = int(np.max(wanted[np.isfinite(wanted)], initial=0))
    family, size = found.likelihood.family, found.likelihood.family.size
    by_day, _, slopes = Days(last + 1).shares(family, found.theta)
    columns = np.where(np.isfinite(wanted), wanted, 0).astype(int)
    by = np.where(np.isfinite(wanted), by_day[:, columns], 1.0)
    slope = np.where(np.isfinite(wanted)[:, None], slopes[:, columns], 0.0)
    n_rates = len(found.rates)
    ends = np.zeros((2, *fit.rate_of.shape, len(days)))
    pairs = np.unique(np.stack([fit.rate_of.ravel(), fit.latency_of.ravel()]), axis=1)
    for r, k in pairs.T.tolist():
        p, share = float(found.rates[r]), by[k]
        value = np.clip(p * share, 1e-300, 1 - 1e-15)
        if 0 < p < 1:
            cuts = found.cuts(r, level, method=method, inflation=float(design[r]))
            part = [r, *range(n_rates + k * size, n_rates + (k + 1) * size)]
            steps = np.column_stack([np.full(len(days), 1 - p), slope[k] / share[:, None]])
            steps = steps / (1 - value)[:, None]
            cover = found.covariance[np.ix_(part, part)]
            width = np.sqrt(np.maximum(np.einsum("ai,ij,aj->a", steps, cover, steps), 0.0))
            pair = [
                special.expit(special.logit(value) + sign * np.sqrt(cut) * width)
                for sign, cut in zip((-1, 1), cuts, strict=True)
            ]
        else:
            pair = [low[r] * share, high[r] * share if p <= 0 else np.ones(len(days))]
        whole = np.where(np.isinf(days), [[low[r]], [high[r]]], pair)
        ends[:, (fit.rate_of == r) & (fit.latency_of == k)] = np.where(days < 0, 0.0, whole)[
            :, None
        ]
    return Interval(ends[0], ends[1])


def table(fit: CureFit, level: float) -> pd.DataFrame:
    """Return one row per eventual rate: see :meth:`CureFit.to_frame`."""
    rate, low, high = fit.shown(confidence_level=level)
    ages = np.arange(fit.followed.shape[-1])
    mature = (fit.followed * fit.maturity(ages)).sum(axis=-1)
    spread = tuple(
        axis for axis, name in enumerate(("segments", "cohorts")) if name not in fit.rates
    )
    apart = fit.latency == "segments" and "segments" not in fit.rates
    spread = tuple(axis for axis in spread if axis or not apart)

    def total(cells: NDArray[np.float64] | NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray(cells.sum(axis=spread, keepdims=True))

    def one(cells: NDArray[np.generic] | FloatArray | float) -> NDArray[np.generic]:
        index = tuple(slice(1) if axis in spread else slice(None) for axis in (0, 1))
        return np.asarray(cells)[index]

    entered, converted = total(fit.entered), total(fit.converted)
    leads = np.maximum(entered, 1)
    return long_frame(
        {
            "entered": entered,
            "converted": converted,
            "rate": converted / leads,
            "maturity": total(mature) / leads,
            "ultimate": one(rate),
            "ultimate_low": one(low),
            "ultimate_high": one(high),
            "median_days": one(fit.median_days()),
            "seen": one(fit.seen),
            "verdict": one(fit.verdicts),
        },
        shape=entered.shape,
        by=() if 0 in spread else fit.by,
        segments=fit.segments,
        periods=None if 1 in spread else fit.cohorts,
    )


def parameters(fit: CureFit, level: float) -> pd.DataFrame:
    """Return one row per parameter: see :meth:`CureFit.parameters`."""
    low, high = (np.asarray(end) for end in fit.confidence_interval(confidence_level=level))
    cells = [tuple(np.argwhere(fit.rate_of == r)[0]) for r in range(len(fit.solution.rates))]
    groups = []
    for i, j in cells:
        names = (
            [display.segment_name(fit.segments[i])] if fit.by and "segments" in fit.rates else []
        )
        names += [period_label(fit.cohorts[j])] if "cohorts" in fit.rates else []
        groups.append(", ".join(names) or "all")
    paces = [display.segment_name(segment) for segment in fit.segments]
    return parameter_rows(
        fit.solution,
        groups=groups,
        paces=paces if len(fit.solution.theta) > 1 else ["all"],
        low=np.array([low[cell] for cell in cells]),
        high=np.array([high[cell] for cell in cells]),
    )


def parameter_rows(
    found: Solution,
    *,
    groups: Sequence[str],
    paces: Sequence[str],
    low: FloatArray,
    high: FloatArray,
) -> pd.DataFrame:
    """Return one row per parameter of a solution.

    Parameters
    ----------
    found
        The solution.
    groups, paces
        What each rate and each latency is of.
    low, high
        Interval of each rate.
    """
    import pandas as pd

    family, n_rates = found.likelihood.family, len(found.rates)
    errors = np.sqrt(np.maximum(np.diag(found.covariance), 0.0))
    values = [list(family.natural(theta).values()) for theta in found.theta]
    nothing = np.full(found.theta.size, np.nan)
    return pd.DataFrame(
        {
            "parameter": ["logit rate"] * n_rates + list(family.names) * len(found.theta),
            "group": [*groups, *(pace for pace in paces for _ in family.names)],
            "estimate": [*special.logit(found.rates), *found.theta.ravel()],
            "standard_error": np.where(errors > 0, errors, np.nan),
            "value": [*found.rates, *(value for row in values for value in row)],
            "low": [*low, *nothing],
            "high": [*high, *nothing],
        }
    )


def sentence(fit: CureFit) -> str:
    """Return the rates, what they rest on, and how far they are the family's word."""
    frame = table(fit, 0.95)
    filled = frame[frame["entered"] > 0]
    of = f"{display.plural(fit.n, 'lead')} that entered {fit.start}"
    so_far = f"{display.count(fit.converted.sum())} so far"
    if len(frame) == 1:
        row = frame.iloc[0]
        bounds = display.percent_range(row["ultimate_low"], row["ultimate_high"], words=True)
        pace = _pace(float(row["median_days"]))
        if row["verdict"] == "bound only":
            bound = bound_in_words(float(row["ultimate_low"]), float(row["ultimate_high"]))
            return (
                f"Of {of}, {so_far} have reached {fit.target}; {bound} will in the end. Follow-up "
                "is too short to say more: few conversions and slow ones look the same so far."
            )
        tail = _carried(str(row["verdict"]), float(row["seen"]), fit)
        return (
            f"Of {of}, {display.percent(row['ultimate'])} ({bounds}) reach {fit.target} in the "
            f"end, half of these {pace} ({so_far}). {tail}"
        )
    told = filled[filled["verdict"] != "bound only"]
    text = f"Of {of}, {so_far} have reached {fit.target}. "
    if len(told):
        ends = display.percent_range(told["ultimate"].min(), told["ultimate"].max(), words=True)
        text += (
            f"In the end {ends} do, over {display.plural(len(told), 'group')} ({fit.family} lag). "
        )
    bare = len(filled) - len(told)
    if bare:
        text += f"{display.plural(bare, 'group')} {'has' if bare == 1 else 'have'} a bound only."
    elif fit.verdict == "extrapolated":
        text += _carried("extrapolated", float(fit.seen[fit.entered > 0].min()), fit)
    return text.strip()


def _pace(days: float) -> str:
    return "within a day" if days < 1 else f"within {display.plural(days, 'day')}"


def _carried(verdict: str, seen: float, fit: CureFit) -> str:
    """Return what the verdict says of a rate."""
    share = display.maturity(seen)
    if verdict == "measured":
        return (
            f"Measured: {share} of these conversions come within the "
            f"{display.plural(int(fit.followed_to.max()), 'day')} that are followed."
        )
    return (
        f"Extrapolated: the days that are followed hold {share} of these conversions, the rest "
        f"goes by the {fit.family} curve."
    )
