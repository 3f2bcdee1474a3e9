"""`PlanReview`: a plan beside what came, the gap by its causes, and what the rest now needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import period_name
from funnelkit._core.result import Result
from funnelkit.plan.actuals.sides import DIRECT, IN_FLIGHT, REOPENED, Side

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.forecast.rolling.misses import ExplainedMiss
    from funnelkit.plan.actuals.record import PlanRecord
    from funnelkit.plan.goals.targets import Targets

FloatArray = NDArray[np.float64]
IMMATURE = 0.9
"""Months of which less than this share of their wins is due are marked."""
CUSHION = "planned above the target"
EFFECT_WORDS = {
    "volume": ("more leads came", "fewer leads came"),
    "rate": ("a larger share of them is won", "a smaller share of them is won"),
    "lag": ("more of their wins came in time", "fewer of their wins came in time"),
    "deal size": ("their deals were larger", "their deals were smaller"),
    IN_FLIGHT: ("what was open brought more", "what was open brought less"),
    DIRECT: ("deals without a lead brought more", "deals without a lead brought less"),
    REOPENED: ("lost records were won after all", "lost records were won after all"),
}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PlanReview(Result):
    """A plan beside what came; made by :func:`compare_to_actual`.

    Shapes: ``C = len(channels)``, ``K = len(periods)`` months that are over.

    Parameters
    ----------
    record
        The plan.
    as_of
        Last day that is known.
    periods
        Months of the plan that are over.
    channels
        Those of the plan; last, where leads came of others, ``"not in the plan"``.
    planned, came
        What was expected, and what came.
    explained
        The gap of new leads by volume, rate, lag and deal size, by channel and month of entry.
    maturity
        Share of the wins of each month's leads that is due by the end of the last month, by the
        plan's lags, shape ``(C, K)``.
    by_model
        Whether the rate of immature months is by a model of today; else by the plan's own lags.
    remaining
        What the rest of the months must now bring; ``None`` where nothing is left to bring, or no
        month is left.
    ahead
        The new plan for it; ``None`` where there is none.
    notes
        What a reader must know.
    """

    record: PlanRecord
    as_of: dt.date
    periods: pd.PeriodIndex
    channels: tuple[str, ...]
    planned: Side
    came: Side
    explained: ExplainedMiss
    maturity: FloatArray
    by_model: bool
    remaining: Targets | None = None
    ahead: Any = None
    notes: tuple[str, ...] = ()

    @property
    def target(self) -> FloatArray:
        """What was to be reached in each month that is over, shape ``(K,)``."""
        return np.asarray(self.record.targets.amount[: len(self.periods)])

    @property
    def expected(self) -> FloatArray:
        """What the plan expected in each of them, shape ``(K,)``."""
        return self._total(self.planned)

    @property
    def actual(self) -> FloatArray:
        """What came in each of them, shape ``(K,)``."""
        return self._total(self.came)

    @property
    def gap(self) -> float:
        """What came less what the plan expected."""
        return float(self.actual.sum() - self.expected.sum())

    @cached_property
    def effects(self) -> Mapping[str, float]:
        """What made the gap, in the unit of the target; together they are :attr:`gap`.

        ``"volume"``, ``"rate"``, ``"lag"`` and for money ``"deal size"`` of the new leads;
        ``"in flight"``, ``"without a lead"``, and, where there are any, wins of records that were
        lost when the plan was made, as ``"otherwise"``.
        """
        own = {name.replace("_", " "): one for name, one in self.explained.effects.items()}
        row = self._row
        for name, came in self.came.streams.items():
            effect = float(came[row].sum() - self.planned.streams[name][row].sum())
            if effect or name != REOPENED:
                own[name] = effect
        return MappingProxyType(own)

    @property
    def immature(self) -> NDArray[np.bool_]:
        """Whether the rate of each month's leads is still an expectation, shape ``(C, K)``."""
        return np.asarray(np.nan_to_num(self.maturity, nan=1.0) < IMMATURE - 1e-9)

    @property
    def _row(self) -> int:
        return 1 if self.record.unit == "value" else 0

    def _total(self, side: Side) -> FloatArray:
        new = side.money if self.record.unit == "value" else side.deals
        streams = [one[self._row] for one in side.streams.values()]
        return np.asarray(new.sum(axis=0) + np.sum(streams, axis=0))

    def bridge(self) -> pd.DataFrame:
        """Return the rows of a waterfall from target to what came: ``line`` and ``value``.

        All lines but the last add up to the last.
        """
        import pandas as pd

        target = float(self.target.sum())
        lines = {"target": target, CUSHION: float(self.expected.sum()) - target, **self.effects}
        lines["came"] = float(self.actual.sum())
        return pd.DataFrame({"line": list(lines), "value": list(lines.values())})

    def to_frame(self) -> pd.DataFrame:
        """Return one row per month that is over and part, and one per month for all.

        Returns
        -------
        DataFrame
            ``period``, ``part`` (a channel, ``"in flight"``, ``"without a lead"``, ``"all"``),
            ``leads_planned``, ``leads`` that came; ``deals_planned``, ``deals`` won in the month;
            for money ``value_planned``, ``value``; and in the rows of all ``target`` and ``gap``
            (came less target).
        """
        import pandas as pd

        labels = self.record.labels[: len(self.periods)]
        sides = self.planned, self.came
        none = np.full(len(labels), np.nan)
        blocks: list[tuple[str, list[Any]]] = []
        for c, name in enumerate(self.channels):
            numbers = [
                getattr(side, what)[c] for what in ("leads", "deals", "money") for side in sides
            ]
            blocks.append((name, numbers))
        for name in self.planned.streams:
            pairs = [side.streams[name][k] for k in (0, 1) for side in sides]
            if name != REOPENED or pairs[1].any():
                blocks.append((name, [none, none, *pairs]))
        whole = [np.nansum([numbers[i] for _, numbers in blocks], axis=0) for i in range(6)]
        blocks.append(("all", whole))
        names = ["leads_planned", "leads", "deals_planned", "deals", "value_planned", "value"]
        parts = []
        for name, numbers in blocks:
            part = pd.DataFrame(dict(zip(names, numbers, strict=True)))
            part.insert(0, "period", labels)
            part.insert(1, "part", name)
            is_all = name == "all"
            part["target"] = self.target if is_all else np.nan
            part["gap"] = self.actual - self.target if is_all else np.nan
            parts.append(part)
        found = pd.concat(parts, ignore_index=True)
        order = found["period"].map({label: k for k, label in enumerate(labels)})
        found = found.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)
        if self.record.unit == "count":
            found = found.drop(columns=["value_planned", "value"])
        return found

    def cohorts(self) -> pd.DataFrame:
        """Return one row per channel and month of entry: the leads, and what becomes of them.

        Returns
        -------
        DataFrame
            ``channel``, ``period``, ``leads_planned``, ``leads``, ``won`` so far in the months
            that are over, ``rate_planned`` and ``rate`` (ever won / leads; expected where they
            are young), ``maturity``, ``immature``, and the effects of the month's leads on the
            gap: ``volume_effect``, ``rate_effect``, ``lag_effect``, ``deal_size_effect``.
        """
        import pandas as pd

        labels = self.record.labels[: len(self.periods)]
        size = len(self.channels)
        columns: dict[str, Any] = {
            "channel": np.repeat(np.array(self.channels, object), len(labels)),
            "period": list(labels) * size,
            "leads_planned": self.planned.leads.ravel(),
            "leads": self.came.leads.ravel(),
            "won": self.came.won.ravel(),
            "rate_planned": _over(self.planned.eventual, self.planned.leads).ravel(),
            "rate": _over(self.came.eventual, self.came.leads).ravel(),
            "maturity": self.maturity.ravel(),
            "immature": self.immature.ravel(),
        }
        columns |= {f"{name}_effect": one for name, one in self.explained.by_cell.items()}
        return pd.DataFrame(columns)

    def months_ahead(self) -> pd.DataFrame:
        """Return what the months to come were to bring, and what they must bring now.

        Returns
        -------
        DataFrame
            One row per month to come: ``period``, ``target_then``, ``target_now``,
            ``leads_then``, ``leads_now``, and with several channels ``leads_then_<channel>`` and
            ``leads_now_<channel>``. What is not known, as there is no new plan, is NaN.
        """
        import pandas as pd

        begin = len(self.periods)
        then = self.record.leads[:, begin:]
        labels = self.record.labels[begin:]
        none = np.full(len(labels), np.nan)
        columns: dict[str, Any] = {"period": list(labels)}
        columns["target_then"] = self.record.targets.amount[begin:]
        columns["target_now"] = none if self.remaining is None else self.remaining.amount
        columns["leads_then"] = then.sum(axis=0)
        columns["leads_now"] = none if self.ahead is None else self.ahead.leads.sum(axis=0)
        own = () if self.ahead is None else tuple(self.ahead.channels)
        names = tuple(dict.fromkeys((*self.record.channels, *own)))
        if len(names) > 1:
            for name in names:
                known = name in self.record.channels
                row = then[self.record.channels.index(name)] if known else 0 * none
                columns[f"leads_then_{display.one_line(name)}"] = np.nan_to_num(row)
            for name in own:
                columns[f"leads_now_{display.one_line(name)}"] = self.ahead.leads[own.index(name)]
        return pd.DataFrame(columns)

    def summary(self) -> str:
        """Return the gap, what made it, the largest first, and what the rest now needs."""
        ends = period_name(self.periods[0]), period_name(self.periods[-1])
        span = ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"
        came, planned, target = (
            float(one.sum()) for one in (self.actual, self.expected, self.target)
        )
        leads = float(self.came.leads.sum()), float(self.planned.leads.sum())
        text = (
            f"{span}: {self._number(came)} came, where {self._number(planned)} were expected for a "
            f"target of {self._number(target)}; {display.plural(leads[0], 'lead')} came of "
            f"{display.count(leads[1])} planned."
        )
        scale = max(abs(one) for one in self.effects.values())
        if scale > 1e-9 * max(came, planned, 1.0):
            parts = [
                f"{self._signed(effect)} as {EFFECT_WORDS[name][effect < 0]}"
                for name, effect in sorted(self.effects.items(), key=lambda one: -abs(one[1]))
                if abs(effect) >= 0.005 * scale
            ]
            text += f" Of the {self._signed(self.gap)}: {display.listed(parts)}."
        young = int((self.immature & (self.came.leads > 0)).any(axis=0).sum())
        if young:
            how = "a model of today" if self.by_model else "the plan's own rates and lags"
            text += (
                f" Leads of {display.plural(young, 'month')} are too young for a rate of their "
                f"own; by {how} for now."
            )
        return " ".join([text, *self._ahead(), *self.notes])

    def _ahead(self) -> list[str]:
        """Return what the rest needs, in words."""
        if self.ahead is None:
            return []
        months = len(self.ahead.periods)
        now = float(self.ahead.leads.sum())
        then = float(self.record.leads[:, len(self.periods) :].sum())
        said = (
            f"The {display.plural(months, 'month')} to come must bring "
            f"{self._number(float(self.ahead.targets.total))} with a chance of "
            f"{display.chance(self.ahead.probability)}: {display.count(now / months)} leads a "
            f"month, where {display.count(then / months)} were planned."
        )
        return [said]

    def _number(self, value: float) -> str:
        if self.record.unit == "count":
            return f"{display.expected(value)} deals"
        of = f"{display.one_line(self.record.currency)} " if self.record.currency else ""
        return f"{of}{display.expected(value)}"

    def _signed(self, value: float) -> str:
        return display.signed(value, decimals=1 if abs(value) < 9.95 else 0)


def _over(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    some = denominator > 0
    return np.where(some, numerator / np.where(some, denominator, 1.0), np.nan)
