"""`before_after`: one group in two periods, and what that cannot show."""

from __future__ import annotations

import math
from collections.abc import Sequence

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.comparison import ALTERNATIVES, Alternative, Comparison, Unit
from funnelkit.experiment.unrandomised.contrasts import contrast
from funnelkit.experiment.unrandomised.readings import Given, Reading, reading

CANNOT = (
    "A change over time is no effect: season, market, mix and all that changed then are in it.",
    "What is changed after a bad period looks better by itself.",
    "Conversions must have had equally long to come in both periods.",
    "A group that was left alone beside it tells more: difference_in_differences.",
)
"""What one group in two periods cannot show, and what would."""


def before_after(
    before: Given,
    after: Given,
    *,
    earlier: Sequence[Given] = (),
    alternative: Alternative = "two-sided",
    confidence_level: float = 0.95,
    metric: str | None = None,
    unit: Unit | None = None,
    currency: str | None = None,
    units: str = "leads",
    names: tuple[str, str] = ("before", "after"),
) -> Comparison:
    """Return how far a rate or a mean differs after a change, and what that cannot show.

    Parameters
    ----------
    before, after
        (converted, entered) of a rate, equally mature, or (n, mean, sd) of a mean per unit.
    earlier
        Periods before ``before``, oldest first: they show how far it moves by itself.
    alternative
        Of after against before.
    confidence_level
        Of the interval.
    metric
        What is compared; default ``"rate"`` or ``"mean"``.
    unit
        What a mean counts in; default ``"number"``.
    currency
        Of money.
    units
        Plural noun of what entered.
    names
        Of the two periods.

    Returns
    -------
    Comparison
        With ``randomised=False``: its word is "difference".

    Raises
    ------
    ArgumentError
        For counts that cannot be, a rate beside a mean, or an unknown word.

    Notes
    -----
    Rates: Newcombe's interval, and as p-value the level at which it touches 0. Means: Welch.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890, method 10. Shadish, Cook and Campbell
    (2002), Experimental and Quasi-Experimental Designs, chapter 4, on what such a design leaves
    open.

    Examples
    --------
    >>> found = before_after((48, 80), (56, 70))
    >>> found.word, round(found.effect, 2)
    ('difference', 0.2)
    """
    checks.one_of("alternative", alternative, ALTERNATIVES)
    first, second = reading("before", before), reading("after", after)
    past = [*(reading("earlier", one) for one in earlier), first]
    if any(one.is_rate != second.is_rate for one in past):
        raise ArgumentError("all periods must be rates, or all means; got some of each.")
    found = contrast([first, second], [-1, 1], alternative=alternative)
    shown: Unit = "share" if second.is_rate else unit or "number"
    return Comparison(
        metric=metric or ("rate" if second.is_rate else "mean"),
        unit=shown,
        control=first.arm(names[0]),
        treatment=second.arm(names[1]),
        scale="difference",
        effect=found.estimate,
        pvalue=found.pvalue,
        bounds=found.bounds,
        method="Newcombe's interval" if second.is_rate else found.method,
        statistic=found.statistic,
        alternative=alternative,
        relative=second.mean / first.mean - 1 if first.mean > 0 else math.nan,
        units=units,
        currency=currency,
        randomised=False,
        notes=(*_by_itself(past, found.estimate, shown), *CANNOT),
        confidence_level=confidence_level,
    )


def _by_itself(past: Sequence[Reading], change: float, unit: Unit) -> tuple[str, ...]:
    """Return how far it moved from period to period before the change."""
    moves = [abs(past[k + 1].mean - past[k].mean) for k in range(len(past) - 1)]
    if not moves:
        return ()
    as_far = sum(move >= abs(change) for move in moves)
    largest = f"{100 * max(moves):.1f} points" if unit == "share" else f"{max(moves):,.4g}"
    said = (
        f"Before the change it moved by up to {largest} from one period to the next, and in "
        f"{as_far} of {display.plural(len(moves), 'step')} at least as far as now."
    )
    return (said,)
