"""What a function was given: a table that was read, or a frame with the columns of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit._core.errors import ArgumentError
from funnelkit.data.ledgers import schemas
from funnelkit.data.ledgers.ledger import Ledger
from funnelkit.data.ledgers.reading import Request, read_table
from funnelkit.data.ledgers.schemas import Field

if TYPE_CHECKING:
    import pandas as pd


def as_ledger(kind: str, given: Ledger | pd.DataFrame, *, argument: str) -> Ledger:
    """Return a ledger of a kind: as it is, or read from a frame with the columns of that kind.

    Raises
    ------
    ArgumentError
        If it is neither, or a ledger of another kind.
    DataError
        With every problem of a frame at once.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"month": ["2026-01"], "channel": ["web"], "amount": [12_000]})
    >>> as_ledger("spend", rows, argument="spend").kind
    'spend'
    """
    import pandas as pd

    if isinstance(given, Ledger):
        if given.kind == kind:
            return given
        raise ArgumentError(
            f"`{argument}` must be a table of {kind}, as `read_{kind}` returns; got one of "
            f"{given.kind}."
        )
    if not isinstance(given, pd.DataFrame):
        raise ArgumentError(
            f"`{argument}` must be what `read_{kind}` returns, or a pandas DataFrame with its "
            f"columns; got {type(given).__name__}."
        )
    schema = schemas.SCHEMAS[kind]
    known = {*schema.names, *(f"year_{number}" for number in range(1, 31))}
    more = [
        Field(name=name, kind="amount", what="value of one year of the term", below="credit")
        for name in map(str, given.columns)
        if kind == "contracts" and name.startswith("year_") and name in known
    ]
    schema = schema.more(more)
    keep = [
        str(name)
        for name in given.columns
        if str(name) not in schema.names and list(given.columns).count(name) == 1
    ]
    return read_table(given, schema, Request(keep=keep))
