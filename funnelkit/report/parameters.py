"""What a report may be told: one typed model for its notebook, its command line and its checks."""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import hashlib
import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self, TypeVar, get_type_hints

from funnelkit._core.dates import Calendar, Unit
from funnelkit._core.errors import (
    ArgumentError,
    DefinitionError,
    did_you_mean,
    numbered,
    unknown,
)
from funnelkit.report.kinds import (
    CHOICES,
    DAY,
    DAYS,
    FLAG,
    LEVEL,
    MONTH,
    PATH,
    PATHS,
    QUARTER,
    TEXT,
    WEEK,
    Kind,
)

M = TypeVar("M", bound="Asked")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a command may be told: each field with its kind and one line on what it means."""

    report: ClassVar[str] = ""
    """Its name: of a report's notebook, and on the command line."""


@dataclass(frozen=True, kw_only=True)
class Parameters(Asked):
    """What every report may be told."""

    notebook: ClassVar[str] = ""
    """File name of its notebook, without the ending."""
    page: ClassVar[str] = ""
    """Module of its page, which the kernel imports while the notebook tools still start."""
    unit: ClassVar[Unit | None] = None
    """Its period, which is also the name of the parameter that tells it."""

    month: Annotated[str | None, MONTH, "month at whose end to look; none: all data"] = None
    config: Annotated[str | None, PATH, "funnel.yml of the funnel; none: simulated data"] = None
    data: Annotated[list[str] | None, PATHS, "exports to read, not those in funnel.yml"] = None
    join: Annotated[list[str] | None, PATHS, "further exports that share the id"] = None
    demo: Annotated[bool, FLAG, "simulated data"] = False
    only: Annotated[list[str] | None, CHOICES, "values of segments to keep; none: all leads"] = None
    segment: Annotated[str | None, TEXT, "column to split by; none: the funnel's first"] = None
    confidence_level: Annotated[float, LEVEL, "share of intervals that hold the truth"] = 0.95
    tables: Annotated[str | None, PATH, "workbook to write; none: no workbook"] = None
    out: Annotated[str, PATH, "folder of all reports"] = "reports"

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.demo and (self.config or self.data or self.join):
            raise ArgumentError(
                "`demo` reports on simulated data, so it takes no `config`, `data` or `join`; "
                "leave one or the other out."
            )
        if (self.data or self.join) and not self.config:
            raise ArgumentError(
                "`data` and `join` need `config`, the funnel.yml that defines them."
            )

    @property
    def named(self) -> str | None:
        """The period that is asked for; ``None``: the last full one."""
        return None if self.unit is None else getattr(self, self.unit)

    @property
    def folder(self) -> str:
        """Name of the report's own folder, once its period is known."""
        return self.named or "-".join(filter(None, (self.report, self.month)))

    def completed(self, as_of: dt.date | None, calendar: Calendar | None = None) -> Self:
        """Return the parameters with the period filled in: the last one that is over.

        Raises
        ------
        DefinitionError
            If no period is named, and it is not known up to which day the data are complete.
        """
        if self.unit is None:
            return self
        if self.named is None and self.month is None and as_of is None:
            example = {"day": "YYYY-MM-DD", "week": "YYYY-Www", "month": "YYYY-MM"}
            raise DefinitionError(
                f"`{self.unit}` is missing: name it as {example.get(self.unit, 'YYYY-Qn')}, or "
                "say in funnel.yml up to which day the data are complete (`as_of`), and the last "
                f"full {self.unit} is taken."
            )
        from funnelkit.report.periods import reported_period, written

        found = reported_period(
            self.unit, named=self.named, month=self.month, calendar=calendar,
            as_of=as_of if self.named is None else None,
        )  # fmt: skip
        told: dict[str, Any] = {self.unit: written(found.period)}
        return dataclasses.replace(self, **told)

    @property
    def asks_beside(self) -> bool:
        """Whether the page asks a process beside it for some of its parts, if there can be one."""
        return False

    def for_notebook(self) -> dict[str, Any]:
        """Return the values that the notebook takes, by name."""
        return {one.name: getattr(self, one.name) for one in told(type(self)) if one.in_notebook}


@dataclass(frozen=True, kw_only=True)
class DailyParameters(Parameters):
    """What the daily report may be told.

    Examples
    --------
    >>> checked(DailyParameters, {"day": "2026-11-20"}).folder
    '2026-11-20'
    """

    report: ClassVar[str] = "daily"
    notebook: ClassVar[str] = "daily_report"
    page: ClassVar[str] = "funnelkit.report.day.daily_page"
    unit: ClassVar[Unit | None] = "day"

    day: Annotated[str | None, DAY, "day to report; none: the last one"] = None


@dataclass(frozen=True, kw_only=True)
class WeeklyParameters(Parameters):
    """What the weekly report may be told.

    Examples
    --------
    >>> checked(WeeklyParameters, {"week": "2026-W47"}).completed(None).folder
    'week-2026-11-16'
    """

    report: ClassVar[str] = "weekly"
    notebook: ClassVar[str] = "weekly_pipeline"
    page: ClassVar[str] = "funnelkit.report.week.weekly_page"
    unit: ClassVar[Unit | None] = "week"

    week: Annotated[str | None, WEEK, "week to report, or a day in it; none: the last full"] = None

    @property
    def folder(self) -> str:
        """Name of the report's own folder, which bears the day on which the week begins."""
        return f"week-{self.week}"


@dataclass(frozen=True, kw_only=True)
class MonthlyParameters(Parameters):
    """What the monthly report may be told.

    Raises
    ------
    ArgumentError
        If the values contradict each other.

    Examples
    --------
    >>> checked(MonthlyParameters, {"month": "2026-10", "demo": True}).month
    '2026-10'
    """

    report: ClassVar[str] = "monthly"
    notebook: ClassVar[str] = "monthly_report"
    page: ClassVar[str] = "funnelkit.report.page.monthly_page"
    unit: ClassVar[Unit | None] = "month"

    month: Annotated[str | None, MONTH, "month to report; none: the last full one"] = None
    start: Annotated[str | None, TEXT, "stage to convert from; none: the first"] = None
    target: Annotated[str | None, TEXT, "stage to convert to; none: the last"] = None
    horizon: Annotated[int | None, DAYS, "age up to which rates are told; none: found"] = None

    @property
    def asks_beside(self) -> bool:
        """Whether the page asks a process beside it for some of its parts, if there can be one."""
        return not self.demo and self.target is None


@dataclass(frozen=True, kw_only=True)
class QuarterlyParameters(Parameters):
    """What the quarterly review may be told.

    Examples
    --------
    >>> import datetime as dt
    >>> checked(QuarterlyParameters, {}).completed(dt.date(2026, 10, 31)).quarter
    '2026-Q3'
    """

    report: ClassVar[str] = "quarterly"
    notebook: ClassVar[str] = "quarterly_review"
    page: ClassVar[str] = "funnelkit.report.quarter.quarterly_page"
    unit: ClassVar[Unit | None] = "quarter"

    quarter: Annotated[str | None, QUARTER, "fiscal quarter; none: the last full one"] = None


@dataclass(frozen=True, kw_only=True)
class ReadoutParameters(Parameters):
    """What the readout of an experiment may be told.

    Examples
    --------
    >>> checked(ReadoutParameters, {"experiment": "New page", "month": "2026-10"}).folder
    'experiment-new-page-2026-10'
    >>> checked(ReadoutParameters, {"experiment": "New / page"}).folder
    'experiment-new-page-fc34b6'
    """

    report: ClassVar[str] = "experiment"
    notebook: ClassVar[str] = "experiment_readout"
    page: ClassVar[str] = "funnelkit.report.readout.readout_page"

    experiment: Annotated[str | None, TEXT, "its name in funnel.yml; none: the only one"] = None

    @property
    def folder(self) -> str:
        """Name of the report's own folder: letters and digits of the experiment, and the month.

        Names that differ in other characters keep apart by a few digits of their hash.
        """
        given = (self.experiment or "").casefold()
        name = re.sub(r"[^a-z0-9]+", "-", given).strip("-")
        exact = name == given.replace(" ", "-") and "-" not in given
        digits = "" if exact else hashlib.sha256(given.encode()).hexdigest()[:6]
        return "-".join(filter(None, (self.report, name, digits, self.month)))


REPORTS: dict[str, type[Parameters]] = {
    one.report: one
    for one in (
        DailyParameters,
        WeeklyParameters,
        MonthlyParameters,
        QuarterlyParameters,
        ReadoutParameters,
    )
}


@dataclass(frozen=True, kw_only=True)
class Told:
    """One parameter: its name, default, kind and meaning, and where it can be set."""

    name: str
    default: Any
    kind: Kind
    words: str

    @property
    def in_notebook(self) -> bool:
        """Whether it stands in the notebook's cell."""
        return self.name != "out"

    @property
    def on_command_line(self) -> bool:
        """Whether it is an option of the command."""
        return self.name != "tables"


def told(model: type[Asked]) -> list[Told]:
    """Return the parameters of a model, the report's own before the common ones."""
    hints = get_type_hints(model, include_extras=True)
    own = inspect.get_annotations(model)
    ordered = sorted(dataclasses.fields(model), key=lambda one: one.name not in own)
    return [
        Told(name=one.name, default=one.default, kind=hints[one.name].__metadata__[0],
             words=hints[one.name].__metadata__[1])
        for one in ordered
    ]  # fmt: skip


def model_of(report: str) -> type[Parameters]:
    """Return the parameters of a report, which its notebook's name tells as well as its own.

    Raises
    ------
    ArgumentError
        If there is no such report; with the closest match.

    Examples
    --------
    >>> model_of("weekly") is model_of("weekly_pipeline")
    True
    """
    named = REPORTS | {one.notebook: one for one in REPORTS.values()}
    if report in named:
        return named[report]
    raise ArgumentError(f"`report`: {unknown('report', str(report), named)}")


def checked(model: type[M], given: Mapping[str, object]) -> M:
    """Return the parameters of a report, each of its type.

    Raises
    ------
    ArgumentError
        With everything that is wrong, at once: unknown names (with the closest match), wrong
        types, impossible months.
    """
    known = {one.name: one for one in told(model)}
    problems: list[str] = []
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            hint = did_you_mean(name, known)
            problems.append(f"`{model.report}` has no parameter `{name}`.{hint}")
        elif value is not None or known[name].default is not None:
            try:
                values[name] = known[name].kind.check(name, value)
            except ArgumentError as error:
                problems.append(str(error))
    try:
        parameters = model(**values)
    except ArgumentError as error:
        problems.append(str(error))
    if problems:
        raise ArgumentError(numbered(problems))
    return parameters


def cell(model: type[Parameters]) -> str:
    """Return the source of the notebook's `parameters` cell.

    Lines are ``name = default  # meaning``, the form that papermill can inspect.
    """
    lines = [
        (f"{one.name} = {one.default!r}".replace("'", '"'), one.words)
        for one in told(model)
        if one.in_notebook
    ]
    width = max(len(code) for code, _ in lines)
    return "\n".join(f"{code:<{width}}  # {words}" for code, words in lines)


def add_arguments(parser: argparse._ActionsContainer, model: type[Asked]) -> None:
    """Add an option for each parameter to a command-line parser, or to a group of one.

    Options that are not given are absent from the result, so that defaults stand in one place.
    """
    for one in told(model):
        options: dict[str, Any] = {"help": one.words, "default": argparse.SUPPRESS}
        if one.kind.flag:
            options["action"] = "store_true"
        elif one.kind.many:
            options |= {"nargs": "+", "action": "extend", "metavar": one.kind.metavar}
        else:
            options["metavar"] = one.kind.metavar
            if one.kind.number:
                options["type"] = one.kind.number
        if one.on_command_line:
            parser.add_argument("--" + one.name.replace("_", "-"), **options)
