"""Numbers by channel and month as people give them, read into arrays, with every problem named."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import unknown

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_SHOWN = 3


@dataclass(frozen=True, eq=False)
class Reader:
    """Reads numbers by channel and month, and gathers what is wrong with them.

    Parameters
    ----------
    channels
        Names that are known.
    periods
        Months of the plan.
    problems
        Sentences; grows while reading.
    """

    channels: tuple[str, ...]
    periods: pd.PeriodIndex
    problems: list[str] = field(default_factory=list)

    @property
    def span(self) -> str:
        """First and last month in words."""
        return f"{period_label(self.periods[0])} to {period_label(self.periods[-1])}"

    def channel(self, argument: str, name: object) -> int | None:
        """Return the place of a channel, or ``None`` where it is not known."""
        if name in self.channels:
            return self.channels.index(str(name))
        said = unknown("channel", display.one_line(str(name)), self.channels)
        self.problems.append(f"`{argument}`: {said}")
        return None

    def grid(self, argument: str, given: Any, *, default: float) -> FloatArray:
        """Return numbers by channel and month, shape ``(C, H)``.

        Parameters
        ----------
        argument
            Its name, for messages.
        given
            ``None``; one number for each channel and month; a mapping (or a frame with a column
            for each channel) from channel to what :meth:`months` takes; an array of shape
            ``(C,)`` or ``(C, H)``.
        default
            Where nothing is said.
        """
        size = len(self.channels), len(self.periods)
        found = np.full(size, default)
        if given is None:
            return found
        named = _columns(given)
        if named is not None:
            for name, values in named.items():
                place = self.channel(argument, name)
                if place is not None:
                    what = f"`{argument}` of {display.one_line(str(name))!r}"
                    found[place] = self.months(what, values, default=default)
            return found
        if _is_number(given):
            return np.tile(self.months(f"`{argument}`", given, default=default), (size[0], 1))
        array = _array(given)
        if array is None or array.shape not in ((size[0],), size):
            came = f"shape {array.shape}" if array is not None else repr(given)[:60]
            self.problems.append(
                f"`{argument}` must be a mapping of channels to numbers, or an array of shape "
                f"({size[0]},) or {size}, channels by months; got {came}."
            )
            return found
        for place, values in enumerate(array):
            what = f"`{argument}` of {display.one_line(self.channels[place])!r}"
            found[place] = self.months(what, values, default=default)
        return found

    def months(self, what: str, given: Any, *, default: float) -> FloatArray:
        """Return one number for each month, shape ``(H,)``.

        Parameters
        ----------
        what
            What they are, for messages.
        given
            ``None``, one number for all months, as many as there are months, or a mapping or
            Series of months to numbers, where months that are not named have the default.
        default
            Where nothing is said.
        """
        size = len(self.periods)
        found = np.full(size, default)
        if given is None:
            return found
        if _is_number(given):
            return self._numbers(what, np.full(size, float(given)), default)
        if isinstance(given, Mapping) or hasattr(given, "items"):
            for key, value in given.items():
                place = self.month(what, key)
                if place is None:
                    continue
                if value is None or _is_number(value):
                    found[place] = default if value is None else float(value)
                else:
                    self.problems.append(f"{what}: {value!r:.40} in {key!s:.20} is no number.")
            return self._numbers(what, found, default)
        array = _array(given)
        if array is None or array.shape != (size,):
            count = f"{len(array)} numbers" if array is not None and array.ndim == 1 else None
            self.problems.append(
                f"{what} must be one number, {size} of them (one for each month, {self.span}) or a "
                f"mapping of months to numbers; got {count or repr(given)[:60]}."
            )
            return found
        return self._numbers(what, array, default)

    def month(self, what: str, key: object) -> int | None:
        """Return the place of a month, or ``None`` where it is not one of the plan."""
        months = self.covered(what, key)
        if months is None:
            return None
        if len(months) != 1:
            self.problems.append(f"{what} must be by month; got {str(key)[:20]!r}.")
            return None
        return months[0]

    def covered(self, what: str, key: object) -> list[int] | None:
        """Return the places of the months of a month, quarter or year."""
        import pandas as pd

        try:
            period = key if isinstance(key, pd.Period) else pd.Period(str(key))
            first, last = period.asfreq("M", "start"), period.asfreq("M", "end")
        except (ValueError, TypeError, AttributeError):
            self.problems.append(f"{what}: {str(key)[:40]!r} is no month such as 2027-03.")
            return None
        places = [k for k, month in enumerate(self.periods) if first <= month <= last]
        if not places:
            self.problems.append(
                f"{what}: {str(key)[:40]!r} is not among the months of the plan ({self.span})."
            )
            return None
        return places

    def _numbers(self, what: str, found: FloatArray, default: float) -> FloatArray:
        """Return numbers that are at least 0, or the default where one is not."""
        wrong = np.isnan(found) | (found < 0) | (np.isinf(found) & math.isfinite(default))
        if wrong.any():
            places = np.flatnonzero(wrong).tolist()
            if len(places) == len(found) and len({str(one) for one in found}) == 1:
                came = f"{found[0]:g}"
            else:
                came = self.listed(
                    f"{found[k]:g} in {period_label(self.periods[k])}" for k in places
                )
            self.problems.append(f"{what} must be at least 0; got {came}.")
            return np.where(wrong, default, found)
        return found

    @staticmethod
    def listed(examples: Iterable[str]) -> str:
        """Return the first examples and how many more there are."""
        every = list(examples)
        more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
        return ", ".join(every[:_SHOWN]) + more


def _columns(given: Any) -> Mapping[Any, Any] | None:
    """Return a mapping of channels, from a mapping, Series or frame."""
    if isinstance(given, Mapping):
        return given
    if hasattr(given, "columns") and hasattr(given, "items"):
        return dict(given.items())
    if hasattr(given, "index") and hasattr(given, "items") and not callable(given.index):
        return dict(given.items())
    return None


def _is_number(given: object) -> bool:
    known = isinstance(given, (int, float, np.integer, np.floating))
    return known and not isinstance(given, (bool, np.bool_))


def _array(given: Any) -> FloatArray | None:
    """Return an array of numbers, or ``None`` where it is none."""
    if not isinstance(given, (Sequence, np.ndarray)) or isinstance(given, (str, bytes)):
        return None
    try:
        return np.asarray(given, float)
    except (TypeError, ValueError):
        return None
