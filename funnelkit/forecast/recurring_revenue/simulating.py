"""Accounts month by month: who pays more or less, leaves, returns and starts, in every draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from funnelkit.metrics.recurring.revenue import MOVES

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_LARGEST = 2.0**52
_AT_ONCE = 2_000_000


class Chances(Protocol):
    """Monthly chances in each draw."""

    def paying(self, draws: slice, month: int, began: IntArray, segment: IntArray) -> FloatArray:
        """Return chances of churn, expansion and contraction, one after the other.

        Shape ``(3, n_draws, n_groups, n_classes)`` for groups of accounts that began in a month
        of a segment; each of those that did none of the movements before it.
        """
        ...

    def away(self, draws: slice, month: int, ended: IntArray, segment: IntArray) -> FloatArray:
        """Return chances to return, ``(n_draws, n_groups)``, of those that left in a month."""
        ...


Sizes = Callable[[IntArray, IntArray, np.random.Generator], FloatArray]
Arrivals = Callable[[slice, int, np.random.Generator], tuple[IntArray, IntArray, IntArray]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Rules:
    """How accounts move.

    Parameters
    ----------
    chances
        Of each movement.
    sizes
        ``"expansion"``, ``"contraction"``, ``"reactivation"`` -> (draws, amounts before) -> after.
    arrivals
        (draws, month to come) -> draw within them, segment and amount of each new account.
    edges
        Between classes of size.
    n_segments, n_named
        Numbers of segments, and of accounts that are told apart.
    coming
        About how many new accounts there are in a draw: how many draws are made at once.
    """

    chances: Chances
    sizes: Mapping[str, Sizes]
    arrivals: Arrivals
    edges: FloatArray
    n_segments: int
    n_named: int
    coming: int = 0


@dataclass(frozen=True, eq=False, kw_only=True)
class Accounts:
    """Accounts as they stand, one entry each: of whom it is known, or of one draw.

    Parameters
    ----------
    draw
        Of which draw it is.
    segment
        Position of its segment.
    since
        Month in which it began to pay, or left.
    amount
        What it pays, or paid last, in the smallest units.
    base
        What it paid when the forecast began; 0 where it did not.
    named
        Position among the accounts that are told apart, from 1; 0 of all others.
    """

    draw: IntArray
    segment: IntArray
    since: IntArray
    amount: IntArray
    base: IntArray
    named: IntArray

    def take(self, which: NDArray[np.bool_] | IntArray) -> Accounts:
        """Return some of them."""
        return Accounts(**{name: getattr(self, name)[which] for name in _PARTS})

    def join(self, other: Accounts) -> Accounts:
        """Return these and others."""
        return Accounts(
            **{name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in _PARTS}
        )

    def times(self, n_draws: int) -> Accounts:
        """Return them once in each draw."""
        number = len(self.draw)
        again = {name: np.tile(getattr(self, name), n_draws) for name in _PARTS}
        return Accounts(**(again | {"draw": np.repeat(np.arange(n_draws), number)}))


_PARTS = ("draw", "segment", "since", "amount", "base", "named")


@dataclass(frozen=True, eq=False, kw_only=True)
class Path:
    """What came of all accounts, in the smallest units.

    Parameters
    ----------
    revenue
        Paid in each month, shape ``(n_draws, K, H)``; ``K`` parts are the segments, then each
        account that is told apart.
    moves
        Movement -> amounts from 0 upwards, same shape.
    paying
        Accounts that pay, same shape.
    kept, kept_gross
        What accounts of the beginning pay, and at most what they paid then, same shape.
    """

    revenue: FloatArray
    moves: dict[str, FloatArray]
    paying: FloatArray
    kept: FloatArray
    kept_gross: FloatArray


def simulated(
    paying: Accounts,
    away: Accounts,
    rules: Rules,
    *,
    start: int,
    horizon: int,
    n_draws: int,
    rng: np.random.Generator,
) -> Path:
    """Return what comes of all accounts in each draw.

    Parameters
    ----------
    paying, away
        Accounts as they stand, each once.
    rules
        How they move.
    start
        Position of the first month to come, on the clock of ``since``.
    horizon, n_draws
        Numbers of months and draws.
    rng
        Generator.

    Notes
    -----
    An account moves at most once a month, as a table of months tells it. A new account, and one
    that has just left or returned, moves from the next month on.
    """
    total = rules.n_segments + rules.n_named
    shape = (n_draws, total, horizon)
    path = Path(
        revenue=np.zeros(shape),
        moves={name: np.zeros(shape) for name in MOVES},
        paying=np.zeros(shape),
        kept=np.zeros(shape),
        kept_gross=np.zeros(shape),
    )
    number = len(paying.draw) + len(away.draw) + rules.coming
    at_once = max(_AT_ONCE // max(number, 1), 1)
    for begin in range(0, n_draws, at_once):
        draws = slice(begin, min(begin + at_once, n_draws))
        number = draws.stop - draws.start
        world = _World(paying.times(number), away.times(number), draws, rules)
        for month in range(horizon):
            moved = world.step(start + month, month, rng)
            for name, amounts in moved.items():
                path.moves[name][draws, :, month] = amounts
            path.revenue[draws, :, month] = world.summed(world.paying, world.paying.amount)
            path.paying[draws, :, month] = world.summed(world.paying, None)
            old = world.paying.take(world.paying.base > 0)
            path.kept[draws, :, month] = world.summed(old, old.amount)
            gross = np.minimum(old.amount, old.base)
            path.kept_gross[draws, :, month] = world.summed(old, gross)
    return path


class _World:
    """The accounts of some draws, as they stand in a month."""

    def __init__(self, paying: Accounts, away: Accounts, draws: slice, rules: Rules) -> None:
        self.paying, self.away, self.draws, self.rules = paying, away, draws, rules
        self.number = draws.stop - draws.start

    def summed(self, accounts: Accounts, amounts: IntArray | None) -> FloatArray:
        """Return sums by draw and part, shape ``(n_draws, K)``; without amounts, numbers."""
        total = self.rules.n_segments + self.rules.n_named
        weights = None if amounts is None else amounts.astype(float)
        place = accounts.draw * total + accounts.segment
        found = np.bincount(place, weights, self.number * total).astype(float)
        if self.rules.n_named:
            told = np.flatnonzero(accounts.named)
            place = accounts.draw[told] * total + self.rules.n_segments + accounts.named[told] - 1
            weights = None if weights is None else weights[told]
            found += np.bincount(place, weights, self.number * total)
        return found.reshape(self.number, total)

    def step(self, clock: int, month: int, rng: np.random.Generator) -> dict[str, FloatArray]:
        """Move all accounts by one month, and return by how much."""
        back = self._returned(clock, month, rng)
        moved = self._moved(clock, month, rng)
        draw, segment, amount = self.rules.arrivals(self.draws, month, rng)
        none = np.zeros(len(draw), dtype=np.int64)
        fresh = Accounts(
            draw=draw, segment=segment, since=none + clock, amount=amount, base=none, named=none
        )
        moved["reactivation"] = self.summed(back, back.amount)
        moved["new"] = self.summed(fresh, fresh.amount)
        self.paying = self.paying.join(back).join(fresh)
        return moved

    def _returned(self, clock: int, month: int, rng: np.random.Generator) -> Accounts:
        """Take those that return out of those that are away."""
        away = self.away
        if not len(away.draw):
            return away
        groups, index = _grouped(away.since, away.segment)
        table = self.rules.chances.away(self.draws, month, groups[0], groups[1])
        chance = table.ravel()[away.draw * groups.shape[1] + index]
        comes = rng.random(len(chance)) < chance
        self.away = away.take(~comes)
        back = away.take(comes)
        own = self.rules.sizes["reactivation"](back.draw + self.draws.start, back.amount, rng)
        amount = np.clip(np.rint(own), 1, _LARGEST).astype(np.int64)
        return replace(back, amount=amount, since=np.full(len(amount), clock, dtype=np.int64))

    def _moved(self, clock: int, month: int, rng: np.random.Generator) -> dict[str, FloatArray]:
        """Let those that pay leave, pay more or pay less."""
        here = self.paying
        names = ("churn", "expansion", "contraction")
        if not len(here.draw):
            return {name: self.summed(here, here.amount) for name in names}
        groups, index = _grouped(here.since, here.segment)
        size = np.searchsorted(self.rules.edges, here.amount.astype(float), side="right")
        place = (here.draw * groups.shape[1] + index) * (len(self.rules.edges) + 1) + size
        table = self.rules.chances.paying(self.draws, month, groups[0], groups[1])
        parts = table.reshape(3, -1)
        churn = parts[0]
        up = churn + (1 - churn) * parts[1]
        down = up + (1 - up) * parts[2]
        luck = rng.random(len(place))
        some = np.flatnonzero(luck < down[place])
        mine, where = luck[some], place[some]
        gone = some[mine < churn[where]]
        more = some[(mine >= churn[where]) & (mine < up[where])]
        less = some[mine >= up[where]]
        amount = here.amount.copy()
        moved = {"churn": self.summed(here.take(gone), here.amount[gone])}
        for name, which in (("expansion", more), ("contraction", less)):
            before = here.amount[which]
            own = self.rules.sizes[name](here.draw[which] + self.draws.start, before, rng)
            after = np.clip(np.rint(own), 1, _LARGEST).astype(np.int64)
            after = np.maximum(after, before) if name == "expansion" else np.minimum(after, before)
            amount[which] = after
            moved[name] = self.summed(here.take(which), np.abs(after - before))
        left = here.take(gone)
        stays = np.ones(len(amount), dtype=bool)
        stays[gone] = False
        self.paying = replace(here, amount=amount).take(stays)
        self.away = self.away.join(replace(left, since=np.full(len(gone), clock, dtype=np.int64)))
        return moved


def _grouped(since: IntArray, segment: IntArray) -> tuple[IntArray, IntArray]:
    """Return months and segments that occur, shape ``(2, n_groups)``, and which one each has."""
    low = int(since.min())
    span = int(since.max()) - low + 1
    code = segment * span + (since - low)
    present = np.flatnonzero(np.bincount(code, minlength=1))
    place = np.zeros(int(present[-1]) + 1, dtype=np.int64)
    place[present] = np.arange(len(present))
    return np.stack([present % span + low, present // span]), place[code]
