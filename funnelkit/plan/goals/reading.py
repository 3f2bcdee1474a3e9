"""`read_targets`: targets from a file or frame: every problem at once, nothing guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.dates import Calendar
from funnelkit._core.errors import DataError
from funnelkit.forecast.result import Unit
from funnelkit.forecast.series.numbers_read import Marks
from funnelkit.forecast.series.opening import opened
from funnelkit.plan.goals import parts, spans
from funnelkit.plan.goals.headers import headers_of, long_frame
from funnelkit.plan.goals.lines import EVERY_KIND, Line, Lines, by_kind, gathered
from funnelkit.plan.goals.parts import Months, Sums
from funnelkit.plan.goals.spans import Run, SpanRules, Years
from funnelkit.plan.goals.spreading import Season, Shape, shape_of
from funnelkit.plan.goals.targets import KINDS, Outside, Targets, months_of

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 5


def read_targets(
    source: str | Path | pd.DataFrame,
    *,
    periods: pd.PeriodIndex | Sequence[str] | None = None,
    fiscal_year_start: int = 1,
    season: Season | pd.Series[Any] = None,
    unit: Unit | None = None,
    what: str | None = None,
    currency: str | None = None,
    take: parts.Take | None = None,
    missing: Literal["refuse", "zero"] = "refuse",
    duplicates: Literal["refuse", "sum"] = "refuse",
    outside: Outside = "past",
    years: Years = "fiscal",
    columns: Mapping[str, str] | None = None,
    date_format: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Targets:
    r"""Return targets by month from a file or frame of ``period, segment, kind, amount``.

    Parameters
    ----------
    source
        Path of a delimited text file, or a frame: one row per line, or columns named by periods.
        ``segment`` and ``kind`` may be missing. Usual names are understood (``month``,
        ``quarter``, ``target``, ``quota``, ``region``, ``type`` …); ``deals`` or ``new_mrr``
        for the amount say what is counted.
    periods
        Months of the plan, as in :meth:`Targets.over`. Default: the months of the targets.
    fiscal_year_start
        Month in which the fiscal year starts. A fiscal year bears the number of the calendar year
        in which it ends.
    season
        How a quarter or year is spread over its months: 12 weights, January first; a mapping of
        months to weights; a Series by month, such as bookings of earlier years. Default: evenly.
    unit
        ``"value"`` (money) or ``"count"`` (deals). Default: as the columns say, else money.
    what
        What is counted, in words. Default: ``"bookings"``, ``"deals"`` or ``"new MRR"``.
    currency
        Of the amounts. Default: as their signs or a column ``currency`` say.
    take
        Which of the two is taken where a total (a year beside its quarters, a line of all
        segments beside the segments) and its parts disagree: ``"parts"``, or ``"totals"``, to
        which the parts are then scaled. Default: neither, an error lists them.
    missing
        What is done with months that a segment or kind lacks: ``"refuse"`` or ``"zero"``.
    duplicates
        What is done with several lines of the same months, segment and kind: ``"refuse"`` or
        ``"sum"``.
    outside
        What is done with targets of months outside the plan, as in :meth:`Targets.over`.
    years
        Whether quarters and years without ``FY`` are ``"fiscal"`` or ``"civil"``.
    columns
        What is read -> the column that holds it, where names differ: ``period``, ``segment``,
        ``kind``, ``amount``, ``currency``.
    date_format
        Pattern of ``strptime`` for months that are not ISO.
    decimal, thousands
        Marks in numbers.
    delimiter, encoding
        Of a text file. Default: found in its header; UTF-8, with or without a byte-order mark.

    Returns
    -------
    Targets
        New business in ``amount`` and ``segments``; expansion and renewal in ``other``. How lines
        became months, and what was left out, is in ``notes``.

    Raises
    ------
    ArgumentError
        If an argument cannot be used, or the targets do not meet the plan's months.
    DataError
        With every problem at once, each with its count, examples and remedy.

    Notes
    -----
    A line of several months is spread over them: month m gets A · w(m) / Σ w. Where lines lie
    within it, they stand, and only the rest of its amount is spread, over the months that none of
    them names. A segment's quarter is spread as the months of all segments, where these are told.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {
    ...         "period": ["FY27-Q1", "FY27-Q2", "FY27-Q1"],
    ...         "kind": ["new", "new", "renewal"],
    ...         "amount": [300_000, 450_000, 90_000],
    ...     }
    ... )
    >>> targets = read_targets(frame, fiscal_year_start=2, missing="zero")
    >>> targets.labels[0], targets.amount.tolist()
    ('2026-02', [100000.0, 100000.0, 100000.0, 150000.0, 150000.0, 150000.0])
    >>> targets.other["renewal"].tolist()
    [30000.0, 30000.0, 30000.0, 0.0, 0.0, 0.0]
    """
    if unit is not None:
        checks.one_of("unit", unit, ("value", "count"))
    if take is not None:
        checks.one_of("take", take, ("parts", "totals"))
    checks.one_of("missing", missing, ("refuse", "zero"))
    checks.one_of("duplicates", duplicates, ("refuse", "sum"))
    months = None if periods is None else months_of("periods", periods)
    rules = SpanRules(
        calendar=Calendar(fiscal_year_start=fiscal_year_start), years=years, date_format=date_format
    )
    is_told = decimal is not None or thousands is not None
    marks = Marks(decimal=decimal or ".", thousands=thousands) if is_told else None
    shape = shape_of(season)
    frame, _, notes = opened(source, delimiter=delimiter, encoding=encoding)
    frame = long_frame(frame, rules)
    headers = headers_of(frame, columns)
    lines = gathered(frame, headers, rules=rules, marks=marks, currency=currency)
    lines.notes[:0] = notes
    if headers.unread:
        shown = display.listed([f"`{display.one_line(one)}`" for one in headers.unread[:10]])
        lines.notes.append(f"Not read: {shown}.")
    found = _Months(lines, shape, Sums(take=take), missing=missing, duplicates=duplicates)
    counted: Unit = unit or headers.unit or "value"
    if lines.problems:
        raise DataError(lines.problems)
    made = Targets(
        periods=spans.index_of(found.run),
        amount=found.row(found.new),
        segments={name: found.row(one) for name, one in found.segments.items()},
        other={kind: found.row(one) for kind, one in found.other.items()},
        unit=counted,
        what=what or (headers.what if counted == "value" else ""),
        currency=lines.currency,
        source=Path(source).name if isinstance(source, (str, Path)) else "stated",
        fiscal_year_start=fiscal_year_start,
        notes=tuple(lines.notes),
    )
    return made if months is None else made.over(months, outside=outside)


class _Months:
    """What lines come to by month: of each kind, and of new business in each segment."""

    def __init__(
        self, lines: Lines, shape: Shape, sums: Sums, *, missing: str, duplicates: str
    ) -> None:
        self.lines, self.shape, self.sums, self.missing = lines, shape, sums, missing
        self.are_lost = bool(lines.problems)
        self.run, self.new = Run(0, -1), Months()
        self.segments: dict[str, Months] = {}
        self.other: dict[str, Months] = {}
        _settle_duplicates(lines, duplicates)
        if not lines.lines:
            if not lines.problems:
                lines.problems.append("`source` holds no targets.")
            return
        self.run = Run(
            min(one.run.first for one in lines.lines), max(one.run.last for one in lines.lines)
        )
        kinds = by_kind(lines.lines)
        totals = kinds.get(EVERY_KIND, {})
        for kind in KINDS:
            if kind in kinds:
                whole, segments = self._of_kind(kind, kinds[kind])
                if kind == "new":
                    self.new, self.segments = whole, segments
                else:
                    self.other[kind] = whole
        if not sums.overlapping:
            self._check_kinds([one for rows in totals.values() for one in rows], kinds)
        if "new" not in kinds:
            self._no_new(kinds)
        lines.problems += [] if self.are_lost else sums.problems()
        lines.notes += sums.notes(shape.words)

    def row(self, months: Months) -> np.ndarray:
        """Return the amount of each month."""
        return np.array([months.get(month, 0.0) for month in self.run.months])

    def _of_kind(
        self, kind: str, lines: Mapping[str | None, list[Line]]
    ) -> tuple[Months, dict[str, Months]]:
        """Return what one kind comes to by month, and what each of its segments does."""
        whole = parts.months_of_lines(lines.get(None, []), self.shape.over, self.sums)

        def shares(months: Sequence[int]) -> np.ndarray:
            like = np.array([whole.get(month, np.nan) for month in months])
            return like / like.sum() if like.sum() > 0 else self.shape.over(months)

        named = {
            name: parts.months_of_lines(rows, shares, self.sums)
            for name, rows in lines.items()
            if name is not None
        }
        if self.sums.overlapping:
            return whole, named
        self._fill(kind, named or {"": whole})
        if not named:
            return whole, {}
        if None in lines:
            named = parts.settle_segments(lines[None], whole, named, self.sums)
        return parts.together(list(named.values())), named

    def _fill(self, kind: str, found: dict[str, Months]) -> None:
        """Refuse months that are lacking, or take them as 0."""
        lacking = parts.gaps(found, self.run)
        if not lacking or self.are_lost:
            return
        shown = "; ".join(
            f"{display.one_line(name)[:60] + ', ' if name else ''}{kind}: "
            f"{', '.join(spans.month_label(m) for m in months[:6])}"
            f"{', …' if len(months) > 6 else ''}"
            for name, months in list(lacking.items())[:_SHOWN]
        )
        count = display.plural(sum(len(months) for months in lacking.values()), "month")
        if self.missing == "zero":
            self.lines.notes.append(f"{count} without a line, taken as 0: {shown}.")
            for name, months in lacking.items():
                found[name] |= dict.fromkeys(months, 0.0)
            return
        self.lines.problems.append(
            f"{count} without a target in {spans.label(self.run)}: {shown}"
            f"{'; …' if len(lacking) > _SHOWN else ''}. Add lines for them, of 0 where nothing is "
            'to be reached (in Python, missing="zero" takes them so).'
        )

    def _check_kinds(
        self, totals: Sequence[Line], kinds: Mapping[str, Mapping[str | None, list[Line]]]
    ) -> None:
        """Compare lines of all kinds together with the kinds; they are never taken."""
        named = [kind for kind in KINDS if kind in kinds]
        if not totals or not named:
            return
        whole = parts.together([self.new, *self.other.values()])
        what = display.listed(list(named))
        for line in totals:
            if line.segment is None:
                inside = sum(whole.get(month, 0.0) for month in line.run.months)
                if self.sums.differs(line.place, line.amount, inside, what) and (
                    self.sums.take == "totals"
                ):
                    self.lines.problems.append(
                        f"{line.place}: a total of all kinds does not say which kind to change; "
                        'correct the lines, or say take="parts".'
                    )

    def _no_new(self, kinds: Mapping[str, object]) -> None:
        had = display.listed(list(kinds))
        self.lines.problems.append(
            f"There is no target of new business, which is what leads bring; only of {had}. Add "
            "lines of the kind `new`."
        )


def _settle_duplicates(lines: Lines, how: str) -> None:
    """Refuse several lines of the same months, segment and kind, or add them up."""
    groups: dict[object, list[Line]] = {}
    for line in lines.lines:
        groups.setdefault((line.kind, line.segment, line.run), []).append(line)
    again = [rows for rows in groups.values() if len(rows) > 1]
    if not again:
        return
    shown = "; ".join(
        f"{rows[0].place.partition(' (row')[0]} (rows {', '.join(str(r.row) for r in rows[:4])})"
        for rows in again[:_SHOWN]
    )
    more = "; …" if len(again) > _SHOWN else ""
    lines.lines = [
        Line(rows[0].row, rows[0].segment, rows[0].kind, rows[0].run, sum(r.amount for r in rows))
        for rows in groups.values()
    ]
    if how == "sum":
        lines.notes.append(
            f"Several lines of the same months were added up: {len(again)} times ({shown}{more})."
        )
        return
    lines.problems.append(
        f"{display.plural(len(again), 'period')} with several lines of one segment and kind: "
        f'{shown}{more}. Keep one of each, or add them up: duplicates="sum".'
    )
