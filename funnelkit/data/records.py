"""`Leads`: the data on its engine, as known at the end of one day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import ibis

from funnelkit._core import checks, display
from funnelkit._core.dates import Unit, day_name
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.data import engines, entries, journeys
from funnelkit.data.accounting import rows_aside
from funnelkit.data.definition import Funnel
from funnelkit.data.files import refuse_changed

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd
    from ibis.backends import BaseBackend

    from funnelkit.data.assembly import Rows
    from funnelkit.data.simulate import Truth

BeforeRecording = Literal["left_out", "delayed_entry"]


class Leads:
    """Records of a funnel as known at the end of ``as_of``.

    Made by the readers (:func:`funnelkit.read_csv` and its siblings), never by hand. Nothing that
    happened after ``as_of`` is in it, and the clock is never read.

    Parameters
    ----------
    engine, rows
        The engine and the typed rows on it.
    funnel
        The definition.
    as_of
        Last complete day.
    recorded_from
        Leads that entered before this day are left out of rates and fits, or enter late.
    before_recording
        ``"left_out"``: conversions were not recorded before ``recorded_from``, so earlier leads
        are left out. ``"delayed_entry"``: finished records from before it are missing, so the
        leads that are there come under observation on that day.
    notes
        What was found and decided while reading.
    truth
        For simulated leads, the parameters behind them.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {"id": ["a", "b"], "lead": ["2026-01-05", "2026-01-09"], "won": ["2026-02-01", None]}
    ... )
    >>> leads = fk.from_frame(export, fk.Funnel(["lead", "won"], id="id"), as_of="2026-02-28")
    >>> len(leads), leads.at("2026-01-31").list("won").empty
    (2, True)
    """

    def __init__(
        self,
        engine: BaseBackend,
        rows: Rows,
        funnel: Funnel,
        *,
        as_of: dt.date,
        recorded_from: dt.date | None,
        before_recording: BeforeRecording = "left_out",
        notes: Sequence[str] = (),
        truth: Truth | None = None,
    ) -> None:
        """Take the rows; journeys are derived when they are first asked for."""
        self.funnel = funnel
        self.as_of = as_of
        self.recorded_from = recorded_from
        self.before_recording = before_recording
        self.notes = tuple(notes)
        self.truth = truth
        self.engine = engine
        self._rows = rows
        self.rows_read = sum(rows.read)
        self._in_passing = rows.unique and bool(rows.files)
        if funnel.out_of_order == "error":
            self.refuse_disorder(self.records)

    @property
    def rows(self) -> Rows:
        """The typed rows.

        Raises
        ------
        DataError
            If they stand in files that have changed since they were read.
        """
        if self._rows.files:
            refuse_changed(self._rows.files)
        return self._rows

    def _slimmed(self, *, audited: bool = False) -> ir.Table:
        found = self.standing_on([self.as_of], audited=audited)
        files = len(self._rows.names)
        return journeys.slim(found, self.funnel, files=files, audited=audited)

    @cached_property
    def slim(self) -> ir.Table:
        """The journeys on the engine, derived once; see :func:`funnelkit.data.journeys.slim`."""
        return engines.once(self.engine, self._slimmed(), "fk_journeys")

    def looked_through(self) -> ir.Table:
        """Return the records for one question.

        Where each row of large files is a record, the first question is answered in passing: to
        derive and keep the journeys would take longer, and memory. The second derives them.
        """
        if self._in_passing and not self.__dict__.keys() & {"records", "slim", "derived"}:
            self._in_passing = False
            return journeys.unfolded(self._slimmed(), self.funnel)
        return self.records

    @cached_property
    def records(self) -> ir.Table:
        """One row per record, those set aside too; see :mod:`funnelkit.data.journeys`.

        Where the audit has derived them, they are there with what else it looks at.
        """
        if "derived" in self.__dict__:
            return self.derived
        return journeys.unfolded(self.slim, self.funnel)

    @cached_property
    def journeys(self) -> ir.Table:
        """One row per record that is kept; see :func:`funnelkit.data.journeys.journeys`."""
        return self.records.filter(self.records.kept)

    @cached_property
    def derived(self) -> ir.Table:
        """One row per record with everything that the audit looks at, made when it is asked for."""
        kept = engines.once(self.engine, self._slimmed(audited=True), "fk_audited")
        return journeys.unfolded(kept, self.funnel)

    def standing_on(
        self, days: Sequence[dt.date], *, rows: Rows | None = None, audited: bool = False
    ) -> ir.Table:
        """Return the journeys as known at the end of each day, by one scan of the rows.

        Parameters
        ----------
        days
            Days not after ``as_of``.
        rows
            Rows of the same columns to look at instead of those of the leads.
        audited
            Whether with what only the audit looks at.

        Returns
        -------
        Table
            One row per record and day; see :func:`funnelkit.data.journeys.journeys`.
        """
        rows = self.rows if rows is None else rows
        found = entries.entries(rows, self.funnel, days, audited=audited)
        found = entries.known_on(found, rows, self.funnel, days)
        return journeys.journeys(found, self.funnel)

    @cached_property
    def n(self) -> int:
        """Number of records."""
        return int(self.journeys.count().execute())

    def __len__(self) -> int:
        """Return the number of records."""
        return self.n

    def at(self, day: dt.date | str) -> Leads:
        """Return the leads as they were known at the end of an earlier day.

        Dates are rewound; a status without a date is not known on an earlier day. Amounts, owners,
        accounts and segments are as exported.

        Parameters
        ----------
        day
            The last day that is known.

        Raises
        ------
        ArgumentError
            If the day lies after ``as_of``.
        """
        return Leads(
            self.engine,
            self.rows,
            self.funnel,
            as_of=self.earlier("day", day),
            recorded_from=self.recorded_from,
            before_recording=self.before_recording,
            notes=self.notes,
            truth=self.truth,
        )

    def earlier(self, argument: str, day: dt.date | str) -> dt.date:
        """Return a day that does not lie after ``as_of``.

        Raises
        ------
        ArgumentError
            If it does, or is no day.
        """
        earlier = checks.day(argument, day)
        if earlier > self.as_of:
            raise ArgumentError(
                f"`{argument}` must not lie after `as_of` ({self.as_of.isoformat()}); "
                f"got {earlier.isoformat()}."
            )
        return earlier

    def only(self, **segments: str | Sequence[str | None] | None) -> Leads:
        """Return the leads of some segments.

        Parameters
        ----------
        **segments
            Value or values of segments, such as ``pipeline="Sales Pipeline"``; ``None`` is blank.
            A segment of one value is no longer kept ``apart``.

        Raises
        ------
        ArgumentError
            For an unknown segment, or a value that no record has; with the closest match.

        Examples
        --------
        >>> import funnelkit as fk, pandas as pd
        >>> export = pd.DataFrame(
        ...     {
        ...         "id": ["a", "b"],
        ...         "deal": "2026-01-05",
        ...         "won": None,
        ...         "pipeline": ["New", "Renewal"],
        ...     }
        ... )
        >>> funnel = fk.Funnel(["deal", "won"], segments=["pipeline"], apart=["pipeline"])
        >>> leads = fk.from_frame(export, funnel, as_of="2026-02-28")
        >>> len(leads.only(pipeline="New"))
        1
        """
        from funnelkit.data.subsets import chosen

        return chosen(self, segments)

    def pooled(self, *segments: str) -> Leads:
        """Return the leads with segments no longer kept ``apart``.

        Parameters
        ----------
        *segments
            Some of the funnel's ``apart``; none: all of them.

        Raises
        ------
        ArgumentError
            For a name that is not kept apart; with the closest match.
        """
        from funnelkit.data.subsets import pooled

        return pooled(self, segments)

    def owned_at(self, stage: str) -> Leads:
        """Return the leads with the owner each record had at the end of its entry to a stage.

        Parameters
        ----------
        stage
            Stage or exit.

        Returns
        -------
        Leads
            The same records; :attr:`notes` tells how many had another owner then, or that the
            source has no history of owners and they are as exported.

        Raises
        ------
        ArgumentError
            For an unknown stage, or if the funnel names no owner.
        """
        from funnelkit.data.owning import owned_at

        return owned_at(self, stage)

    @property
    def changes(self) -> ir.Table | None:
        """Earlier values that the source knows of, one row per change; else ``None``.

        Columns ``id``, ``field``, ``day``, ``at``, ``old``, ``new``, up to ``as_of``.
        """
        table = self.rows.changes
        return None if table is None else table.filter(table.day <= ibis.literal(self.as_of))

    @property
    def left_out_before(self) -> dt.date | None:
        """Day before which leads are left out of rates, if there is one."""
        return self.recorded_from if self.before_recording == "left_out" else None

    def count(
        self, stage: str, every: Unit = "month", *, by: str | None = None
    ) -> pd.Series[int] | pd.DataFrame:
        """Return first entries to a stage or exit by calendar period.

        Parameters
        ----------
        stage
            Stage or exit.
        every
            ``"day"``, ``"week"``, ``"month"``, ``"quarter"`` or ``"year"`` of the funnel's
            calendar.
        by
            Segment; the result is then a long frame.

        Returns
        -------
        Series or DataFrame
            Counts indexed by period without gaps, up to the period of ``as_of``; with ``by`` a
            frame with ``series``, ``period`` and ``value``. Entries whose day was not recorded
            (filled stages) are in none of them; their number stands in ``attrs["undated"]``, and
            the last day that is known in ``attrs["as_of"]``.

        Raises
        ------
        ArgumentError
            For an unknown stage, unit or segment.
        """
        from funnelkit.data.counting import entered

        return entered(self, stage, every, by)

    def list(
        self,
        stage: str,
        *,
        start: str | None = None,
        cohort: str | pd.Period | None = None,
        period: str | pd.Period | None = None,
        every: Unit = "month",
        **segments: str | None,
    ) -> pd.DataFrame:
        """Return the records behind a count.

        Parameters
        ----------
        stage
            Stage or exit that the records reached.
        start
            Stage whose entry defines the cohort, as in ``triangle(leads, start, stage)``; the
            records are then those that the triangle counts. Default: the first stage, as soon as
            a cohort is named.
        cohort
            Period of entry to ``start`` as tables write it, such as ``"2026-08"`` or
            ``"FY2027 Q1"``; a week by the day on which it starts.
        period
            Period of entry to ``stage``.
        every
            Unit of ``cohort`` and ``period``.
        **segments
            Values of segments, such as ``source="webinar"``; ``None`` is blank.

        Returns
        -------
        DataFrame
            The id, the day of each stage and exit, segments, kept columns, owner, account and
            value, under the funnel's own names; sorted by id. A personal column is never among
            them.

        Raises
        ------
        ArgumentError
            For an unknown stage, segment or period.
        """
        from funnelkit.data.listing import listed

        return listed(
            self, stage, start=start, cohort=cohort, period=period, every=every, segments=segments
        )

    def accounting(self) -> pd.DataFrame:
        """Return what became of every row that was read.

        Returns
        -------
        DataFrame
            ``file``, ``reason`` and ``rows``; for each file the rows sum to the rows read.
        """
        from funnelkit.data.accounting import accounted

        return accounted(self)

    def summary(self) -> str:
        """Return what is there in one or two sentences."""
        read, aside = self.rows_read, rows_aside(self.accounting())
        since = (
            f" Rates use leads from {day_name(self.recorded_from)} on."
            if self.recorded_from and self.before_recording == "left_out"
            else ""
        )
        return (
            f"{display.plural(self.n, 'record')} from {display.plural(read, 'row')} read, "
            f"{display.count(aside)} set aside; complete up to {day_name(self.as_of)}.{since}"
        )

    def __repr__(self) -> str:
        """Return the summary."""
        steps = " → ".join(self.funnel.stages)
        return f"<Leads {steps}>\n{self.summary()}"

    def _repr_html_(self) -> str:
        return display.html_block(self.summary(), self.accounting())

    def refuse_disorder(self, table: ir.Table) -> None:
        """Refuse journeys with a stage dated before its predecessor.

        Raises
        ------
        DataError
            With their number and three examples.
        """
        bad = table.filter(table.out_of_order).select("id").distinct()
        count = int(bad.count().execute())
        if count:
            examples = ", ".join(bad.order_by("id").limit(3).id.execute())
            have = "record has" if count == 1 else "records have"
            raise DataError(
                f"{count:,} {have} a stage dated before its predecessor, such as {examples}. "
                'Correct them, or choose out_of_order="clip" or "drop".'
            )
