"""`Funnel`: what the stages are, where they stand in the data, and how odd records are treated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from funnelkit._core import checks
from funnelkit._core.dates import Calendar
from funnelkit._core.errors import ArgumentError, DefinitionError, did_you_mean, unknown

Skipped = Literal["fill", "strict"]
OutOfOrder = Literal["clip", "drop", "error"]
Reopened = Literal["last", "first"]
StatusDateMeans = Literal["close", "change"]
ENTERED_AT = "entered_at"


@dataclass(frozen=True, init=False, eq=True)
class Funnel:
    """The definition of a funnel.

    Parameters
    ----------
    stages
        Stage names in order; the order is the truth. The last one is the win.
    exits
        Names of the ways out, such as ``lost`` and ``disqualified``. A record that has left can
        no longer convert.
    id
        Column that identifies a record.
    columns
        Stage or exit -> column of its date, where the column is not named like the stage. For
        :func:`funnelkit.from_events` it maps a stage or exit to its name, or names, in the log.
        ``None`` says that a stage has no date of its own and is known from ``status`` only.
    status, status_date
        For exports that hold only the current stage: the column of that stage, and the column of
        its date.
    status_values
        Stage or exit -> its value, or values, in the ``status`` column, where they are not named
        alike (case is ignored).
    status_date_means
        ``"close"``: ``status_date`` is an event only for records that are won or have left; for
        open ones it is a plan and is never counted. ``"change"``: it is the date of the last
        change of status, for every record.
    value, owner, account
        Columns of the money, the representative, and the account that several leads may share.
    segments
        Columns by which figures may be split.
    apart
        Those of ``segments`` whose values are businesses of their own (pipelines; new, expansion
        and renewal business): figures are always split by them, and never pooled unasked. See
        :meth:`Leads.only` and :meth:`Leads.pooled`.
    keep
        Further columns that are carried along with each record as they stand, such as probability
        or forecast category; :meth:`Leads.list` shows them.
    personal
        Columns with personal data (names, mail addresses, phones, free text). They are never
        read.
    timezone
        IANA name of the zone in which a calendar day begins and ends.
    calendar
        Start of the fiscal year and of the week, holidays.
    skipped
        ``"fill"``: a stage without a date that lies before a reached one was passed through;
        ``"strict"``: it was not. The first stage is never filled.
    out_of_order
        A stage dated before its predecessor: ``"clip"`` takes it to the predecessor's day and
        treats its time as not observed, ``"drop"`` sets the record aside, ``"error"`` refuses.
    reopened
        An exit followed by a later stage: ``"last"`` says it was none, ``"first"`` that it ended
        the record.

    Raises
    ------
    DefinitionError
        With every contradiction at once.

    Examples
    --------
    >>> funnel = Funnel(["lead", "mql", "won"], exits=["lost"], id="lead_id")
    >>> funnel.column_of("mql")
    'mql'
    >>> Funnel(["won"])
    Traceback (most recent call last):
    ...
    funnelkit._core.errors.DefinitionError: `stages` needs at least two names in order; got ['won'].
    """

    stages: tuple[str, ...]
    exits: tuple[str, ...]
    id: str
    columns: Mapping[str, str | tuple[str, ...] | None] = field(hash=False)
    status: str | None
    status_date: str | None
    status_values: Mapping[str, tuple[str, ...]] = field(hash=False)
    status_date_means: StatusDateMeans
    value: str | None
    owner: str | None
    account: str | None
    segments: tuple[str, ...]
    apart: tuple[str, ...]
    keep: tuple[str, ...]
    personal: tuple[str, ...]
    timezone: str | None
    calendar: Calendar
    skipped: Skipped
    out_of_order: OutOfOrder
    reopened: Reopened

    def __init__(
        self,
        stages: Sequence[str],
        *,
        exits: Sequence[str] = (),
        id: str = "id",  # noqa: A002  the field's own word
        columns: Mapping[str, str | Sequence[str] | None] | None = None,
        status: str | None = None,
        status_date: str | None = None,
        status_values: Mapping[str, str | Sequence[str]] | None = None,
        status_date_means: StatusDateMeans = "close",
        value: str | None = None,
        owner: str | None = None,
        account: str | None = None,
        segments: Sequence[str] = (),
        apart: Sequence[str] = (),
        keep: Sequence[str] = (),
        personal: Sequence[str] = (),
        timezone: str | None = None,
        calendar: Calendar | None = None,
        skipped: Skipped = "fill",
        out_of_order: OutOfOrder = "clip",
        reopened: Reopened = "last",
    ) -> None:
        """Check everything and freeze it."""
        checks.one_of("skipped", skipped, ("fill", "strict"))
        checks.one_of("out_of_order", out_of_order, ("clip", "drop", "error"))
        checks.one_of("reopened", reopened, ("last", "first"))
        checks.one_of("status_date_means", status_date_means, ("close", "change"))
        values = {
            "stages": _names(stages, "stages"),
            "exits": _names(exits, "exits"),
            "id": id,
            "columns": MappingProxyType(
                {name: _column(given) for name, given in (columns or {}).items()}
            ),
            "status": status,
            "status_date": status_date,
            "status_values": MappingProxyType(
                {
                    name: _names(given, "status_values")
                    for name, given in (status_values or {}).items()
                }
            ),
            "status_date_means": status_date_means,
            "value": value,
            "owner": owner,
            "account": account,
            "segments": _names(segments, "segments"),
            "apart": _names(apart, "apart"),
            "keep": _names(keep, "keep"),
            "personal": _names(personal, "personal"),
            "timezone": timezone,
            "calendar": calendar or Calendar(),
            "skipped": skipped,
            "out_of_order": out_of_order,
            "reopened": reopened,
        }
        for name, given in values.items():
            object.__setattr__(self, name, given)
        if problems := self._problems():
            raise DefinitionError(problems)

    def replace(self, **changed: Any) -> Funnel:
        """Return the funnel with some of its parameters changed.

        Raises
        ------
        DefinitionError
            With every contradiction at once.

        Examples
        --------
        >>> Funnel(["lead", "won"]).replace(exits=["lost"]).steps
        ('lead', 'won', 'lost')
        """
        return Funnel(**{one.name: getattr(self, one.name) for one in fields(self)} | changed)

    def _problems(self) -> list[str]:
        found = []
        if len(self.stages) < 2:
            found.append(f"`stages` needs at least two names in order; got {list(self.stages)}.")
        steps = self.steps
        repeated = sorted({name for name in steps if steps.count(name) > 1})
        if repeated:
            found.append(f"`stages` and `exits` must be unique; repeated: {repeated}.")
        if not all(isinstance(name, str) and name.strip() for name in steps):
            found.append(f"`stages` and `exits` must be non-empty texts; got {list(steps)}.")
        for argument, mapping in (("columns", self.columns), ("status_values", self.status_values)):
            found += [
                f"`{argument}`: {unknown('stage or exit', name, steps)}"
                for name in mapping
                if name not in steps
            ]
        if ENTERED_AT in self.segments:
            found.append(
                f"`segments`: `{ENTERED_AT}` is built in; drop it from the list and use it as is."
            )
        if self.owner == ENTERED_AT:
            found.append(f"`owner`: `{ENTERED_AT}` is built in; give the column another name.")
        if self.status is None and (self.status_date or self.status_values):
            found.append("`status_date` and `status_values` need `status`, the stage's column.")
        if self.status is None:
            found += [
                f"`columns`: `{name}` has no column; only a funnel with `status` may leave it out."
                for name, column in self.columns.items()
                if column is None
            ]
        found += self._attribute_problems()
        if self.timezone is not None:
            found += _zone_problems(self.timezone)
        return found

    def _attribute_problems(self) -> list[str]:
        found = [
            f"`apart`: {unknown('segment', name, self.segments)}"
            for name in self.apart
            if name not in self.segments
        ]
        twice = sorted(set(self.keep) & {*self.segments, self.owner, self.account, self.value})
        if twice:
            found.append(f"`keep` columns have another part already: {twice}; drop them from it.")
        hidden = sorted(set(self.personal) & {*self.segments, *self.keep, self.owner or ""})
        if hidden:
            found.append(
                f"`personal` columns cannot be `segments`, `keep` or `owner` as well: {hidden}."
            )
        return found

    @property
    def steps(self) -> tuple[str, ...]:
        """Stages in order, then exits."""
        return self.stages + self.exits

    @property
    def groups(self) -> tuple[str, ...]:
        """What records can be counted by: the segments, the owner, and ``entered_at``."""
        owner = () if self.owner is None or self.owner in self.segments else (self.owner,)
        return (*self.segments, *owner, ENTERED_AT)

    @property
    def won(self) -> str:
        """The last stage."""
        return self.stages[-1]

    def column_of(self, step: str) -> str | None:
        """Return the column that holds the date of a stage or exit.

        ``None`` where a funnel with ``status`` has no column for it.
        """
        given = self.columns.get(step, None if self._status_only(step) else step)
        return given if given is None or isinstance(given, str) else given[0]

    def _status_only(self, step: str) -> bool:
        return self.status is not None and step not in self.columns

    def statuses_of(self, step: str) -> tuple[str, ...]:
        """Return the values of the ``status`` column that mean a stage or exit."""
        return self.status_values.get(step, (step,))

    def log_names_of(self, step: str) -> tuple[str, ...]:
        """Return the names that a stage or exit bears in an event log."""
        given = self.columns.get(step) or step
        return (given,) if isinstance(given, str) else given

    def stage(self, argument: str, name: str) -> int:
        """Return the position of a stage.

        Raises
        ------
        ArgumentError
            If there is no such stage; with the closest match.
        """
        return self.stages.index(checks.member(argument, "stage", name, self.stages))

    def way(self, start: str, target: str) -> tuple[int, int]:
        """Return the positions of a stage and of a later one.

        Raises
        ------
        ArgumentError
            If there is no such stage, with the closest match, or the target is not after the start.
        """
        first, last = self.stage("start", start), self.stage("target", target)
        if last <= first:
            raise ArgumentError(
                f"`target` must come after `start`; got `{start}` -> `{target}` in "
                f"{' -> '.join(self.stages)}."
            )
        return first, last

    def step(self, argument: str, name: str) -> str:
        """Return a stage or exit.

        Raises
        ------
        ArgumentError
            If there is none of that name; with the closest match.
        """
        return checks.member(argument, "stage or exit", name, self.steps)


def _names(given: str | Sequence[str], argument: str) -> tuple[str, ...]:
    if isinstance(given, str):
        return (given,)
    unordered = isinstance(given, (set, frozenset, bytes, Mapping))
    if unordered or not isinstance(given, Iterable):
        raise DefinitionError(
            f"`{argument}` must be a list of names in order; got {type(given).__name__}."
        )
    return tuple(given)


def _column(given: str | Sequence[str] | None) -> str | tuple[str, ...] | None:
    return given if given is None or isinstance(given, str) else tuple(given)


def _zone_problems(name: str) -> list[str]:
    from zoneinfo import available_timezones

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = did_you_mean(name, available_timezones())
        return [f"`timezone` must be an IANA name such as Europe/Berlin; got {name!r}.{hint}"]
    return []
