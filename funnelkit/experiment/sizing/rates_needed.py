"""`size`, `detectable` and `power` of a test of two rates."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal, get_args

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.comparison import Alternative
from funnelkit.experiment.sizing import asked
from funnelkit.experiment.sizing.asked import Asked
from funnelkit.experiment.sizing.closed_forms import ClosedForm, power_of_rates, size_of_rates
from funnelkit.experiment.sizing.exact_power import (
    TESTS,
    Test,
    counted_power,
    counted_size,
)
from funnelkit.experiment.sizing.sized import Sizing, whole

Method = Literal["score", "pooled", "unpooled", "simple", "arcsine", "exact"]
METHODS: tuple[Method, ...] = get_args(Method)
_SAID = {
    "score": "score test (N / (N - 1) variance), normal law",
    "pooled": "pooled variance, normal law",
    "unpooled": "unpooled variance, normal law",
    "simple": "variance of control in both arms under the null, normal law",
    "arcsine": "arcsine of rates, normal law",
}
_COUNTED = {
    "exact": "unconditional exact test, every table counted out",
    "boschloo": "Boschloo's test, every table counted out",
    "score": "score test, every table counted out",
    "fisher": "Fisher's test, every table counted out",
}
_EDGE = 1e-12
_STEPS = 64
_SMALL = 100
"""Leads of an arm below which compare_rates tests exactly unless told otherwise."""
_EXACT_BELOW = (
    f"With fewer than {_SMALL} in an arm the exact test is the default, which takes more: "
    'method="exact" counts it out.'
)
_WHOLE = 1e-6
Chance = Callable[[float, float, tuple[float, float]], float]
"""From rates of control and treatment and the leads of both to the chance of a finding."""


def size(
    control_rate: float,
    *,
    absolute: float | None = None,
    relative: float | None = None,
    power: float = 0.8,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    split: float = 0.5,
    method: Method = "score",
    test: Test = "exact",
    design_effect: float = 1.0,
    inflation: float = 1.0,
    treatments: int = 1,
    units: str = "leads",
) -> Sizing:
    """Return how many leads a test of two rates needs.

    Parameters
    ----------
    control_rate
        Share that converts in control within the horizon of the test, between 0 and 1.
    absolute, relative
        Effect to be found, one of the two: treatment less control (0.05 is 5 points), or
        treatment over control less 1 (0.25 is a quarter more); negative for a fall.
    power
        Chance to find it, if it is there.
    alpha
        Chance of a finding where there is none.
    alternative
        ``"two-sided"``, or of the treatment ``"greater"`` or ``"less"`` than control.
    split
        Share of the leads of both arms that the treatment gets.
    method
        How the test takes its variance (see Notes): ``"score"``, ``"pooled"``, ``"unpooled"``,
        ``"simple"``, ``"arcsine"``, or ``"exact"``, which counts out every table.
    test
        Of method ``"exact"``: the test whose power is counted out, in the names of
        ``compare_rates``: ``"exact"`` (unconditional, by the score statistic), ``"boschloo"``,
        ``"score"`` or ``"fisher"``, each one-sided, at half of ``alpha`` when two-sided.
    design_effect
        Leads worth one independent lead: that of past accounts by ``design_effect`` of this
        package, or of assumed ones by :func:`planned_design_effect`.
    inflation
        How many times as large a test with several looks has to be: 1.028 for five of
        O'Brien-Fleming, 1.2 for four of Pocock.
    treatments
        Treatments beside control; each is tested at ``alpha`` over their number (Bonferroni, the
        first step of Holm), and the split is that of one of them and control.
    units
        Plural noun of what is counted.

    Returns
    -------
    Sizing
        ``n_control``, ``n_treatment``, ``total`` rounded up, ``unrounded``, the power ``reached``,
        and all that was assumed.

    Raises
    ------
    ArgumentError
        If a rate is no share (12 for 0.12), the effect leads outside 0 to 1 or is none, both or
        neither of ``absolute`` and ``relative`` are given, or the effect is counted out for more
        than 400 in an arm.

    Notes
    -----
    With z and y the normal quantiles of ``alpha`` (halved when two-sided) and of the power, d the
    effect and r the treatment's units for one of control, control needs
    ((z · s + y · t) / d)² units, where t² = p(1 - p) + p'(1 - p') / r. The variance s² that the
    test takes is that of the mean of both rates, m(1 - m)(1 + 1/r) (``"pooled"``: z test, χ²
    without correction); the same times N / (N - 1) (``"score"``, the default test of
    ``compare_rates``); t² itself (``"unpooled"``: Wald); or that of control's rate in both arms
    (``"simple"``: many calculators on the web; too few leads for a rise from below one half).
    Power is the chance of a finding on the side of the effect; the other side's, negligible, is
    left out. Below 100 in an arm ``compare_rates`` tests exactly unless told otherwise, which takes
    more leads than these forms; a note says so. With ``"exact"``, power does not rise evenly with
    size: the answer is the smallest size with no miss above it, and a note names the first that
    reached the power.

    References
    ----------
    Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, 3rd ed.,
    section 4.2. Arcsine: Cohen (1988), Statistical Power Analysis, section 6.2. Saw teeth: Chernick
    and Liu (2002), American Statistician 56, 149-155.

    Examples
    --------
    >>> found = size(0.2, absolute=0.05, method="simple")
    >>> round(found.unrounded[0], 1), found.n_control, found.total
    (1030.2, 1031, 2062)
    >>> round(size(0.5, absolute=0.25, power=0.9, method="pooled").unrounded[0], 3)
    76.707
    >>> size(0.12, absolute=0.33, method="exact").total
    56
    """
    plan = Asked(
        alpha=alpha,
        alternative=alternative,
        power=power,
        design_effect=design_effect,
        inflation=inflation,
        treatments=treatments,
    )
    control, treatment = _both(control_rate, absolute, relative, plan)
    ratio = asked.ratio_of(split)
    checks.one_of("method", method, METHODS)
    checks.one_of("test", test, TESTS)
    form: ClosedForm = "score" if method == "exact" else method
    needed = size_of_rates(form, control, treatment, ratio=ratio, power=power, tail=plan.tail)
    notes: tuple[str, ...] = ()
    pair = (needed, ratio * needed)
    if method == "exact":
        n, n_other, first = counted_size(
            test,
            control,
            treatment,
            ratio=ratio,
            power=power,
            tail=plan.tail,
            about=needed,
        )
        pair = (float(n), float(n_other))
        if first < n:
            notes = (
                f"{first} in control would reach it as well, but somewhat larger sizes would not.",
            )
    elif min(pair) < _SMALL:
        notes = (_EXACT_BELOW,)
    pair = (pair[0] * plan.larger, pair[1] * plan.larger)
    rounded = (float(whole(pair[0])), float(whole(pair[1])))
    return Sizing(
        kind="rate",
        solved="n",
        control=control,
        effect=treatment - control,
        unrounded=pair,
        power=power,
        reached=_power(method, test, plan)(control, treatment, rounded),
        alpha=alpha,
        alternative=alternative,
        method=_COUNTED[test] if method == "exact" else _SAID[method],
        design_effect=float(design_effect),
        inflation=float(inflation),
        treatments=treatments,
        units=units,
        notes=notes,
    )


def power(
    n: float | Sequence[float],
    control_rate: float,
    *,
    absolute: float | None = None,
    relative: float | None = None,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    method: Method = "score",
    test: Test = "exact",
    design_effect: float = 1.0,
    inflation: float = 1.0,
    treatments: int = 1,
    units: str = "leads",
) -> Sizing:
    """Return with what chance a test of two rates finds an effect.

    Parameters
    ----------
    n
        Leads in each arm, or a pair (control, treatment); need not be whole in a closed form.
    control_rate, absolute, relative, alpha, alternative, method, test
        As in :func:`size`.
    design_effect, inflation, treatments, units
        As in :func:`size`: the leads count as so many times fewer.

    Returns
    -------
    Sizing
        Its ``power`` is the answer.

    Raises
    ------
    ArgumentError
        As :func:`size`; and if there is less than one lead in an arm.

    Notes
    -----
    The inverse of :func:`size`: at its ``unrounded`` sizes the power is that asked for.

    Examples
    --------
    >>> round(power(25, 0.12, absolute=0.33, method="exact").power, 3)
    0.745
    >>> round(power(25, 0.12, absolute=0.33, method="exact", test="fisher").power, 3)
    0.645
    """
    plan = Asked(
        alpha=alpha,
        alternative=alternative,
        design_effect=design_effect,
        inflation=inflation,
        treatments=treatments,
    )
    control, treatment = _both(control_rate, absolute, relative, plan)
    checks.one_of("method", method, METHODS)
    checks.one_of("test", test, TESTS)
    pair = asked.arms(n)
    chance = _power(method, test, plan)(control, treatment, pair)
    return Sizing(
        kind="rate",
        solved="power",
        control=control,
        effect=treatment - control,
        unrounded=pair,
        power=chance,
        reached=chance,
        alpha=alpha,
        alternative=alternative,
        method=_COUNTED[test] if method == "exact" else _SAID[method],
        design_effect=float(design_effect),
        inflation=float(inflation),
        treatments=treatments,
        units=units,
    )


def detectable(
    n: float | Sequence[float],
    control_rate: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    method: Method = "score",
    test: Test = "exact",
    design_effect: float = 1.0,
    inflation: float = 1.0,
    treatments: int = 1,
    units: str = "leads",
) -> Sizing:
    """Return the smallest effect that a test of two rates finds with a given chance.

    Parameters
    ----------
    n
        Leads in each arm, or a pair (control, treatment).
    control_rate, power, alpha, alternative, method, test
        As in :func:`size`.
    design_effect, inflation, treatments, units
        As in :func:`size`.

    Returns
    -------
    Sizing
        ``absolute`` and ``relative`` are the answer: the smallest rise, or with ``"less"`` the
        smallest fall; when two-sided, ``fall`` is that on the other side, which differs. NaN, with
        a note, where not even the largest possible effect would be found.

    Raises
    ------
    ArgumentError
        As :func:`size`; and if there is less than one lead in an arm.

    Notes
    -----
    The inverse of :func:`size` in its closed forms. With method ``"exact"``, the smallest effect
    whose power is counted out to reach the target.

    Examples
    --------
    >>> found = detectable(1030.2192831104608, 0.2, method="simple")
    >>> round(found.absolute, 9), round(found.relative, 9)
    (0.05, 0.25)
    """
    plan = Asked(
        alpha=alpha,
        alternative=alternative,
        power=power,
        design_effect=design_effect,
        inflation=inflation,
        treatments=treatments,
    )
    control = asked.rate("control_rate", control_rate)
    checks.one_of("method", method, METHODS)
    checks.one_of("test", test, TESTS)
    pair = asked.arms(n)
    chance = _power(method, test, plan)
    rise = fall = math.nan
    if alternative != "less":
        rise = smallest_effect(chance, control, 1.0, pair, power)
    if alternative != "greater":
        fall = smallest_effect(chance, control, 0.0, pair, power)
    effect = fall if alternative == "less" else rise
    notes: tuple[str, ...] = ()
    if math.isnan(effect):
        side = "fall" if alternative == "less" else "rise"
        notes = (f"Not even the largest {side} that there can be is found so surely at this size.",)
    return Sizing(
        kind="rate",
        solved="effect",
        control=control,
        effect=effect,
        unrounded=pair,
        power=power,
        reached=math.nan if math.isnan(effect) else chance(control, control + effect, pair),
        alpha=alpha,
        alternative=alternative,
        method=_COUNTED[test] if method == "exact" else _SAID[method],
        fall=fall if alternative == "two-sided" else math.nan,
        design_effect=float(design_effect),
        inflation=float(inflation),
        treatments=treatments,
        units=units,
        notes=notes,
    )


def smallest_effect(
    chance: Chance, control: float, end: float, n: tuple[float, float], power: float
) -> float:
    """Return the effect nearest to none, towards 0 or 1, that is found with a chance; or NaN.

    Parameters
    ----------
    chance
        Of a finding.
    control
        Rate of control.
    end
        0 for falls, 1 for rises.
    n
        Leads of both arms.
    power
        To be reached.
    """
    from scipy import optimize

    def lack(effect: float) -> float:
        return chance(control, control + effect, n) - power

    furthest = end - control - math.copysign(_EDGE, end - control)
    # Most often near: looked for in steps that grow, then to the last digit.
    before = 0.0
    for k in range(1, _STEPS + 1):
        effect = furthest * (k / _STEPS) ** 2
        if lack(effect) >= 0:
            if k > 1 or lack(_EDGE * furthest) < 0:
                before = before or _EDGE * furthest
                return float(optimize.brentq(lack, before, effect, xtol=1e-15, rtol=1e-14))
            return _EDGE * furthest
        before = effect
    return math.nan


def _both(
    control_rate: float, absolute: float | None, relative: float | None, plan: Asked
) -> tuple[float, float]:
    """Return the rates of control and treatment."""
    control = asked.rate("control_rate", control_rate)
    treatment = asked.treated_rate(control, absolute, relative)
    asked.same_side(treatment - control, plan.alternative)
    return control, treatment


def _power(method: Method, test: Test, plan: Asked) -> Chance:
    """Return the chance of a finding by a method, for leads that are worth so much less."""

    def chance(control: float, treatment: float, n: tuple[float, float]) -> float:
        first, second = n[0] / plan.larger, n[1] / plan.larger
        if method != "exact":
            return power_of_rates(method, control, treatment, (first, second), plan.tail)
        counted = (math.floor(first + _WHOLE), math.floor(second + _WHOLE))
        if min(counted) < 1:
            raise ArgumentError(
                f"`n` is worth less than one independent lead in an arm: {n[0]:g} and {n[1]:g} "
                f"over {plan.larger:.4g}."
            )
        return counted_power(test, control, treatment, counted, plan.tail)

    return chance
