"""What metrics take beside leads: ledgers and plain frames, their columns and moments checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, DataError, did_you_mean
from funnelkit.data.rules.reading import is_mail

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.metrics.response.working_hours import Moments

_ZONED = r"[T ]\d{2}:\d{2}.*(?:Z|[+-]\d{2}:?\d{2})$"
_CLOCK = r"[T ]\d{2}:\d{2}"
_ISO = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s?(?:Z|[+-]\d{2}:?\d{2})?)?"


def frame_of(argument: str, given: Any) -> pd.DataFrame:
    """Return the frame of a ledger, or a frame as it is.

    Raises
    ------
    ArgumentError
        For anything else.
    """
    import pandas as pd

    frame = getattr(given, "frame", given)
    if isinstance(frame, pd.DataFrame):
        return frame
    raise ArgumentError(f"`{argument}` must be a ledger or a frame; got {type(given).__name__}.")


def names_of(argument: str, given: Any) -> tuple[str, ...]:
    """Return one name or several as texts, each once.

    Raises
    ------
    ArgumentError
        If they are no texts.

    Examples
    --------
    >>> names_of("by", "source"), names_of("by", ["a", "b", "a"]), names_of("by", None)
    (('source',), ('a', 'b'), ())
    """
    several = [given] if isinstance(given, str) else [] if given is None else given
    listed = list(several) if isinstance(several, Iterable) else [None]
    if not all(isinstance(name, str) for name in listed):
        raise ArgumentError(f"`{argument}` must be a name or a list of names; got {given!r}.")
    return tuple(dict.fromkeys(str(name) for name in listed))


def mapping_of(columns: Any) -> dict[str, str]:
    """Return a mapping of our names to theirs.

    Raises
    ------
    ArgumentError
        If it is none.
    """
    if columns is not None and not isinstance(columns, Mapping):
        raise ArgumentError(
            '`columns` must map our names to theirs, such as {"created": "CreatedDate"}; got '
            f"{columns!r}."
        )
    return dict(columns or {})


def chosen(
    argument: str,
    frame: pd.DataFrame,
    columns: Mapping[str, str] | None,
    *,
    needed: Sequence[str] = (),
    known: Sequence[str] = (),
) -> pd.DataFrame:
    """Return the columns of a frame under our names.

    Parameters
    ----------
    argument
        Name of the argument that held the frame.
    frame
        The frame.
    columns
        Our name -> theirs, where the two differ.
    needed, known
        Our names that must be there, and those that may.

    Raises
    ------
    ArgumentError
        With every column that is missing, and the closest match of each.
    """
    given = mapping_of(columns)
    ours = (*needed, *(name for name in known if name not in needed))
    for name in given:
        checks.member("columns", "column of ours", name, ours)
    theirs = [str(name) for name in frame.columns]
    if twice := sorted({name for name in theirs if theirs.count(name) > 1}):
        raise ArgumentError(f"`{argument}` has columns of one name: {twice}.")
    names = {name: given.get(name, name) for name in ours}
    wanted = {name: names[name] for name in ours if name in needed or name in given}
    if missing := [theirs_name for theirs_name in wanted.values() if theirs_name not in theirs]:
        hints = [f"`{name}`{did_you_mean(name, theirs)}" for name in missing]
        raise ArgumentError(
            f"`{argument}` lacks {display.listed(hints)}; it has "
            f"{display.listed([f'`{name}`' for name in theirs[:20]]) or 'no column'}. Say which "
            'column is which, such as columns={"created": "CreatedDate"}.'
        )
    there = {name: own for name, own in names.items() if own in theirs}
    picked = frame.set_axis(theirs, axis="columns")[list(there.values())]
    return picked.set_axis(list(there), axis="columns").reset_index(drop=True)


@dataclass(frozen=True, kw_only=True)
class Times:
    """A column of moments.

    Parameters
    ----------
    moments
        Moments of UTC in microseconds, shape ``(n,)``; ``NaT`` where blank.
    by_day
        Whether no value tells a time of day, though there are some.
    zoned, unzoned
        How many times of day come with an offset, and how many without.
    doubtful
        Wall times that came twice as clocks were put back, or not at all as they were put forward.
    """

    moments: Moments
    by_day: bool
    zoned: int = 0
    unzoned: int = 0
    doubtful: int = 0


def times(argument: str, column: str, values: pd.Series[Any], timezone: str) -> Times:
    """Return a column as moments; times without an offset are those of a zone's wall clock.

    Raises
    ------
    DataError
        If values are no ISO times, or some times of day have an offset and others none.
    """
    import pandas as pd

    if isinstance(values.dtype, pd.DatetimeTZDtype):
        moments = values.dt.tz_convert("UTC").dt.tz_localize(None)
        return Times(moments=_us(moments), by_day=False, zoned=int(values.notna().sum()))
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return _on_the_wall(values, timezone)
    if pd.api.types.is_numeric_dtype(values.dtype) and values.notna().any():
        raise DataError(
            f"`{argument}`: `{column}` holds numbers, not times. Serial numbers and epochs are not "
            "read; give ISO times such as 2026-10-31T09:30."
        )
    text = values.astype("string").str.strip()
    text = text.mask(text == "")
    parsed = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True)
    bad = text.notna() & (parsed.isna() | ~text.fillna("").str.fullmatch(_ISO))
    if bad.any():
        examples = [repr(str(value)[:40]) for value in text[bad].unique() if not is_mail(value)][:5]
        such = f", such as {', '.join(examples)}" if examples else ""
        raise DataError(
            f"`{argument}`: {display.count(bad.sum())} of "
            f"{display.plural(text.notna().sum(), 'value')} of `{column}` "
            f"{'is' if bad.sum() == 1 else 'are'} no ISO time{such}. Write them as 2026-10-31 or "
            "2026-10-31T09:30, or leave them blank."
        )
    zoned = text.fillna("").str.contains(_ZONED, regex=True)
    clock = text.fillna("").str.contains(_CLOCK, regex=True)
    if zoned.any() and (clock & ~zoned).any():
        raise DataError(mixed(argument, [column], int(zoned.sum()), int((clock & ~zoned).sum())))
    wall = _on_the_wall(parsed.dt.tz_localize(None).where(~zoned), timezone)
    at = np.where(zoned.to_numpy(dtype=bool), _us(parsed.dt.tz_localize(None)), wall.moments)
    return Times(
        moments=at,
        by_day=bool(text.notna().any() and not clock.any()),
        zoned=int(zoned.sum()),
        unzoned=int((clock & ~zoned).sum()),
        doubtful=wall.doubtful,
    )


def mixed(argument: str, columns: Sequence[str], zoned: int, unzoned: int) -> str:
    """Return what is wrong where some times have an offset and others none."""
    names = display.listed([f"`{name}`" for name in columns])
    return (
        f"`{argument}`: {names} hold {display.plural(zoned, 'time')} with an offset beside "
        f"{display.count(unzoned)} without one; the minutes between the two cannot be told. Export "
        "all of them in one zone."
    )


def local_day(moments: Moments, timezone: str) -> pd.DatetimeIndex:
    """Return the calendar day of moments in a zone."""
    import pandas as pd

    index = pd.DatetimeIndex(moments).tz_localize("UTC").tz_convert(timezone)
    return index.tz_localize(None).normalize()


def _on_the_wall(values: pd.Series[Any], timezone: str) -> Times:
    import pandas as pd

    told = values.notna()
    index = pd.DatetimeIndex(values)
    sure = index.tz_localize(timezone, ambiguous="NaT", nonexistent="NaT").notna()
    doubtful = int(np.count_nonzero(told)) - int(np.count_nonzero(sure))
    first = np.ones(len(index), dtype=bool)
    moments = index.tz_localize(timezone, ambiguous=first, nonexistent="shift_forward")
    clock = int((index[told.to_numpy()] != index[told.to_numpy()].normalize()).sum())
    return Times(
        moments=_us(pd.Series(moments.tz_convert("UTC").tz_localize(None))),
        by_day=bool(told.any() and not clock),
        unzoned=clock,
        doubtful=doubtful,
    )


def _us(values: pd.Series[Any]) -> Moments:
    return values.to_numpy().astype("datetime64[us]")


def tidy(text: str) -> str:
    """Return a name for comparisons: lower case, with single spaces.

    Examples
    --------
    >>> tidy("  Phone_Call ")
    'phone call'
    """
    return re.sub(r"[\s_-]+", " ", text).strip().lower()
