"""The lives of simulated records: who they are, when they enter, move on, leave and come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit.data.simulation.lags import FloatArray, Lag
from funnelkit.data.simulation.scenario import Window
from funnelkit.data.simulation.truth import Truth

IntArray = NDArray[np.int64]
_DAYS_TO_REVERSAL = 30.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Histories:
    """Simulated records up to the end of the window; times are days since its first day.

    Parameters
    ----------
    stages, exits
        Times as recorded, shape ``(n, n_stages)`` and ``(n, n_exits)``; NaN where there is none.
    back
        Record, stage and time of each return to a stage after an exit, shape ``(3, n_returns)``.
    levels
        Segment -> position of the record's value, shape ``(n,)``.
    accounts, owners
        Numbers from 0, shape ``(n,)``.
    amounts
        Money of the deal, NaN before it is known, shape ``(n,)``.
    """

    stages: FloatArray
    exits: FloatArray
    back: FloatArray
    levels: dict[str, IntArray]
    accounts: IntArray
    owners: IntArray
    amounts: FloatArray


def draw_histories(truth: Truth, n: int, window: Window, rng: np.random.Generator) -> Histories:
    """Return ``n`` simulated records."""
    entering, belonging, walking, pricing = rng.spawn(4)
    per_day = entering.multinomial(n, window.day_shares)
    entry = np.sort(np.repeat(np.arange(len(per_day)), per_day) + entering.random(n))
    accounts = _accounts(n, truth.leads_per_account, belonging)
    levels = _level_codes(truth, accounts, belonging)
    walk = _Walk.begin(truth, window, entry, (accounts, levels), walking)
    for k in range(len(truth.rates)):
        walk.step(k)
    walk.reverse_wins()
    stages, exits, back = walk.recorded()
    factor = _by_level(truth, levels, "value").prod(axis=0)
    noise = pricing.normal(0, truth.value_sd, n)
    known = ~np.isnan(stages[:, max(1, stages.shape[1] - 2) :]).all(axis=1)
    return Histories(
        stages=stages,
        exits=exits,
        back=back,
        levels=levels,
        accounts=accounts,
        owners=belonging.integers(truth.owners, size=n),
        amounts=np.where(known, (truth.value_median * factor * np.exp(noise)).round(2), np.nan),
    )


def _accounts(n: int, mean: float, rng: np.random.Generator) -> IntArray:
    """Return an account for each record; an account has a geometric number of them."""
    sizes = rng.geometric(1 / mean, size=n)
    needed = int(np.searchsorted(np.cumsum(sizes), n)) + 1
    return rng.permutation(np.repeat(np.arange(needed), sizes[:needed])[:n])


def _level_codes(truth: Truth, accounts: IntArray, rng: np.random.Generator) -> dict[str, IntArray]:
    """Return the position of each record's value; all segments but the first are the account's."""
    codes: dict[str, IntArray] = {}
    for name, of in truth.levels.items():
        shares = np.array([level.share for level in of.values()])
        edges = np.cumsum(shares / shares.sum())[:-1]
        size = int(accounts.max()) + 1 if codes else len(accounts)
        drawn = np.searchsorted(edges, rng.random(size), side="right")
        codes[name] = drawn[accounts] if codes else drawn
    return codes


def _by_level(truth: Truth, codes: dict[str, IntArray], what: str) -> FloatArray:
    """Return a factor of each record's levels, shape ``(n_segments, n)``; ones without segments."""
    factors: list[Any] = [
        np.array([getattr(level, what) for level in of.values()])[codes[name]]
        for name, of in truth.levels.items()
    ]
    return np.array(factors or [[1.0]])


@dataclass(frozen=True, eq=False, kw_only=True)
class _Walk:
    """Records on their way through the stages; the arrays are filled as they go."""

    truth: Truth
    window: Window
    accounts: IntArray
    month: IntArray
    direct: NDArray[np.bool_]
    log_odds: FloatArray
    pace: FloatArray
    stages: FloatArray
    exits: FloatArray
    hidden: NDArray[np.bool_]
    false_exits: list[tuple[IntArray, int, FloatArray]]
    back: list[FloatArray]
    rng: np.random.Generator

    @classmethod
    def begin(
        cls,
        truth: Truth,
        window: Window,
        entry: FloatArray,
        who: tuple[IntArray, dict[str, IntArray]],
        rng: np.random.Generator,
    ) -> _Walk:
        """Return the records at their first stage; ``who`` are their accounts and levels."""
        n = len(entry)
        accounts, levels = who
        stages = np.full((n, len(truth.rates) + 1), np.nan)
        direct = rng.random(n) < truth.direct
        stages[~direct, 0] = entry[~direct]
        stages[direct, truth.funnel.stages.index(truth.direct_stage)] = entry[direct]
        return cls(
            truth=truth,
            window=window,
            accounts=accounts,
            month=np.searchsorted(window.month_starts, entry, side="right") - 1,
            direct=direct,
            log_odds=np.broadcast_to(np.log(_by_level(truth, levels, "odds")).sum(axis=0), n),
            pace=np.broadcast_to(_by_level(truth, levels, "pace").prod(axis=0), n),
            stages=stages,
            exits=np.full((n, len(truth.exits)), np.nan),
            hidden=np.zeros(stages.shape, bool),
            false_exits=[],
            back=[np.empty((3, 0))],
            rng=rng,
        )

    def step(self, k: int) -> None:
        """Let the records at stage ``k`` move on, leave, or stay."""
        truth, rng = self.truth, self.rng
        at = np.flatnonzero(~np.isnan(self.stages[:, k]))
        drift = truth.drift[k] * self.month[at]
        rate = special.expit(special.logit(truth.rates[k]) + self.log_odds[at] + drift)
        draw = _outcome_draws(self.accounts, at, truth.account_correlation, rng)
        bound = rate
        self._wait(self.stages[:, k + 1], truth.lags[k], at[draw < bound], k)
        for position, name in enumerate(truth.exits):
            upper = bound + (1 - rate) * truth.exits[name][k]
            gone = at[(draw >= bound) & (draw < upper)]
            self._wait(self.exits[:, position], truth.exit_lags[name][k], gone, k)
            bound = upper
        self._blur(at[draw < rate], k)

    def _wait(self, times: FloatArray, lag: Lag, rows: IntArray, k: int) -> None:
        """Write when the records get from stage ``k`` to what comes next."""
        since, pace = self.stages[rows, k], np.asarray(self.pace[rows], float)
        hazards: FloatArray = self.rng.exponential(size=len(rows))
        factors = np.asarray(self.truth.pace, float)
        if (factors != 1).any():
            starts = self.window.month_starts
            hazards = _without_pace(lag, hazards, (since, pace), starts, factors)
        times[rows] = since + lag.days_at(hazards) * pace

    def _blur(self, moved: IntArray, k: int) -> None:
        """Hide passed stages and lose records for a time, before they moved on from ``k``."""
        first = self.truth.funnel.stages.index(self.truth.direct_stage)
        if k > 0:
            passed = ~self.direct[moved] | (k > first)
            skipped = self.rng.random(len(moved)) < self.truth.skipped
            self.hidden[moved, k] = passed & skipped
        if shares := [of[k] for of in self.truth.exits.values()]:
            here, there = self.stages[:, k], np.floor(self.stages[:, k + 1])
            rows = moved[self.rng.random(len(moved)) < self.truth.reopened]
            rows = rows[there[rows] > here[rows]]  # lost on an earlier day than the next stage's
            left = here[rows] + self.rng.random(len(rows)) * (there[rows] - here[rows])
            again = left + self.rng.random(len(rows)) * (self.stages[rows, k + 1] - left)
            self.false_exits.append((rows, int(np.argmax(shares)), left))
            self.back.append(np.array([rows, np.full(len(rows), k), again]))

    def reverse_wins(self) -> None:
        """Lose some of the wins a while later."""
        if self.truth.exits:
            won = np.flatnonzero(~np.isnan(self.stages[:, -1]))
            won = won[self.rng.random(len(won)) < self.truth.reversed_wins]
            later = 1 + self.rng.exponential(_DAYS_TO_REVERSAL, len(won))
            self.exits[won, 0] = self.stages[won, -1] + later

    def recorded(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return stages, exits and returns as recorded by the window's end.

        The column of an exit holds the latest such exit by then, reopened or not.
        """
        end = float(len(self.window.days))
        with np.errstate(invalid="ignore"):
            stages = np.where((self.stages < end) & ~self.hidden, self.stages, np.nan)
            final = np.where(self.exits < end, self.exits, np.nan)
        shown = np.full(final.shape, np.nan)
        for rows, position, left in self.false_exits:
            past = left < end
            shown[rows[past], position] = left[past]
        back = np.concatenate(self.back, axis=1)
        return stages, np.where(np.isnan(final), shown, final), back[:, back[2] < end]


def _without_pace(
    lag: Lag,
    hazards: FloatArray,
    who: tuple[FloatArray, FloatArray],
    starts: FloatArray,
    factors: FloatArray,
) -> FloatArray:
    """Return the hazards that the lag itself has accumulated where its paced version reaches some.

    ``who`` are the times since which the records wait, and the factors on their lags; ``starts``
    are the starts of the months, then the end of the last one, after which the factor is 1.
    """
    since, pace = who
    left, done = hazards.copy(), np.zeros(len(since))
    for factor, low, high in zip(factors, starts[:-1], starts[1:], strict=True):
        begin = lag.cumulative_hazard(np.maximum(low - since, 0) / pace)
        passed = lag.cumulative_hazard(np.maximum(high - since, 0) / pace) - begin
        spent = np.minimum(left, factor * passed)
        done += spent / factor
        left -= spent
    return done + left


def _outcome_draws(
    accounts: IntArray, at: IntArray, correlation: float, rng: np.random.Generator
) -> FloatArray:
    """Return uniform draws, correlated between the records of one account."""
    if correlation == 0:
        return rng.random(len(at))
    shared = rng.normal(size=int(accounts.max()) + 1)[accounts[at]]
    own = rng.normal(size=len(at))
    normal = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own
    return np.asarray(special.ndtr(normal), float)
