"""Which variant each record is in: a column of the export, or a table of its own."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import ibis

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, DataError, did_you_mean, numbered
from funnelkit._core.result import Result
from funnelkit.data import engines, journeys
from funnelkit.data.lists import read_list
from funnelkit.data.records import Leads
from funnelkit.data.rules.reading import is_mail
from funnelkit.data.subsets import over

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

UnitName = Literal["lead", "account", "rep", "rep-week"]
UNITS: tuple[UnitName, ...] = ("lead", "account", "rep", "rep-week")
ARM = "arm"
_FREE = (ARM, "arm_in_test")
_SHOWN = 5
_DAYS_OF_WEEK = 7


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Assignment(Result):
    """Leads with the variant each is in, and what of the assignment did not fit.

    Parameters
    ----------
    leads
        The same records, with the variant as segment ``column``; blank for those in no variant.
    column
        Name of that segment.
    unit
        What was assigned.
    records
        One row per variant: ``variant``, ``records`` (that entered the first stage of the test in
        its days), ``reassigned`` (those of them whose assignment is dated after their entry) and
        ``converted_before`` (those that had passed a later stage before they were assigned).
    contaminated
        One row per unit that the table has in several variants: ``unit``, ``variants``,
        ``records``. Their records are in no variant.
    units, unmatched
        Units of the table, and those of them that no record has; 0 for a column.
    """

    leads: Leads
    column: str
    unit: UnitName
    records: pd.DataFrame
    contaminated: pd.DataFrame
    units: int = 0
    unmatched: int = 0

    @property
    def variants(self) -> tuple[str, ...]:
        """Variants that any record is in, in the order of their names."""
        return tuple(self.records["variant"])

    def to_frame(self) -> pd.DataFrame:
        """Return the records of each variant; see ``records``."""
        return self.records.copy()

    def summary(self) -> str:
        """Return how many records are in each variant, and what did not fit."""
        parts = [
            f"{display.count(n)} in {display.one_line(name)}"
            for name, n in zip(self.records["variant"], self.records["records"], strict=True)
        ]
        text = f"Records by variant: {display.listed(parts) or 'none'}."
        noun = self.unit.replace("-", " ")
        if n := len(self.contaminated):
            text += (
                f" {display.plural(n, noun)} {'is' if n == 1 else 'are'} in several variants, with "
                f"{display.plural(int(self.contaminated['records'].sum()), 'record')} that count "
                "for none."
            )
        if self.unmatched:
            text += (
                f" {display.count(self.unmatched)} of {display.plural(self.units, noun)} of the "
                "assignment have no record."
            )
        return text


def assign(
    leads: Leads,
    assignment: str | Path | pd.DataFrame,
    *,
    start: str,
    unit: UnitName = "lead",
    variant: str = "variant",
    first: dt.date | None = None,
    last: dt.date | None = None,
) -> Assignment:
    """Return leads with the variant each is in as a segment.

    Parameters
    ----------
    leads
        The data.
    assignment
        A segment of the leads (or the owner), or a table with a row per unit: a frame, or the path
        of a CSV in UTF-8. Its columns: the unit (named like the funnel's id, account or owner
        column, or ``unit``), ``variant``, ``week`` for ``"rep-week"`` (a day of the week), and,
        if there is one, ``assigned_at`` (a day).
    start
        Stage whose entry brings a record into the test.
    unit
        What was assigned: each ``"lead"``, ``"account"`` or ``"rep"``, or each rep anew every
        week.
    variant
        Column of the table that holds the variant.
    first, last
        Days of the test: records that entered ``start`` outside of them are in no variant.

    Returns
    -------
    Assignment
        As many records as before.

    Raises
    ------
    ArgumentError
        If a column is unknown, the funnel has no column for the unit, or the days are turned.
    DataError
        If the table cannot be read, or lacks columns or values; every problem at once.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame({"id": ["a", "b", "c"], "lead": "2026-01-05", "won": None})
    >>> leads = fk.from_frame(export, fk.Funnel(["lead", "won"]), as_of="2026-02-28")
    >>> table = pd.DataFrame({"id": ["a", "b", "x"], "variant": ["control", "B", "B"]})
    >>> found = assign(leads, table, start="lead")
    >>> found.records[["variant", "records"]].to_dict("list"), found.unmatched
    ({'variant': ['B', 'control'], 'records': [1, 1]}, 1)
    """
    funnel = leads.funnel
    checks.one_of("unit", unit, UNITS)
    place = funnel.stage("start", start)
    if first is not None and last is not None and first > last:
        raise ArgumentError(f"`first` ({first}) must not lie after `last` ({last}).")
    table = leads.records
    entered = table[f"date_{place}"]
    inside = journeys.in_rates(table, place, leads.recorded_from)
    for day, test in ((first, entered.__ge__), (last, entered.__le__)):
        inside = inside if day is None else inside & test(ibis.literal(day))
    later = [table[f"date_{k}"] for k in range(place + 1, len(funnel.stages))]
    passed = ibis.coalesce(*later) if later else ibis.null("date")
    here = table.mutate(fk_inside=inside.fill_null(False), fk_entered=entered, fk_passed=passed)
    if isinstance(assignment, str) and assignment in funnel.groups:
        named = here.select(
            "id",
            "kept",
            "fk_inside",
            "fk_entered",
            "fk_passed",
            fk_unit=here.id,
            fk_arm=journeys.segment(here, funnel, assignment),
            fk_arms=ibis.literal(1),
            fk_day=ibis.null("date"),
        )
        frame = None
    else:
        frame = _table(assignment, leads, unit, variant)
        named = _joined(here, frame, leads, unit)
    named = engines.once(leads.engine, named, "fk_assigned")
    return _assignment(leads, named, unit, frame)


def _assignment(
    leads: Leads, named: ir.Table, unit: UnitName, frame: pd.DataFrame | None
) -> Assignment:
    funnel = leads.funnel
    column = next(name for name in _FREE if name not in (*funnel.groups, *funnel.keep))
    arm = ibis.ifelse(named.fk_inside & (named.fk_arms == 1), named.fk_arm, ibis.null("string"))
    counted = named.mutate(
        fk_kept_arm=arm,
        fk_late=(named.fk_day > named.fk_entered).fill_null(False),
        fk_before=(named.fk_passed < named.fk_day).fill_null(False),
    )
    kept = counted.filter(counted.kept & counted.fk_kept_arm.notnull())
    records = (
        kept.group_by(variant=kept.fk_kept_arm)
        .aggregate(
            records=kept.count(),
            reassigned=ibis.ifelse(kept.fk_late, 1, 0).sum(),
            converted_before=ibis.ifelse(kept.fk_before, 1, 0).sum(),
        )
        .execute()
        .sort_values("variant", ignore_index=True)
    )
    whole = {name: "int64" for name in records.columns if name != "variant"}
    place = f"segment_{len(funnel.segments)}"
    ids = counted.select(fk_id=counted.id, **{place: counted.fk_kept_arm})
    ids = ids.filter(ids[place].notnull())
    rows = leads.rows.table
    joined = rows.left_join(ids, rows.id == ids.fk_id).select(*rows.columns, place)
    arranged = funnel.replace(segments=[*funnel.segments, column])
    units, unmatched = 0, 0
    if frame is not None:
        units = int(frame["unit"].nunique())
        seen = named.filter(named.fk_arm.notnull()).fk_unit.nunique().execute()
        unmatched = units - int(seen)
    return Assignment(
        leads=over(leads, arranged, table=engines.once(leads.engine, joined)),
        column=column,
        unit=unit,
        records=records.astype(whole),
        contaminated=_contaminated(named, frame),
        units=units,
        unmatched=unmatched,
    )


def _contaminated(named: ir.Table, frame: pd.DataFrame | None) -> pd.DataFrame:
    """Return the units of the table in several variants, those with the most records first."""
    import pandas as pd

    if frame is None or not (frame["arms"] > 1).any():
        return pd.DataFrame({"unit": [], "variants": [], "records": []}).astype({"records": int})
    several = frame[frame["arms"] > 1].groupby("unit", sort=True)["all_arms"].first()
    held = named.filter((named.fk_arms > 1) & named.kept & named.fk_inside)
    counted = held.group_by("fk_unit").aggregate(records=held.count()).execute()
    records = counted.set_index("fk_unit")["records"].reindex(several.index, fill_value=0)
    shown = ["(a mail address)" if is_mail(str(one)) else str(one) for one in several.index]
    found = pd.DataFrame(
        {"unit": shown, "variants": several.to_numpy(), "records": records.to_numpy("int64")}
    )
    return found.sort_values(["records", "unit"], ascending=[False, True], ignore_index=True)


def _joined(table: ir.Table, frame: pd.DataFrame, leads: Leads, unit: UnitName) -> ir.Table:
    """Return the records with what the table says of their unit, blank where it says nothing."""
    key = table["id"] if unit == "lead" else table["account" if unit == "account" else "owner"]
    names = ["unit", "variant", "arms", "assigned_at"]
    schema = {
        "unit": "string",
        "variant": "string",
        "arms": "int64",
        "assigned_at": "date",
        "day": "date",
    }
    if unit == "rep-week":
        names.append("day")
    told = ibis.memtable(frame[names], schema={name: schema[name] for name in names})
    told = engines.once(leads.engine, told, "fk_assignment")
    on = [key == told.unit]
    if unit == "rep-week":
        on.append(table.fk_entered == told.day)
    joined = table.left_join(told, on)
    return joined.select(
        id=joined.id,
        kept=joined.kept,
        fk_inside=joined.fk_inside,
        fk_entered=joined.fk_entered,
        fk_passed=joined.fk_passed,
        fk_unit=joined.unit,
        fk_arm=joined.variant,
        fk_arms=joined.arms,
        fk_day=joined.assigned_at,
    )


def _table(
    given: str | Path | pd.DataFrame, leads: Leads, unit: UnitName, variant: str
) -> pd.DataFrame:
    """Return the assignment with ``unit``, ``variant``, ``arms``, ``assigned_at`` and ``day``."""
    import pandas as pd

    frame = given if isinstance(given, pd.DataFrame) else _read(given, leads)
    frame = frame.set_axis([str(name).strip() for name in frame.columns], axis="columns")
    funnel = leads.funnel
    own = {"lead": funnel.id, "account": funnel.account}.get(unit, funnel.owner)
    if own is None:
        raise ArgumentError(
            f"`unit`: the funnel names no {'account' if unit == 'account' else 'owner'} column, so "
            f'"{unit}" cannot be looked up.'
        )
    named = [str(name) for name in ([own] if isinstance(own, str) else list(own))]
    key = next((name for name in (*named, "unit") if name in frame.columns), None)
    problems = []
    if key is None:
        problems.append(f"no column `{named[0]}` (or `unit`) that names the {unit}")
    needed = [variant] + (["week"] if unit == "rep-week" else [])
    problems += [f"no column `{name}`" for name in needed if name not in frame.columns]
    if problems or key is None:
        columns = display.listed([f"`{name}`" for name in frame.columns[:12]])
        raise DataError(
            f"`assignment` has {columns or 'no column'}, and lacks some: {numbered(problems)}"
        )
    taken = pd.DataFrame(
        {"unit": _texts(frame[key]), "variant": _texts(frame[variant])}, index=frame.index
    )
    for name, column in (("unit", key), ("variant", variant)):
        if n := int(taken[name].isna().sum()):
            problems.append(f"`{column}` is blank in {display.plural(n, 'row')}")
    taken["assigned_at"] = None
    if "assigned_at" in frame.columns:
        taken["assigned_at"] = _days(frame["assigned_at"], "assigned_at", problems)
    if unit == "rep-week":
        taken["day"] = _days(frame["week"], "week", problems)
    if problems:
        raise DataError(f"`assignment`: {numbered(problems)}")
    return _by_unit(taken, leads, weekly=unit == "rep-week")


def _by_unit(taken: pd.DataFrame, leads: Leads, *, weekly: bool) -> pd.DataFrame:
    """Return one row per unit (and day, where it is assigned anew every week)."""
    import pandas as pd

    keys = ["unit"]
    if weekly:
        start = leads.funnel.calendar.periods(pd.Series(pd.to_datetime(taken["day"])), "week")
        monday = [period.start_time for period in start]
        steps = pd.DataFrame({"step": range(_DAYS_OF_WEEK)})
        taken = taken.assign(day=monday).merge(steps, how="cross")
        taken["day"] = (taken["day"] + pd.to_timedelta(taken["step"], unit="D")).dt.date
        keys.append("day")
    grouped = taken.sort_values("variant", kind="stable").groupby(keys, sort=True)
    found: pd.DataFrame = grouped.agg(
        variant=("variant", "first"),
        arms=("variant", "nunique"),
        all_arms=("variant", lambda names: ", ".join(dict.fromkeys(names))),
        assigned_at=("assigned_at", _earliest),
    ).reset_index()
    found["assigned_at"] = found["assigned_at"].astype(object)
    return found


def _earliest(days: Any) -> dt.date | None:
    known = [day for day in days if isinstance(day, dt.date)]
    return min(known) if known else None


def _texts(column: pd.Series[Any]) -> pd.Series[Any]:
    import pandas as pd

    texts = column.astype("string").str.strip()
    return texts.mask(texts == "", pd.NA)


def _days(column: pd.Series[Any], name: str, problems: list[str]) -> list[dt.date | None]:
    """Return days; what is no ISO day is a problem, blank is blank."""
    import pandas as pd

    found: list[dt.date | None] = []
    odd: list[str] = []
    for value in column:
        if pd.isna(value) or not str(value).strip():
            found.append(None)
            continue
        try:
            found.append(dt.date.fromisoformat(str(value).strip()[:10]))
        except ValueError:
            found.append(None)
            odd.append(repr(str(value)[:20]))
    if odd:
        problems.append(
            f"`{name}` is no ISO day (such as 2026-10-31) in {display.plural(len(odd), 'row')}: "
            f"{', '.join(odd[:_SHOWN])}"
        )
    if name == "week" and (blank := found.count(None) - len(odd)):
        problems.append(f"`week` is blank in {display.plural(blank, 'row')}")
    return found


def _read(path: str | Path, leads: Leads) -> pd.DataFrame:
    if not isinstance(path, (str, Path)):
        raise ArgumentError(
            "`assignment` must be a segment of the leads, a frame, or the path of a CSV; got "
            f"{type(path).__name__}."
        )
    if isinstance(path, str) and not Path(path).suffix:
        known = display.listed([f"`{name}`" for name in leads.funnel.groups])
        raise ArgumentError(
            f"`assignment`: no segment {path!r}, and no path of a CSV either; the leads have "
            f"{known}.{did_you_mean(path, leads.funnel.groups)}"
        )
    return read_list("assignment", path)
