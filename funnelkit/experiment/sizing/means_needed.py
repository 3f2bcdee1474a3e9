"""`size_means`, `detectable_means` and `power_means` of a test of two means."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
from scipy import special, stats

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.comparison import Alternative
from funnelkit.experiment.sizing import asked
from funnelkit.experiment.sizing.asked import Asked
from funnelkit.experiment.sizing.sized import Sizing, whole

MeanMethod = Literal["t", "normal"]
_METHODS: tuple[MeanMethod, ...] = ("t", "normal")
_SAID = {"t": "Welch's t test", "normal": "normal law"}
_FURTHEST = 60
Spread = float | Sequence[float]


def size_means(
    sd: Spread,
    *,
    absolute: float | None = None,
    relative: float | None = None,
    mean: float | None = None,
    power: float = 0.8,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    split: float = 0.5,
    method: MeanMethod = "t",
    correlation: float = 0.0,
    design_effect: float = 1.0,
    inflation: float = 1.0,
    treatments: int = 1,
    units: str = "leads",
) -> Sizing:
    """Return how many leads a test of two means needs.

    Parameters
    ----------
    sd
        Standard deviation of one lead, such as of revenue per lead with its zeros; one number, or
        a pair (control, treatment).
    absolute, relative
        Effect to be found, one of the two: treatment less control in the unit of the metric, or
        treatment over control less 1, which needs ``mean``.
    mean
        Mean of control.
    power, alpha, alternative, split
        As in :func:`size`.
    method
        ``"t"``, by the noncentral t with Welch's degrees of freedom, or ``"normal"``.
    correlation
        Of the metric with what is known of a lead before the test, where the analysis adjusts for
        it (CUPED, regression): variance falls by its square.
    design_effect, inflation, treatments, units
        As in :func:`size`.

    Returns
    -------
    Sizing
        ``n_control``, ``n_treatment``, ``total`` rounded up, and all that was assumed.

    Raises
    ------
    ArgumentError
        If a standard deviation is not above 0, the correlation is not between -1 and 1, the effect
        is none, or both or neither of ``absolute`` and ``relative`` are given.

    Notes
    -----
    Revenue per lead, of a win rate p and deals of mean m and standard deviation s, has the
    variance p · s² + p(1 - p) · m². Heavy tails make the t test somewhat less powerful than
    reckoned at small n.

    References
    ----------
    Cohen (1988), Statistical Power Analysis, section 2.4; noncentral t with Welch's degrees of
    freedom: Jan and Shieh (2011), British Journal of Mathematical and Statistical Psychology 64,
    413-430.

    Examples
    --------
    >>> size_means(1.0, absolute=0.5).n_control
    64
    >>> size_means(900, mean=120, relative=0.25).n_control
    14129
    """
    plan = Asked(
        alpha=alpha,
        alternative=alternative,
        power=power,
        design_effect=design_effect,
        inflation=inflation,
        treatments=treatments,
    )
    base, effect, spread = _metric(mean, absolute, relative, sd, correlation)
    asked.same_side(effect, alternative)
    ratio = asked.ratio_of(split)
    checks.one_of("method", method, _METHODS)
    needed = _needed(effect, spread, ratio, power, plan.tail)
    if method == "t":
        needed = _needed_t(effect, spread, ratio, power=power, tail=plan.tail, about=needed)
    pair = (needed * plan.larger, ratio * needed * plan.larger)
    rounded = (float(whole(pair[0])), float(whole(pair[1])))
    return Sizing(
        kind="mean",
        solved="n",
        control=base,
        effect=effect,
        unrounded=pair,
        power=power,
        reached=_chance(method, effect, spread, rounded, plan),
        alpha=alpha,
        alternative=alternative,
        method=_said(method, correlation),
        sd=_pair(sd),
        design_effect=float(design_effect),
        inflation=float(inflation),
        treatments=treatments,
        units=units,
    )


def power_means(
    n: float | Sequence[float],
    sd: Spread,
    *,
    absolute: float | None = None,
    relative: float | None = None,
    mean: float | None = None,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    method: MeanMethod = "t",
    correlation: float = 0.0,
    design_effect: float = 1.0,
    inflation: float = 1.0,
    treatments: int = 1,
    units: str = "leads",
) -> Sizing:
    """Return with what chance a test of two means finds an effect.

    Parameters
    ----------
    n
        Leads in each arm, or a pair (control, treatment).
    sd, absolute, relative, mean, alpha, alternative, method, correlation
        As in :func:`size_means`.
    design_effect, inflation, treatments, units
        As in :func:`size`.

    Returns
    -------
    Sizing
        Its ``power`` is the answer.

    Raises
    ------
    ArgumentError
        As :func:`size_means`; and if there are fewer than two leads in an arm.

    Examples
    --------
    Cohen (1988), table 2.3.5: n = 64, d = .5:

    >>> round(power_means(64, 1.0, absolute=0.5).power, 2)
    0.8
    """
    plan = Asked(
        alpha=alpha,
        alternative=alternative,
        design_effect=design_effect,
        inflation=inflation,
        treatments=treatments,
    )
    base, effect, spread = _metric(mean, absolute, relative, sd, correlation)
    asked.same_side(effect, alternative)
    checks.one_of("method", method, _METHODS)
    pair = _two_each(n, plan)
    chance = _chance(method, effect, spread, pair, plan)
    return Sizing(
        kind="mean",
        solved="power",
        control=base,
        effect=effect,
        unrounded=pair,
        power=chance,
        reached=chance,
        alpha=alpha,
        alternative=alternative,
        method=_said(method, correlation),
        sd=_pair(sd),
        design_effect=float(design_effect),
        inflation=float(inflation),
        treatments=treatments,
        units=units,
    )


def detectable_means(
    n: float | Sequence[float],
    sd: Spread,
    *,
    mean: float | None = None,
    power: float = 0.8,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    method: MeanMethod = "t",
    correlation: float = 0.0,
    design_effect: float = 1.0,
    inflation: float = 1.0,
    treatments: int = 1,
    units: str = "leads",
) -> Sizing:
    """Return the smallest effect that a test of two means finds with a given chance.

    Parameters
    ----------
    n
        Leads in each arm, or a pair (control, treatment).
    sd, mean, alpha, alternative, method, correlation
        As in :func:`size_means`; ``mean`` is needed for the relative effect only.
    power, design_effect, inflation, treatments, units
        As in :func:`size`.

    Returns
    -------
    Sizing
        ``absolute`` is the answer, ``relative`` where ``mean`` is given; a fall with ``"less"``,
        else a rise, to which a fall as large is found as surely.

    Raises
    ------
    ArgumentError
        As :func:`size_means`; and if there are fewer than two leads in an arm.

    Examples
    --------
    >>> needed = size_means(1.0, absolute=0.5).unrounded
    >>> round(detectable_means(needed, 1.0).absolute, 9)
    0.5
    """
    from scipy import optimize

    plan = Asked(
        alpha=alpha,
        alternative=alternative,
        power=power,
        design_effect=design_effect,
        inflation=inflation,
        treatments=treatments,
    )
    base, _, spread = _metric(mean, None, None, sd, correlation, needed=False)
    checks.one_of("method", method, _METHODS)
    pair = _two_each(n, plan)
    each = math.sqrt(plan.larger * (spread[0] ** 2 / pair[0] + spread[1] ** 2 / pair[1]))
    effect = each * (_upper(plan.tail) + _upper(1 - power))
    if method == "t":

        def lack(size: float) -> float:
            return _chance("t", size, spread, pair, plan) - power

        high = effect
        while lack(high) < 0:
            high *= 2
        effect = float(optimize.brentq(lack, 1e-9 * effect, high, xtol=1e-14 * effect, rtol=1e-14))
    effect = -effect if alternative == "less" else effect
    return Sizing(
        kind="mean",
        solved="effect",
        control=base,
        effect=effect,
        unrounded=pair,
        power=power,
        reached=_chance(method, effect, spread, pair, plan),
        alpha=alpha,
        alternative=alternative,
        method=_said(method, correlation),
        fall=-effect if alternative == "two-sided" else math.nan,
        sd=_pair(sd),
        design_effect=float(design_effect),
        inflation=float(inflation),
        treatments=treatments,
        units=units,
    )


def _metric(
    mean: float | None,
    absolute: float | None,
    relative: float | None,
    sd: Spread,
    correlation: float,
    *,
    needed: bool = True,
) -> tuple[float, float, tuple[float, float]]:
    """Return the mean of control, the effect, and the spread that the analysis is left with."""
    base = math.nan if mean is None else asked.number("mean", mean)
    effect = asked.effect_of(absolute, relative, base, needed=needed)
    known = asked.number("correlation", correlation)
    if not -1 < known < 1:
        raise ArgumentError(f"`correlation` must be between -1 and 1; got {correlation!r}.")
    left = math.sqrt(1 - known**2)
    first, second = _pair(sd)
    return base, effect, (first * left, second * left)


def _pair(sd: Spread) -> tuple[float, float]:
    both = tuple(sd) if isinstance(sd, Iterable) else (sd, sd)
    if len(both) != 2:
        raise ArgumentError(
            "`sd` must be one standard deviation, or a pair (control, treatment); got "
            f"{len(both)} numbers."
        )
    first, second = (asked.above("sd", one) for one in both)
    return first, second


def _two_each(n: float | Sequence[float], plan: Asked) -> tuple[float, float]:
    pair = asked.arms(n)
    if min(pair) / plan.larger < 2:
        raise ArgumentError(
            "`n` must be worth at least two independent leads in each arm for a standard "
            f"deviation; got {pair[0]:g} and {pair[1]:g}."
        )
    return pair


def _chance(
    method: MeanMethod,
    effect: float,
    sd: tuple[float, float],
    n: tuple[float, float],
    plan: Asked,
) -> float:
    """Return the chance of a finding on the side of the effect."""
    first, second = sd[0] ** 2 * plan.larger / n[0], sd[1] ** 2 * plan.larger / n[1]
    away = abs(effect) / math.sqrt(first + second)
    if method == "normal":
        return float(special.ndtr(away - _upper(plan.tail)))
    free = _freedom(first, second, n[0] / plan.larger, n[1] / plan.larger)
    return _beyond(away, free, plan.tail)


def _freedom(first: float, second: float, n: float, other: float) -> float:
    """Return Welch's degrees of freedom, from the variances of both means."""
    return (first + second) ** 2 / (first**2 / (n - 1) + second**2 / (other - 1))


def _beyond(away: float, free: float, tail: float) -> float:
    """Return the chance that noncentral t is beyond the critical value."""
    critical = float(stats.t.isf(tail, free))
    if away - critical > _FURTHEST:
        return 1.0
    return float(np.clip(1 - special.nctdtr(free, away, critical), 0.0, 1.0))


def _needed(
    effect: float, sd: tuple[float, float], ratio: float, power: float, tail: float
) -> float:
    both = _upper(tail) + _upper(1 - power)
    return (sd[0] ** 2 + sd[1] ** 2 / ratio) * both**2 / effect**2


def _needed_t(
    effect: float,
    sd: tuple[float, float],
    ratio: float,
    *,
    power: float,
    tail: float,
    about: float,
) -> float:
    """Return the units of control at which the noncentral t reaches the power."""
    from scipy import optimize

    least = 2 / min(1.0, ratio)

    def lack(n: float) -> float:
        first, second = sd[0] ** 2 / n, sd[1] ** 2 / (ratio * n)
        free = _freedom(first, second, n, ratio * n)
        return _beyond(abs(effect) / math.sqrt(first + second), free, tail) - power

    if lack(least) >= 0:
        return least
    high = max(about, least) + 2
    while lack(high) < 0:
        high *= 1.5
    return float(optimize.brentq(lack, least, high, xtol=1e-10, rtol=1e-14))


def _said(method: MeanMethod, correlation: float) -> str:
    if not correlation:
        return _SAID[method]
    return f"{_SAID[method]}, adjusted for what correlates by {correlation:g}"


def _upper(tail: float) -> float:
    return float(-special.ndtri(tail))
