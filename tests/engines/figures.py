"""Everything that leads can be asked for, as bytes, so that two engines can be compared."""

from __future__ import annotations

from typing import Any

import numpy as np

import funnelkit as fk
from funnelkit.counts import build


def triangle_bytes(tri: Any) -> bytes:
    """Return a triangle to its last byte."""
    parts = [tri.to_frame().to_csv(), repr((tri.segments, tri.cohorts, tri.as_of, tri.partial))]
    arrays = [tri.entered, tri.censored, tri.followed, tri.calendar.converted]
    arrays += [*tri.events.values(), *tri.undated.values()]
    if tri.late is not None:
        arrays.append(tri.late)
    if tri.accounts is not None:
        arrays += [tri.accounts.accounts, tri.accounts.nn, tri.accounts.xn, tri.accounts.xx]
    parts.append(repr([(each.dtype, each.shape) for each in arrays]))
    parts.append(str(tri.calendar.months))
    return "\n".join(parts).encode() + b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)


def accounted(leads: Any) -> str:
    """Return what became of every row, without the names of the files."""
    return str(leads.accounting().drop(columns="file").to_csv())


def figures(leads: Any, *, everything: bool = True) -> dict[str, bytes]:
    """Return every figure, by what was asked."""
    asked: dict[str, Any] = {
        "triangle": triangle_bytes(fk.triangle(leads, "lead", "won", by="source")),
        "accounting": accounted(leads),
        "summary": leads.summary(),
    }
    if everything:
        asked |= _more(leads)
    return {name: got if isinstance(got, bytes) else got.encode() for name, got in asked.items()}


def _more(leads: Any) -> dict[str, Any]:
    listed = leads.list("won")
    return {
        "triangle by quarter": triangle_bytes(fk.triangle(leads, "mql", "won", cohort="quarter")),
        "triangle by week": triangle_bytes(
            fk.triangle(leads, "lead", "opp", cohort="week", by="entered_at")
        ),
        "earlier": triangle_bytes(fk.triangle(leads.at("2019-01-10"), "lead", "won")),
        "only": triangle_bytes(fk.triangle(leads.only(source="web"), "lead", "won")),
        "flows": build.flows(leads, by="source").to_frame().to_csv(),
        "stays": build.stays(leads, by="source").to_frame().to_csv(),
        "moments": build.moments(leads, by="source").to_frame().to_csv(),
        "count": leads.count("won", every="week", by="source").to_csv(),
        "list": listed.to_csv() + repr([type(v) for v in listed["amount"]]),
        "list of a cohort": leads.list("won", cohort="2018-12", source="web").to_csv(),
        "accounting of some": accounted(leads.only(source=[None, "Zed"])),
        "n": repr(len(leads)),
    }
