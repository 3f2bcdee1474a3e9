"""`connection` in the `data` key of funnel.yml: a table of a warehouse in place of files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from funnelkit.data.document import Section

if TYPE_CHECKING:
    from funnelkit.data.warehouse import Warehouse

_EXCLUDED = ("files", "dialect", "delimiter", "encoding", "sheet", "header_row")


def warehouse_of(section: Section, folder: Path) -> Warehouse | None:
    """Return the warehouse that the `data` key names, if it names one."""
    connection = section.text("connection")
    if connection is None:
        for key in ("table", "query"):
            if key in section:
                section.node(key)  # asked for, so that it is not called unknown as well
                section.note(key, "needs `connection`, such as postgres://analyst@host/crm.")
        return None
    if "://" not in connection:
        section.note(
            "connection", f"must be a URL such as duckdb://crm.duckdb; got {connection!r}."
        )
    for key in _EXCLUDED:
        if key in section:
            section.node(key)
            section.note(key, "and `connection` exclude each other: a table is not written so.")
    table, query = section.text("table"), section.text("query")
    if (table is None) == (query is None):
        section.note("connection", "needs `table` or `query`, one of the two.")
    from funnelkit.data.warehouse import Warehouse

    return Warehouse(
        connection=connection,
        table=table,
        query=query,
        join=tuple(section.texts("join")),
        folder=folder,
    )
