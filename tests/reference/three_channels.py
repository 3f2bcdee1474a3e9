"""Three channels over twelve months, and the cheapest plan found in other ways than funnelkit's.

Nothing of funnelkit is imported here but to state the same case to it (``assumptions``). The
chance of a plan is reckoned by a normal tail given each draw of the rates; the plan is sought by
SLSQP from random starts, and by a cutting-plane linear program on drawn scenarios; a plan is judged
by drawing cohort after cohort.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

FloatArray = NDArray[np.float64]

NAMES = ("search", "events", "outbound")
RATE = np.array([0.02, 0.008, 0.015])
SIZE = np.array([20_000.0, 45_000.0, 30_000.0])
CV = np.array([0.8, 1.0, 0.8])
COST = np.array([120.0, 90.0, 200.0])
CEILING = np.array([900.0, 2_500.0, 400.0])
LAG = ((2.0, 1.2), (4.0, 1.8), (3.0, 1.5))
DOUBT, RHO = 0.12, 0.001
FLIGHT, FLIGHT_SD = 1_150_000.0, 150_000.0
TARGET, MONTHS, SURE = 6_000_000.0, 12, 0.8


def lag_shares(mean: float, sd: float, last: int = 8) -> FloatArray:
    """Return a gamma lag in months, cut to months 0 to 8 and brought back to a sum of 1."""
    law = stats.gamma((mean / sd) ** 2, scale=sd**2 / mean)
    shares = np.diff(law.cdf(np.arange(last + 2)))
    return shares / shares.sum()


def within() -> FloatArray:
    """Return the share of the won that is won by the end, by channel and month of entry."""
    return np.array([[lag_shares(*one)[: MONTHS - m].sum() for m in range(MONTHS)] for one in LAG])


def assumptions(*, doubt: float = DOUBT, n_draws: int = 2000) -> Any:
    """State the case to funnelkit."""
    import funnelkit as fk

    channels = {
        name: {
            "rates": [float(RATE[c])],
            "value": {"mean": float(SIZE[c]), "cv": float(CV[c])},
            "lag": lag_shares(*LAG[c]).tolist(),
            "doubt": doubt,
            "correlation": RHO,
            "cost": float(COST[c]),
        }
        for c, name in enumerate(NAMES)
    }
    strata = (np.random.default_rng(5).permutation(n_draws) + 0.5) / n_draws
    flight = np.zeros((n_draws, MONTHS))
    flight[:, 0] = FLIGHT + FLIGHT_SD * special.ndtri(strata)
    stream = fk.plan.Stream(name="in flight", deals=np.zeros_like(flight), value=flight)
    return fk.plan.stated(
        channels, periods="2027-01", horizon=MONTHS, in_flight=stream, n_draws=n_draws
    )


class Draws(NamedTuple):
    """Rates, shape ``(N, C)``, and what is in flight, ``(N,)``."""

    rates: FloatArray
    flight: FloatArray


def drawn(n: int, rng: np.random.Generator) -> Draws:
    """Draw rates (beta) and what is in flight (normal)."""
    worth = (1 - RATE) / (RATE * DOUBT**2) - 1
    rates = rng.beta(RATE * worth, (1 - RATE) * worth, size=(n, len(RATE)))
    return Draws(rates, rng.normal(FLIGHT, FLIGHT_SD, size=n))


def spread(n: int, rng: np.random.Generator) -> Draws:
    """Draw rates and what is in flight, one of each of n equal parts of their distributions."""
    parts = [(rng.permutation(n) + 0.5) / n for _ in range(len(RATE) + 1)]
    worth = (1 - RATE) / (RATE * DOUBT**2) - 1
    rates = [
        special.betaincinv(r * w, (1 - r) * w, one)
        for r, w, one in zip(RATE, worth, parts, strict=False)
    ]
    return Draws(np.stack(rates, axis=1), FLIGHT + FLIGHT_SD * special.ndtri(parts[-1]))


class Normal:
    """The chance of the target by a normal tail given each draw, with its gradient.

    Given rates: a cohort of L leads, each won in time with chance q = r f, brings
    L q s in the mean, with variance L s² (q (1 + cv²) - q²) + L (L - 1) rho r (1 - r) f² s².
    """

    def __init__(self, draws: Draws) -> None:
        f = within()
        r, s = draws.rates[:, :, None], SIZE[None, :, None]
        q = r * f
        pair = RHO * r * (1 - r) * f**2 * s**2
        n = len(draws.rates)
        self.flight = draws.flight
        self.mean = (q * s).reshape(n, -1)
        self.single = (q * s**2 * (1 + CV[None, :, None] ** 2) - q**2 * s**2 - pair).reshape(n, -1)
        self.pair = pair.reshape(n, -1)

    def score(self, leads: FloatArray) -> tuple[float, FloatArray]:
        """Return the normal quantile of the chance, and its gradient."""
        mean = self.flight + self.mean @ leads
        variance = np.maximum(self.single @ leads + self.pair @ leads**2, 1.0)
        sd = np.sqrt(variance)
        z = (mean - TARGET) / sd
        density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
        by_variance = -density * z / (2 * variance)
        slope = (density / sd) @ self.mean + by_variance @ self.single
        slope = (slope + 2 * leads * (by_variance @ self.pair)) / len(mean)
        score = float(special.ndtri(np.clip(special.ndtr(z).mean(), 1e-12, 1 - 1e-12)))
        return score, slope / (np.exp(-(score**2) / 2) / np.sqrt(2 * np.pi))


def by_slsqp(chance: Normal, starts: int, rng: np.random.Generator) -> tuple[float, FloatArray]:
    """Return the cheapest plan of SLSQP from random starts, in parts of leads."""
    cost = np.repeat(COST, MONTHS)
    high = np.repeat(CEILING, MONTHS)
    scale = float(cost @ high)
    wanted = float(special.ndtri(SURE))
    best, leads = np.inf, high
    for _ in range(starts):
        found = optimize.minimize(
            lambda x: (float(cost @ (x * high)) / scale, cost * high / scale),
            rng.uniform(0, 1, size=len(cost)),
            jac=True,
            method="SLSQP",
            bounds=[(0.0, 1.0)] * len(cost),
            constraints={
                "type": "ineq",
                "fun": lambda x: chance.score(x * high)[0] - wanted,
                "jac": lambda x: chance.score(x * high)[1] * high,
            },
            options={"maxiter": 300, "ftol": 1e-9},
        )
        x = np.clip(found.x, 0, 1) * high
        if chance.score(x)[0] >= wanted - 1e-4 and float(cost @ x) < best:
            best, leads = float(cost @ x), x
    return best, leads


def by_scenarios(
    draws: Draws, rng: np.random.Generator, *, rounds: int = 60
) -> tuple[float, FloatArray]:
    """Return the cheapest plan of a linear program with planes of a quantile over scenarios.

    Each scenario has its rates, what is in flight, and one standard normal for chance. The plane
    of the (1 - p) quantile has as its slope the mean slope of the totals next to it.
    """
    normal = Normal(draws)
    luck = special.ndtri((rng.permutation(len(draws.flight)) + 0.5) / len(draws.flight))
    cost, high = np.repeat(COST, MONTHS), np.repeat(CEILING, MONTHS)
    near = max(len(luck) // 50, 20)
    place = int((1 - SURE) * len(luck))

    def quantile(leads: FloatArray) -> tuple[float, FloatArray]:
        sd = np.sqrt(normal.single @ leads + normal.pair @ leads**2 + 1.0)
        total = normal.flight + normal.mean @ leads + sd * luck
        order = np.argsort(total)
        some = order[max(place - near, 0) : place + near]
        bend = (luck / (2 * sd))[some, None]
        slopes = normal.mean[some] + bend * (normal.single[some] + 2 * normal.pair[some] * leads)
        return float(total[order[place]]), slopes.mean(axis=0)

    inside, best, leads = high, np.inf, high
    rows, right = [], []
    for _ in range(rounds):
        matrix = np.array(rows) if rows else None
        done = optimize.linprog(
            cost, A_ub=matrix, b_ub=right or None, bounds=list(zip(0 * high, high, strict=True))
        )
        low, top = 0.0, 1.0
        if quantile(done.x)[0] < TARGET:
            for _ in range(25):
                middle = (low + top) / 2
                point = done.x + middle * (inside - done.x)
                low, top = (low, middle) if quantile(point)[0] >= TARGET else (middle, top)
        else:
            top = 0.0
        point = done.x + top * (inside - done.x)
        if float(cost @ point) < best:
            best, leads = float(cost @ point), point
        if best - float(done.fun) < 2e-3 * best:
            break
        value, slope = quantile(point)
        rows.append(-slope / 1e3)
        right.append((value - TARGET - slope @ point) / 1e3)
    return best, leads


def simulated_chance(
    leads: FloatArray, n: int, rng: np.random.Generator, *, chunk: int = 20_000
) -> float:
    """Return the share of futures that bring the target: cohort after cohort, deal by deal.

    A cohort's own rate is beta about the channel's; wins are binomial, those in time are a
    binomial part of them, and what they are worth together is gamma distributed.
    """
    f = within()
    hits = 0
    for start in range(0, n, chunk):
        count = min(chunk, n - start)
        draws = drawn(count, rng)
        total = draws.flight.copy()
        for c in range(len(RATE)):
            r = draws.rates[:, c]
            for m in range(MONTHS):
                if leads[c, m] <= 0:
                    continue
                own = rng.beta(r * (1 / RHO - 1), (1 - r) * (1 / RHO - 1))
                wins = rng.binomial(int(leads[c, m]), own)
                timely = rng.binomial(wins, f[c, m])
                worth = rng.gamma(np.maximum(timely, 1e-9) / CV[c] ** 2, SIZE[c] * CV[c] ** 2)
                total += np.where(timely > 0, worth, 0.0)
        hits += int((total >= TARGET).sum())
    return hits / n
