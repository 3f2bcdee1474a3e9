"""Words about workbooks that stand elsewhere: their endings, and days that are plain numbers."""

from __future__ import annotations

from collections.abc import Mapping

ENDINGS = (".xlsx", ".xlsm", ".xls", ".xltx", ".xltm")
SERIALS = ("excel", "excel-1904")
"""Days as the workbook counts them; days counted from 1904."""


def serials_of(
    given: str | Mapping[str, str] | None,
) -> tuple[dict[str, str], str | Mapping[str, str] | None]:
    """Return which columns hold days as numbers, and the patterns of the others.

    Examples
    --------
    >>> serials_of({"lead": "excel", "won": "%d.%m.%Y"})
    ({'lead': 'excel'}, {'won': '%d.%m.%Y'})
    >>> serials_of("excel")
    ({'*': 'excel'}, None)
    """
    if not isinstance(given, Mapping):
        return ({"*": given}, None) if given in SERIALS and given is not None else ({}, given)
    serials = {name: how for name, how in given.items() if how in SERIALS}
    return serials, {name: how for name, how in given.items() if name not in serials} or None
