"""The methods of comparing two rates: each a pair of p-value and interval, in one table."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from types import MappingProxyType
from typing import Literal

import numpy as np
from scipy import special

from funnelkit.experiment.comparison import Alternative, Bounds, Scale
from funnelkit.experiment.proportions import hybrids
from funnelkit.experiment.proportions.conditional import Margins
from funnelkit.experiment.proportions.scores import (
    FAR,
    Pair,
    crossings,
    ends,
    observed,
    statistic_of,
    value_at,
)
from funnelkit.experiment.proportions.unconditional import ByFisher, ByScore, Ordering, limit

RateMethod = Literal[
    "auto",
    "score",
    "z",
    "koopman",
    "newcombe",
    "agresti-caffo",
    "exact",
    "barnard",
    "boschloo",
    "fisher",
    "fisher mid-p",
]
"""How two rates are compared; see :func:`compare_rates`."""
RATIOS: tuple[Scale, ...] = ("ratio",)
ODDS: tuple[Scale, ...] = ("odds ratio",)
ALL: tuple[Scale, ...] = ("difference", "ratio", "odds ratio")
RATES: tuple[Scale, ...] = ("difference", "ratio")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a method finds: estimate, p-value, interval and statistic."""

    effect: float
    pvalue: float
    bounds: Bounds
    statistic: float = math.nan


@dataclass(frozen=True, kw_only=True)
class Method:
    """A pair of p-value and interval.

    Parameters
    ----------
    label
        As a sentence may carry it.
    scales
        Those it can speak of, its own first.
    whole
        Whether it needs whole numbers.
    find
        From a pair, a scale and an alternative to what is found.
    """

    label: str
    scales: tuple[Scale, ...]
    whole: bool
    find: Callable[[Pair, Scale, Alternative], Found]


def _tail(z: float, alternative: Alternative) -> float:
    """Return the p-value of a standard normal statistic."""
    if alternative == "two-sided":
        return float(2 * special.ndtr(-abs(z)))
    return float(special.ndtr(-z if alternative == "greater" else z))


def _width(level: float, alternative: Alternative) -> float:
    """Return how many standard deviations wide an interval is on each side it has."""
    tail = (1 - level) / 2 if alternative == "two-sided" else 1 - level
    return -float(special.ndtri(tail))


def _sided(low: float, high: float, scale: Scale, alternative: Alternative) -> tuple[float, float]:
    """Return the interval inside its scale; one-sided where the alternative is."""
    least, most = value_at(ends(scale)[0], scale), value_at(ends(scale)[1], scale)
    return (
        least if alternative == "less" else max(low, least),
        most if alternative == "greater" else min(high, most),
    )


def _score(pair: Pair, scale: Scale, alternative: Alternative, *, factor: bool) -> Found:
    """Return the score test and its interval; with the factor N / (N - 1), or without."""
    statistic = statistic_of(scale, pair.n1, pair.n2)
    shrink = math.sqrt(max(pair.total - 1, 0.0) / pair.total) if factor else 1.0
    z = shrink * float(statistic(pair.x1, pair.x2, 0.0))

    def bounds(level: float) -> tuple[float, float]:
        width = _width(level, alternative) / shrink if shrink > 0 else math.inf
        low, high = crossings(
            lambda places: statistic(pair.x1, pair.x2, places), ends(scale), (width, -width)
        )
        return _sided(value_at(low, scale), value_at(high, scale), scale, alternative)

    return Found(
        effect=observed(pair, scale), pvalue=_tail(z, alternative), bounds=bounds, statistic=z
    )


def _newcombe(pair: Pair, scale: Scale, alternative: Alternative) -> Found:
    """Return Newcombe's interval and the level at which it touches no effect."""
    z = hybrids.newcombe_statistic(pair)
    form = hybrids.newcombe_ends if scale == "difference" else hybrids.newcombe_ratio_ends

    def bounds(level: float) -> tuple[float, float]:
        return _sided(*form(pair, _width(level, alternative)), scale, alternative)

    return Found(
        effect=observed(pair, scale), pvalue=_tail(z, alternative), bounds=bounds, statistic=z
    )


def _agresti_caffo(pair: Pair, scale: Scale, alternative: Alternative) -> Found:
    """Return the interval after two more in each arm, and the level at which it touches 0."""
    centre, error = hybrids.agresti_caffo_centre(pair)

    def bounds(level: float) -> tuple[float, float]:
        half = _width(level, alternative) * error
        return _sided(centre - half, centre + half, scale, alternative)

    z = centre / error
    return Found(
        effect=observed(pair, scale), pvalue=_tail(z, alternative), bounds=bounds, statistic=z
    )


def _unconditional(
    pair: Pair,
    scale: Scale,
    alternative: Alternative,
    *,
    order: Callable[[Pair, Scale], Ordering],
    together: bool = False,
) -> Found:
    """Return an exact test over the open rate, and its inversion.

    ``together`` inverts one two-sided test, in place of one for each side at half the level.
    """
    ordering = order(pair, scale)
    both = together and alternative == "two-sided"
    if alternative == "two-sided":
        sides = [ordering.null_chance(side) for side in ("greater", "less")] if not both else []
        pvalue = min(1.0, 2 * min(sides)) if sides else ordering.null_chance("both")
    else:
        pvalue = ordering.null_chance(alternative)

    def bounds(level: float) -> tuple[float, float]:
        alpha = 1 - level if both or alternative != "two-sided" else (1 - level) / 2
        low, high = ends(scale)
        if alternative != "less":
            low = limit(ordering, alpha, lower=True, both=both)
        if alternative != "greater":
            high = limit(ordering, alpha, lower=False, both=both)
        return value_at(low, scale), value_at(high, scale)

    statistic = (
        float(statistic_of(scale, pair.n1, pair.n2)(pair.x1, pair.x2, 0.0))
        if isinstance(ordering, ByScore)
        else _fisher_pvalue(Margins(pair), alternative, mid=False)[1]
    )
    return Found(
        effect=observed(pair, scale), pvalue=pvalue, bounds=cache(bounds), statistic=statistic
    )


def _fisher_pvalue(margins: Margins, alternative: Alternative, *, mid: bool) -> tuple[float, float]:
    """Return the p-value of the conditional test, and the tail that it is made of."""
    none = np.array(0.0)
    up, down = (float(margins.tail(none, upper=side, mid=mid)) for side in (True, False))
    tail = {"greater": up, "less": down, "two-sided": min(up, down)}[alternative]
    return min(1.0, 2 * tail) if alternative == "two-sided" else tail, tail


def _fisher(pair: Pair, scale: Scale, alternative: Alternative, *, mid: bool) -> Found:
    """Return the conditional test and the interval of the odds ratio that belongs to it."""
    margins = Margins(pair)

    def bounds(level: float) -> tuple[float, float]:
        chance = (1 - level) / (2 if alternative == "two-sided" else 1)
        low, high = -FAR, FAR
        if alternative != "less":
            low = margins.end(chance, upper=True, mid=mid)
        if alternative != "greater":
            high = margins.end(chance, upper=False, mid=mid)
        return value_at(low, scale), value_at(high, scale)

    pvalue, _ = _fisher_pvalue(margins, alternative, mid=mid)
    return Found(effect=margins.estimate(), pvalue=pvalue, bounds=bounds)


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "score": Method(
            label="score test, Miettinen-Nurminen",
            scales=ALL,
            whole=False,
            find=partial(_score, factor=True),
        ),
        "z": Method(
            label="pooled z test, score interval",
            scales=ALL,
            whole=False,
            find=partial(_score, factor=False),
        ),
        "koopman": Method(
            label="score test, Koopman",
            scales=RATIOS,
            whole=False,
            find=partial(_score, factor=False),
        ),
        "newcombe": Method(
            label="hybrid score, Newcombe", scales=RATES, whole=False, find=_newcombe
        ),
        "agresti-caffo": Method(
            label="adjusted Wald, Agresti-Caffo",
            scales=("difference",),
            whole=False,
            find=_agresti_caffo,
        ),
        "exact": Method(
            label="exact score test",
            scales=RATES,
            whole=True,
            find=partial(_unconditional, order=ByScore),
        ),
        "barnard": Method(
            label="Barnard's exact test",
            scales=RATES,
            whole=True,
            find=partial(_unconditional, order=ByScore, together=True),
        ),
        "boschloo": Method(
            label="Boschloo's exact test",
            scales=ODDS,
            whole=True,
            find=partial(_unconditional, order=ByFisher),
        ),
        "fisher": Method(
            label="Fisher's exact test",
            scales=ODDS,
            whole=True,
            find=partial(_fisher, mid=False),
        ),
        "fisher mid-p": Method(
            label="Fisher's test, mid-p", scales=ODDS, whole=True, find=partial(_fisher, mid=True)
        ),
    }
)
"""Method by name."""
