"""What a report may be told: one typed model for its notebook, its command line and its checks."""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import inspect
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeVar, get_type_hints

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError, did_you_mean, numbered, unknown

M = TypeVar("M", bound="Asked")


@dataclass(frozen=True)
class Kind:
    """A type of parameter: how a value is checked, and how the command line shows it."""

    check: Callable[[str, object], Any]
    metavar: str = "TEXT"
    many: bool = False
    flag: bool = False
    number: type[float] | None = None


def month(name: str, value: object) -> str:
    """Return a month as ``YYYY-MM``.

    Raises
    ------
    ArgumentError
        If there is no such month; with the closest one where it can be told.

    Examples
    --------
    >>> month("month", "2026-10")
    '2026-10'
    >>> month("month", "2026-1")
    Traceback (most recent call last):
    ...
    funnelkit._core.errors.ArgumentError: `month` must be a month such as 2026-10; got '2026-1'. \
Did you mean 2026-01?
    """
    if isinstance(value, dt.date):
        return f"{value.year:04d}-{value.month:02d}"
    given = str(value) if getattr(value, "freqstr", "") == "M" else value
    if isinstance(given, str) and re.fullmatch(r"[12]\d{3}-(0[1-9]|1[0-2])", given):
        return given
    parts = re.fullmatch(r"([12]\d{3})\D?(0?[1-9]|1[0-2])(?:\D\d{1,2})?", str(given).strip())
    hint = f" Did you mean {parts[1]}-{int(parts[2]):02d}?" if parts else ""
    raise ArgumentError(f"`{name}` must be a month such as 2026-10; got {value!r}.{hint}")


def text(name: str, value: object) -> str:
    """Return a non-empty text."""
    if isinstance(value, str) and value.strip():
        return value
    raise ArgumentError(f"`{name}` must be a text; got {value!r}.")


def path(name: str, value: object) -> str:
    """Return the path of a file or folder, as given."""
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, str) and value.strip():
        return value
    raise ArgumentError(f"`{name}` must be a path; got {value!r}.")


def paths(name: str, value: object) -> list[str]:
    """Return a list of paths; one path stands for a list of one."""
    several = value if isinstance(value, (list, tuple)) else [value]
    if not several:
        raise ArgumentError(f"`{name}` must be a path or a list of paths; got an empty list.")
    return [path(name, one) for one in several]


def flag(name: str, value: object) -> bool:
    """Return True or False."""
    if isinstance(value, bool):
        return value
    raise ArgumentError(f"`{name}` must be True or False; got {value!r}.")


def level(_name: str, value: object) -> float:
    """Return a confidence level, between 0 and 1."""
    return checks.confidence(value)  # type: ignore[arg-type]


def days(name: str, value: object) -> int:
    """Return a number of days, at least 1."""
    return checks.positive_whole(name, value)  # type: ignore[arg-type]


MONTH = Kind(month, "YYYY-MM")
TEXT = Kind(text)
PATH = Kind(path, "PATH")
PATHS = Kind(paths, "PATH", many=True)
FLAG = Kind(flag, flag=True)


def share(name: str, value: object) -> float:
    """Return a share, above 0 and at most 1."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 1:
        return float(value)
    near = isinstance(value, (int, float)) and 1 < value <= 100
    hint = f" Did you mean {value / 100:g}?" if near else ""  # type: ignore[operator]
    raise ArgumentError(f"`{name}` must be a share above 0 and at most 1; got {value!r}.{hint}")


def amount(name: str, value: object) -> float:
    """Return a number above 0."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < math.inf:
        return float(value)
    raise ArgumentError(f"`{name}` must be a number above 0; got {value!r}.")


LEVEL = Kind(level, "SHARE", number=float)
DAYS = Kind(days, "DAYS", number=int)
SHARE = Kind(share, "SHARE", number=float)
AMOUNT = Kind(amount, "NUMBER", number=float)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a command may be told: each field with its kind and one line on what it means."""

    report: ClassVar[str] = ""
    """Its name: of a report's notebook, and on the command line."""


@dataclass(frozen=True, kw_only=True)
class Parameters(Asked):
    """What every report may be told."""

    config: Annotated[str | None, PATH, "funnel.yml of the funnel; none: simulated data"] = None
    data: Annotated[list[str] | None, PATHS, "exports to read, not those in funnel.yml"] = None
    join: Annotated[list[str] | None, PATHS, "further exports that share the id"] = None
    demo: Annotated[bool, FLAG, "simulated data"] = False
    start: Annotated[str | None, TEXT, "stage to convert from; none: the first"] = None
    target: Annotated[str | None, TEXT, "stage to convert to; none: the last"] = None
    segment: Annotated[str | None, TEXT, "column to split by; none: the funnel's first"] = None
    confidence_level: Annotated[float, LEVEL, "share of intervals that hold the truth"] = 0.95
    horizon: Annotated[int | None, DAYS, "age up to which rates are told; none: found"] = None
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

    def for_notebook(self) -> dict[str, Any]:
        """Return the values that the notebook takes, by name."""
        return {one.name: getattr(self, one.name) for one in told(type(self)) if one.in_notebook}


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

    month: Annotated[str | None, MONTH, "month to report; none: the last full one"] = None


REPORTS: dict[str, type[Parameters]] = {"monthly": MonthlyParameters}


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
    """Return the parameters of a report.

    Raises
    ------
    ArgumentError
        If there is no such report; with the closest match.
    """
    if report in REPORTS:
        return REPORTS[report]
    raise ArgumentError(f"`report`: {unknown('report', str(report), REPORTS)}")


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


def add_arguments(parser: argparse.ArgumentParser, model: type[Asked]) -> None:
    """Add an option for each parameter to a command-line parser.

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
