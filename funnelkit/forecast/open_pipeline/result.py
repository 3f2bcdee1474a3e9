"""`PipelineForecast`: won deals and money of today's open records, month by month."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import checks
from funnelkit._core.errors import EvidenceError
from funnelkit._core.result import frozen
from funnelkit.forecast.open_pipeline.categories import committed_value
from funnelkit.forecast.open_pipeline.staleness import StalePast
from funnelkit.forecast.open_pipeline.weighting import StageWeights
from funnelkit.forecast.result import FloatArray, Forecast, Unit

if TYPE_CHECKING:
    import pandas as pd

WON, BOOKED = "won deals from the open pipeline", "bookings from the open pipeline"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PipelineForecast(Forecast):
    """What open records will bring; see :func:`funnelkit.forecast.pipeline`.

    It is a forecast of money where the funnel has amounts, and else of won deals; both are here,
    from the same draws. ``n`` is the number of open records, ``so_far`` is 0: what has been won is
    not open. ``observed`` holds all wins of the months gone by, also of records that came later.

    Parameters
    ----------
    count_draws, money_draws
        Joint draws of won deals and of their money, shape ``(n_draws, S, H)``; money is ``None``
        where the funnel has no amounts.
    expected_counts, expected_money
        Means, shape ``(S, H)``.
    won_before, money_before
        What came in the months gone by, shape ``(S, T)``.
    stale
        What records that were stale on earlier days came to.
    weights
        Past share won by stage.
    table
        One row per listed deal; see :meth:`deals`.
    beside
        The forecast and other methods by month; see :meth:`methods`.
    stages
        One row per stage; see :meth:`by_stage`.
    """

    count_draws: FloatArray
    money_draws: FloatArray | None
    expected_counts: FloatArray
    expected_money: FloatArray | None
    won_before: FloatArray
    money_before: FloatArray | None
    stale: StalePast
    weights: StageWeights
    table: pd.DataFrame
    beside: pd.DataFrame
    stages: pd.DataFrame

    def __post_init__(self) -> None:
        """Freeze the arrays of both units."""
        super().__post_init__()
        names = ("count_draws", "money_draws", "expected_counts", "expected_money")
        for name in (*names, "won_before", "money_before"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def counts(self) -> PipelineForecast:
        """The same forecast in won deals."""
        return self._in(WON, "count", self.count_draws, self.expected_counts, self.won_before)

    @property
    def value(self) -> PipelineForecast:
        """The same forecast in money.

        Raises
        ------
        EvidenceError
            If the funnel has no amounts.
        """
        if self.money_draws is None or self.expected_money is None or self.money_before is None:
            raise EvidenceError("the funnel has no `value` column, so there is no money.")
        return self._in(BOOKED, "value", self.money_draws, self.expected_money, self.money_before)

    def deals(self, most: int | None = None) -> pd.DataFrame:
        """Return one row per open deal that is listed, the largest expected value first.

        Parameters
        ----------
        most
            How many; default: all that were listed (``pipeline(…, listed=)``).

        Returns
        -------
        DataFrame
            The id, segments, owner and account under their own names; ``stage``,
            ``stage_age_days`` (days at it), ``age_days`` (since the first day), ``amount``;
            ``p_win`` (ever), ``p_win_in_horizon``; ``expected_value`` (``p_win`` times what it
            would bring) and ``expected_value_in_horizon``; ``value_from`` (own amount, that times
            the past ratio, or past won deals); ``probable_month`` (of the horizon's months the one
            in which a win is most probable); ``stale``, ``stale_factor`` (``p_win`` of a stale
            deal over what the model alone would give it); ``stage_weight``, ``weighted_value``
            (share won from the stage in the past, times the amount); ``planned_close``,
            ``planned_month``, ``forecast_category``, ``crm_probability``, ``crm_value``,
            ``pushes`` as the CRM has them, and ``override_value`` as people do. A personal column
            is never among them.

        Raises
        ------
        ArgumentError
            If ``most`` is no whole number of at least 1.
        """
        if most is None:
            return self.table.copy()
        return self.table.head(checks.positive_whole("most", most)).copy()

    def by_stage(self) -> pd.DataFrame:
        """Return the open records by the stage they stand at, and what they are to bring.

        Returns
        -------
        DataFrame
            One row per ``stage`` but the last, in order: ``open`` (records), ``stale`` (of these),
            ``expected_won`` (ever), ``expected_won_in_horizon`` with the ends ``won_low`` and
            ``won_high`` of 80 % of its draws; with amounts also ``amount`` (total known),
            ``expected_value``, ``expected_value_in_horizon``, ``value_low``, ``value_high``, and
            ``weighted_value`` (share won from the stage in the past, times the amounts). What is
            expected within the horizon adds up to the forecast; ends of intervals do not.
        """
        return self.stages.copy()

    def methods(self) -> pd.DataFrame:
        """Return the forecast beside the stage-weighted pipeline and the CRM's probability.

        Returns
        -------
        DataFrame
            One row per ``method`` and ``period`` (the last is ``"later"``): ``won`` (deals) and
            ``total_value``. The stage weights multiply each amount by the past share won from its
            stage and put it whole into the month of the planned close, or after the mean days;
            amounts that are not known count as 0. The CRM's probability is that of the deals that
            are listed with an amount, and is there where it is kept.
        """
        return self.beside.copy()

    def categories(self) -> pd.DataFrame:
        """Return the listed deals by the CRM's forecast category.

        Returns
        -------
        DataFrame
            ``forecast_category`` (blank where there is none), ``deals``, ``amount`` (total),
            ``expected_won``, ``expected_value`` (both ever), those ``…_in_horizon``,
            ``weighted_value`` and ``crm_value``. Empty where the export has no category.
        """
        told = self.table.assign(deals=1, expected_won=self.table["p_win"])
        told["expected_won_in_horizon"] = self.table["p_win_in_horizon"]
        names = ["deals", "amount", "expected_won", "expected_value", "expected_won_in_horizon"]
        names += ["expected_value_in_horizon", "weighted_value", "crm_value"]
        if told["forecast_category"].isna().all():
            told = told.head(0)
        found = told.groupby("forecast_category", dropna=False)[names].sum()
        return found.reset_index().sort_values("amount", ascending=False, ignore_index=True)

    def committed(self) -> dict[str, float]:
        """Return the amounts that the CRM's categories promise within the horizon.

        Returns
        -------
        dict
            ``"CRM commit"`` and ``"CRM commit and best case"``: amounts of listed deals that are
            planned to close by the end of the last month, or have no plan; empty where the export
            has no category.
        """
        return committed_value(self.table, self.periods[-1].end_time)

    def summary(self) -> str:
        """Return what is expected, the stage-weighted figure beside it, and what was done."""
        text = super().summary()
        if self.unit != "value":
            return text
        rows = self.beside[self.beside["method"] == "stage weights"]
        whole = float(rows["total_value"].sum())
        inside = float(rows["total_value"].iloc[:-1].sum())
        of = "" if self.currency is None else f"{self.currency} "
        return (
            f"{text} The stage-weighted pipeline says {of}{inside:,.0f} in these months, "
            f"{of}{whole:,.0f} in all."
        )

    def _in(
        self, what: str, unit: Unit, draws: FloatArray, expected: FloatArray, seen: FloatArray
    ) -> PipelineForecast:
        given: dict[str, Any] = {one.name: getattr(self, one.name) for one in fields(self)}
        given |= {"what": what, "unit": unit, "draws": draws, "expected": expected}
        return PipelineForecast(**(given | {"observed": seen}))
