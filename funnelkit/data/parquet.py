"""Several Parquet files as one relation, where they agree in what is needed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit._core.errors import DataError

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa
    from ibis.backends.duckdb import Backend

_NOTHING = "nothing"
_MANY = 1_000_000_007
# Kinds that may stand beside each other in one column, and as what they are then read.
_TOGETHER = (
    ({"whole numbers"}, "int64"),
    ({"whole numbers", "numbers"}, "float64"),
    ({"whole numbers", "exact numbers"}, "decimal(38, 4)"),
    ({"days", "times"}, "timestamp"),
    ({"times with a zone"}, "timestamp('UTC')"),
    ({"texts"}, "string"),
)


def stacked(engine: Backend, files: Sequence[Path], needed: Collection[str]) -> ir.Table:
    """Return the rows of several files, scanned where they lie.

    Columns that are not needed may differ. Those that are needed stand in every file, and hold
    the same kind of values; blank in one of them is as good as any kind.

    Raises
    ------
    DataError
        With every column that differs, and the first files in which it does.
    """
    from funnelkit.data.sources import PART, fresh, literal_path

    groups = _alike(files, needed) if len(files) > 1 else [(list(files), {})]
    _refuse_differences(groups)
    told = {"filename": PART} if len(files) > 1 else {}
    parts = [
        engine.read_parquet(
            [literal_path(file) for file in of], table_name=fresh(engine, "VIEW"), **told
        )
        for of, _ in groups
    ]
    if len(files) > 1:  # a number takes less room than a path
        parts = [part.mutate(**{PART: (part[PART].hash() % _MANY).cast("int32")}) for part in parts]
    if len(parts) == 1:
        return parts[0]
    wanted = sorted(set.intersection(*(set(part.columns) for part in parts)) & set(needed))
    wanted = wanted or [parts[0].columns[0]]
    kinds = [{kind for _, found in groups for kind in _of(found, name)} for name in wanted]
    first, *others = [
        part.select(PART, **{n: _as(part[n], of) for n, of in zip(wanted, kinds, strict=True)})
        for part in parts
    ]
    return first.union(*others)


Kinds = dict[str, str]


def _alike(files: Sequence[Path], needed: Collection[str]) -> list[tuple[list[Path], Kinds]]:
    """Return the files in groups whose needed columns are of the same types."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    groups: dict[Any, tuple[list[Path], Kinds]] = {}
    for file in files:
        try:
            schema = pq.read_schema(file)
        except (pa.ArrowException, OSError, ValueError) as error:
            why = (str(error).splitlines() or ["damaged"])[0]
            raise DataError(f"`{file.name}` cannot be read as Parquet: {why}") from None
        types = {field.name: field.type for field in schema if field.name in needed}
        types |= {name: pa.string() for name in _in_folders(file) if name in needed}
        key = tuple(sorted((name, str(kind)) for name, kind in types.items()))
        group = groups.setdefault(key, ([], {name: _kind(kind) for name, kind in types.items()}))
        group[0].append(file)
    return list(groups.values())


def _in_folders(file: Path) -> list[str]:
    """Return the columns that stand in the names of folders, as in ``region=north``."""
    return [part.split("=", 1)[0] for part in file.parts[:-1] if "=" in part]


def _kind(kind: pa.DataType) -> str:
    import pyarrow as pa

    is_a = pa.types
    if is_a.is_dictionary(kind):
        kind = kind.value_type
    named = {
        _NOTHING: is_a.is_null(kind),
        "texts": is_a.is_string(kind) or is_a.is_large_string(kind) or is_a.is_string_view(kind),
        "whole numbers": is_a.is_integer(kind),
        "numbers": is_a.is_floating(kind),
        "exact numbers": is_a.is_decimal(kind),
        "days": is_a.is_date(kind),
        "times": is_a.is_timestamp(kind) and kind.tz is None,
        "times with a zone": is_a.is_timestamp(kind) and kind.tz is not None,
    }
    return next((name for name, fits in named.items() if fits), str(kind))


def _refuse_differences(groups: Sequence[tuple[list[Path], Kinds]]) -> None:
    files, first = groups[0]
    problems = []
    for others, kinds in groups[1:]:
        odd = sorted({*kinds} ^ {*first})
        if odd:
            problems.append(
                f"`{others[0].name}` and `{files[0].name}` do not both have "
                f"{display.listed([f'`{name}`' for name in odd])}; files in one list hold rows of "
                "the same kind. For files of different kinds that share the id use `join=[…]`."
            )
    for name in first:
        seen: dict[str, Path] = {}
        for others, kinds in groups:
            for kind in _of(kinds, name):
                seen.setdefault(kind, others[0])
        if len(seen) > 1 and not any({*seen} <= together for together, _ in _TOGETHER):
            told = [f"{kind} in `{file.name}`" for kind, file in seen.items()]
            problems.append(
                f"`{name}` holds {display.listed(told)}; write all files with one type."
            )
    if problems:
        raise DataError(problems)


def _of(kinds: Kinds, name: str) -> list[str]:
    kind = kinds.get(name, _NOTHING)
    return [] if kind == _NOTHING else [kind]


def _as(column: Any, kinds: Collection[str]) -> Any:
    """Return a column as what several files have it."""
    target = next((kind for together, kind in _TOGETHER if {*kinds} <= together), None)
    if not kinds:
        target = "string"
    return column if target is None else column.cast(target)
