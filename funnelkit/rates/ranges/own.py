"""The user's own ranges, from a mapping (as funnel.yml holds them) or from a frame."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from numbers import Real
from typing import Any

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, numbered
from funnelkit.rates.ranges.published import OWN, STAGE_CONVERSION, Range, packaged

_FIELDS = tuple(field.name for field in fields(Range))
_NUMBERS = ("low", "high", "typical")
_ARROW = "->"


def own_ranges(given: object) -> tuple[Range, ...]:
    """Return the user's ranges, checked; nothing for ``None``.

    Parameters
    ----------
    given
        A mapping of ``"lead -> mql"``, ``("lead", "mql")`` or a metric's name to ``(low, high)``,
        to one figure, or to a mapping with ``low``, ``high``, ``typical``, ``segment``, ``unit``,
        ``denominator``, ``source`` and ``note``; or a frame with these columns, ``start`` and
        ``target`` or ``metric``.

    Raises
    ------
    ArgumentError
        With every problem: an end that is no number, a low above its high, a share above 1.

    Examples
    --------
    >>> [row] = own_ranges({"lead -> mql": (0.2, 0.4)})
    >>> row.start, row.target, row.low, row.high, row.source
    ('lead', 'mql', 0.2, 0.4, 'own range')
    """
    if given is None:
        return ()
    records = _records(given)
    problems: list[str] = []
    found = []
    for name, record in records:
        wrong, row = _range(name, record)
        problems += wrong
        if row is not None:
            found.append(row)
    if problems:
        raise ArgumentError(f"`own`: {numbered(problems)}")
    return tuple(found)


def _records(given: Any) -> list[tuple[str, dict[str, Any]]]:
    """Return the name and the fields of each range."""
    if hasattr(given, "columns") and hasattr(given, "to_dict"):
        columns = [str(name) for name in given.columns]
        for name in columns:
            checks.member("own", "column", name, _FIELDS)
        rows = given.astype(object).where(given.notna(), None).to_dict("records")
        return [
            (f"row {k}", {str(name): value for name, value in row.items() if _there(value)})
            for k, row in enumerate(rows)
        ]
    if not isinstance(given, Mapping):
        raise ArgumentError(
            "`own` must be a mapping such as {'lead -> mql': (0.2, 0.4)} or a frame; got "
            f"{type(given).__name__}."
        )
    return [(_shown(key), _of_key(key) | _of_value(value)) for key, value in given.items()]


def _of_key(key: object) -> dict[str, Any]:
    parts: Sequence[Any] = ()
    if isinstance(key, tuple):
        parts = key
    elif isinstance(key, str) and _ARROW in key:
        parts = [part.strip() for part in key.split(_ARROW)]
    if len(parts) == 2:
        return {"start": parts[0], "target": parts[1]}
    return {"metric": key}


def _of_value(value: object) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return {str(name): one for name, one in value.items() if _there(one)}
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
        return {"low": value[0], "high": value[1]}
    return {"typical": value}


def _range(name: str, record: dict[str, Any]) -> tuple[list[str], Range | None]:
    """Return what is wrong with a range, or the range."""
    problems = [
        f"{name}: `{field}` is none of {', '.join(f'`{one}`' for one in _FIELDS)}."
        for field in record
        if field not in _FIELDS
    ]
    texts = {field: record[field] for field in record if field in set(_FIELDS) - set(_NUMBERS)}
    problems += [
        f"{name}: `{field}` must be a text; got {value!r}."
        for field, value in texts.items()
        if not isinstance(value, str) or not value.strip()
    ]
    numbers = {field: record[field] for field in _NUMBERS if field in record}
    problems += [
        f"{name}: `{field}` must be a number from 0 on; got {value!r}."
        for field, value in numbers.items()
        if not _number(value)
    ]
    if not numbers:
        problems.append(f"{name}: give `low` and `high`, or `typical`.")
    stages = [field for field in ("start", "target") if field in texts]
    if len(stages) == 1:
        problems.append(f"{name}: give both `start` and `target`.")
    if not stages and "metric" not in texts:
        problems.append(f"{name}: give `start` and `target`, or `metric`.")
    if problems:
        return problems, None
    texts.setdefault("metric", STAGE_CONVERSION)
    if "unit" not in texts:
        texts["unit"] = _usual_unit(texts["metric"])
    source = texts.pop("source", "")
    ends = {field: float(value) for field, value in numbers.items()}
    row = Range(**(texts | ends | {"source": f"{OWN}: {source}" if source else OWN}))
    if row.low > row.high:
        problems.append(f"{name}: `low` must not exceed `high`; got {row.low:g} and {row.high:g}.")
    if row.unit == "share" and row.ends[1] > 1:
        meant = ", ".join(f"{end / 100:g}" for end in dict.fromkeys(row.ends))
        problems.append(
            f"{name}: a share lies between 0 and 1; got {row.ends[1]:g}. Did you mean {meant}?"
        )
    return problems, None if problems else row


def _usual_unit(metric: str) -> str:
    """Return the unit in which the packaged table has a metric, days before months."""
    units = {row.unit for row in packaged() if row.metric == metric}
    if not units:
        return "share" if metric == STAGE_CONVERSION else "money"
    return "days" if "days" in units else sorted(units)[0]


def _number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    return math.isfinite(value) and float(value) >= 0


def _there(value: object) -> bool:
    """Return whether a cell holds anything."""
    return value is not None and value == value  # noqa: PLR0124 - NaN is not itself


def _shown(key: object) -> str:
    words = key if isinstance(key, str) else repr(key)
    return f"`{display.one_line(words)}`"
