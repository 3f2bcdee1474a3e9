"""`explain_miss`: what came less what was forecast, by volume, rate, lag and deal size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display, shapley
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import Result, frozen
from funnelkit.forecast.rolling.drivers import Drivers

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_TOLD = {
    "volume": "as {} records came than forecast",
    "rate": "as a {} share of them will be won",
    "lag": "as {} of these wins fell into the period",
    "deal_size": "as deals were {}",
}
_WAYS = {
    "volume": ("more", "fewer"),
    "rate": ("larger", "smaller"),
    "lag": ("more", "fewer"),
    "deal_size": ("larger", "smaller"),
}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ExplainedMiss(Result):
    """What came less what was forecast, and what it is made of; see :func:`explain_miss`.

    Parameters
    ----------
    what, currency
        What was forecast, and of which currency.
    period
        Of what period, in words; "" where it was not said.
    cells
        Name of each cell.
    forecast, actual
        Of each cell, shape ``(n_cells,)``.
    by_cell
        Factor -> its effect in each cell, shape ``(n_cells,)``.
    """

    what: str
    currency: str | None
    period: str
    cells: tuple[str, ...]
    forecast: FloatArray
    actual: FloatArray
    by_cell: Mapping[str, FloatArray]

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("forecast", "actual"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        own = {name: frozen(one, np.float64) for name, one in self.by_cell.items()}
        object.__setattr__(self, "by_cell", MappingProxyType(own))

    @property
    def miss(self) -> float:
        """What came less what was forecast: below 0 where less came."""
        return float(self.actual.sum() - self.forecast.sum())

    @cached_property
    def effects(self) -> Mapping[str, float]:
        """Effect of each factor over all cells; they add up to :attr:`miss`."""
        return MappingProxyType({name: float(one.sum()) for name, one in self.by_cell.items()})

    def to_frame(self) -> pd.DataFrame:
        """Return one row per cell, and with several one for all.

        Returns
        -------
        DataFrame
            ``cell``, ``forecast``, ``volume_effect``, ``rate_effect``, ``lag_effect``, for money
            ``deal_size_effect``, and ``actual``: in each row the forecast and the effects add up
            to what came.
        """
        import pandas as pd

        effects = {f"{name}_effect": one for name, one in self.by_cell.items()}
        columns = {"forecast": self.forecast, **effects, "actual": self.actual}
        frame = pd.DataFrame({"cell": list(self.cells), **columns})
        if len(self.cells) == 1:
            return frame
        total = {"cell": "total", **{name: float(one.sum()) for name, one in columns.items()}}
        return pd.concat([frame, pd.DataFrame([total])], ignore_index=True)

    def bridge(self) -> pd.DataFrame:
        """Return the rows of a waterfall: ``line`` and ``value``, from forecast to what came."""
        import pandas as pd

        lines = {"forecast": float(self.forecast.sum()), **self.effects}
        lines["actual"] = float(self.actual.sum())
        return pd.DataFrame({"line": list(lines), "value": list(lines.values())})

    def summary(self) -> str:
        """Return the miss, and what each factor did to it, the largest first."""
        when = f" of {display.one_line(self.period)}" if self.period else ""
        came, said = float(self.actual.sum()), float(self.forecast.sum())
        lead = f"{display.one_line(self.what)}{when}".strip()
        lead = lead[:1].upper() + lead[1:]
        ends = f"{self._number(came)} came, {self._number(said)} were forecast"
        if all(abs(effect) < 1e-9 * max(came, said, 1.0) for effect in self.effects.values()):
            return f"{lead}: {ends}; nothing was missed."
        order = sorted(self.effects, key=lambda name: -abs(self.effects[name]))
        parts = [
            f"{self._signed(self.effects[name])} by {name.replace('_', ' ')} "
            f"({_TOLD[name].format(_WAYS[name][self.effects[name] < 0])})"
            for name in order
            if abs(self.effects[name]) >= 0.005 * max(abs(one) for one in self.effects.values())
        ]
        return f"{lead}: {ends} ({self._signed(self.miss)}): {display.listed(parts)}."

    def _number(self, value: float) -> str:
        of = "" if self.currency is None else f"{self.currency} "
        return f"{of}{display.expected(value)}"

    def _signed(self, value: float) -> str:
        small = abs(value) < 9.95 and self.currency is None
        return display.signed(value, decimals=1 if small else 0)


def explain_miss(
    before: Drivers | pd.DataFrame,
    after: Drivers | pd.DataFrame,
    *,
    what: str | None = None,
    period: str = "",
    currency: str | None = None,
) -> ExplainedMiss:
    """Return what came less what was forecast, split by volume, rate, lag and deal size.

    Parameters
    ----------
    before
        What the forecast rested on: for each cell, the records that were to be there
        (``entered``), those of them that would be won at any time (``eventual``), those that would
        be won in the periods (``won``), and their money (``value``). Or a table with these
        columns and ``cell``.
    after
        The same as it came; ``eventual`` as far as it is known by now.
    what
        What was forecast. Default: ``"bookings"`` with money, else ``"won deals"``.
    period
        Of which period, for the sentence.
    currency
        Of the money.

    Returns
    -------
    ExplainedMiss
        Effects that add up to the miss exactly, in each cell and over all of them.

    Raises
    ------
    ArgumentError
        If one side has money and the other has not, or numbers cannot be.

    Notes
    -----
    Each cell's number is a product: records x (won in the end / records) x (won in the periods /
    won in the end) x (money / won in the periods): volume, rate, lag and deal size. Each factor's
    effect is its Shapley value, the mean of what its change does over all orders in which the
    factors can change. A cell that is on one side only is all volume. Where a factor cannot be
    told on one side, since nothing stands under its line, it is taken to be as on the other, so
    that what was missed is blamed on the factor before it: a month without a win is one of rate or
    lag, not of deal size.

    References
    ----------
    Shorrocks (2013), Journal of Economic Inequality 11, 99-126, section 3.

    Examples
    --------
    100 leads of which 20 are won, 5 of them in the month, at 10,000 each, were forecast; 80
    came, of which 20 will be won, 4 in the month, at 10,000:

    >>> said = Drivers(cells=("web",), entered=[100], eventual=[20], won=[5], value=[50_000])
    >>> came = Drivers(cells=("web",), entered=[80], eventual=[20], won=[4], value=[40_000])
    >>> found = explain_miss(said, came)
    >>> found.miss, round(sum(found.effects.values()), 6)
    (-10000.0, -10000.0)
    >>> {name: round(effect) for name, effect in found.effects.items()}
    {'volume': -10083, 'rate': 10167, 'lag': -10083, 'deal_size': 0}
    """
    sides = [_drivers("before", before), _drivers("after", after)]
    if (sides[0].value is None) != (sides[1].value is None):
        raise ArgumentError(
            "`before` and `after` must both have money, or both count wins; only "
            f"`{'after' if sides[0].value is None else 'before'}` has `value`."
        )
    money = sides[0].value is not None
    cells = tuple(dict.fromkeys((*sides[0].cells, *sides[1].cells)))
    factors = [_spread(side, cells) for side in sides]
    totals = [_placed(side.total, side.cells, cells, missing=0.0) for side in sides]
    pairs = {name: _filled(factors[0][name], factors[1][name]) for name in factors[0]}
    found = shapley.effects(pairs)
    return ExplainedMiss(
        what=what or ("bookings" if money else "won deals"),
        currency=currency,
        period=period,
        cells=cells,
        forecast=totals[0],
        actual=totals[1],
        by_cell=found,
    )


def _drivers(argument: str, given: Drivers | pd.DataFrame) -> Drivers:
    import pandas as pd

    if isinstance(given, Drivers):
        return given
    if isinstance(given, pd.DataFrame):
        return Drivers.from_frame(given)
    raise ArgumentError(f"`{argument}` must be Drivers or a frame; got {type(given).__name__}.")


def _spread(side: Drivers, cells: tuple[str, ...]) -> dict[str, FloatArray]:
    """Return each factor of all cells: no records, and NaN, in a cell that is not on the side."""
    return {
        name: _placed(one, side.cells, cells, missing=0.0 if name == "volume" else np.nan)
        for name, one in side.factors.items()
    }


def _placed(
    values: FloatArray, own: tuple[str, ...], cells: tuple[str, ...], *, missing: float
) -> FloatArray:
    given = dict(zip(own, values.tolist(), strict=True))
    return np.array([given.get(cell, missing) for cell in cells], dtype=float)


def _filled(before: FloatArray, after: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a factor on both sides: as on the other one where it cannot be told, else 0."""
    left = np.where(np.isnan(before), after, before)
    right = np.where(np.isnan(after), before, after)
    return np.nan_to_num(left, nan=0.0), np.nan_to_num(right, nan=0.0)
