"""Comparisons as the rows of a view: which p-value judges each, and which are guardrails."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.comparison import Comparison


@dataclass(frozen=True, kw_only=True)
class Row:
    """One comparison as a view shows it.

    Parameters
    ----------
    comparison
        What is shown.
    adjusted
        Its p-value within the family; NaN where none was adjusted.
    guardrail
        Whether it is watched for harm, not hoped to rise.
    """

    comparison: Comparison
    adjusted: float
    guardrail: bool

    @property
    def clear(self) -> bool:
        """Whether the p-value that judges it, adjusted where it was, is below alpha."""
        if math.isnan(self.adjusted):
            return self.comparison.significant()
        return self.adjusted < 1 - self.comparison.confidence_level

    @property
    def relative(self) -> tuple[float, float, float]:
        """Relative effect with its interval; of a ratio, less 1; NaN where there is none."""
        one = self.comparison
        value = one.relative
        low, high = (float(end) for end in one.relative_interval())
        if one.scale == "ratio" and math.isnan(low):
            value, (low, high) = one.effect - 1, (float(end) - 1 for end in self.interval)
        return value, low, high

    @property
    def interval(self) -> tuple[float, float]:
        """Interval of the effect."""
        low, high = self.comparison.confidence_interval()
        return float(low), float(high)

    def relative_text(self) -> str:
        """Return the relative effect with its interval, or a dash where it is not known."""
        value, low, high = self.relative
        if not math.isfinite(value):
            return display.EN_DASH
        if math.isnan(low):
            return percent(value)
        return f"{percent(value)} ({percent(low, sign=False)} to {percent(high)})"

    def pvalue_text(self) -> str:
        """Return p, and p within the family where it was adjusted."""
        one = self.comparison
        if math.isnan(one.pvalue):
            return "no test"
        text = display.pvalue(one.pvalue)
        return text if math.isnan(self.adjusted) else f"{text}, adjusted {plain(self.adjusted)}"


def rows_of(argument: str, given: Any, guardrails: str | Iterable[str] = ()) -> tuple[Row, ...]:
    """Return the rows of one comparison, of several, or of a family.

    Parameters
    ----------
    argument
        Name in the errors.
    given
        A :class:`Comparison`, a sequence of them, :class:`Comparisons`, or a result that has
        ``comparisons``.
    guardrails
        Names of metrics.

    Raises
    ------
    ArgumentError
        If it is something else or empty, or a guardrail is no metric of it.
    """
    adjusted: Sequence[float] | None = None
    if isinstance(given, Comparison):
        found: list[Any] = [given]
    else:
        family = getattr(given, "comparisons", given)
        family = getattr(family, "comparisons", family)
        adjusted = getattr(given, "adjusted", None)
        listable = isinstance(family, Iterable) and not isinstance(family, (str, bytes, dict))
        found = list(family) if listable else [None]
    if not found or not all(isinstance(one, Comparison) for one in found):
        came = "none" if not found else type(given).__name__
        raise ArgumentError(
            f"`{argument}` must be a comparison of fk.experiment, or several of them; got {came}."
        )
    if adjusted is None or len(adjusted) != len(found):
        adjusted = [math.nan] * len(found)
    named = {guardrails} if isinstance(guardrails, str) else set(guardrails)
    metrics = dict.fromkeys(one.metric for one in found)
    for name in named:
        checks.member("guardrails", "metric", name, metrics)
    return tuple(
        Row(comparison=one, adjusted=float(p), guardrail=one.metric in named)
        for one, p in zip(found, adjusted, strict=True)
    )


def percent(share: float, *, sign: bool = True) -> str:
    """Return a relative change in per cent with its sign: ``+12.5 %``; the last end bears the %.

    Examples
    --------
    >>> percent(0.125).replace(chr(0x202F), " "), percent(float("inf"))
    ('+12.5 %', 'no limit')
    """
    if not math.isfinite(share):
        return "no limit"
    decimals = 0 if abs(share) >= 1 else 1
    text = display.signed(round(100 * share, decimals) + 0.0, decimals=decimals)
    return f"{text}{display.NARROW_SPACE}%" if sign else text


def plain(pvalue: float) -> str:
    """Return a p-value without its letter.

    Examples
    --------
    >>> plain(0.0421), plain(1e-5)
    ('0.042', '< 0.001')
    """
    return display.pvalue(pvalue).removeprefix("p ").removeprefix("= ")


def not_by_chance(rows: Sequence[Row]) -> str:
    """Return which comparisons chance did not choose, in a sentence; "" where it chose all."""
    open_ones = [row for row in rows if not row.comparison.randomised]
    if not open_ones:
        return ""
    if len(open_ones) == len(rows):
        return "Chance did not choose the arm: a difference is no proof of an effect."
    names = dict.fromkeys(display.one_line(row.comparison.metric) for row in open_ones)
    return f"Of {display.listed(list(names))} a difference is no proof of an effect."
