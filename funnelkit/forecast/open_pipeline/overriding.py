"""What people expect of single deals: kept beside the forecast, never in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.forecast.rolling.overrides import Overrides

_MOST = 5


def overridden(
    table: pd.DataFrame, given: Mapping[str, float] | pd.DataFrame | Overrides | None, key: str
) -> tuple[pd.DataFrame, list[str]]:
    """Return the table of deals with people's values beside it, and what they come to.

    Parameters
    ----------
    table
        As :func:`~funnelkit.forecast.open_pipeline.listing_deals.listed_deals` returns it.
    given
        Id -> value, a frame with ``deal`` and ``value``, or what
        :func:`funnelkit.forecast.read_overrides` returns (value times probability).
    key
        Column of the id.

    Raises
    ------
    ArgumentError
        If a deal is not among those that are open and listed, is there twice, or a value is no
        number of at least 0; every problem at once.
    """
    if given is None:
        return table, []
    values = _read(given)
    place = {str(one): i for i, one in enumerate(table[key])}
    problems = []
    if unknown := [name for name in values if name not in place]:
        problems.append(
            f"{display.plural(len(unknown), 'deal')} not among the open deals that are listed, "
            f"such as {_shown(unknown)}"
        )
    odd = [name for name, value in values.items() if not (np.isfinite(value) and value >= 0)]
    if odd:
        problems.append(
            f"{display.plural(len(odd), 'value')} that {'is' if len(odd) == 1 else 'are'} no "
            f"amount of at least 0, such as that of {_shown(odd)}"
        )
    if problems:
        raise ArgumentError(
            f"`overrides`: {'; '.join(problems)}. Leave out deals that are closed, correct the "
            "others, or list more deals (`listed=`)."
        )
    found = table.copy()
    column = np.array(found["override_value"], float)
    for name, value in values.items():
        column[place[name]] = value
    found["override_value"] = column
    told = np.isfinite(column)
    ours = float(np.nansum(found["expected_value"].to_numpy(float)[told]))
    n = int(told.sum())
    said = (
        f"People expect {float(column[told].sum()):,.0f} of {display.plural(n, 'deal')} of which "
        f"{ours:,.0f} is expected here; their values are kept apart."
    )
    return found, [said] if n else []


def _read(given: Mapping[str, float] | pd.DataFrame | Overrides) -> dict[str, float]:
    import pandas as pd

    from funnelkit.forecast.rolling.overrides import Overrides

    if isinstance(given, Overrides):
        worth = given.values * given.probabilities
        pairs: list[tuple[str, object]] = list(zip(given.deals, worth.tolist(), strict=True))
    elif isinstance(given, pd.DataFrame):
        for name in ("deal", "value"):
            checks.member("overrides", "column", name, [str(one) for one in given.columns])
        pairs = list(zip(given["deal"].astype(str), given["value"], strict=True))
    elif isinstance(given, Mapping):
        pairs = [(str(name), value) for name, value in given.items()]
    else:
        raise ArgumentError(
            "`overrides` must say the value of each deal, such as {'D-17': 40000}, or be a frame "
            f"with `deal` and `value`, or read_overrides(…); got {type(given).__name__}."
        )
    names = [name for name, _ in pairs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ArgumentError(
            f"`overrides`: {display.plural(len(twice), 'deal')} more than once, such as "
            f"{_shown(twice)}; keep one value of each."
        )
    return {name: _number(value) for name, value in pairs}


def _number(value: object) -> float:
    if isinstance(value, bool):
        return float("nan")
    try:
        return float(str(value))
    except ValueError:
        return float("nan")


def _shown(names: list[str]) -> str:
    return ", ".join(repr(display.one_line(name)[:40]) for name in names[:_MOST])
