"""`score_overrides`: what people said of single deals, what the model said, and what came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit._core.interval import Interval, share_interval
from funnelkit._core.result import Result, frozen
from funnelkit.forecast.rolling.overrides import Overrides
from funnelkit.forecast.rolling.single_deals import single_deals

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads

FloatArray = NDArray[np.float64]
_SAME = 1e-9


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class OverrideScores(Result):
    """Overrides beside what the model said and what came, of the deals that are closed.

    Parameters
    ----------
    deals
        Ids of the deals that are scored.
    said, model, actual
        Money that people and the model expected, and that came; shape ``(n,)``. The model's is
        NaN where it is not known.
    people
        Pseudonym of who said so, or ``None``.
    still_open
        Deals whose end is not known yet.
    unknown
        Deals of which nothing was found.
    currency
        Of the money.
    """

    deals: tuple[str, ...]
    said: FloatArray
    model: FloatArray
    actual: FloatArray
    people: tuple[str | None, ...]
    still_open: tuple[str, ...]
    unknown: tuple[str, ...]
    currency: str | None = None

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("said", "model", "actual"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def closer(self) -> tuple[str | None, ...]:
        """Of each deal: ``"override"``, ``"model"`` or ``"same"``; ``None`` where not known."""
        gaps = np.abs(self.said - self.actual) - np.abs(self.model - self.actual)
        small = _SAME * np.maximum(np.abs(self.actual), 1.0)
        return tuple(
            None
            if np.isnan(gap)
            else "same"
            if abs(gap) <= least
            else "override"
            if gap < 0
            else "model"
            for gap, least in zip(gaps.tolist(), small.tolist(), strict=True)
        )

    def confidence_interval(self, confidence_level: float = 0.95) -> Interval:
        """Return Wilson's interval of the share of deals of which people were closer.

        Deals of which both were the same are left out.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        won, lost = (self.closer.count(one) for one in ("override", "model"))
        return share_interval(won, won + lost, confidence_level=confidence_level)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per deal that is scored.

        Returns
        -------
        DataFrame
            ``deal``, ``said_by`` (a pseudonym), ``override_value``, ``model_value``,
            ``actual_value``, ``override_error``, ``model_error`` (said less came) and ``closer``.
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "deal": list(self.deals),
                "said_by": list(self.people),
                "override_value": self.said,
                "model_value": self.model,
                "actual_value": self.actual,
                "override_error": self.said - self.actual,
                "model_error": self.model - self.actual,
                "closer": list(self.closer),
            }
        )

    def summary(self) -> str:
        """Return who was closer how often, and by how much each was off."""
        waiting = len(self.still_open)
        more = f" {display.plural(waiting, 'deal')} with an override still open." if waiting else ""
        if self.unknown:
            more += f" Of {display.plural(len(self.unknown), 'deal')} nothing was found."
        if not self.deals:
            return f"No deal with an override is closed yet.{more}"
        of = "" if self.currency is None else f"{self.currency} "
        n = len(self.deals)
        off = float(np.abs(self.said - self.actual).mean())
        leaned = float((self.said - self.actual).mean())
        way = "high" if leaned > 0 else "low"
        text = (
            f"Of {display.plural(n, 'closed deal')} with an override, people were off by "
            f"{of}{display.count(off)} on average (too {way} by {of}{display.count(abs(leaned))})"
        )
        both = np.isfinite(self.model)
        if not both.any():
            return f"{text}.{more}"
        theirs = float(np.abs(self.said - self.actual)[both].mean())
        model = float(np.abs(self.model - self.actual)[both].mean())
        closer = self.closer
        low, high = self.confidence_interval()
        won, lost = closer.count("override"), closer.count("model")
        text += (
            f". Where the model's word is known ({display.plural(int(both.sum()), 'deal')}), they "
            f"were off by {of}{display.count(theirs)} and the model by {of}{display.count(model)}; "
            f"people were closer on {won} of {won + lost}"
        )
        if won + lost:
            text += f" ({display.percent_range(float(low), float(high), words=True)})"
        return f"{text}.{more}"


def score_overrides(
    overrides: Overrides,
    outcomes: Leads | pd.DataFrame,
    *,
    deals: pd.DataFrame | None = None,
    id: str | None = None,  # noqa: A002
) -> OverrideScores:
    """Return what people said of single deals beside what the model said and what came.

    Parameters
    ----------
    overrides
        Of :func:`read_overrides`.
    outcomes
        The leads as they are now: a won deal brought its amount, a lost one nothing; of a won deal
        without an amount it is not known what it brought. Or a frame
        with ``deal`` (or ``id``) and ``value``: what came, 0 where it was lost, blank where it is
        still open.
    deals
        The open deals as the model saw them when the forecast was made, such as
        ``pipeline(…).deals()`` of that day.
    id
        Column of the id in ``deals``.

    Returns
    -------
    OverrideScores
        One row per deal that is closed. An override of a period is over with that period: a deal
        won later brought nothing in it.

    Raises
    ------
    ArgumentError
        If an argument is of another kind, or lacks a column.
    DataError
        If a deal stands in a table twice, or a number cannot be.
    """
    if not isinstance(overrides, Overrides):
        raise ArgumentError(
            f"`overrides` must be those of read_overrides(…); got {type(overrides).__name__}."
        )
    came = _from_frame(outcomes) if _is_frame(outcomes) else _from_leads(overrides, outcomes)
    told: dict[str, float] = {}
    if deals is not None:
        own = single_deals(deals, id=id)
        told = dict(zip(own.ids, own.expected.tolist(), strict=True))
    closed = [k for k, name in enumerate(overrides.deals) if came.get(name) is not None]
    names = [overrides.deals[k] for k in closed]
    return OverrideScores(
        deals=tuple(names),
        said=overrides.expected[closed] if closed else np.zeros(0),
        model=np.array([told.get(name, np.nan) for name in names], dtype=float),
        actual=np.array([came[name] for name in names], dtype=float),
        people=tuple(overrides.people[k] for k in closed),
        still_open=tuple(one for one in overrides.deals if one in came and came[one] is None),
        unknown=tuple(one for one in overrides.deals if one not in came),
        currency=overrides.currency,
    )


def _is_frame(outcomes: object) -> bool:
    import pandas as pd

    return isinstance(outcomes, pd.DataFrame)


def _from_frame(outcomes: Any) -> dict[str, float | None]:
    columns = [str(one) for one in outcomes.columns]
    name = next((one for one in ("deal", "id") if one in columns), None)
    if name is None or "value" not in columns:
        raise ArgumentError(
            "`outcomes` needs the columns `deal` and `value` (what came; blank where it is still "
            f"open); it has {display.listed([f'`{one}`' for one in columns[:12]])}."
        )
    found: dict[str, float | None] = {}
    for deal, value in zip(outcomes[name], outcomes["value"], strict=True):
        if str(deal) in found:
            raise DataError(f"`outcomes` has {display.one_line(str(deal))[:40]} twice.")
        blank = value is None or value != value  # noqa: PLR0124
        try:
            found[str(deal)] = None if blank else float(value)
        except (TypeError, ValueError):
            raise DataError(f"`outcomes`: `value` must hold numbers; got {value!r:.40}.") from None
    return found


def _from_leads(overrides: Overrides, leads: Any) -> dict[str, float | None]:
    from funnelkit.data.records import Leads
    from funnelkit.data.standing import standings

    if not isinstance(leads, Leads):
        raise ArgumentError(
            "`outcomes` must be leads, or a frame with `deal` and `value`; got "
            f"{type(leads).__name__}."
        )
    if leads.funnel.value is None:
        raise ArgumentError("`outcomes`: the funnel has no `value` column, so there is no money.")
    states = standings(leads, stage=leads.funnel.stages[0])
    found: dict[str, float | None] = {}
    for deal, period in zip(overrides.deals, overrides.periods, strict=True):
        if deal not in states:
            continue
        one = states[deal]
        if one.state == "won" and not one.amount:
            continue  # what it brought is not known
        amount = float(one.amount or 0)
        if period is not None and one.state != "lost":
            end = period.end_time.date()
            in_time = one.state == "won" and one.closed is not None and one.closed <= end
            found[deal] = amount if in_time else 0.0 if end <= leads.as_of else None
        else:
            found[deal] = {"won": amount, "lost": 0.0}.get(one.state)
    return found
