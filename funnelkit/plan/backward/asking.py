"""What a plan was asked for: targets and assumptions of the same months and unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit.plan.basis.assumptions import Assumptions
from funnelkit.plan.chance.simulating import unit_of
from funnelkit.plan.goals.taking import targets_of
from funnelkit.plan.goals.targets import Targets

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.model import FunnelModel

_MONTHS = 12


def assumptions_of(
    targets: Any,
    model: Any,
    *,
    in_flight: Any,
    horizon: int | None,
    value: Any,
    fiscal_year_start: int,
    rng: Any,
    stating: Mapping[str, Any],
) -> tuple[Assumptions, Targets]:
    """Return assumptions and targets of the same months, whatever they are given as.

    Parameters
    ----------
    targets, model, in_flight, horizon, value, fiscal_year_start, rng, stating
        As in :func:`~funnelkit.plan.reverse`.

    Raises
    ------
    ArgumentError
        If they cannot be used, or do not go together.
    """
    from funnelkit.model import FunnelModel

    if horizon is not None:
        checks.positive_whole("horizon", horizon)
    own = _own_targets(targets, fiscal_year_start)
    if isinstance(model, FunnelModel):
        _no_value(value, "a fitted model has deal sizes of its own")
        found = _of_model(model, own, horizon, {"in_flight": in_flight, "rng": rng, **stating})
    elif isinstance(model, Assumptions):
        _no_value(value, "assumptions have deal sizes of their own")
        _nothing_else(in_flight, stating)
        found = _cut(model, horizon)
    else:
        _nothing_else(in_flight, {})
        found = _stated(model, own, horizon, value, stating)
    if own is not None and not _say_unit(targets):
        own = replace(own, unit=unit_of(found), what="")
    goals = targets_of(
        targets if own is None else own,
        periods=found.periods,
        unit=unit_of(found),
        fiscal_year_start=fiscal_year_start,
        currency=found.currency,
    )
    if goals.unit == "value" and unit_of(found) == "count":
        without = [display.one_line(one.name) for one in found.channels if one.size is None]
        raise ArgumentError(
            f"`targets` are money, and no deal size is known for {display.listed(without)}. State "
            'one (`value`), or give targets in deals: targets_of(…, unit="count").'
        )
    return found, goals


def _own_targets(targets: Any, fiscal_year_start: int) -> Targets | None:
    """Return targets that tell their months; ``None`` for plain numbers."""
    if isinstance(targets, Targets):
        return targets
    plain = isinstance(targets, (int, float, np.integer, np.floating, list, tuple, np.ndarray))
    if plain or targets is None:
        return None
    return targets_of(targets, fiscal_year_start=fiscal_year_start)


def _say_unit(targets: Any) -> bool:
    """Return whether targets say whether they are money or deals."""
    import pandas as pd

    return not isinstance(targets, (Mapping, pd.Series))


def _of_model(
    model: FunnelModel, own: Targets | None, horizon: int | None, given: Mapping[str, Any]
) -> Assumptions:
    """Return what a fitted model stands for, over the months of the targets."""
    from funnelkit.plan.basis.assuming import assume

    arrivals = model.arrivals
    first: pd.Period = arrivals.months[-1] if arrivals.running else arrivals.months[-1] + 1
    months = horizon or _MONTHS
    if own is not None and horizon is None:
        months = max((own.periods[-1] - first).n + 1, 1)
    return assume(model, horizon=months, **given)


def _stated(
    rates: Any, own: Targets | None, horizon: int | None, value: Any, stating: Mapping[str, Any]
) -> Assumptions:
    """Return what stated rates stand for, over the months of the targets."""
    from funnelkit.plan.basis.stating import stated

    given = dict(stating)
    if own is not None and "periods" not in given and "as_of" not in given:
        given["periods"] = own.periods if horizon is None else own.periods[0]
    return stated(rates, value=value, horizon=horizon, **given)


def _cut(assumptions: Assumptions, horizon: int | None) -> Assumptions:
    """Return assumptions, which must be of the months asked for."""
    there = len(assumptions.periods)
    if horizon is not None and horizon != there:
        raise ArgumentError(
            f"`horizon` is {horizon}, and the assumptions are for {display.plural(there, 'month')}."
            " Make them for as many, and leave `horizon` out."
        )
    return assumptions


def _no_value(value: Any, reason: str) -> None:
    if value is not None:
        raise ArgumentError(f"`value` goes with stated rates only: {reason}.")


def _nothing_else(in_flight: Any, stating: Mapping[str, Any]) -> None:
    if in_flight is not None:
        raise ArgumentError(
            "`in_flight` goes with a fitted model only. Stated rates and assumptions hold what is "
            "in flight themselves: fk.plan.stated(…, in_flight=…)."
        )
    if stating:
        names = ", ".join(f"`{name}`" for name in stating)
        raise ArgumentError(f"{names}: assumptions are taken as they are; got more arguments.")
