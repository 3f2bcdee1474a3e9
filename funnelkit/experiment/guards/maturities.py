"""`check_maturity`: whether the arms were followed equally long, and what it does to a rate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.counts.triangle import Triangle
from funnelkit.experiment.guards.result import (
    NOTE,
    WARNING,
    Guard,
    Level,
    not_checked,
    told,
    worst,
)
from funnelkit.experiment.guards.tables import require_control
from funnelkit.lag import fit_competing

FloatArray = NDArray[np.float64]
Moments = tuple[float, float, float]
"""Units, and mean and standard deviation of the days they were followed."""
_NAME = "maturity"
_LITTLE, _MUCH = 0.1, 0.5
"""Of a standard error of the naive difference: off by less is nothing, by more is a warning."""
_SHORT, _LONG = 0.02, 0.1
"""The same for mean days, as a share of those of control."""
_REMEDY = (
    "Compare the arms at the same number of days since entry (compare_lagged), not by what has "
    "come in so far."
)


class _Arm(NamedTuple):
    """One arm: units, days followed, and the maturity of its conversions with its spread."""

    name: str
    n: float
    days: float
    days_sd: float
    maturity: float
    maturity_sd: float


class _Judged(NamedTuple):
    level: Level
    pvalue: float
    off: float
    sentence: str


def check_maturity(
    followed: Triangle | Mapping[str, Moments],
    *,
    horizon: int | None = None,
    control: str | None = None,
    units: str = "leads",
) -> Guard:
    """Return whether the arms were followed equally long, and how far off a naive rate would be.

    Parameters
    ----------
    followed
        A triangle whose segments are the arms, or for each arm units, mean and standard deviation
        of the days since entry.
    horizon
        Of a triangle: days after entry up to which conversions count; default: as far as the data
        reach.
    control
        The arm that the others are held against; default: the first.
    units
        Plural noun of them.

    Returns
    -------
    Guard
        Figures for each arm: ``arm``, ``n``, ``mean_days``, ``maturity`` (share of the conversions
        within the horizon that its units are old enough to show; NaN without a triangle),
        ``naive_off`` (rate so far, less that of control, if the arms did not differ at all; NaN
        without a triangle), ``pvalue``.

    Raises
    ------
    ArgumentError
        For fewer than two arms, an unknown control or moments that cannot be.

    Notes
    -----
    The lag curve is that of all arms together (Aalen-Johansen), so a true effect does not pass for
    maturity. Mean maturities are held against each other by Welch's t: a note at p below .01
    (times the number of treatments) if a naive comparison is off by a tenth of its standard error
    or more, a warning at .001 and half of it: then it calls a difference that is none significant
    in 8 instead of 5 of 100 cases, and soon more. With arms split by chance and filled at the same
    time it notes at most 1 in 100 times. Of mean days, 2 % and 10 % of those of control take the
    part of the tenth and the half.

    References
    ----------
    Kohavi, Tang and Xu (2020), Trustworthy Online Controlled Experiments, chapter 3, on arms that
    were exposed at different times.

    Examples
    --------
    >>> found = check_maturity({"control": (400, 60.0, 20.0), "B": (380, 41.0, 18.0)})
    >>> found.level
    'warning'
    """
    if isinstance(followed, Triangle):
        arms, rate = _of_triangle(followed, horizon)
    else:
        arms, rate = _of_moments(followed), math.nan
    if len(arms) < 2:
        raise ArgumentError(f"`followed` must hold two or more arms; got {len(arms)}.")
    first = require_control(control, [arm.name for arm in arms])
    base = next(arm for arm in arms if arm.name == first)
    others = [arm for arm in arms if arm.name != first]
    if min(arm.n for arm in arms) < 2:
        return not_checked(_NAME, f"an arm has fewer than two {units}")
    if rate == 0:
        return not_checked(_NAME, "nothing has converted yet")
    found = {arm.name: _judged(base, arm, rate, len(others)) for arm in others}
    level = worst([one.level for one in found.values()])
    spoken = [one.sentence for one in found.values() if one.level == level != "ok"]
    figures = [
        {
            "arm": arm.name,
            "n": arm.n,
            "mean_days": arm.days,
            "maturity": arm.maturity,
            "naive_off": 0.0 if arm is base else found[arm.name].off,
            "pvalue": math.nan if arm is base else found[arm.name].pvalue,
        }
        for arm in arms
    ]
    if math.isnan(rate):
        figures[arms.index(base)]["naive_off"] = math.nan
    return Guard(
        name=_NAME,
        level=level,
        sentence=" ".join(spoken) or _alike(arms, by_days=math.isnan(rate)),
        figures=tuple(figures),
        remedy="" if level == "ok" else _REMEDY,
        pvalue=min(one.pvalue for one in found.values()),
    )


def _judged(base: _Arm, arm: _Arm, rate: float, family: int) -> _Judged:
    """Return what the ages of one arm do to a naive comparison with control."""
    by_days = math.isnan(rate)
    if by_days:
        pvalue = _welch(base, arm, base.days - arm.days, base.days_sd, arm.days_sd)
        size = abs(arm.days - base.days) / max(base.days, 1e-12)
        off, little, much = math.nan, _SHORT, _LONG
    else:
        pvalue = _welch(base, arm, base.maturity - arm.maturity, base.maturity_sd, arm.maturity_sd)
        off = rate * (arm.maturity - base.maturity)
        shares = [rate * one.maturity for one in (base, arm)]
        error = math.sqrt(
            sum(p * (1 - p) / one.n for p, one in zip(shares, (base, arm), strict=True))
        )
        size, little, much = abs(off) / max(error, 1e-12), _LITTLE, _MUCH
    pvalue = min(pvalue * family, 1.0)
    level: Level = "ok"
    if pvalue < NOTE and size >= little:
        level = "warning" if pvalue < WARNING and size >= much else "note"
    days = (
        f"{told(arm.name)} was followed for {arm.days:.1f} days on average and {told(base.name)} "
        f"for {base.days:.1f} ({display.pvalue(pvalue)})"
    )
    if by_days:
        more = "more" if arm.days > base.days else "fewer"
        consequence = (
            f"at an even pace that alone would make its rate so far about {display.percent(size)} "
            f"{'higher' if more == 'more' else 'lower'} than that of {told(base.name)}."
        )
    else:
        consequence = (
            f"it shows {display.maturity(arm.maturity)} of its conversions and {told(base.name)} "
            f"{display.maturity(base.maturity)}, so that rates so far would differ by "
            f"{display.signed(round(100 * off, 1) + 0.0)} points with no effect at all."
        )
    return _Judged(level, pvalue, off, f"{days}: {consequence}")


def _alike(arms: list[_Arm], *, by_days: bool) -> str:
    if by_days:
        means = display.listed([f"{told(arm.name)} {arm.days:.1f}" for arm in arms])
        return f"The arms were followed for about equally long: {means} days on average."
    shown = display.listed([f"{told(arm.name)} {display.maturity(arm.maturity)}" for arm in arms])
    return f"The arms show about the same share of their conversions: {shown}."


def _welch(base: _Arm, arm: _Arm, gap: float, base_sd: float, arm_sd: float) -> float:
    """Return the two-sided p-value of a gap between two means."""
    parts = np.array([base_sd**2 / base.n, arm_sd**2 / arm.n])
    if parts.sum() <= 0:
        return 1.0 if abs(gap) < 1e-12 else 0.0
    df = parts.sum() ** 2 / (parts**2 / (np.array([base.n, arm.n]) - 1)).sum()
    return float(2 * special.stdtr(df, -abs(gap) / math.sqrt(parts.sum())))


def _of_triangle(triangle: Triangle, horizon: int | None) -> tuple[list[_Arm], float]:
    """Return the arms, and the rate by the horizon of all of them together."""
    names = [display.segment_name(segment) for segment in triangle.segments]
    counts = triangle.followed.sum(axis=1).astype(float)
    ages = np.arange(triangle.n_ages)
    rate, share = 0.0, np.zeros(triangle.n_ages)
    if triangle.reached(triangle.target).sum():
        fit = fit_competing(triangle, pool=("segments", "cohorts"))
        last = triangle.n_ages - 1 if fit.horizon is None else fit.horizon
        end = last if horizon is None else min(int(horizon), last)
        curve = fit.rate_at(np.minimum(ages, end))[0, 0]
        rate = float(curve[-1])
        share = curve / rate if rate > 0 else share
    arms = []
    for name, leads in zip(names, counts, strict=True):
        n = float(leads.sum())
        days, days_sd = _spread(ages, leads)
        maturity, maturity_sd = _spread(share, leads)
        arms.append(_Arm(name, n, days, days_sd, maturity, maturity_sd))
    return arms, rate


def _spread(values: NDArray[Any], weights: FloatArray) -> tuple[float, float]:
    """Return mean and standard deviation of values that come so many times each."""
    n = float(weights.sum())
    if n < 2:
        return math.nan, math.nan
    mean = float(weights @ values) / n
    return mean, math.sqrt(max(float(weights @ (values - mean) ** 2) / (n - 1), 0.0))


def _of_moments(followed: Any) -> list[_Arm]:
    if not isinstance(followed, Mapping):
        raise ArgumentError(
            "`followed` must be a triangle by arm, or for each arm (n, mean days, sd); got "
            f"{type(followed).__name__}."
        )
    arms = []
    for name, given in followed.items():
        try:
            n, mean, sd = (float(value) for value in given)
        except (TypeError, ValueError):
            n = mean = sd = math.nan
        if not (np.isfinite([n, mean, sd]).all() and min(n, mean, sd) >= 0):
            raise ArgumentError(
                f"`followed` must hold (n, mean days, sd) of each arm; got {given!r} for "
                f"`{told(name)}`."
            )
        arms.append(_Arm(str(name), n, mean, sd, math.nan, math.nan))
    return arms
