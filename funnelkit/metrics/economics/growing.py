"""Growth against the period before and against a year before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError
from funnelkit._core.measure import Measure, Measures

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_YEAR = {"D": 365, "W": 52, "M": 12, "Q": 4, "Y": 1, "A": 1}
_BEFORE = {
    "D": "the day before",
    "W": "the week before",
    "M": "the month before",
    "Q": "the quarter before",
}
_AGO = {
    "D": "365 days before",
    "W": "52 weeks before",
    "M": "the same month of the year before",
    "Q": "the same quarter of the year before",
    "Y": "the year before",
}


def growth(
    values: pd.Series[Any] | Measure,
    *,
    name: str | None = None,
    as_of: dt.date | str | None = None,
    partial: Collection[object] = (),
) -> Measures:
    """Return by what share something grew, against the period before and against a year before.

    Parameters
    ----------
    values
        A series indexed by period, such as ``leads.count("won", "month")`` or revenue by month; or
        a measure with months as periods, such as :func:`mrr`.
    name
        What grew; by default the name of the series or measure.
    as_of
        Last day on which the data are complete. A period that ends later is partial.
    partial
        Further periods that are not wholly observed, or their labels.

    Returns
    -------
    Measures
        ``"growth of … on the month before"`` and ``"… on the same month of the year before"`` (of
        years the second one only): ratios, the change over the earlier value. No figure where
        that is 0, below 0 or not there, and none for a partial period.

    Raises
    ------
    ArgumentError
        If the values have no periods, some stand twice, or a partial one is unknown.

    Notes
    -----
    The change on the month before holds the season too; the one on the year before does not, but
    is late. A year of weeks is taken as 52, of days as 365.

    Examples
    --------
    >>> import pandas as pd
    >>> months = pd.period_range("2026-01", periods=3, freq="M")
    >>> won = pd.Series([100, 120, 30], index=months, name="wins")
    >>> found = growth(won, as_of="2026-03-10")
    >>> found["growth of wins on the month before"].values.round(4).tolist()
    [[nan, 0.2, nan]]
    """
    series = _series(values)
    what = name or series[0][2]
    index = series[0][1].index
    letter = index.freqstr[:1]
    letter = "Y" if letter == "A" else letter
    unfinished = _partial(index, as_of, partial)
    notes = []
    if unfinished.any():
        labels = [period_label(period) for period in index[unfinished]]
        notes.append(f"Not wholly observed, and without a figure: {display.listed(labels[:6])}.")
    first = values if isinstance(values, Measure) else None
    shared: dict[str, Any] = {
        "by": () if first is None else first.by,
        "segments": ((),) if first is None else first.segments,
        "periods": tuple(period_label(period) for period in index),
        "as_of": None if as_of is None else checks.day("as_of", as_of),
    }
    told = {1: _BEFORE[letter]} if letter in _BEFORE else {}
    told[_YEAR[letter]] = _AGO[letter]
    amounts = np.stack([one[1].to_numpy(float) for one in series])
    return Measures(
        measures=tuple(
            _against(
                amounts,
                back,
                words=words,
                what=what,
                unfinished=unfinished,
                notes=notes,
                shared=shared,
            )
            for back, words in told.items()
        )
    )


def _against(
    amounts: FloatArray,
    back: int,
    *,
    words: str,
    what: str,
    unfinished: NDArray[np.bool_],
    notes: list[str],
    shared: dict[str, Any],
) -> Measure:
    """Return the growth on the value of so many periods before."""
    earlier = np.full(amounts.shape, np.nan)
    earlier[:, back:] = amounts[:, :-back] if back < amounts.shape[1] else earlier[:, back:]
    was_partial = np.zeros(len(unfinished), dtype=bool)
    was_partial[back:] = unfinished[:-back] if back < len(unfinished) else was_partial[back:]
    blank = unfinished | was_partial
    known = np.isfinite(amounts) & np.isfinite(earlier) & ~blank
    odd = int((known & (earlier <= 0)).sum())
    more = [*notes]
    if odd:
        more.append(
            f"{display.plural(odd, 'period')} after a value of 0 or below {_has(odd)} no growth."
        )
    return Measure(
        name=f"growth of {what} on {words}",
        definition=f"(value - value of {words}) / value of {words}",
        unit="ratio",
        numerator=np.where(known, amounts - earlier, 0.0),
        denominator=np.where(known, np.maximum(earlier, 0.0), 0.0),
        numerator_name="change",
        denominator_name=f"value of {words}",
        notes=tuple(more),
        **shared,
    )


def _series(values: Any) -> list[tuple[str, Any, str]]:
    """Return each series with its index without gaps, and what it is called."""
    import pandas as pd

    if isinstance(values, Measure):
        if values.periods is None:
            raise ArgumentError(f"`values`: {values.name} has no periods to grow from.")
        try:
            index = pd.PeriodIndex(values.periods, freq="M")
        except ValueError:
            raise ArgumentError(
                f"`values`: growth of a measure needs months; {values.name} has "
                f"{values.periods[0]}. Give a series with a PeriodIndex."
            ) from None
        rows = [pd.Series(row, index=index) for row in values.values]
        return [("", _without_gaps(one), values.name) for one in rows]
    if not isinstance(values, pd.Series) or not isinstance(values.index, pd.PeriodIndex):
        raise ArgumentError(
            "`values` must be a series indexed by period, as `leads.count` returns, or a measure "
            f"with months; got {type(values).__name__}."
        )
    if values.empty:
        raise ArgumentError("`values` holds no period.")
    numbers = pd.to_numeric(values, errors="coerce")
    if (numbers.isna() & values.notna()).any() or np.isinf(numbers.to_numpy(float)).any():
        raise ArgumentError("`values` must be finite numbers.")
    return [("", _without_gaps(numbers), "value" if values.name is None else str(values.name))]


def _without_gaps(series: pd.Series[Any]) -> pd.Series[Any]:
    import pandas as pd

    index = pd.PeriodIndex(series.index)
    if index.has_duplicates:
        twice = period_label(index[index.duplicated()][0])
        raise ArgumentError(f"`values` has the period {twice} twice.")
    whole = pd.period_range(index.min(), index.max(), freq=index.freq)
    return series.reindex(whole)


def _partial(
    index: pd.PeriodIndex, as_of: dt.date | str | None, partial: Collection[object]
) -> NDArray[np.bool_]:
    """Return which periods are not wholly observed."""
    labels = [period_label(period) for period in index]
    given = {one if isinstance(one, str) else period_label(one) for one in partial}  # type: ignore[arg-type]
    for one in sorted(given - set(labels)):
        checks.member("partial", "period", one, labels)
    found = np.array([label in given for label in labels])
    if as_of is not None:
        day = checks.day("as_of", as_of)
        found |= np.array([period.end_time.date() > day for period in index])
    return found


def _has(number: int) -> str:
    return "has" if number == 1 else "have"
