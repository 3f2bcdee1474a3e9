"""`Channel` and `Stream`: what a lead of a channel brings, and what comes without new leads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import Stated, frozen
from funnelkit.plan.basis.estimate import Estimate, Origin
from funnelkit.plan.basis.lag import Lag

FloatArray = NDArray[np.float64]
Unit = Literal["value", "count"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Channel(Stated):
    """What a lead of one channel brings, and when.

    Parameters
    ----------
    name
        Of the channel.
    rates
        Rate of each step, from the first stage to the win; their product, times ``ratio``, is
        the share of leads ever won.
    lag
        When those who are won are won.
    lag_sd
        Doubt of the lag: standard deviation of a factor on all times.
    timing
        Name of the timing; channels with the same one are quick or slow together. ``None``: it
        shares its with none.
    size
        Mean value of a won deal; ``None`` where deals are counted only.
    size_cv
        Standard deviation of the value of single deals, over their mean.
    correlation
        Correlation of the outcomes of two leads of one month's cohort, by which cohorts differ
        more than by chance: the rate of a cohort is beta about the channel's.
    cost
        Of one lead; ``None`` where it is not known.
    ratio
        Share won seen directly, over the product of the steps.
    reach
        Stage -> when those who ever come there come there.
    joint
        Joint draws of the share won over its expectation, shape ``(n_draws, H)``, from a model;
        ``None``: each rate's own doubt.
    size_joint
        Joint draws of the mean value of a deal over its expectation, shape ``(n_draws,)``, from a
        model; ``None``: its own doubt.
    origins
        ``"lag"``, ``"spread"`` (of deals) and ``"correlation"`` -> where these come from.

    Notes
    -----
    Deals are gamma distributed about their mean. Given the rate of its cohort, each lead is won
    or not by itself.
    """

    name: str
    rates: tuple[Estimate, ...]
    lag: Lag
    lag_sd: float = 0.0
    size: Estimate | None = None
    size_cv: float = 0.0
    correlation: float = 0.0
    cost: Estimate | None = None
    ratio: float = 1.0
    reach: Mapping[str, Lag] = field(default_factory=dict)
    joint: FloatArray | None = None
    size_joint: FloatArray | None = None
    timing: str | None = None
    origins: Mapping[str, Origin] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what cannot be a channel, all at once."""
        wrong = [
            f"rate {rate.value:g} is not from 0 to 1"
            for rate in self.rates
            if not 0 <= rate.value <= 1
        ]
        if not self.rates:
            wrong.append("it has no rate")
        if not 0 <= self.correlation < 1:
            wrong.append(f"`correlation` must be from 0 to below 1; got {self.correlation!r}")
        for name in ("size", "cost"):
            found = getattr(self, name)
            if found is not None and found.value < 0:
                wrong.append(f"`{name}` must be at least 0; got {found.value:g}")
        wrong.extend(
            f"`{name}` must be at least 0; got {getattr(self, name)!r}"
            for name in ("lag_sd", "size_cv")
            if not getattr(self, name) >= 0
        )
        if wrong:
            raise ArgumentError(f"Channel {self.name!r}: {'; '.join(wrong)}.")
        for name in ("joint", "size_joint"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def win_rate(self) -> float:
        """Share of its leads ever won."""
        return min(float(np.prod([rate.value for rate in self.rates])) * self.ratio, 1.0)


@dataclass(frozen=True, eq=False, kw_only=True)
class Stream:
    """Deals that come without new leads, as joint draws.

    Parameters
    ----------
    name
        In words: ``"in flight"``, ``"without a lead"``.
    deals, value
        Won deals and their money by month, shape ``(n_draws, H)`` each.
    reach
        Stage -> records expected to come there by month, shape ``(H,)``.
    source, n, date
        Where it comes from, the records behind it, and their last day.
    """

    name: str
    deals: FloatArray
    value: FloatArray
    reach: Mapping[str, FloatArray] = field(default_factory=dict)
    source: str = "stated"
    n: float | None = None
    date: dt.date | None = None

    def __post_init__(self) -> None:
        """Copy and freeze the draws."""
        for name in ("deals", "value"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        if self.deals.ndim != 2 or self.deals.shape != self.value.shape:
            raise ArgumentError(
                f"A stream's draws must be of one shape (n_draws, H); got {self.deals.shape} and "
                f"{self.value.shape}."
            )

    def totals(self, unit: Unit) -> FloatArray:
        """Return draws of all that it brings, shape ``(n_draws,)``: money or deals."""
        return np.asarray((self.value if unit == "value" else self.deals).sum(axis=1))

    def with_totals(
        self,
        wanted: FloatArray,
        *,
        unit: Unit,
        size: float,
        source: str,
        n: float | None = None,
        date: dt.date | None = None,
    ) -> Stream:
        """Return the same with other totals, over the months as before.

        Parameters
        ----------
        wanted
            Draws of the total, shape ``(n_draws,)``; money or deals.
        unit
            Which of both.
        size
            Mean value of a deal, where there was nothing before.
        source, n, date
            Where the totals come from.

        Notes
        -----
        Each draw is scaled as a whole; one that held nothing takes the months of the mean, or all
        months evenly.
        """
        own = self.value if unit == "value" else self.deals
        before = own.sum(axis=1)
        usual = own.mean(axis=0)
        months = len(usual)
        shape = usual / usual.sum() if usual.sum() > 0 else np.full(months, 1 / months)
        each = self.value.sum() / self.deals.sum() if self.deals.sum() > 0 else size
        factor = np.divide(wanted, before, out=np.zeros(len(before)), where=before > 0)[:, None]
        new = np.where(before[:, None] > 0, 0.0, wanted[:, None] * shape)
        in_deals, in_money = (
            (new / each if each else new, new)
            if unit == "value"
            else (
                new,
                new * each,
            )
        )
        ratio = float(wanted.mean() / before.mean()) if before.mean() > 0 else 1.0
        return replace(
            self,
            deals=self.deals * factor + in_deals,
            value=self.value * factor + in_money,
            reach={stage: np.asarray(found) * ratio for stage, found in self.reach.items()},
            source=source,
            n=n,
            date=date,
        )
