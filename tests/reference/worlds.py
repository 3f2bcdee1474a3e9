"""Small worlds for plans: a truth, the history that it left, and futures of any plan.

Nothing of funnelkit is imported here. Each lead has its whole path drawn as it enters: whether and
when it becomes an opportunity, is won or lost, and for how much. History is what had happened by a
day; open leads then get paths drawn anew until they agree with what is known of them.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
NEVER = 10**6
SOURCES = ("web", "fair")


@dataclass
class Truth:
    """What leads of a source do: rates, median days and spread of each step, deal sizes.

    ``drift`` is what the log-odds of both rates change by from month to month.
    """

    opportunity: float
    won: float
    first_days: float
    second_days: float
    spread: float
    lost: float
    mean: float
    cv: float
    correlation: float
    drift: tuple[float, float] = (0.0, 0.0)

    def rates_in(self, month: float) -> tuple[float, float]:
        """Return both rates of leads that enter some months after the middle of history."""
        return tuple(
            1 / (1 + (1 - rate) / rate * math.exp(-drift * month))
            for rate, drift in zip((self.opportunity, self.won), self.drift, strict=True)
        )


@dataclass
class Paths:
    """Days of each lead, counted from a day 0; ``NEVER`` where something does not happen."""

    source: IntArray
    entered: IntArray
    opportunity: IntArray
    won: IntArray
    lost: IntArray
    amount: FloatArray

    def __len__(self) -> int:
        return len(self.entered)

    def some(self, which: Any) -> Paths:
        return Paths(**{name: getattr(self, name)[which] for name in self.__dataclass_fields__})

    def put(self, which: Any, other: Paths) -> None:
        for name in self.__dataclass_fields__:
            getattr(self, name)[which] = getattr(other, name)


@dataclass
class World:
    """A truth for each source, the first day, whole months of history, and every lead of it."""

    number: int
    truths: tuple[Truth, ...]
    start: dt.date
    months: int
    monthly: tuple[float, ...]
    cohort_rates: dict[tuple[int, int], tuple[float, float]] = field(default_factory=dict)
    leads: Paths | None = None

    @property
    def as_of(self) -> int:
        """Last day of history, counted from day 0."""
        return self.month_ends(self.months)[-1]

    def month_ends(self, months: int) -> list[int]:
        """Return the last day of each month."""
        found = []
        for k in range(1, months + 1):
            year, month = divmod(self.start.month - 1 + k, 12)
            found.append((dt.date(self.start.year + year, month + 1, 1) - self.start).days - 1)
        return found


def make_world(number: int, *, steady: bool = False) -> World:
    """Draw a world from its number; of a steady one, rates do not drift."""
    rng = np.random.default_rng([2028, number])
    truths = tuple(
        Truth(
            opportunity=rng.uniform(0.15, 0.45),
            won=rng.uniform(0.15, 0.4),
            first_days=np.exp(rng.uniform(np.log(5), np.log(25))),
            second_days=np.exp(rng.uniform(np.log(20), np.log(70))),
            spread=rng.uniform(0.5, 1.0),
            lost=rng.uniform(0.5, 1.0),
            mean=rng.uniform(10_000, 50_000),
            cv=rng.uniform(0.4, 1.0),
            correlation=float(rng.choice([0.0, 0.0005, 0.002])),
            drift=tuple(rng.normal(0, 0.012, 2) * (not steady)),
        )
        for _ in SOURCES
    )
    monthly = tuple(np.exp(rng.uniform(np.log(60), np.log(300))) for _ in SOURCES)
    world = World(number, truths, dt.date(2024, 1, 1), int(rng.integers(18, 31)), monthly)
    counts = np.array([rng.poisson(one, size=world.months) for one in monthly])
    world.leads = entering(world, counts, 0, rng)
    return world


def entering(world: World, counts: Any, first_month: int, rng: np.random.Generator) -> Paths:
    """Draw the whole paths of leads by source and month of entry."""
    ends = [-1, *world.month_ends(first_month + len(counts[0]))]
    parts = []
    for s, row in enumerate(counts):
        for k, number in enumerate(row):
            month = first_month + k
            truth = world.truths[s]
            moves, wins = truth.rates_in(month - world.months / 2)
            rho = truth.correlation
            if rho:
                # the wins of a month's cohort go together: those of its opportunities vary alike
                share = moves * wins
                own = rng.beta(share * (1 / rho - 1), (1 - share) * (1 / rho - 1))
                wins = min(own / moves, 1.0)
            world.cohort_rates[s, month] = (moves, wins)
            days = rng.integers(ends[month] + 1, ends[month + 1] + 1, size=int(number))
            parts.append(paths(truth, (moves, wins), np.full(len(days), s), days, rng))
    return Paths(
        **{
            name: np.concatenate([getattr(one, name) for one in parts])
            for name in Paths.__dataclass_fields__
        }
    )


def paths(
    truth: Truth, rates: Any, source: IntArray, days: IntArray, rng: np.random.Generator
) -> Paths:
    """Draw what leads that enter on some days do, with the rates of their cohorts."""
    n = len(days)

    def after(median: float) -> IntArray:
        return np.floor(median * np.exp(rng.normal(0, truth.spread, n))).astype(np.int64)

    moves = rng.random(n) < rates[0]
    wins = moves & (rng.random(n) < rates[1])
    opportunity = np.where(moves, days + after(truth.first_days), NEVER)
    won = np.where(wins, opportunity + after(truth.second_days), NEVER)
    gone = ~wins & (rng.random(n) < truth.lost)
    stood = np.where(moves, opportunity, days)
    lost = np.where(gone, stood + after(truth.second_days), NEVER)
    amount = rng.gamma(1 / truth.cv**2, truth.mean * truth.cv**2, n)
    return Paths(np.array(source), np.array(days), opportunity, won, lost, amount)


def history(world: World) -> dict[str, list[Any]]:
    """Return the export on the last day of history, column by column."""
    leads = world.leads
    known = {
        name: [
            world.start + dt.timedelta(days=int(day)) if day <= world.as_of else None
            for day in getattr(leads, name)
        ]
        for name in ("entered", "opportunity", "won", "lost")
    }
    won = leads.won <= world.as_of
    return {
        "lead_id": [f"L{k}" for k in range(len(leads))],
        "source": [SOURCES[s] for s in leads.source],
        "created_at": known["entered"],
        "opportunity_at": known["opportunity"],
        "won_at": known["won"],
        "lost_at": known["lost"],
        "amount": [float(a) if w else None for a, w in zip(leads.amount, won, strict=True)],
    }


def open_futures(world: World, rng: np.random.Generator) -> Paths:
    """Draw the paths of the open leads anew, until they agree with what is known of them."""
    known, today = world.leads, world.as_of
    stands = (known.won > today) & (known.lost > today)
    found = known.some(stands)
    seen = found.opportunity <= today
    month = np.searchsorted(world.month_ends(world.months), found.entered)
    rates = np.array([world.cohort_rates[s, m] for s, m in zip(found.source, month, strict=True)]).T
    left = np.arange(len(found))
    while len(left):
        still = []
        for s, truth in enumerate(world.truths):
            own = left[found.source[left] == s]
            drawn = paths(truth, rates[:, own], found.source[own], found.entered[own], rng)
            was = seen[own]
            # the day it became an opportunity is known: later days are moved along with it
            moved = np.where(was & (drawn.opportunity < NEVER), found.opportunity[own], NEVER)
            shift = np.where(moved < NEVER, moved - drawn.opportunity, 0)
            drawn.won = np.where(drawn.won < NEVER, drawn.won + shift, NEVER)
            drawn.lost = np.where(drawn.lost < NEVER, drawn.lost + shift, NEVER)
            drawn.opportunity = drawn.opportunity + shift
            agrees = (drawn.won > today) & (drawn.lost > today)
            agrees &= np.where(was, drawn.opportunity < NEVER, drawn.opportunity > today)
            found.put(own[agrees], drawn.some(agrees))
            still.append(own[~agrees])
        left = np.concatenate(still)
    return found


def money_of(world: World, plan: Any, rng: np.random.Generator) -> float:
    """Draw one future of a plan, leads by source and month to come: the money won in its months."""
    plan = np.asarray(plan)
    end = world.month_ends(world.months + plan.shape[1])[-1]
    total = 0.0
    for one in (open_futures(world, rng), entering(world, plan, world.months, rng)):
        total += float(one.amount[(one.won > world.as_of) & (one.won <= end)].sum())
    return total
