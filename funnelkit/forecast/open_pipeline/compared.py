"""`PipelineComparison`: the errors of ways to value the open pipeline, origin by origin."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import display
from funnelkit._core.result import Result

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PipelineComparison(Result):
    """What each method said of the open pipeline, and what came.

    See :func:`funnelkit.forecast.compare_pipeline_methods`.

    Parameters
    ----------
    rows
        One row per origin and method; see :meth:`to_frame`.
    wins
        One row per origin and listed deal; see :meth:`categories`.
    horizon
        Months.
    skipped
        Origins without a forecast, and why.
    has_money
        Whether the funnel has amounts.
    as_of
        Last day that is known.
    """

    rows: pd.DataFrame
    wins: pd.DataFrame
    horizon: int
    skipped: tuple[str, ...]
    has_money: bool
    as_of: dt.date

    @property
    def n(self) -> int:
        """Origins with a forecast."""
        return int(self.rows["origin"].nunique())

    def to_frame(self) -> pd.DataFrame:
        """Return one row per origin and method.

        Returns
        -------
        DataFrame
            ``origin``, ``method``, ``won_expected`` and ``won`` (deals within the horizon),
            ``expected_value`` and ``total_value``; ``won_low``, ``won_high``, ``value_low``,
            ``value_high``: the forecast's interval of 80 %, blank for methods without one.
        """
        return self.rows.copy()

    def scores(self) -> pd.DataFrame:
        """Return one row per method: how far it was off.

        Returns
        -------
        DataFrame
            ``method``, ``origins``; ``won_bias`` and ``value_bias`` (Σ said over Σ came, less 1),
            ``won_error`` and ``value_error`` (mean absolute error over the mean of what came),
            ``won_covered`` and ``value_covered`` (share of origins inside the interval of 80 %;
            blank without one). Origins share records, so that errors go together.
        """
        import pandas as pd

        rows = []
        for name, own in self.rows.groupby("method", sort=False):
            row: dict[str, object] = {"method": name, "origins": len(own)}
            for unit, said, came in (
                ("won", "won_expected", "won"),
                ("value", "expected_value", "total_value"),
            ):
                a, b = own[said].to_numpy(float), own[came].to_numpy(float)
                low, high = own[f"{unit}_low"].to_numpy(float), own[f"{unit}_high"].to_numpy(float)
                whole = float(b.sum())
                known = np.isfinite(whole) and whole > 0
                row[f"{unit}_bias"] = float(a.sum()) / whole - 1 if known else np.nan
                row[f"{unit}_error"] = float(np.abs(a - b).sum()) / whole if known else np.nan
                banded = np.isfinite(low).all() and len(own) > 0
                inside = (b >= low) & (b <= high)
                row[f"{unit}_covered"] = float(inside.mean()) if banded else np.nan
            rows.append(row)
        return pd.DataFrame(rows)

    def categories(self) -> pd.DataFrame:
        """Return what became of the deals in each of the CRM's forecast categories.

        Returns
        -------
        DataFrame
            ``forecast_category``, ``deals`` (open on an origin, once for each), ``won`` (within
            the horizon), ``share``, ``expected_share`` (by the forecast), ``amount`` and
            ``won_amount``. Empty where the history of categories is not known.
        """
        known = self.wins[self.wins["forecast_category"].notna()]
        told = known.assign(deals=1, won_amount=known["amount"] * known["won"])
        names = ["deals", "won", "expected_won", "amount", "won_amount"]
        found = told.groupby("forecast_category")[names].sum().reset_index()
        found["share"] = found["won"] / found["deals"]
        found["expected_share"] = found.pop("expected_won") / found["deals"]
        order = ["forecast_category", "deals", "won", "share", "expected_share"]
        return found[[*order, "amount", "won_amount"]]

    def summary(self) -> str:
        """Return the bias and the error of each method, the smallest error first."""
        unit = "value" if self.has_money else "won"
        scores = self.scores().sort_values(f"{unit}_error", kind="stable")
        said = []
        for _, row in scores.iterrows():
            if not np.isfinite(row[f"{unit}_error"]):
                continue
            bias = display.signed(100 * row[f"{unit}_bias"], decimals=0)
            error = display.percent(row[f"{unit}_error"], decimals=0)
            said.append(f"{row['method']} {error} (bias {bias})")
        of = "bookings" if self.has_money else "won deals"
        text = (
            f"Mean absolute error of the {of} from the open pipeline in "
            f"{display.plural(self.horizon, 'month')}, from "
            f"{display.plural(self.n, 'origin')}: {'; '.join(said) or 'nothing came'}."
        )
        if self.skipped:
            text += f" No forecast on {display.plural(len(self.skipped), 'day')}: {self.skipped[0]}"
        return text
