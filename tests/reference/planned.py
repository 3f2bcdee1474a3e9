"""What the leads of a plan bring, drawn: the slow and obvious version.

Nothing of funnelkit's chance or backward rooms is imported here, and none of the joint draws that
they stand on are read, but for what is in flight or never was a lead, which are given as draws.
Every doubt is drawn anew from what is assumed of it: a share is beta distributed about its value,
an amount gamma distributed, a factor on all times lognormal about 1.

``one_future`` takes lead after lead; ``totals`` takes cohort after cohort, many futures at once.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def beta_of(mean: float, sd: float, rng: np.random.Generator, n: int) -> FloatArray:
    """Draw shares with a mean and standard deviation."""
    if sd == 0 or mean in (0, 1):
        return np.full(n, mean)
    worth = mean * (1 - mean) / sd**2 - 1
    return rng.beta(mean * worth, (1 - mean) * worth, size=n)


def gamma_of(mean: float, sd: float, rng: np.random.Generator, n: int) -> FloatArray:
    """Draw amounts with a mean and standard deviation."""
    if sd == 0 or mean == 0:
        return np.full(n, mean)
    return rng.gamma((mean / sd) ** 2, sd**2 / mean, size=n)


def lognormal_of(sd: float, rng: np.random.Generator, n: int) -> FloatArray:
    """Draw factors with mean 1 and a standard deviation."""
    if sd == 0:
        return np.ones(n)
    log = math.sqrt(math.log(1 + sd**2))
    return np.exp(rng.normal(-(log**2) / 2, log, size=n))


def win_rates(channel: Any, rng: np.random.Generator, n: int) -> FloatArray:
    """Draw the share of a channel's leads that is ever won."""
    found = np.full(n, channel.ratio)
    for rate in channel.rates:
        found = found * beta_of(rate.value, rate.sd, rng, n)
    return np.minimum(found, 1.0)


def one_future(
    assumptions: Any, leads: Any, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Draw one future, lead after lead: deals and money of new leads by month."""
    months = len(assumptions.periods)
    deals, money = np.zeros(months), np.zeros(months)
    for channel, row in zip(assumptions.channels, leads, strict=True):
        rate = win_rates(channel, rng, 1)[0]
        slower = lognormal_of(channel.lag_sd, rng, 1)[0]
        mean = 1.0
        if channel.size is not None:
            mean = gamma_of(channel.size.value, channel.size.sd, rng, 1)[0]
        shares = np.append(channel.lag.shares, 1 - channel.lag.shares.sum())
        for entry, number in enumerate(row):
            own = beta_of(rate, math.sqrt(rate * (1 - rate) * channel.correlation), rng, 1)[0]
            for _ in range(int(number)):
                if rng.random() >= own:
                    continue
                after = rng.choice(len(shares), p=np.maximum(shares, 0) / shares.clip(0).sum())
                if after == len(shares) - 1:
                    continue  # later than the lag tells of
                month = entry + months_after(waited(after, rng) * slower)
                if month < months:
                    deals[month] += 1
                    money[month] += gamma_of(mean, mean * channel.size_cv, rng, 1)[0]
    return deals, money


def waited(after: int, rng: np.random.Generator) -> float:
    """Draw the months that a win waited that came so many civil months after its entry.

    Leads enter in the middle of a month, on average: its end is half a month away, that of the
    next one and a half.
    """
    return rng.random() / 2 if after == 0 else after - 0.5 + rng.random()


def months_after(waiting: float) -> int:
    """Return the civil months after its entry in which a win comes."""
    return max(math.ceil(waiting - 0.5), 0)


def shares_by(shares: FloatArray, slower: FloatArray, last: int) -> FloatArray:
    """Return the share of the won that is won by the end of some month after entry."""
    ends = np.concatenate([[0.0], np.arange(len(shares)) + 0.5])
    return np.interp((last + 0.5) / slower, ends, np.concatenate([[0.0], np.cumsum(shares)]))


def totals(
    assumptions: Any, leads: Any, *, unit: str, n: int, rng: np.random.Generator, until: int = 0
) -> FloatArray:
    """Draw what many futures bring within the first months in all, cohort after cohort."""
    months = until or len(assumptions.periods)
    found = np.zeros(n)
    for stream in (assumptions.in_flight, assumptions.direct):
        drawn = (stream.value if unit == "value" else stream.deals)[:, :months].sum(axis=1)
        found += drawn[rng.integers(len(drawn), size=n)]
    for channel, row in zip(assumptions.channels, leads, strict=True):
        rate = win_rates(channel, rng, n)
        slower = lognormal_of(channel.lag_sd, rng, n)
        won = np.zeros(n, np.int64)
        for entry, number in enumerate(row[:months]):
            if number == 0:
                continue
            own = rate
            if channel.correlation > 0:
                worth = 1 / channel.correlation - 1
                own = rng.beta(np.maximum(rate * worth, 1e-300), (1 - rate) * worth)
            ever = rng.binomial(int(number), own)
            in_time = shares_by(channel.lag.shares, slower, months - 1 - entry)
            won += rng.binomial(ever, np.clip(in_time, 0, 1))
        if unit == "count":
            found += won
            continue
        mean = gamma_of(channel.size.value, channel.size.sd, rng, n)
        if channel.size_cv == 0:
            found += mean * won
        else:
            spread = channel.size_cv**2
            some = won > 0
            found[some] += rng.gamma(won[some] / spread) * mean[some] * spread
    return found
