"""Tables of a warehouse, opened by the URL of a connection and counted where they lie."""

from __future__ import annotations

import os
import re
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import ibis

from funnelkit._core.errors import DataError, DefinitionError

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend

_VARIABLE = r"\$\{(\w+)\}"
_HIDDEN = r"(?<=:)[^:/@]+(?=@)"
_EXTRAS = {"postgres": "postgres", "postgresql": "postgres", "pyspark": "spark", "polars": "polars"}


@dataclass(frozen=True, kw_only=True)
class Warehouse:
    """Tables that are read by their own engine.

    Parameters
    ----------
    connection
        What :func:`ibis.connect` takes; ``${NAME}`` stands for a variable of the environment,
        such as a password (as URLs write it: ``%40`` for ``@``).
    table
        Name of the table or view, with its schema where it needs one; or ``None``.
    query
        A query in the engine's own SQL instead; or ``None``.
    join
        Further tables that share the id.
    folder
        The folder of funnel.yml, to which the path of a database file is relative.
    """

    connection: str
    table: str | None
    query: str | None
    join: tuple[str, ...] = ()
    folder: Path = Path()

    @property
    def place(self) -> str:
        """Return the connection as it may be shown: without a password."""
        return re.sub(_HIDDEN, "***", self.connection)

    def tables(self) -> tuple[ir.Table, list[ir.Table]]:
        """Return the table and the joined ones, bound to one connection.

        Raises
        ------
        DefinitionError
            If a variable is not set, the engine is not installed, or the connection is none.
        DataError
            If the engine refuses, or has no such table.
        """
        backend = self._connected()
        names = [name for name in (self.table, *self.join) if name is not None]
        found: list[ir.Table] = []
        problems: list[str] = []
        for name in names:
            try:
                found.append(_table(backend, name))
            except Exception as error:  # noqa: BLE001  each engine raises its own
                problems.append(f"`{name}` cannot be opened: {_first_line(error)}")
        if self.query is not None:
            try:
                found.insert(0, _result(backend, self.query))
            except Exception as error:  # noqa: BLE001
                problems.append(f"`query` is refused: {_first_line(error)}")
        if problems:
            raise DataError(problems)
        return found[0], found[1:]

    def _connected(self) -> BaseBackend:
        address = self._address()
        scheme = address.partition("://")[0]
        try:
            backend = ibis.connect(address)
        except ImportError as error:
            extra = _EXTRAS.get(scheme)
            needed = f"funnelkit[{extra}]" if extra else f"ibis-framework[{scheme}]"
            raise DefinitionError(
                f'`connection`: {_first_line(error)}. Install it: pip install "{needed}"'
            ) from None
        except Exception as error:  # noqa: BLE001  each engine raises its own
            raise DataError(f"`{self.place}` cannot be reached: {_first_line(error)}") from None
        close = getattr(getattr(backend, "con", None), "close", None)
        if close is not None:
            weakref.finalize(backend, close)  # with the last of its tables
        return backend

    def _address(self) -> str:
        missing = [
            name for name in re.findall(_VARIABLE, self.connection) if name not in os.environ
        ]
        if missing:
            raise DefinitionError(
                f"`connection` takes {' and '.join(f'${{{name}}}' for name in missing)} from the "
                "environment, where it is not set."
            )
        address = re.sub(_VARIABLE, lambda found: os.environ[found[1]], self.connection)
        scheme, _, rest = address.partition("://")
        if scheme != "duckdb":
            return address
        path, _, options = rest.partition("?")
        file = (self.folder / path).absolute()
        if not file.is_file():
            raise DefinitionError(f"`connection` names no database: {path!r} does not exist.")
        return f"duckdb://{file.as_posix()}?{options or 'read_only=True'}"


def _table(backend: Any, name: str) -> ir.Table:
    *schema, own = name.split(".")
    if not schema:
        return backend.table(own)
    return backend.table(own, database=schema[0] if len(schema) == 1 else tuple(schema))


def _result(backend: Any, query: str) -> ir.Table:
    """Return the result of a query as a table."""
    if backend.name != "duckdb":
        return backend.sql(query)
    # Ibis 12 asks DuckDB 2 for a method that it no longer has.
    statements = duckdb.extract_statements(query)
    if len(statements) != 1:
        raise ValueError(f"it must be one statement, and holds {len(statements)}")
    backend.raw_sql(f"CREATE OR REPLACE TEMP VIEW fk_query AS {statements[0].query}")
    return backend.table("fk_query")


def _first_line(error: Exception) -> str:
    words = re.sub(_HIDDEN, "***", str(error).strip())
    return words.splitlines()[0] if words else type(error).__name__
