"""The reports of a batch: each month and each value of a segment, with its folder."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit._core.display import listed, segment_name
from funnelkit._core.errors import ArgumentError, FunnelError, did_you_mean
from funnelkit.data.archive import open_archive
from funnelkit.report import manifest
from funnelkit.report.batch.naming import folder_names
from funnelkit.report.parameters import Parameters
from funnelkit.report.runner import MANIFEST, inputs_of, notebook_of, prepared

if TYPE_CHECKING:
    from funnelkit.data.records import Leads
    from funnelkit.report.config import Config

_MOST_VALUES = 100


@dataclass(frozen=True, eq=False, kw_only=True)
class Job:
    """One report to write.

    Parameters
    ----------
    settings
        Its parameters.
    setup
        The funnel; ``None``: simulated data.
    label
        What it is called among the others, such as ``"2026-10, region EMEA"``.
    """

    settings: Parameters
    setup: Config | None
    label: str

    @property
    def folder(self) -> Path:
        """Where the report goes."""
        return Path(self.settings.out) / self.settings.folder

    def given(self) -> dict[str, Any]:
        """Return what `funnelkit.report.run` is told."""
        known = {
            one.name: getattr(self.settings, one.name) for one in dataclasses.fields(self.settings)
        }
        return {name: value for name, value in known.items() if value is not None}

    def is_done(self) -> bool:
        """Whether the report is there, whole, and made from the same by the same versions.

        Of a warehouse nothing tells whether its tables are as they were, so that a report on one
        is never done.
        """
        try:
            kept = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
            whole = all(
                manifest.sha256(self.folder / str(one["name"])) == one["sha256"]
                for one in kept["outputs"]
            )
        except (OSError, ValueError, KeyError, TypeError):
            return False
        made = manifest.made_from(
            self.settings,
            self.setup,
            inputs=inputs_of(self.settings, self.setup),
            notebook=notebook_of(self.settings.report),
        )
        same = json.loads(json.dumps(made, default=str))
        asked = whole and "warehouse" not in made and {key: kept.get(key) for key in same} == same
        return asked and self._past_is_as_read(kept.get("facts", {}).get("past", {}))

    def _past_is_as_read(self, past: Mapping[str, str]) -> bool:
        """Whether the archived exports that the report read are as they were."""
        read = {
            dt.date.fromisoformat(name.removeprefix(manifest.ARCHIVED)): digest
            for name, digest in past.items()
            if name.startswith(manifest.ARCHIVED)
        }
        if not read or self.setup is None:
            return not read
        try:
            kept = open_archive(self.setup.archive_folder, self.setup.funnel)
            return all(kept.fingerprint(day) == digest for day, digest in read.items())
        except FunnelError:
            return False


def jobs_of(
    model: type[Parameters],
    given: Mapping[str, Any],
    *,
    months: Sequence[str] | None,
    for_each: str | None,
) -> tuple[list[Job], list[str]]:
    """Return the reports to write, and the labels of those that have no lead yet.

    Parameters
    ----------
    model
        Of the report.
    given
        Its parameters.
    months
        Months at whose ends to look; ``None``: the one that the parameters name.
    for_each
        Segment each of whose values gets its own reports.

    Raises
    ------
    ArgumentError, DefinitionError
        With what is wrong with the parameters, the segment or funnel.yml; also where two of the
        reports would be one and the same.
    """
    if months is not None and given.get("month") is not None:
        raise ArgumentError("`month` and `months` exclude each other; leave one out.")
    asked: Sequence[str | None] = [given.get("month")] if months is None else months
    periods = [prepared(model, {**given, "month": month}) for month in asked]
    if for_each is None:
        jobs = [_job(settings, setup) for settings, setup in periods]
        _refuse_the_same_twice(jobs)
        return jobs, []
    leads = _leads_of(*periods[0])
    seen = first_days(leads, for_each)
    names = folder_names(for_each, seen)
    other = next((name for name in leads.funnel.segments if name != for_each), None)
    jobs, absent = [], []
    for settings, setup in periods:
        split = settings.segment or (other if leads.funnel.segments[:1] == (for_each,) else None)
        for value, first in seen.items():
            only = [*(settings.only or ()), f"{for_each}={value or ''}"]
            out = (Path(settings.out) / names[value]).as_posix()
            told = dataclasses.replace(settings, only=only, out=out, segment=split)
            job = _job(told, setup, f"{for_each} {segment_name((value,))}")
            if settings.month is not None and first > _end(settings.month):
                absent.append(job.label)
            else:
                jobs.append(job)
    _refuse_the_same_twice(jobs)
    return jobs, absent


def first_days(leads: Leads, column: str) -> dict[str | None, dt.date]:
    """Return for each value of a segment the day on which its first lead entered.

    Values that no lead has entered with are left out; blank comes last.

    Raises
    ------
    ArgumentError
        If there is no such segment (with the closest match), or it has more than 100 values.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {"id": [1, 2, 3], "lead": ["2026-02-05", "2026-01-09", "2026-03-01"], "won": None}
    ... ).assign(region=["EMEA", "EMEA", None])
    >>> funnel = fk.Funnel(["lead", "won"], id="id", segments=["region"])
    >>> first_days(fk.from_frame(export, funnel, as_of="2026-03-31"), "region")
    {'EMEA': datetime.date(2026, 1, 9), None: datetime.date(2026, 3, 1)}
    """
    from funnelkit.data import journeys

    known = leads.funnel.segments
    if column not in known:
        words = f"there is no segment {column!r}.{did_you_mean(column, known)}"
        more = f" The funnel has {listed([*known])}." if known else " The funnel has none."
        raise ArgumentError(f"`for_each`: {words}{more}")
    table = leads.journeys
    dates = [f"date_{number}" for number in range(len(leads.funnel.stages))]
    value = journeys.segment(table, leads.funnel, column)
    rows = table.select(*dates, value=value)
    found = rows.group_by("value").aggregate(**{name: rows[name].min() for name in dates})
    days: dict[str | None, dt.date] = {}
    for row in found.execute().to_dict("records"):
        text = row["value"] if isinstance(row["value"], str) and row["value"] else None
        entered = [day for name in dates if (day := _day(row[name])) is not None]
        entered += [days[text]] if text in days else []
        if entered:
            days[text] = min(entered)
    if len(days) > _MOST_VALUES:
        raise ArgumentError(
            f"`for_each`: {column} has {len(days):,} values, and reports are made for at most "
            f"{_MOST_VALUES}; keep some with `only`, or name another segment."
        )
    if not days:
        raise ArgumentError(f"`for_each`: no lead has entered, so {column} has no value.")
    return dict(sorted(days.items(), key=lambda one: (one[0] is None, one[0] or "")))


def _day(value: Any) -> dt.date | None:
    import pandas as pd

    return None if pd.isna(value) else pd.Timestamp(value).date()


def _end(month: str) -> dt.date:
    year, number = int(month[:4]), int(month[5:])
    return dt.date(year + number // 12, number % 12 + 1, 1) - dt.timedelta(days=1)


def _job(settings: Parameters, setup: Config | None, part: str = "") -> Job:
    return Job(
        settings=settings, setup=setup, label=", ".join(filter(None, (settings.folder, part)))
    )


def _leads_of(settings: Parameters, setup: Config | None) -> Leads:
    from funnelkit.report.page.source import opened

    return opened(
        config=settings.config,
        data=settings.data,
        join=settings.join,
        demo=settings.demo or setup is None,
        only=settings.only,
    ).leads


def _refuse_the_same_twice(jobs: Sequence[Job]) -> None:
    taken: dict[str, str | None] = {}
    for job in jobs:
        place = job.folder.as_posix().casefold()
        if place in taken:
            months = f"{taken[place]} and {job.settings.month}"
            raise ArgumentError(
                f"`months`: {months} both give {job.label}; name only one of these months."
            )
        taken[place] = job.settings.month
