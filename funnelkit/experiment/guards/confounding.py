"""`check_confounding`: several things that changed at once, as they go with the arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.guards.associations import association
from funnelkit.experiment.guards.result import NOTE, WARNING, Guard, Level, not_checked, told, worst
from funnelkit.experiment.guards.tables import (
    arm_labels,
    cross,
    labels,
    numbers,
    require_by,
    require_frame,
    require_worth,
)

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_NAME = "changed at once"
_SLIGHT, _STRONG = 0.1, 0.5
"""Cramér's V from which a factor that goes with the arm is noted, and warned of."""
_MANY = 20
"""Numbers with more values than this are put in ten groups of about equal size."""
_GROUPS = 10
_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class _Factor:
    """A column that may have changed with the arm."""

    name: str
    level: Level
    cramers_v: float
    pvalue: float
    values: tuple[str, ...]
    arms: tuple[str, ...]
    table: FloatArray


def check_confounding(
    assignments: pd.DataFrame,
    *,
    by: str | Sequence[str] | None = None,
    arm: str = "arm",
    n: str = "n",
    worth: float = 1.0,
    units: str = "leads",
) -> Guard:
    """Return whether something else changes with the arm: several things changed at once.

    Parameters
    ----------
    assignments
        A row for each unit, or for each combination with a column ``n``, with the columns ``arm``
        and those of what may have changed too: owner, price list, landing page.
    by
        The columns to look at; default: all but ``arm`` and ``n``. Leave out the column by which
        arms were assigned as wholes (account, representative): it goes with the arm by design.
    arm, n
        Names of the columns.
    worth
        Independent units that one record is worth, above 0 and at most 1: below 1 where whole
        accounts were assigned, whose records go together.
    units
        Plural noun of the rows.

    Returns
    -------
    Guard
        Figures for each column and value: ``column``, ``value``, the units of each arm, and of
        the column ``cramers_v`` and ``pvalue``.

    Raises
    ------
    ArgumentError
        For unknown columns, or fewer than two arms.
    DataError
        For counts that cannot be, or a blank arm.

    Notes
    -----
    Association of each column with the arm: Fisher's exact test two by two, else Pearson's
    chi-squared held against its exact mean and variance, which holds for columns of many values;
    Cramér's V is corrected for what chance makes of it, and 0 for a column in which every unit
    has a value of its own. A note at p below .01, times the number of columns, and V of .1 or
    more; a warning at .001 and V of .5 or more: then little is left to tell the two apart by.
    Numbers of more than 20 values are put in ten groups. With arms split by chance it notes at
    most 1 in 100 times.

    References
    ----------
    Cramér (1946), Mathematical Methods of Statistics, section 21.9; Bergsma (2013), Journal of
    the Korean Statistical Society 42, 323-328.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"arm": ["control", "B"], "owner": ["Ann", "Ben"], "n": [120, 130]})
    >>> check_confounding(table).level
    'warning'
    """
    frame = require_frame("assignments", assignments, [arm])
    columns = require_by("assignments", by, frame, (arm, n))
    has_counts = n in [str(name) for name in frame.columns]
    weights = (
        numbers("assignments", frame, [n], whole=True)[0] if has_counts else np.ones(len(frame))
    )
    frame, weights = frame[weights > 0], weights[weights > 0]
    of = arm_labels("assignments", frame[arm])
    arms = tuple(dict.fromkeys(of))
    if not columns:
        return not_checked(_NAME, "no columns are named that may have changed")
    if not len(frame):
        return not_checked(_NAME, f"there are no {units}")
    if len(arms) < 2:
        raise ArgumentError(f"`assignments` must hold two or more arms; got {len(arms)}.")
    each = require_worth(worth)
    factors = []
    for name in columns:
        values, found, table = cross(_grouped(frame[name]), of, weights)
        factors.append(_factor(name, values, found, table, worth=each, family=len(columns)))
    level = worst([factor.level for factor in factors])
    loud = sorted(
        (factor for factor in factors if factor.level == level != "ok"),
        key=lambda factor: -factor.cramers_v,
    )
    looked = display.listed([told(name) for name in columns])
    return Guard(
        name=_NAME,
        level=level,
        sentence=" ".join([*(_sentence(factor) for factor in loud[:_SHOWN]), *_more(loud)])
        or f"Nothing else among {looked} changes with the arm.",
        figures=tuple(row for factor in factors for row in _rows(factor)),
        remedy=""
        if level == "ok"
        else "What the arms show may be due to that as much as to the treatment: compare within "
        "its values, or run the test again with only one thing changed.",
        pvalue=min(factor.pvalue for factor in factors),
    )


def _factor(
    name: str,
    values: Sequence[str],
    arms: Sequence[str],
    table: FloatArray,
    *,
    worth: float,
    family: int,
) -> _Factor:
    found = association(np.round(table * worth))
    pvalue = min(found.pvalue * family, 1.0)
    level: Level = "ok"
    if pvalue < NOTE and found.cramers_v >= _SLIGHT:
        level = "warning" if pvalue < WARNING and found.cramers_v >= _STRONG else "note"
    return _Factor(
        name=name,
        level=level,
        cramers_v=found.cramers_v,
        pvalue=pvalue,
        values=tuple(values),
        arms=tuple(arms),
        table=table,
    )


def _grouped(column: pd.Series[Any]) -> NDArray[np.object_]:
    """Return the labels of a column; numbers of many values in groups of about equal size."""
    import pandas as pd

    is_number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if not is_number or column.nunique() <= _MANY:
        return labels(column)
    values = column.to_numpy(float, na_value=np.nan)
    edges = np.unique(np.nanquantile(values, np.linspace(0, 1, _GROUPS + 1)))
    names = [f"{low:g} to {high:g}" for low, high in pairwise(edges)]
    place = np.digitize(values, edges[1:-1])
    blank = np.isnan(values)
    return np.array(
        [display.BLANK if lacks else names[k] for k, lacks in zip(place, blank, strict=True)],
        dtype=object,
    )


def _sentence(factor: _Factor) -> str:
    """Return how a factor goes with the arm, with the value that marks each arm most."""
    shares = factor.table / np.maximum(factor.table.sum(axis=0), 1.0)
    rest = (factor.table.sum(axis=1, keepdims=True) - factor.table) / np.maximum(
        factor.table.sum() - factor.table.sum(axis=0), 1.0
    )
    said = []
    for k, arm in enumerate(factor.arms[:_SHOWN]):
        i = int(np.argmax(shares[:, k] - rest[:, k]))
        said.append(
            f"{told(factor.values[i])} makes {display.percent(shares[i, k], decimals=0)} of "
            f"{told(arm)} and {display.percent(rest[i, k], decimals=0)} of the rest"
        )
    strength = "changes with the arm" if factor.level == "warning" else "leans to an arm"
    return (
        f"{told(factor.name)} {strength}: {'; '.join(said)} (Cramér's V {factor.cramers_v:.2f}, "
        f"{display.pvalue(factor.pvalue)})."
    )


def _more(loud: Sequence[_Factor]) -> list[str]:
    more = [told(factor.name) for factor in loud[_SHOWN:]]
    return (
        [f"So do {display.listed(more[:10])}."]
        if len(more) > 1
        else [f"So does {name}." for name in more]
    )


def _rows(factor: _Factor) -> list[dict[str, Any]]:
    return [
        {
            "column": factor.name,
            "value": value,
            **{f"n_{arm}": int(k) for arm, k in zip(factor.arms, counts, strict=True)},
            "cramers_v": factor.cramers_v,
            "pvalue": factor.pvalue,
        }
        for value, counts in zip(factor.values, factor.table, strict=True)
    ]
