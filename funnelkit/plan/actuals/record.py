"""`PlanRecord`: a plan in plain numbers, as it is kept to be compared later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import display
from funnelkit._core.dates import day_name, period_label, period_name
from funnelkit._core.errors import ArgumentError, numbered
from funnelkit._core.result import Result, frozen
from funnelkit.forecast.result import Unit
from funnelkit.plan.goals.targets import Targets

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
VERSION = 1
DIGITS = 10
"""Significant digits that are kept."""
_SLACK = 1e-6


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """One line of the ledger: what was assumed, how sure it was, and where it came from."""

    key: str
    value: float
    low: float
    high: float
    source: str = ""
    n: float | None = None
    date: dt.date | None = None


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PlanRecord(Result):
    """A plan in plain numbers; made by :func:`remember_plan`, read by :func:`read_plan`.

    Shapes: ``C = len(channels)``, ``H = len(periods)`` months.

    Parameters
    ----------
    as_of
        Last day that was known when it was made.
    periods
        Civil months of the plan.
    stages
        Of the funnel.
    channels
        Names.
    targets
        What was to be reached.
    probability, hit
        Asked and reached probability of the target of all months.
    leads
        Planned by channel and month of entry, shape ``(C, H)``.
    rates
        Expected share ever won of the leads of each month, shape ``(C, H)``.
    within
        Share of these won in each month, by channel and month of entry, shape ``(C, H, H)``.
    sizes
        Mean value of a deal by channel, shape ``(C,)``; 1 where deals are counted.
    in_flight, direct
        Expected deals and money by month of what was open, and of deals that never are a lead,
        shape ``(2, H)`` each.
    shortfall
        Of the target, what no leads could bring any more, shape ``(H,)``.
    options
        Name of another plan (``"P50"``) -> its leads, shape ``(C, H)``.
    ledger
        What was assumed.
    unit, currency
        Of the target.
    label
        What it was called.
    by
        Segment columns whose values are the channels; empty: not told.
    notes
        What a reader must know.
    """

    as_of: dt.date
    periods: pd.PeriodIndex
    stages: tuple[str, ...]
    channels: tuple[str, ...]
    targets: Targets
    probability: float
    hit: float
    leads: FloatArray
    rates: FloatArray
    within: FloatArray
    sizes: FloatArray
    in_flight: FloatArray
    direct: FloatArray
    shortfall: FloatArray
    options: Mapping[str, FloatArray] = field(default_factory=dict)
    ledger: tuple[Assumed, ...] = ()
    unit: Unit = "value"
    currency: str | None = None
    label: str = ""
    by: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the numbers, and refuse those that do not fit each other."""
        channels, ahead = len(self.channels), len(self.periods)
        shapes: dict[str, tuple[int, ...]] = {
            "leads": (channels, ahead),
            "rates": (channels, ahead),
            "within": (channels, ahead, ahead),
            "sizes": (channels,),
            "in_flight": (2, ahead),
            "direct": (2, ahead),
            "shortfall": (ahead,),
        }
        wrong = []
        for name, shape in shapes.items():
            one = frozen(getattr(self, name), np.float64)
            object.__setattr__(self, name, one)
            wrong += _misfits(name, one, shape)
        own = {name: frozen(one, np.float64) for name, one in self.options.items()}
        object.__setattr__(self, "options", MappingProxyType(own))
        for name, one in own.items():
            wrong += _misfits(f"options.{display.one_line(name)}", one, (channels, ahead))
        wrong = wrong or self._contradictions()
        if wrong:
            raise ArgumentError(numbered(wrong))

    def _contradictions(self) -> list[str]:
        tests = {
            "`rates` must be shares from 0 to 1.": (self.rates > 1 + _SLACK).any(),
            "`within` must hold shares that sum to at most 1 for each month.": (
                self.within.sum(axis=2) > 1 + _SLACK
            ).any(),
            "`targets` must be of the months of the plan.": (
                list(self.targets.periods) != list(self.periods)
            ),
            "`channels` must each have a name of their own.": (
                len(set(self.channels)) < len(self.channels)
            ),
            "`probability` and `hit` must be from 0 to 1.": not (
                0 <= self.probability <= 1 and 0 <= self.hit <= 1
            ),
        }
        return [why for why, bad in tests.items() if bad]

    @classmethod
    def of(cls, plan: Any, *, label: str = "", by: tuple[str, ...] = ()) -> PlanRecord:
        """Return the record of a plan.

        Raises
        ------
        ArgumentError
            If it is no plan.
        """
        needed = ("assumptions", "targets", "probability", "leads", "options", "shortfall")
        if any(not hasattr(plan, name) for name in needed):
            raise ArgumentError(
                f"`plan` must be a Plan, as `reverse` returns; got {type(plan).__name__}."
            )
        own = plan.assumptions
        targets: Targets = plan.targets
        return cls(
            as_of=own.as_of,
            periods=own.periods,
            stages=tuple(own.stages),
            channels=tuple(one.name for one in own.channels),
            targets=targets.rounded(DIGITS),
            probability=float(plan.probability),
            hit=float(min(max(plan.hit, 0.0), 1.0)),
            leads=kept(plan.leads),
            rates=kept(np.tile(own.rates[:, None], (1, len(own.periods)))),
            within=kept(own.within.mean(axis=0)),
            sizes=kept(own.sizes),
            in_flight=kept([own.in_flight.deals.mean(axis=0), own.in_flight.value.mean(axis=0)]),
            direct=kept([own.direct.deals.mean(axis=0), own.direct.value.mean(axis=0)]),
            shortfall=kept(plan.shortfall),
            options={name: kept(one) for name, one in plan.options.items()},
            ledger=_ledger(own),
            unit=targets.unit,
            currency=own.currency or targets.currency,
            label=label,
            by=by or own.by,
            notes=tuple(getattr(plan, "notes", ())),
        )

    @property
    def deals(self) -> FloatArray:
        """Expected deals by channel, month of entry and month of the win, shape ``(C, H, H)``."""
        return np.asarray((self.leads * self.rates)[..., None] * self.within)

    @property
    def in_unit(self) -> FloatArray:
        """The same in the unit of the target: money, or deals."""
        return self.deals * self.sizes[:, None, None] if self.unit == "value" else self.deals

    @property
    def expected(self) -> FloatArray:
        """What was expected of all parts together by month, in the unit, shape ``(H,)``."""
        row = 1 if self.unit == "value" else 0
        streams = self.in_flight[row] + self.direct[row]
        return np.asarray(self.in_unit.sum(axis=(0, 1)) + streams)

    @property
    def labels(self) -> tuple[str, ...]:
        """Each month as tables write it."""
        return tuple(period_label(one) for one in self.periods)

    def same_as(self, other: PlanRecord) -> bool:
        """Return whether another one says the same, but for the last digits."""
        plain = ("as_of", "stages", "channels", "unit", "currency", "label", "by")
        if any(getattr(self, name) != getattr(other, name) for name in plain):
            return False
        if self.labels != other.labels or set(self.options) != set(other.options):
            return False
        names = ("leads", "rates", "within", "sizes", "in_flight", "direct", "shortfall")
        pairs = [(getattr(self, name), getattr(other, name)) for name in names]
        pairs += [(one, other.options[name]) for name, one in self.options.items()]
        pairs.append((self.targets.amount, other.targets.amount))
        return all(np.allclose(a, b, rtol=1e-8, atol=1e-9) for a, b in pairs)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per month and part.

        Returns
        -------
        DataFrame
            ``period``, ``part`` (a channel, ``"in flight"``, ``"without a lead"``), ``leads``
            entering in the month, ``deals`` won in it and their ``value``, all as expected.
        """
        import pandas as pd

        deals = self.deals.sum(axis=1)
        value = deals * self.sizes[:, None]
        blocks = [(name, self.leads[c], deals[c], value[c]) for c, name in enumerate(self.channels)]
        none = np.full(len(self.periods), np.nan)
        blocks += [
            (words, none, one[0], one[1])
            for words, one in (("in flight", self.in_flight), ("without a lead", self.direct))
        ]
        parts = [
            pd.DataFrame(
                {"period": self.labels, "part": name, "leads": leads, "deals": won, "value": money}
            )
            for name, leads, won, money in blocks
        ]
        found = pd.concat(parts, ignore_index=True)
        return found if self.unit == "value" else found.drop(columns="value")

    def summary(self) -> str:
        """Return what was planned, when, and what was expected of it."""
        ends = period_name(self.periods[0]), period_name(self.periods[-1])
        called = f" ({display.one_line(self.label)})" if self.label else ""
        what = "deals" if self.unit == "count" else display.one_line(self.currency or "in money")
        return (
            f"Plan of {day_name(self.as_of)}{called} for {ends[0]} to {ends[1]}: "
            f"{display.plural(self.leads.sum(), 'lead')} for a target of "
            f"{display.expected(self.targets.total)} {what}, of which "
            f"{display.expected(float(self.expected.sum()))} were expected; the chance of the "
            f"target was {display.chance(self.hit)}."
        )


def kept(values: ArrayLike) -> FloatArray:
    """Return numbers with as many digits as are kept."""
    given = np.asarray(values, dtype=float)
    flat = [float(f"{value:.{DIGITS}g}") for value in given.ravel().tolist()]
    return np.array(flat).reshape(given.shape)


def _misfits(name: str, one: FloatArray, shape: tuple[int, ...]) -> list[str]:
    if one.shape != shape:
        return [f"`{name}` must be of shape {shape}; got {one.shape}."]
    if not np.isfinite(one).all() or (one < 0).any():
        return [f"`{name}` must hold numbers of at least 0."]
    return []


def _ledger(own: Any) -> tuple[Assumed, ...]:
    """Return what is assumed, with 80 % intervals, where the assumptions tell it."""
    if not hasattr(own, "inputs"):
        return ()
    found = []
    for key, one in own.inputs().items():
        low, high = own.ends(key)
        numbers = [float(kept(value)) for value in (one.value, low, high)]
        found.append(
            Assumed(
                key=key,
                value=numbers[0],
                low=numbers[1],
                high=numbers[2],
                source=one.source,
                n=None if one.n is None else float(kept(one.n)),
                date=one.date,
            )
        )
    return tuple(found)
