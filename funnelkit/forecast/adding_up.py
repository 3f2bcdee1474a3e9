"""`Parts`: what is won, in flight and not yet created, as they add up to what is expected."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.dates import period_name
from funnelkit._core.errors import ArgumentError
from funnelkit.forecast.framed import framed, named
from funnelkit.forecast.result import Forecast, Unit

if TYPE_CHECKING:
    import pandas as pd

TOTAL = "total"
SAID = {"won": "already won", "without a lead": "deals without a lead"}
_WON = ("won", "already won")
_OTHER: dict[str, str] = {"count": "won deals", "value": "bookings"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a waterfall.

    Parameters
    ----------
    name
        As it is called.
    start, end
        From where to where it goes.
    words, more
        Its number, and its interval in brackets; "" where there is none.
    sure
        Whether it is won, or the total.
    ends
        Interval that is drawn around its end.
    """

    name: str
    start: float
    end: float
    words: str
    more: str = ""
    sure: bool = False
    ends: tuple[float, float] | None = None


class Parts:
    """The parts of a waterfall as they are read from a frame or a forecast.

    Parameters
    ----------
    given
        A bookings forecast, or a frame with ``part`` or ``step``, and numbers.
    what, unit
        As in :func:`funnelkit.plot.waterfall`.

    Raises
    ------
    ArgumentError
        If the parts cannot be read, or do not add up to the total that is stated.
    """

    def __init__(self, given: pd.DataFrame | Forecast, what: str | None, unit: Unit | None) -> None:
        self.made = given if isinstance(given, Forecast) else None
        parts: Any = given
        if self.made is not None:
            if not hasattr(given, "waterfall"):
                raise ArgumentError(
                    "`steps` must be a forecast of bookings or a frame; this forecast has no "
                    "`waterfall()`."
                )
            parts = parts.waterfall()
        columns = getattr(parts, "columns", ())
        if unit is None:
            unit = self.made.unit if self.made is not None else None
        if unit is None:
            only = "expected" not in columns and "expected_value" in columns
            unit = "value" if only else "count"
        self.unit = checks.one_of("unit", unit, ("count", "value"))
        end = "" if self.unit == "count" else "_value"
        key = "step" if "step" in columns and "part" not in columns else "part"
        frame = framed(
            "steps",
            parts,
            names=[key],
            numbers=[f"expected{end}"],
            gaps=[f"low{end}", f"high{end}"],
            maker="the `waterfall()` of a bookings forecast",
        )
        self.names = [named(each) for each in frame[key]]
        self.expected = frame[f"expected{end}"].to_numpy(float)
        blank = np.full(len(frame), np.nan)
        self.low, self.high = (
            frame[f"{name}{end}"].to_numpy(float) if f"{name}{end}" in frame else blank
            for name in ("low", "high")
        )
        given_what = "deals"
        self.until = ""
        if self.made is not None:
            given_what = self.made.what if self.made.unit == self.unit else _OTHER[self.unit]
            self.until = f" by {period_name(self.made.periods[-1])}"
        self.what = display.one_line(what if what is not None else given_what)
        currency = None if self.made is None or self.unit == "count" else self.made.currency
        self.currency = f"{display.one_line(currency)} " if currency else ""
        self.total, self.ends = self._total()

    def _total(self) -> tuple[float, tuple[float, float] | None]:
        """Return the sum of the parts and its interval, and drop the row of the total."""
        rows = [k for k, name in enumerate(self.names) if name.casefold() == TOTAL]
        kept = [k for k in range(len(self.names)) if k not in rows]
        if not kept or len(rows) > 1:
            raise ArgumentError("`steps` must hold the parts and at most one `total`.")
        total, ends = float(self.expected[kept].sum()), None
        if rows:
            stated = float(self.expected[rows[0]])
            if not math.isclose(stated, total, rel_tol=0.005, abs_tol=0.5):
                raise ArgumentError(
                    f"`steps`: the parts add up to {total:,g}, and the total is {stated:,g}."
                )
            pair = float(self.low[rows[0]]), float(self.high[rows[0]])
            ends = pair if np.isfinite(pair).all() else None
        elif self.made is not None and self.made.unit == self.unit:
            low, high = self.made.confidence_interval(per="all", cumulative=True)
            near = math.isclose(float(self.made.total.sum()), total, rel_tol=0.02, abs_tol=0.5)
            ends = (float(np.asarray(low)[-1]), float(np.asarray(high)[-1])) if near else None
        self.names = [self.names[k] for k in kept]
        self.expected, self.low, self.high = (
            each[kept] for each in (self.expected, self.low, self.high)
        )
        return total, ends

    def rows(self) -> list[Row]:
        """Return the parts, each where the one before it ends, and the total."""
        found, at = [], 0.0
        for k, name in enumerate(self.names):
            value = float(self.expected[k])
            row = Row(
                name=SAID.get(name.casefold(), name),
                start=at,
                end=at + value,
                words=self.number(value),
                more=self._more(k),
                sure=name.casefold() in _WON,
            )
            found.append(row)
            at += value
        last = Row(
            name="expected",
            start=0.0,
            end=at,
            words=self.number(self.total),
            more=self.between(*self.ends) if self.ends else "",
            sure=True,
            ends=self.ends,
        )
        return [*found, last]

    @property
    def top(self) -> float:
        """Largest number that is drawn."""
        return float(max([self.total, *(self.ends or ()), *np.cumsum(self.expected)]))

    @property
    def told(self) -> list[str]:
        """A line for each part."""
        return [f"{row.name}: {row.words} {row.more}".rstrip() + "." for row in self.rows()]

    def title(self) -> str:
        """Return the total and what it is made of."""
        link = " of " if self.unit == "value" else " "
        about = f"About {self.currency}{self.number(self.total)}{link}{self.what}{self.until}"
        about += f" {self.between(*self.ends)}" if self.ends else ""
        said = [SAID.get(name.casefold(), name) for name in self.names]
        sure = [name.casefold() in _WON for name in self.names]
        won = [k for k, one in enumerate(sure) if one and self.expected[k]]
        rest = [k for k, one in enumerate(sure) if not one]
        told = [*won, *sorted(rest, key=lambda k: -self.expected[k])][:2]
        parts = ", ".join(f"{self.number(float(self.expected[k]))} {said[k]}" for k in told)
        return f"{about}: {parts}"

    def caption(self) -> str:
        """Return what the numbers are."""
        unit = f", in {self.currency.strip()}" if self.currency else ""
        what = f"{self.what[:1].upper()}{self.what[1:]}"
        text = f"{what}{unit}; the parts add up exactly to the total."
        if np.isfinite(self.low).any() or self.ends:
            text += " In brackets the interval of each; that of the total is not their sum."
        if self.made is not None:
            text += f" Method: {display.one_line(self.made.method)}."
        return text

    def number(self, value: float) -> str:
        """Return a number as it is written."""
        if self.unit == "value":
            return display.count(value)
        return display.count(value) if float(value).is_integer() else display.expected(value)

    def between(self, low: float, high: float) -> str:
        """Return an interval in brackets."""
        return f"({self.number(low)} to {self.number(high)})"

    def _more(self, k: int) -> str:
        low, high = float(self.low[k]), float(self.high[k])
        return self.between(low, high) if math.isfinite(low + high) and low < high else ""
