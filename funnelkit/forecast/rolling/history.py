"""`remember` and `read_history`: the forecasts that were made, kept in a plain file."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, AssumptionWarning, DataError, FunnelError
from funnelkit._core.result import Result
from funnelkit.forecast.result import Forecast
from funnelkit.forecast.rolling.drivers import Drivers
from funnelkit.forecast.rolling.held_against import Came, beside
from funnelkit.forecast.rolling.record import ForecastRecord

if TYPE_CHECKING:
    import pandas as pd

_UNSAFE = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
_SHOWN = 5


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ForecastHistory(Result):
    """Forecasts that were kept, the earliest first.

    Parameters
    ----------
    records
        All of them, with their revisions.
    source
        Name of the file.
    """

    records: tuple[ForecastRecord, ...]
    source: str

    def __len__(self) -> int:
        """Return the number of forecasts, revisions of one counted once."""
        return len(self.latest)

    @property
    def latest(self) -> tuple[ForecastRecord, ...]:
        """The last revision of each forecast, the earliest day first."""
        found: dict[Any, ForecastRecord] = {}
        for one in self.records:
            if one.key not in found or found[one.key].revision <= one.revision:
                found[one.key] = one
        return tuple(sorted(found.values(), key=_order))

    def only(self, *, what: str | None = None, label: str | None = None) -> ForecastHistory:
        """Return the forecasts of one thing, or of one label.

        Raises
        ------
        ArgumentError
            If there is none.
        """
        kept = tuple(
            one for one in self.records if what in (None, one.what) and label in (None, one.label)
        )
        if not kept:
            known = sorted({(one.what, one.label) for one in self.records})
            shown = display.listed([f"{a!r} ({b!r})" if b else repr(a) for a, b in known[:8]])
            raise ArgumentError(
                f"`what` and `label`: nothing was kept of {what!r} ({label!r}); there is "
                f"{shown or 'nothing'}."
            )
        return replace(self, records=kept)

    def to_frame(self, *, revisions: bool = False) -> pd.DataFrame:
        """Return one row per forecast, series and period; see :meth:`ForecastRecord.to_frame`.

        Parameters
        ----------
        revisions
            Whether with what later revisions replaced.
        """
        import pandas as pd

        chosen: Sequence[ForecastRecord] = self.records if revisions else self.latest
        parts = [one.to_frame() for one in chosen]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

    def against(self, came: Came) -> pd.DataFrame:
        """Return what was said beside what came, for the periods that are over.

        Parameters
        ----------
        came
            Leads, of which won deals or bookings are counted; or a Series by period of what came
            in all; or a frame with ``period``, ``value`` and the labels of the series.

        Returns
        -------
        DataFrame
            As :meth:`to_frame`, with ``actual``, ``error`` (expected less actual),
            ``covered_80`` and ``covered_95``; only rows whose period is known.

        Raises
        ------
        ArgumentError
            If ``came`` is none of these, or has no such periods or labels; or if leads are given
            for a forecast of something else.
        """
        import pandas as pd

        parts = [beside(one, came) for one in self.latest]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

    def summary(self) -> str:
        """Return how many forecasts there are, and from when to when."""
        kept = self.latest
        if not kept:
            return f"No forecast is kept in {self.source}."
        whats = sorted({display.one_line(one.what) for one in kept})
        again = len(self.records) - len(kept)
        more = f", and {display.plural(again, 'earlier revision')} of them" if again else ""
        return (
            f"{display.plural(len(kept), 'forecast')} of {display.listed(whats)}, made from "
            f"{kept[0].as_of.isoformat()} to {kept[-1].as_of.isoformat()}{more}."
        )


def remember(
    forecast: Forecast | ForecastRecord,
    path: str | Path,
    *,
    label: str = "",
    drivers: Drivers | None = None,
    revise: bool = False,
) -> ForecastRecord:
    """Return the record of a forecast in a file, added to its end if it is not there yet.

    Parameters
    ----------
    forecast
        What was forecast.
    path
        The file; it is made where there is none, in a folder that exists.
    label
        Which of several forecasts of one day and thing it is, such as ``"adjusted"``.
    drivers
        What it rested on, for :func:`explain_miss`.
    revise
        Whether a forecast of the same day that says something else is added as a revision. The
        earlier one stays in the file.

    Returns
    -------
    ForecastRecord
        The record that stands in the file. The same forecast saved twice is there once. Of the
        same day, thing and label the first one stands, unless ``revise``: what was said was said.

    Raises
    ------
    ArgumentError
        If an argument cannot be used, or the file cannot be written.
    DataError
        If the file holds something else than forecasts.

    Warns
    -----
    AssumptionWarning
        If another forecast of that day stands in the file, and is not revised.

    Notes
    -----
    One line of JSON per forecast, in ASCII, with ``<``, ``>`` and ``&`` written as escapes; lines
    are only ever added. Nothing in it is run when it is read.

    Examples
    --------
    >>> import funnelkit as fk, pathlib, tempfile
    >>> from funnelkit.forecast.rivals import naive
    >>> import pandas as pd
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "forecasts.jsonl"
    >>> coming = pd.period_range("2026-07", periods=3, freq="M")
    >>> said = naive(fk.make_leads(2000, rng=1), coming)
    >>> remember(said, path).revision, remember(said, path).revision
    (0, 0)
    >>> len(path.read_text(encoding="ascii").splitlines()), len(read_history(path))
    (1, 1)
    """
    if isinstance(forecast, Forecast):
        record = ForecastRecord.of(forecast, label=_text("label", label), drivers=drivers)
    elif isinstance(forecast, ForecastRecord):
        record = replace(forecast, label=label or forecast.label)
        record = record if drivers is None else replace(record, drivers=drivers)
    else:
        raise ArgumentError(f"`forecast` must be a Forecast; got {type(forecast).__name__}.")
    file = _file(path)
    kept = read_history(file) if file.exists() else ForecastHistory(records=(), source=file.name)
    stands = next((one for one in kept.latest if one.key == record.key), None)
    if stands is not None:
        if stands.same_as(record):
            return stands
        if not revise:
            warnings.warn(
                f"another forecast of {display.one_line(record.what)} of "
                f"{record.as_of.isoformat()} stands in {file.name}, and is kept: what was said was "
                "said. Add this one by revise=True, or beside it under a `label` of its own.",
                AssumptionWarning,
                stacklevel=2,
            )
            return stands
        record = replace(record, revision=stands.revision + 1)
    _append(file, record)
    return record


def read_history(path: str | Path) -> ForecastHistory:
    """Return the forecasts that were kept in a file.

    Parameters
    ----------
    path
        A file written by :func:`remember`.

    Returns
    -------
    ForecastHistory
        All forecasts with their revisions; lines that say the same are one.

    Raises
    ------
    ArgumentError
        If there is no such file.
    DataError
        With the number of lines that are no forecasts, and up to five of them: what is wrong, and
        where.
    """
    file = _file(path)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as reason:
        what = reason.strerror or "it cannot be opened"
        raise ArgumentError(f"`path`: {file.name} cannot be read: {what}.") from None
    except UnicodeDecodeError:
        raise DataError(f"`path`: {file.name} is no file of forecasts: it is not UTF-8.") from None
    records: list[ForecastRecord] = []
    problems = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            one = ForecastRecord.from_plain(_read(line))
        except FunnelError as reason:
            problems.append(f"line {number}: {str(reason).rstrip('.')}")
            continue
        twins = [own for own in records if own.key == one.key and own.revision == one.revision]
        if not any(own.same_as(one) for own in twins):
            records.append(one)
    if problems:
        shown = "; ".join(display.one_line(one)[:300] for one in problems[:_SHOWN])
        raise DataError(
            f"`path`: {display.plural(len(problems), 'line')} of {file.name} "
            f"{'is' if len(problems) == 1 else 'are'} no forecast: {shown}. Restore the file, or "
            "remove these lines."
        )
    return ForecastHistory(records=tuple(sorted(records, key=_order)), source=file.name)


def _read(line: str) -> dict[str, Any]:
    """Return the object of a line; nothing but plain JSON is read."""
    try:
        found = json.loads(line, parse_constant=_refuse_constant)
    except DataError:
        raise
    except (ValueError, RecursionError):
        raise DataError("it is no JSON, or was cut off") from None
    if not isinstance(found, dict):
        raise DataError(f"it is a {type(found).__name__}, not an object")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise DataError(f"it holds {name}, which is no number")


def _append(file: Path, record: ForecastRecord) -> None:
    line = json.dumps(record.plain(), ensure_ascii=True, allow_nan=False, sort_keys=True)
    line = line.translate(_UNSAFE)
    try:
        cut = file.exists() and file.stat().st_size and not file.read_bytes().endswith(b"\n")
        with file.open("a", encoding="ascii", newline="\n") as stream:
            stream.write(f"{chr(10) if cut else ''}{line}\n")
    except OSError as reason:
        what = reason.strerror or "it cannot be written"
        raise ArgumentError(f"`path`: {file.name} cannot be written: {what}.") from None


def _file(path: object) -> Path:
    if not isinstance(path, (str, Path)) or not str(path).strip() or "\0" in str(path):
        raise ArgumentError(f"`path` must be the path of a file; got {path!r:.60}.")
    return Path(path)


def _text(argument: str, value: object) -> str:
    if not isinstance(value, str):
        raise ArgumentError(f"`{argument}` must be a text; got {value!r:.60}.")
    return value


def _order(record: ForecastRecord) -> tuple[Any, ...]:
    return (record.as_of, record.what, record.label, record.unit, record.revision)
