"""What a lead of each channel costs: as stated, or what was spent over the leads it brought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError, numbered, unknown
from funnelkit.data.ledgers.ledger import Ledger
from funnelkit.metrics.economics.matching import costs_of
from funnelkit.plan.basis.estimate import Estimate
from funnelkit.plan.basis.stated_parts import Reader

if TYPE_CHECKING:
    from funnelkit.model import FunnelModel

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_RECENT = 12
"""Whole months of spend that tell what a lead costs."""


def costs_by_channel(
    given: Mapping[str, Any] | Ledger | None,
    model: FunnelModel,
    names: list[str],
    groups: list[IntArray],
) -> tuple[dict[str, Estimate], list[str]]:
    """Return the cost of a lead by channel, and what a reader must know.

    Parameters
    ----------
    given
        Channel -> a number, ``(mean, sd)`` or an :class:`Estimate`; or what
        :func:`funnelkit.read_spend` returns.
    model
        The model, for the leads.
    names, groups
        Of the channels, and the positions of their segments.

    Raises
    ------
    ArgumentError
        With every channel that is not known and every cost that cannot be.

    Notes
    -----
    From a ledger: Σ amount / Σ leads over the last twelve whole months that have both; its standard
    deviation is that of a ratio of sums over months, √(M / (M - 1) Σ (a - c l)²) / Σ l.
    """
    if given is None:
        return {}, []
    if isinstance(given, Ledger):
        return _spent(given, model, names, groups)
    problems: list[str] = []
    if not isinstance(given, Mapping):
        raise ArgumentError(
            "`costs` must be channels with the cost of a lead, or what fk.read_spend returns; got "
            f"{type(given).__name__}."
        )
    found = {}
    for name, one in given.items():
        if name not in names:
            problems.append(f"`costs`: {unknown('channel', display.one_line(str(name)), names)}")
            continue
        cost = Reader(problems, name).cost(one)
        if cost is not None:
            found[str(name)] = cost
    if problems:
        raise ArgumentError(numbered(problems))
    return found, []


def _spent(
    spend: Ledger, model: FunnelModel, names: list[str], groups: list[IntArray]
) -> tuple[dict[str, Estimate], list[str]]:
    """Return the cost of a lead from a ledger of spend."""
    costs = costs_of(spend, ("channel",), freq="M")
    arrivals = model.arrivals
    entered = arrivals.of(model.stages[0])
    last = arrivals.months[-1] - 1 if arrivals.running else arrivals.months[-1]
    whole = (costs.periods <= last) & (costs.periods > last - _RECENT)
    place = arrivals.months.get_indexer(costs.periods)
    found, rest = {}, {str(key[0]) for key in costs.amounts}
    single = len(names) == 1 and names[0] == "all"
    for name, group in zip(names, groups, strict=True):
        amount = costs.total if single else costs.amounts.get((name,))
        rest -= rest if single else {name}
        if amount is None:
            continue
        own = group[group < len(entered)]
        leads = np.where(place >= 0, entered[own][:, np.maximum(place, 0)].sum(axis=0), 0)
        told = whole & np.isfinite(amount) & (place >= 0)
        estimate = _ratio(np.asarray(amount)[told], leads[told].astype(float))
        if estimate is None:
            continue
        value, sd = estimate
        months = costs.periods[told]
        span = f"{period_label(months[0])} to {period_label(months[-1])}"
        found[name] = Estimate(
            value=value,
            sd=sd,
            source=f"spend over leads, {span}",
            n=float(leads[told].sum()),
            date=months[-1].end_time.date(),
        )
    notes = []
    if rest:
        listed = display.listed([display.one_line(one) for one in sorted(rest)])
        notes.append(f"Spend on {listed} belongs to no channel of the model.")
    lacking = [display.one_line(name) for name in names if name not in found]
    if lacking:
        notes.append(f"What a lead of {display.listed(lacking)} costs is not known.")
    return found, notes


def _ratio(amounts: FloatArray, leads: FloatArray) -> tuple[float, float] | None:
    """Return cost per lead and its standard deviation; ``None`` without leads or cost."""
    if not leads.sum() or amounts.sum() < 0:
        return None
    cost = float(amounts.sum() / leads.sum())
    months = len(amounts)
    if months < 2:
        return cost, 0.0
    left = float(((amounts - cost * leads) ** 2).sum()) * months / (months - 1)
    return cost, float(np.sqrt(left) / leads.sum())
