"""`confidence_sequence`: intervals and p-values that hold though nothing was planned."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import frozen
from funnelkit.experiment.comparison import ALTERNATIVES, Alternative, Arm, Unit
from funnelkit.experiment.sequential import mixtures
from funnelkit.experiment.sequential.betting import batches
from funnelkit.experiment.sequential.sequence import ConfidenceSequence, Ends

FloatArray = NDArray[np.float64]
Method = Literal["betting", "asymptotic"]
METHODS: tuple[Method, ...] = ("betting", "asymptotic")
_FEW = 5


def confidence_sequence(
    control: Sequence[Sequence[float]],
    treatment: Sequence[Sequence[float]],
    *,
    alternative: Alternative = "two-sided",
    confidence_level: float = 0.95,
    method: Method | None = None,
    tightest_at: float = 1000.0,
    metric: str = "rate",
    unit: Unit | None = None,
    units: str = "leads",
    currency: str | None = None,
    names: Sequence[str] = ("control", "treatment"),
    randomised: bool = True,
) -> ConfidenceSequence:
    """Return intervals of treatment less control that hold at all looks together.

    For those who planned no looks: one may look at any time, as often as one likes, and stop for
    any reason. Who can plan looks gets more power from :func:`boundaries`.

    Parameters
    ----------
    control, treatment
        By look, all leads so far: ``(converted, entered)``, or ``(n, mean, sd)`` of one unit, such
        as revenue per lead. Pass every look there was, in order.
    alternative
        Of the treatment against control.
    confidence_level
        Of all intervals together; one-sided where the alternative is.
    method
        ``"betting"`` for rates: exact, at any counts. ``"asymptotic"``: for means, and for rates in
        large samples; it holds from the first look on if that look is large enough for the normal
        distribution to do. Default: betting for rates.
    tightest_at
        Leads in both arms at which the intervals are to be tightest. It must be chosen before the
        first look, as any other number is as valid but not one that the results suggested.
    metric, unit, units, currency, names, randomised
        As of a :class:`Comparison`; ``unit`` is ``"share"`` for counts and ``"number"`` for means
        unless given.

    Returns
    -------
    ConfidenceSequence
        Intervals and always-valid p-values; p < alpha exactly when the interval at 1 - alpha
        excludes no effect.

    Raises
    ------
    ArgumentError
        If looks cannot be read, fall from one to the next, or a method does not fit them.

    Notes
    -----
    Betting: between two looks each lead multiplies a capital by a fair or unfavourable bet on its
    own variant, and the interval holds every difference against which no more than 1 / alpha was
    won. Conversions must be independent between leads, and the time of a look must not depend on
    the leads since the last one. Asymptotic: the normal mixture, with the variance estimated at
    each look. An earlier look's interval goes on to hold, so that later ones lie within it.

    References
    ----------
    Robbins (1970), Annals of Mathematical Statistics 41, 1397-1409; Howard, Ramdas, McAuliffe and
    Sekhon (2021), Annals of Statistics 49, 1055-1080; Waudby-Smith and Ramdas (2024), JRSS B 86,
    1-27; Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024), Annals of Statistics 52,
    2613-2640; Johari, Koomen, Pekelis and Walsh (2022), Operations Research 70, 1806-1821.

    Examples
    --------
    >>> found = confidence_sequence([(9, 100), (21, 210)], [(21, 100), (46, 205)])
    >>> found.to_frame()[["effect", "low", "high", "pvalue"]].round(3).values.tolist()
    [[0.12, -0.062, 0.301, 0.67], [0.124, 0.0, 0.251, 0.05]]
    """
    checks.one_of("alternative", alternative, ALTERNATIVES)
    checks.confidence(confidence_level)
    number = isinstance(tightest_at, (int, float, np.number)) and not isinstance(tightest_at, bool)
    if not number or not 1 <= tightest_at < math.inf:
        raise ArgumentError(
            f"`tightest_at` must be a number of leads, at least 1; got {tightest_at!r}."
        )
    if isinstance(names, str) or len(names) != 2:
        raise ArgumentError(f"`names` must be those of control and treatment; got {names!r:.60}.")
    first, second = _rows("control", control), _rows("treatment", treatment)
    if first.shape != second.shape:
        raise ArgumentError(
            "`control` and `treatment` must have the same looks, in the same form; got "
            f"{first.shape[0]} of {first.shape[1]} numbers and {second.shape[0]} of "
            f"{second.shape[1]}."
        )
    rates = first.shape[1] == 2
    chosen = checks.one_of("method", method or ("betting" if rates else "asymptotic"), METHODS)
    if chosen == "betting" and not rates:
        raise ArgumentError('`method`: "betting" is for rates; means have "asymptotic".')
    for argument, rows in (("control", first), ("treatment", second)):
        (_counts if rates else _moments)(argument, rows, whole=chosen == "betting")
    arms = [
        tuple(_arm(str(name), row, rates=rates) for row in rows)
        for name, rows in zip(names, (first, second), strict=True)
    ]
    mean = np.array([[one.mean for one in side] for side in arms])
    effect = mean[1] - mean[0]
    if chosen == "betting":
        ends, pvalue = _betting(first, second, alternative, float(tightest_at))
    else:
        ends, pvalue = _asymptotic(first, second, effect, alternative, float(tightest_at))
    return ConfidenceSequence(
        metric=metric,
        unit=unit or ("share" if rates else "number"),
        control=arms[0],
        treatment=arms[1],
        effect=effect,
        ends=ends,
        pvalue=pvalue,
        method=chosen,
        alternative=alternative,
        tightest_at=float(tightest_at),
        units=units,
        currency=currency,
        randomised=randomised,
        notes=_few_notes(first, second, rates=rates) if chosen == "asymptotic" else (),
        confidence_level=confidence_level,
    )


def _betting(
    control: FloatArray, treatment: FloatArray, alternative: Alternative, tightest: float
) -> tuple[Ends, FloatArray]:
    """Return ends and p-values from bets."""
    up = batches(control, treatment, tightest)
    down = up.swapped()
    sides = 2 if alternative == "two-sided" else 1
    none = np.full(len(control), 1.0)

    @lru_cache(maxsize=8)
    def ends(level: float) -> tuple[FloatArray, FloatArray]:
        alpha = (1 - level) / sides
        low = -none if alternative == "less" else up.low(alpha)
        high = none if alternative == "greater" else -down.low(alpha)
        return frozen(low, np.float64), frozen(high, np.float64)

    log_capital = np.full(len(control), -math.inf)
    if alternative != "less":
        log_capital = np.maximum(log_capital, up.log_capital(0.0))
    if alternative != "greater":
        log_capital = np.maximum(log_capital, down.log_capital(0.0))
    return ends, _pvalues(log_capital - math.log(sides))


def _asymptotic(
    control: FloatArray,
    treatment: FloatArray,
    effect: FloatArray,
    alternative: Alternative,
    tightest: float,
) -> tuple[Ends, FloatArray]:
    """Return ends and p-values from normal mixtures."""
    (own, n0), (its, n1) = _variances(control), _variances(treatment)
    number = n0 * n1 / (n0 + n1)
    sd = np.sqrt(np.maximum((own / n0 + its / n1) * number, 1e-300))
    mix = mixtures.mixing(tightest / 4)
    two_sided = alternative == "two-sided"
    sign = -1.0 if alternative == "less" else 1.0

    def ends(level: float) -> tuple[FloatArray, FloatArray]:
        half = sd * mixtures.reach(number, mix, 1 - level, two_sided=two_sided)
        none = np.full(len(effect), 1.0 if control.shape[1] == 2 else math.inf)
        low = np.maximum(np.maximum.accumulate(effect - half), -none)
        high = np.minimum(np.minimum.accumulate(effect + half), none)
        if alternative == "less":
            return -none, high
        return low, (high if two_sided else none)

    evidence = mixtures.log_evidence(sign * effect / sd, number, mix, two_sided=two_sided)
    return ends, _pvalues(evidence)


def _variances(rows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the variance of one unit and the number of units; of rates never quite 0."""
    if rows.shape[1] == 2:
        rate = (rows[:, 0] + 0.5) / (rows[:, 1] + 1)
        return rate * (1 - rate), rows[:, 1]
    return rows[:, 2] ** 2, rows[:, 0]


def _pvalues(log_evidence: FloatArray) -> FloatArray:
    return np.minimum(np.exp(-np.maximum.accumulate(log_evidence)), 1.0)


def _arm(name: str, row: FloatArray, *, rates: bool) -> Arm:
    if rates:
        return Arm(name=name, n=float(row[1]), mean=float(row[0] / row[1]), converted=float(row[0]))
    return Arm(name=name, n=float(row[0]), mean=float(row[1]), sd=float(row[2]))


def _rows(argument: str, given: Any) -> FloatArray:
    """Return one row of numbers for each look."""
    wanted = (
        f"`{argument}` must hold one look after the other, each (converted, entered) or "
        "(n, mean, sd) of all leads so far"
    )
    try:
        rows = np.asarray(given, float)
    except (TypeError, ValueError):
        raise ArgumentError(f"{wanted}; got {given!r:.60}.") from None
    if rows.ndim != 2 or not len(rows) or rows.shape[1] not in {2, 3}:
        hint = " One look goes into a list of its own." if rows.ndim == 1 and rows.size else ""
        raise ArgumentError(f"{wanted}; got {given!r:.60}.{hint}")
    if not np.isfinite(rows).all():
        raise ArgumentError(f"{wanted}; look {_first(~np.isfinite(rows))} holds no number.")
    return rows


def _counts(argument: str, rows: FloatArray, *, whole: bool) -> None:
    """Check converted and entered of each look."""
    if (rows[:, 1] <= 0).any():
        raise ArgumentError(
            f"`{argument}` has nobody in it at look {_first(rows[:, [1]] <= 0)}; begin with the "
            "first look at which both arms have leads."
        )
    wrong = (rows[:, 0] < 0) | (rows[:, 0] > rows[:, 1])
    if wrong.any():
        k = _first(wrong[:, None])
        raise ArgumentError(
            f"`{argument}` must have converted from 0 to entered; look {k} has "
            f"{rows[k - 1, 0]:g} of {rows[k - 1, 1]:g}."
        )
    if whole and (rows % 1 != 0).any():
        k = _first(rows % 1 != 0)
        raise ArgumentError(
            f"`{argument}` must hold whole counts; look {k} has {rows[k - 1, 0]:g} of "
            f'{rows[k - 1, 1]:g}. Effective numbers of leads have method="asymptotic".'
        )
    steps = np.diff(rows, axis=0)
    fell = (steps < 0).any(axis=1) | (steps[:, 0] > steps[:, 1] + 1e-9)
    if fell.any():
        k = int(np.flatnonzero(fell)[0]) + 2
        raise ArgumentError(
            f"`{argument}` must hold all leads so far at each look; look {k} has "
            f"{rows[k - 1, 0]:g} of {rows[k - 1, 1]:g} after {rows[k - 2, 0]:g} of "
            f"{rows[k - 2, 1]:g}. Counts since the last look must be summed up; count leads only "
            "once they have matured."
        )


def _moments(argument: str, rows: FloatArray, *, whole: bool) -> None:  # noqa: ARG001
    """Check number, mean and standard deviation of each look."""
    wrong = (rows[:, 0] < 2) | (rows[:, 2] <= 0)
    if wrong.any():
        k = _first(wrong[:, None])
        raise ArgumentError(
            f"`{argument}` must have 2 units or more and a standard deviation above 0; look "
            f"{k} has n = {rows[k - 1, 0]:g} and sd = {rows[k - 1, 2]:g}."
        )
    if (np.diff(rows[:, 0]) < 0).any():
        raise ArgumentError(
            f"`{argument}` must hold all leads so far at each look; n falls at look "
            f"{_first(np.diff(rows[:, 0])[:, None] < 0) + 1}."
        )


def _first(wrong: NDArray[np.bool_]) -> int:
    return int(np.flatnonzero(wrong.any(axis=1))[0]) + 1


def _few_notes(control: FloatArray, treatment: FloatArray, *, rates: bool) -> tuple[str, ...]:
    """Return what must be said of a first look that is too small for an approximation."""
    rows = np.vstack([control[0], treatment[0]])
    few = np.minimum(rows[:, 0], rows[:, 1] - rows[:, 0]) if rates else rows[:, 0] / 10
    if few.min() >= _FEW:
        return ()
    what = "conversions or leads without one" if rates else "units"
    number = display.count(few.min() if rates else rows[:, 0].min())
    remedy = 'method="betting" is exact.' if rates else "Begin with a later look."
    told = (
        f"The first look has {number} {what} in one arm, too few for an approximation by the "
        f"normal distribution. {remedy}"
    )
    return (told,)
