"""What comes without new leads, as a user states it: a total, or month by month."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit._core.dates import period_label
from funnelkit.plan.basis.channel import Stream
from funnelkit.plan.basis.estimate import Estimate, strata
from funnelkit.plan.basis.stated_parts import is_number

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan.basis.stated_parts import Reader

FloatArray = NDArray[np.float64]


def stated_stream(
    given: Any,
    name: str,
    *,
    argument: str,
    periods: pd.PeriodIndex,
    n_draws: int,
    size: float | None,
    reader: Reader,
) -> Stream:
    """Return a stream from what a user states of it.

    Parameters
    ----------
    given
        ``None``: nothing. A number, ``(mean, sd)`` or an :class:`Estimate`: the total, evenly over
        the months. A list of one such for each month, a mapping from months, or a Series indexed
        by them. A :class:`Stream`: as it is.
    name
        Of the stream.
    argument
        How the argument is called.
    periods, n_draws
        Months and draws of the plan.
    size
        Mean value of a deal, where numbers are money; ``None``: deals.
    reader
        Where problems are put.

    Notes
    -----
    Normal about the mean, cut at 0, and brought back to it. Months that are in doubt are so
    together: what makes one better than expected does so for all.
    """
    ahead = len(periods)
    none = Stream(name=name, deals=np.zeros((n_draws, ahead)), value=np.zeros((n_draws, ahead)))
    if given is None:
        return none
    if isinstance(given, Stream):
        if given.deals.shape != none.deals.shape:
            reader.wrong(
                argument,
                f"must be of shape {none.deals.shape} (draws, months); got {given.deals.shape}.",
            )
            return none
        return given
    months = _by_month(given, argument, periods, reader)
    if months is None:
        return none
    expected = np.array([one.value for one in months])
    normal = special.ndtri(strata(n_draws, name))
    drawn = np.zeros((n_draws, ahead))
    for month, one in enumerate(months):
        law = (
            np.maximum(one.value + one.sd * normal, 0.0) if one.sd else np.full(n_draws, one.value)
        )
        mean = float(law.mean())
        drawn[:, month] = law * (expected[month] / mean) if mean > 0 else 0.0
    deals = drawn if size is None else drawn / size if size else np.zeros_like(drawn)
    found = [one for one in months if one.value]
    source = found[0].source if found else "stated"
    return Stream(name=name, deals=deals, value=drawn, source=source)


def _by_month(
    given: Any, argument: str, periods: pd.PeriodIndex, reader: Reader
) -> list[Estimate] | None:
    """Return the estimate of each month; ``None`` where something is wrong."""
    ahead = len(periods)
    if is_number(given) or isinstance(given, Estimate) or _is_pair(given):
        one = _estimate(given, argument, reader)
        if one is None:
            return None
        part = Estimate(value=one.value / ahead, sd=one.sd / ahead, source=one.source)
        return [part] * ahead
    if hasattr(given, "to_dict") and hasattr(given, "index"):
        given = given.to_dict()
    if isinstance(given, Mapping):
        return _of_mapping(given, argument, periods, reader)
    if isinstance(given, (str, bytes)) or not hasattr(given, "__len__") or len(given) != ahead:
        reader.wrong(
            argument,
            f"must be a total, (mean, sd), a number for each of the {ahead} months, or months "
            f"with their numbers; got {given!r}.",
        )
        return None
    found = [_estimate(one, argument, reader) for one in given]
    good = [one for one in found if one is not None]
    return good if len(good) == ahead else None


def _of_mapping(
    given: Mapping[Any, Any], argument: str, periods: pd.PeriodIndex, reader: Reader
) -> list[Estimate] | None:
    """Return the estimate of each month, 0 where none is given."""
    import pandas as pd

    months = [Estimate(value=0.0)] * len(periods)
    right = True
    for key, value in given.items():
        try:
            month = pd.Period(key, freq="M")
        except (TypeError, ValueError):
            month = None
        if month is None or month not in periods:
            span = f"{period_label(periods[0])} to {period_label(periods[-1])}"
            reader.wrong(argument, f"has {str(key)!r}, which is no month of {span}.")
            right = False
            continue
        one = _estimate(value, argument, reader)
        right = right and one is not None
        if one is not None:
            months[month.ordinal - periods[0].ordinal] = one
    return months if right else None


def _is_pair(given: Any) -> bool:
    return isinstance(given, tuple) and len(given) == 2 and all(is_number(one) for one in given)


def _estimate(given: Any, argument: str, reader: Reader) -> Estimate | None:
    if isinstance(given, Estimate):
        return None if reader.number(argument, given.value) is None else given
    if _is_pair(given):
        value, sd = (reader.number(argument, one) for one in given)
        return None if value is None or sd is None else Estimate(value=value, sd=sd)
    value = reader.number(argument, given)
    return None if value is None else Estimate(value=value)
