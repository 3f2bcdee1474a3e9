"""Triangles from triangles, and from and to tidy frames."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError, DataError, did_you_mean, unknown
from funnelkit.counts.calendar import CalendarCounts
from funnelkit.counts.triangle import AccountSums, IntArray, Segment, Triangle

if TYPE_CHECKING:
    import pandas as pd


def added(one: Triangle, other: Triangle) -> Triangle:
    """Return the sum of two triangles; segments, cohorts and ages are united.

    Raises
    ------
    ArgumentError
        If they do not ask the same question as of the same day.
    """
    for name in ("start", "target", "exits", "by", "as_of"):
        if getattr(one, name) != getattr(other, name):
            raise ArgumentError(
                f"triangles can be added only where `{name}` is the same; got "
                f"{getattr(one, name)} and {getattr(other, name)}."
            )
    if one.cohorts.freqstr != other.cohorts.freqstr:
        raise ArgumentError(
            "triangles can be added only where cohorts have the same length; got "
            f"{one.cohorts.freqstr} and {other.cohorts.freqstr}."
        )
    segments = sort_segments({*one.segments, *other.segments})
    cohorts = one.cohorts.union(other.cohorts)

    def total(
        first: IntArray | None, second: IntArray | None, size: int = max(one.n_ages, other.n_ages)
    ) -> Any:
        if first is None and second is None:
            return None
        cube = next(c for c in (first, second) if c is not None)
        ages = (size,) if cube.ndim == 3 else ()
        out = np.zeros((len(segments), len(cohorts), *ages), dtype=np.int64)
        for triangle, part in ((one, first), (other, second)):
            if part is not None:
                rows = np.array([segments.index(segment) for segment in triangle.segments])
                columns = np.asarray(cohorts.get_indexer(triangle.cohorts))
                place = np.ix_(rows, columns, *([np.arange(part.shape[2])] if ages else []))
                out[place] += part
        return out

    def totals(
        first: Mapping[str, IntArray], second: Mapping[str, IntArray]
    ) -> dict[str, IntArray]:
        return {name: total(first.get(name), second.get(name)) for name in {**first, **second}}

    sums = None
    if one.accounts is not None and other.accounts is not None:
        sums = AccountSums(
            **{
                name: total(getattr(one.accounts, name), getattr(other.accounts, name))
                for name in ("accounts", "nn", "xn", "xx")
            }
        )
    return replace(
        one,
        segments=segments,
        cohorts=cohorts,
        entered=total(one.entered, other.entered),
        events=totals(one.events, other.events),
        undated=totals(one.undated, other.undated),
        censored=total(one.censored, other.censored),
        followed=total(one.followed, other.followed),
        late=total(one.late, other.late),
        partial=one.partial | other.partial,
        accounts=sums,
        calendar=_added_calendars(one.calendar, other.calendar, total),
    )


def _added_calendars(
    one: CalendarCounts | None, other: CalendarCounts | None, total: Callable[..., IntArray]
) -> CalendarCounts | None:
    """Return the sum of counts by month, where both are known."""
    if one is None or other is None:
        return None
    months = one.months.union(other.months)
    converted = total(one.over(months), other.over(months), len(months))
    return CalendarCounts(months=months, converted=converted)


def selected(
    triangle: Triangle,
    *,
    first: str | pd.Period | None,
    last: str | pd.Period | None,
    segment: str | Sequence[str | None] | None,
) -> Triangle:
    """Return some of the cohorts, some of the segments, or both."""
    import pandas as pd

    cohorts = triangle.cohorts
    keep = np.ones(len(cohorts), dtype=bool)
    for argument, bound in (("first", first), ("last", last)):
        if bound is not None:
            try:
                period = pd.Period(bound, freq=cohorts.freqstr)
            except ValueError:
                raise ArgumentError(
                    f"`{argument}` must be a cohort such as {period_label(cohorts[0])}; "
                    f"got {bound!r}."
                ) from None
            keep &= (cohorts >= period) if argument == "first" else (cohorts <= period)
    rows = np.ones(triangle.n_segments, dtype=bool)
    if segment is not None:
        wanted = (segment,) if isinstance(segment, str) else tuple(segment)
        if wanted not in triangle.segments:
            names = [segment_name(values) for values in triangle.segments]
            raise ArgumentError(f"`segment`: {unknown('segment', segment_name(wanted), names)}")
        rows = np.array([values == wanted for values in triangle.segments])
    if not keep.any():
        raise ArgumentError(
            f"no cohort lies between {first} and {last}; there are "
            f"{period_label(cohorts[0])} to {period_label(cohorts[-1])}."
        )
    place = np.ix_(rows, keep)

    def part(cube: Any) -> Any:
        return None if cube is None else cube[place]

    sums = triangle.accounts
    return replace(
        triangle,
        segments=tuple(s for s, kept in zip(triangle.segments, rows, strict=True) if kept),
        cohorts=cohorts[keep],
        entered=part(triangle.entered),
        events={name: part(cube) for name, cube in triangle.events.items()},
        undated={name: part(cube) for name, cube in triangle.undated.items()},
        censored=part(triangle.censored),
        followed=part(triangle.followed),
        late=part(triangle.late),
        partial=triangle.partial & frozenset(cohorts[keep]),
        accounts=None
        if sums is None
        else AccountSums(
            accounts=part(sums.accounts), nn=part(sums.nn), xn=part(sums.xn), xx=part(sums.xx)
        ),
        calendar=None if triangle.calendar is None else triangle.calendar.part(rows, keep),
    )


def from_counts(
    counts: pd.DataFrame,
    *,
    start: str,
    target: str,
    as_of: dt.date | str,
    exits: tuple[str, ...],
    by: tuple[str, ...],
) -> Triangle:
    """Return a triangle from tidy counts; see :meth:`Triangle.from_frame`."""
    import pandas as pd

    end = checks.day("as_of", as_of)
    frame = counts.copy()
    problems = _frame_problems(frame, (target, *exits), by)
    if problems:
        raise DataError(problems)
    cohorts = _cohorts(frame["cohort"])
    if "followed" not in frame:
        if cohorts.freqstr != "D":
            raise DataError(
                "`counts` needs a column `followed` (age at `as_of` in days), since the leads of "
                "one cohort entered on different days; or one cohort for each day."
            )
        frame["followed"] = [(end - period.start_time.date()).days for period in cohorts]
    if "undated" not in frame:
        frame["undated"] = False
    beyond = frame["age"] > frame["followed"]
    if beyond.any():
        raise DataError(
            f"`counts`: {int(beyond.sum())} rows have an `age` above the age at `as_of`, such as "
            f"{int(frame.loc[beyond, 'age'].iloc[0])} above "
            f"{int(frame.loc[beyond, 'followed'].iloc[0])}."
        )
    keys = [tuple(map(_plain, row)) for row in frame[list(by)].itertuples(index=False)]
    segments = sort_segments(set(keys))
    number = {segment: i for i, segment in enumerate(segments)}
    every = pd.period_range(cohorts.min(), cohorts.max(), freq=cohorts.freqstr)
    shape = (len(segments), len(every), int(frame["followed"].max()) + 1)
    where = (np.array([number[key] for key in keys], dtype=int), every.get_indexer(cohorts))
    n = frame["n"].to_numpy(np.int64)
    age = frame["age"].to_numpy(np.int64)
    blank = frame["outcome"].isna() | (frame["outcome"].astype(str).str.strip() == "")

    def cube(chosen: Any, at: Any = age) -> IntArray:
        out = np.zeros(shape, dtype=np.int64)
        chosen = np.asarray(chosen, dtype=bool)
        np.add.at(out, (where[0][chosen], where[1][chosen], at[chosen]), n[chosen])
        return out

    dated = ~frame["undated"].astype(bool)
    followed = cube(np.ones(len(frame)), frame["followed"].to_numpy(np.int64))
    undated = {
        name: cube((frame["outcome"] == name) & ~dated)
        for name in (target, *exits)
        if ((frame["outcome"] == name) & ~dated).any()
    }
    won = np.asarray((frame["outcome"] == target) & dated, dtype=bool)
    came = pd.Timestamp(end) - pd.to_timedelta((frame["followed"] - age)[won], unit="D")
    calendar = CalendarCounts.of(
        came,
        n[won],
        (where[0][won], where[1][won]),
        shape=shape[:2],
        first=every[0].start_time,
        as_of=end,
    )
    return Triangle(
        start=start,
        target=target,
        exits=exits,
        by=by,
        segments=segments,
        cohorts=every,
        as_of=end,
        entered=followed.sum(axis=2),
        events={name: cube((frame["outcome"] == name) & dated) for name in (target, *exits)},
        undated=undated,
        censored=cube(blank),
        followed=followed,
        partial=frozenset(period for period in every if period.end_time.date() > end),
        calendar=calendar,
    )


def to_counts(triangle: Triangle) -> pd.DataFrame:
    """Return tidy counts; see :meth:`Triangle.to_frame`."""
    import pandas as pd

    cubes = [(name, False, cube) for name, cube in triangle.events.items()]
    cubes += [(name, True, cube) for name, cube in triangle.undated.items()]
    cubes += [("", False, triangle.censored)]
    rows = [
        {
            "cohort": period_label(triangle.cohorts[j]),
            **dict(zip(triangle.by, triangle.segments[i], strict=True)),
            "age": int(a),
            "outcome": name,
            "undated": undated,
            "n": int(cube[i, j, a]),
        }
        for name, undated, cube in cubes
        for i, j, a in np.argwhere(cube)
    ]
    columns = ["cohort", *triangle.by, "age", "outcome", "undated", "n"]
    frame = pd.DataFrame(rows, columns=columns)
    order = [*triangle.by, "cohort", "age", "outcome", "undated"]
    return frame.sort_values(order, kind="stable", ignore_index=True)


def sort_segments(segments: set[Segment]) -> tuple[Segment, ...]:
    """Return segments in order of their values, blank ones last."""
    return tuple(
        sorted(segments, key=lambda values: [(value is None, value or "") for value in values])
    )


def segment_name(segment: Segment) -> str:
    """Return a segment's values as one label.

    Examples
    --------
    >>> segment_name(("webinar", None))
    'webinar, (blank)'
    """
    return ", ".join(display.BLANK if value is None else value for value in segment) or "all"


def _plain(value: Any) -> str | None:
    import pandas as pd

    return None if pd.isna(value) or value == "" else str(value)


def _cohorts(column: pd.Series[Any]) -> pd.PeriodIndex:
    """Return cohorts from periods, from days, or from texts as :func:`to_counts` writes them."""
    import pandas as pd

    if isinstance(column.dtype, pd.PeriodDtype):
        return pd.PeriodIndex(column)
    texts = column.astype(str).str.strip()
    if texts.str.fullmatch(r"\d{4}-\d{2}").all():
        return pd.PeriodIndex(texts, freq="M")
    days = pd.to_datetime(texts, errors="coerce", format="ISO8601")
    if days.isna().any():
        bad = texts[days.isna()]
        raise DataError(
            "`counts`: `cohort` must be a pandas period, a day, or a month such as 2026-01; "
            f"{len(bad)} rows are not, such as {bad.iloc[0]!r}."
        )
    return pd.PeriodIndex(days, freq="D")


def _frame_problems(
    frame: pd.DataFrame, outcomes: tuple[str, ...], by: tuple[str, ...]
) -> list[str]:
    import pandas as pd

    needed = ["cohort", *by, "age", "outcome", "n"]
    problems = [
        f"`counts` lacks the column `{name}`.{did_you_mean(name, map(str, frame.columns))}"
        for name in needed
        if name not in frame
    ]
    if problems:
        return problems
    if not len(frame):
        return ["`counts` has no rows."]
    for name in ("n", "age", "followed"):
        if name not in frame:
            continue
        values = pd.to_numeric(frame[name], errors="coerce")
        bad = values.isna() | (values < 0) | (values % 1 != 0)
        if bad.any():
            problems.append(
                f"`counts`: `{name}` must be whole and at least 0; {int(bad.sum())} rows are not, "
                f"such as {frame.loc[bad, name].iloc[0]}."
            )
    named = frame["outcome"].dropna().astype(str).str.strip()
    odd = sorted(set(named[named != ""]) - set(outcomes))
    problems += [f"`counts`: {unknown('outcome', name, outcomes)}" for name in odd]
    return problems


__all__ = ["added", "from_counts", "segment_name", "selected", "sort_segments", "to_counts"]
