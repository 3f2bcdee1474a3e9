"""Peers at the same mix of leads, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.table.grid import Column, Table

if TYPE_CHECKING:
    from funnelkit.monitor import Peers


def peers(peers: Peers) -> Table:
    """Return peers with their rate as it stands, what was to be expected of it, and adjusted.

    Parameters
    ----------
    peers
        From :func:`funnelkit.monitor.compare_peers`.

    Returns
    -------
    Table
        One row per peer, the one with the most records first; no percentage of fewer than 20.

    Raises
    ------
    ArgumentError
        If ``peers`` is something else.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> counts = pd.DataFrame({"rep": ["ann", "bob"], "entered": [300, 300], "converted": [66, 60]})
    >>> table = fk.table.peers(fk.monitor.compare_peers(counts, "rep"))
    >>> [cell.replace(chr(0x202F), " ") for cell in table.rows[0][:4]]
    ['ann', '300', '66', '22.0 %']
    """
    from funnelkit.monitor import Peers

    if not isinstance(peers, Peers):
        raise ArgumentError(
            f"`peers` must be what fk.monitor.compare_peers returns; got {type(peers).__name__}."
        )
    rows = []
    for row in peers.to_frame().to_dict("records"):
        few = row["entered"] < display.FEWEST
        name = row[peers.among]
        ranks = (int(row["rank_low"]), int(row["rank_high"]))
        rows.append(
            (
                display.one_line(display.segment_name([name if isinstance(name, str) else None])),
                display.count(row["entered"]),
                display.count(row["converted"]),
                display.EN_DASH if few else display.percent(row["rate"]),
                display.EN_DASH if few else display.percent(row["expected_rate"]),
                display.estimate(row["adjusted_rate"], row["adjusted_low"], row["adjusted_high"]),
                str(ranks[0]) if ranks[0] == ranks[1] else f"{ranks[0]} to {ranks[1]}",
            )
        )
    level = display.percent(peers.confidence_level, decimals=0)
    mix = f"at the same mix of {display.listed(list(peers.mix))}" if peers.mix else "adjusted"
    note = (
        f"Expected: what an average peer would have made of the same records. {mix[:1].upper()}"
        f"{mix[1:]}: drawn to the others as far as chance may have set them apart, with the "
        f"{level} intervals of rate and rank. It is no measure of effort: what the mix does not "
        "hold stays in it."
    )
    return Table(
        summary=peers.summary(),
        columns=(
            Column(display.one_line(peers.among), "left"),
            Column("records"),
            Column("converted"),
            Column("as it stands"),
            Column("expected"),
            Column(display.one_line(mix)),
            Column("rank"),
        ),
        rows=tuple(rows),
        notes=(note,),
    )
