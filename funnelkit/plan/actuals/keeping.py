"""`remember_plan` and `read_plan`: a plan kept in a file that people can read."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from funnelkit._core.errors import ArgumentError, DataError, DefinitionError
from funnelkit.data import document
from funnelkit.plan.actuals.kept_plan import record_in
from funnelkit.plan.actuals.record import PlanRecord
from funnelkit.plan.actuals.written import document_of

_LARGEST = 50_000_000


def remember_plan(
    plan: Any,
    path: str | Path,
    *,
    label: str = "",
    by: str | Sequence[str] = (),
    replace: bool = False,
) -> PlanRecord:
    """Return a plan in plain numbers, and keep it in a file of its own.

    Parameters
    ----------
    plan
        Of :func:`reverse`, or a record.
    path
        File to be written, in YAML; whole or not at all.
    label
        What it is called, such as ``"board"``.
    by
        Segment columns whose values are the channels; for :func:`compare_to_actual`.
    replace
        Whether another plan that stands in the file goes.

    Returns
    -------
    PlanRecord
        Months, channels, leads, targets, expected deals and money by part, and what was assumed.

    Raises
    ------
    ArgumentError
        If it is no plan, the file cannot be written, or holds another plan or something else.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np, pandas as pd, datetime as dt
    >>> from funnelkit.plan import Targets
    >>> months = pd.period_range("2027-01", periods=2, freq="M")
    >>> plan = PlanRecord(
    ...     as_of=dt.date(2026, 12, 31),
    ...     periods=months,
    ...     stages=("lead", "won"),
    ...     channels=("web",),
    ...     targets=Targets(periods=months, amount=[5e4, 5e4]),
    ...     probability=0.8,
    ...     hit=0.8,
    ...     leads=[[300, 100]],
    ...     rates=[[0.02, 0.02]],
    ...     within=[[[0.5, 0.5], [0, 0.5]]],
    ...     sizes=[25_000],
    ...     in_flight=np.zeros((2, 2)),
    ...     direct=np.zeros((2, 2)),
    ...     shortfall=[0, 0],
    ... )
    >>> path = Path(tempfile.mkdtemp()) / "plan.yml"
    >>> remember_plan(plan, path).expected.tolist()
    [75000.0, 100000.0]
    >>> read_plan(path).leads.tolist()
    [[300.0, 100.0]]
    """
    columns = (by,) if isinstance(by, str) else tuple(by)
    if isinstance(plan, PlanRecord):
        record = plan
    else:
        record = PlanRecord.of(plan, label=_text("label", label), by=columns)
    file = _file(path)
    if file.exists():
        try:
            stands = read_plan(file)
        except DataError:
            raise ArgumentError(
                f"`path`: {file.name} is there already, and is no plan. Give another name."
            ) from None
        if stands.same_as(record):
            return stands
        if not replace:
            raise ArgumentError(
                f"`path`: another plan, of {stands.as_of.isoformat()}, stands in {file.name}, and "
                "is kept: what was planned was planned. Give another name, or say replace=True."
            )
    _write(file, document_of(record))
    return record


def read_plan(path: str | Path) -> PlanRecord:
    """Return the plan that is kept in a file.

    Parameters
    ----------
    path
        A file written by :func:`remember_plan`.

    Raises
    ------
    ArgumentError
        If there is no such file.
    DataError
        If it holds no plan, or one of another version, with every problem and its line.
    """
    file = _file(path)
    try:
        if file.stat().st_size > _LARGEST:
            raise DataError(f"`path`: {file.name} is too large to be a plan.")
        text = file.read_text(encoding="utf-8-sig")
    except OSError as reason:
        what = reason.strerror or "it cannot be opened"
        raise ArgumentError(f"`path`: {file.name} cannot be read: {what}.") from None
    except UnicodeDecodeError:
        raise DataError(f"`path`: {file.name} is no plan: it is not UTF-8.") from None
    try:
        return document.read(text, record_in)
    except DefinitionError as reason:
        raise DataError([f"{file.name}: {one}" for one in reason.problems]) from None


def _write(file: Path, text: str) -> None:
    partial = file.with_name(f".{file.name}.{secrets.token_hex(4)}.partial")
    try:
        try:
            partial.write_text(text, encoding="utf-8", newline="\n")
            partial.replace(file)
        except OSError as reason:
            what = reason.strerror or "it cannot be written"
            raise ArgumentError(f"`path`: {file.name} cannot be written: {what}.") from None
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def _file(path: object) -> Path:
    if not isinstance(path, (str, Path)) or not str(path).strip() or "\0" in str(path):
        raise ArgumentError(f"`path` must be the path of a file; got {path!r:.60}.")
    return Path(path)


def _text(argument: str, value: object) -> str:
    if not isinstance(value, str):
        raise ArgumentError(f"`{argument}` must be a text; got {value!r:.60}.")
    return value
