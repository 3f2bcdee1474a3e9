"""`Targets`: what is to be reached in each month, new business apart from what is renewed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import Calendar, period_label, period_name
from funnelkit._core.errors import ArgumentError, numbered
from funnelkit._core.result import Result, frozen
from funnelkit.forecast.result import Unit

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Outside = Literal["past", "leave_out", "refuse"]
KINDS = ("new", "expansion", "renewal")
"""Kinds of business; leads bring the first only."""
_SLACK = 1e-6


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Targets(Result):
    """What is to be reached in each month; made by :func:`read_targets` or :func:`targets_of`.

    Shapes: ``H = len(periods)`` months.

    Parameters
    ----------
    periods
        Civil months without gaps.
    amount
        New business to be won in each month, shape ``(H,)``: money, or deals. A month may be 0.
    unit
        ``"value"`` (money) or ``"count"`` (deals).
    segments
        Segment -> its part of ``amount``, shape ``(H,)`` each; together they are all of it. May
        be empty.
    other
        ``"expansion"`` and ``"renewal"`` -> what is to be reached of it, shape ``(H,)`` each.
        They are carried and shown; no leads are planned for them.
    what
        What is counted, in words: ``"bookings"``, ``"new MRR"``, ``"deals"``.
    currency
        Of money, where it is known.
    source
        Where they come from.
    fiscal_year_start
        Month in which the fiscal year starts, for quarters and years.
    notes
        How they were spread over months, and what was done to them.

    Raises
    ------
    ArgumentError
        With every problem: no months, gaps, amounts below 0 or that are no numbers, a target of 0
        as the whole, segments that do not add up.
    """

    periods: pd.PeriodIndex
    amount: FloatArray
    unit: Unit = "value"
    segments: Mapping[str, FloatArray] = field(default_factory=dict)
    other: Mapping[str, FloatArray] = field(default_factory=dict)
    what: str = ""
    currency: str | None = None
    source: str = "stated"
    fiscal_year_start: int = 1
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the numbers, and refuse those that are no targets."""
        checks.one_of("unit", self.unit, ("value", "count"))
        Calendar(fiscal_year_start=self.fiscal_year_start)
        object.__setattr__(self, "periods", months_of("periods", self.periods))
        object.__setattr__(self, "amount", frozen(self.amount, np.float64))
        for name in ("segments", "other"):
            own = {str(k): frozen(one, np.float64) for k, one in getattr(self, name).items()}
            object.__setattr__(self, name, MappingProxyType(own))
        if not self.what:
            object.__setattr__(self, "what", "deals" if self.unit == "count" else "bookings")
        wrong = self._wrong()
        if wrong:
            raise ArgumentError(numbered(wrong))

    def _wrong(self) -> list[str]:
        """Return what cannot be, each as a sentence."""
        size = len(self.periods)
        for kind in self.other:
            checks.member("other", "kind of business", kind, KINDS[1:])
        named = {"`amount`": self.amount}
        named |= {f"segment {display.one_line(k)!r:.60}": v for k, v in self.segments.items()}
        named |= {f"kind `{k}`": v for k, v in self.other.items()}
        wrong = []
        for name, one in named.items():
            if one.shape != (size,):
                wrong.append(
                    f"{name} must be of shape ({size},), a number a month; got {one.shape}."
                )
            elif not np.isfinite(one).all() or (one < 0).any():
                odd = np.flatnonzero(~np.isfinite(one) | (one < 0))
                shown = [f"{one[k]:,.10g} in {period_label(self.periods[k])}" for k in odd[:5]]
                wrong.append(
                    f"{name} must be at least 0 in every month; got {', '.join(shown)}. Set what "
                    "is taken back off against the months that it belongs to."
                )
        if wrong:
            return wrong
        if not self.amount.sum() > 0:
            had = [kind for kind, one in self.other.items() if one.sum() > 0]
            beside = f" (there is one of {display.listed(had)} only, which leads do not bring)"
            nothing = (
                f"The target of new business is 0 in all of {display.plural(size, 'month')}"
                f"{beside if had else ''}: it needs no leads, so that there is nothing to plan. "
                "Give at least one month a target above 0."
            )
            return [nothing]
        if self.segments:
            together = np.sum(list(self.segments.values()), axis=0)
            odd = np.flatnonzero(~np.isclose(together, self.amount, rtol=_SLACK, atol=_SLACK))
            wrong += [
                f"Segments do not add up to the whole in {display.plural(len(odd), 'month')}, such "
                f"as {period_label(self.periods[k])}: {together[k]:,.10g} against "
                f"{self.amount[k]:,.10g}."
                for k in odd[:1]
            ]
        return wrong

    @property
    def total(self) -> float:
        """New business of all months together."""
        return float(self.amount.sum())

    @property
    def cumulative(self) -> FloatArray:
        """New business by the end of each month, shape ``(H,)``."""
        return np.cumsum(self.amount)

    @property
    def calendar(self) -> Calendar:
        """Where the fiscal year starts."""
        return Calendar(fiscal_year_start=self.fiscal_year_start)

    @property
    def labels(self) -> tuple[str, ...]:
        """Each month as tables write it."""
        return tuple(period_label(one) for one in self.periods)

    def by(self, every: Literal["month", "quarter", "year"]) -> pd.Series[float]:
        """Return new business by month, or by quarter or year of the user's calendar.

        Returns
        -------
        Series
            Indexed by period. Of a quarter or year that begins before the first month, or ends
            after the last, only the months that are there count.
        """
        import pandas as pd

        checks.one_of("every", every, ("month", "quarter", "year"))
        if every == "month":
            return pd.Series(self.amount, index=self.periods, name="target")
        of = self.calendar.periods(self.periods.to_timestamp(), every)
        return pd.Series(self.amount, index=of, name="target").groupby(level=0).sum()

    def over(self, periods: object, *, outside: Outside = "past") -> Targets:
        """Return the targets of the months of a plan.

        Parameters
        ----------
        periods
            Months of the plan, without gaps.
        outside
            What is done with targets of other months: ``"past"`` leaves out those before the plan
            begins, and refuses those after its end; ``"leave_out"`` leaves out both; ``"refuse"``
            refuses both.

        Returns
        -------
        Targets
            What was left out, and months of the plan without a target, which is 0 there, are said
            in ``notes``.

        Raises
        ------
        ArgumentError
            If no month is in both, or targets outside are refused: which, how much they are, and
            what to do.

        Examples
        --------
        >>> import pandas as pd
        >>> year = pd.period_range("2027-01", periods=12, freq="M")
        >>> targets = Targets(periods=year, amount=[100_000.0] * 12)
        >>> rest = targets.over(pd.period_range("2027-04", "2027-12", freq="M"))
        >>> rest.total
        900000.0
        >>> print(rest.notes[0])
        Left out, as they are over when the plan begins: targets of 3 months (2027-01 to 2027-03, 300,000 together). What they missed is not in the plan; `compare_to_actual` tells it.
        """  # noqa: E501
        checks.one_of("outside", outside, ("past", "leave_out", "refuse"))
        months = months_of("periods", periods)
        own, wanted = self.periods.asi8, months.asi8
        span = f"{period_label(months[0])} to {period_label(months[-1])}"
        inside = np.isin(own, wanted)
        if not inside.any():
            raise ArgumentError(
                f"`targets` are for {self.labels[0]} to {self.labels[-1]}, and no month of these "
                f"is in the plan ({span}). Give targets of its months, or another horizon."
            )
        notes, wrong = list(self.notes), []
        before, after = own < wanted[0], own > wanted[-1]
        if before.any():
            said = self._said(before)
            if outside == "refuse":
                wrong.append(
                    f"Targets of {said} are before the plan ({span}). Begin it earlier, or leave "
                    'them out: outside="past".'
                )
            else:
                notes.append(
                    f"Left out, as they are over when the plan begins: targets of {said}. What "
                    "they missed is not in the plan; `compare_to_actual` tells it."
                )
        if after.any():
            said = self._said(after)
            if outside == "leave_out":
                notes.append(f"Left out, as they are after the end of the plan: targets of {said}.")
            else:
                needed = int(own[-1] - wanted[0]) + 1
                wrong.append(
                    f"Targets of {said} are after the plan's end ({span}). Plan "
                    f"{display.plural(needed, 'month')} ahead (horizon={needed}), or leave them "
                    'out by targets.over(months, outside="leave_out").'
                )
        if wrong:
            raise ArgumentError(numbered(wrong))
        if not np.isin(wanted, own).all():
            bare = months[~np.isin(wanted, own)]
            notes.append(
                f"Without a target, which is taken as 0: {_months_said(bare)} of the plan."
            )
        return replace(
            self,
            periods=months,
            amount=_placed(self.amount, own, wanted),
            segments={k: _placed(one, own, wanted) for k, one in self.segments.items()},
            other={k: _placed(one, own, wanted) for k, one in self.other.items()},
            notes=tuple(notes),
        )

    def without_notes(self) -> Targets:
        """Return the same without notes on how they were read."""
        return replace(self, notes=())

    def rounded(self, digits: int) -> Targets:
        """Return the same with so many significant digits; the whole stays the sum of its parts."""

        def cut(one: FloatArray) -> FloatArray:
            return np.array([float(f"{value:.{digits}g}") for value in one.tolist()])

        segments = {name: cut(one) for name, one in self.segments.items()}
        whole = np.sum(list(segments.values()), axis=0) if segments else cut(self.amount)
        other = {name: cut(one) for name, one in self.other.items()}
        return replace(self, amount=whole, segments=segments, other=other)

    def _said(self, which: NDArray[np.bool_]) -> str:
        """Return months and how much their targets are together."""
        together = self.amount[which].sum()
        months = self.periods[which]
        ends = period_label(months[0]), period_label(months[-1])
        span = ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"
        return f"{display.plural(len(months), 'month')} ({span}, {self._number(together)} together)"

    def _number(self, amount: float) -> str:
        of = "" if self.currency is None or self.unit == "count" else f"{self.currency} "
        return f"{of}{display.expected(float(amount))}"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per month, kind and segment.

        Returns
        -------
        DataFrame
            ``period``, ``kind``, ``segment`` (blank where there are none) and ``amount``; as
            :func:`read_targets` takes it.
        """
        import pandas as pd

        new = dict(self.segments) or {"": self.amount}
        blocks = [("new", name, one) for name, one in new.items()]
        blocks += [(kind, "", one) for kind, one in self.other.items()]
        parts = [
            pd.DataFrame({"period": self.labels, "kind": kind, "segment": name, "amount": one})
            for kind, name, one in blocks
        ]
        return pd.concat(parts, ignore_index=True)

    def summary(self) -> str:
        """Return how much is to be reached, over which months, and how that was spread."""
        ends = period_name(self.periods[0]), period_name(self.periods[-1])
        span = f"in {ends[0]}" if ends[0] == ends[1] else f"from {ends[0]} to {ends[1]}"
        unit = display.one_line(self.what)
        text = f"{self._number(self.total)} of new business ({unit}) {span}"
        if len(self.periods) > 1:
            text += f", {self._number(self.total / len(self.periods))} a month on average"
        if self.segments:
            text += f", in {display.plural(len(self.segments), 'segment')}"
        carried = [
            f"{self._number(float(one.sum()))} of {kind}"
            for kind, one in self.other.items()
            if one.sum() > 0
        ]
        beside = f" Beside it, and not brought by leads: {display.listed(carried)}."
        return " ".join([f"{text}.{beside if carried else ''}", *self.notes])


def months_of(argument: str, periods: object) -> pd.PeriodIndex:
    """Return civil months without gaps.

    Raises
    ------
    ArgumentError
        If there are none, or they are other periods, repeat or leave gaps.
    """
    import pandas as pd

    given: Any = periods
    try:
        found = given if isinstance(given, pd.PeriodIndex) else pd.PeriodIndex(given, freq="M")
    except (ValueError, TypeError, AttributeError):
        raise ArgumentError(
            f"`{argument}` must be months, such as pandas.period_range('2027-01', periods=12, "
            f"freq='M'); got {periods!r:.80}."
        ) from None
    if found.freqstr not in ("M", "ME"):
        raise ArgumentError(
            f"`{argument}` must be months (freq M); got periods of freq {found.freqstr}. Quarters "
            "and years of targets are spread over months by `read_targets`."
        )
    if not len(found):
        raise ArgumentError(f"`{argument}` must hold at least one month; got none.")
    steps = np.diff(found.asi8)
    if (steps != 1).any():
        at = int(np.flatnonzero(steps != 1)[0])
        raise ArgumentError(
            f"`{argument}` must be months without gaps, each once and in order; got "
            f"{period_label(found[at + 1])} after {period_label(found[at])}."
        )
    return found


def _months_said(months: pd.PeriodIndex) -> str:
    shown = ", ".join(period_label(one) for one in months[:6])
    return f"{display.plural(len(months), 'month')} ({shown}{', …' if len(months) > 6 else ''})"


def _placed(values: FloatArray, own: IntArray, wanted: IntArray) -> FloatArray:
    """Return the numbers of some months at the places of others; 0 where there is none."""
    given = dict(zip(own.tolist(), values.tolist(), strict=True))
    return np.array([given.get(month, 0.0) for month in wanted.tolist()])
