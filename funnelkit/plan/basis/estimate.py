"""`Estimate`: one assumed number, how sure it is, and where it comes from."""

from __future__ import annotations

import datetime as dt
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import Interval

FloatArray = NDArray[np.float64]
Kind = Literal["share", "amount"]


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a number comes from: in words, the records behind it, and their last day."""

    source: str = "stated"
    n: float | None = None
    date: dt.date | None = None


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One assumed number.

    Parameters
    ----------
    value
        What is expected.
    sd
        Standard deviation of what it may be instead; 0 where it is taken as known.
    source
        Where it comes from, in words: ``"stated"``, ``"won deals"``, ``"like paid search"``.
    n
        Records behind it, where it was counted.
    date
        Last day of what it was counted on.

    Examples
    --------
    A rate learned from 30 wins among 3,000 leads (Jeffreys):

    >>> rate = Estimate.counted(30, 3000)
    >>> round(rate.value, 6), round(rate.sd, 6)
    (0.010163, 0.001831)
    """

    value: float
    sd: float = 0.0
    source: str = "stated"
    n: float | None = None
    date: dt.date | None = None

    def __post_init__(self) -> None:
        """Refuse what is no number, and a negative doubt."""
        for name in ("value", "sd"):
            found = getattr(self, name)
            known = isinstance(found, (int, float, np.integer, np.floating))
            if not known or isinstance(found, bool) or not math.isfinite(found):
                raise ArgumentError(f"`{name}` must be a number; got {found!r}.")
            object.__setattr__(self, name, float(found))
        if self.sd < 0:
            raise ArgumentError(f"`sd` must be at least 0; got {self.sd!r}.")

    @classmethod
    def counted(
        cls,
        converted: float,
        entered: float,
        *,
        source: str = "counted",
        date: dt.date | None = None,
    ) -> Estimate:
        """Return a rate learned from counts, with the Beta(x + ½, n - x + ½) of Jeffreys.

        Raises
        ------
        ArgumentError
            If the counts cannot be: negative, or more converted than entered.
        """
        if not 0 <= converted <= entered:
            raise ArgumentError(
                f"`converted` must be from 0 to `entered`; got {converted!r} of {entered!r}."
            )
        of = stats.beta(converted + 0.5, entered - converted + 0.5)
        return cls(value=of.mean(), sd=of.std(), source=source, n=entered, date=date)

    def quantiles(self, probabilities: FloatArray, *, kind: Kind) -> FloatArray:
        """Return quantiles of what it may be: beta for a share, gamma for an amount above 0."""
        places = np.asarray(probabilities, float)
        if self.sd == 0 or self.value <= 0 or (kind == "share" and self.value >= 1):
            return np.full(places.shape, self.value)
        if kind == "amount":
            shape = (self.value / self.sd) ** 2
            return np.asarray(special.gammaincinv(shape, places) * self.value / shape)
        worth = self.value * (1 - self.value) / self.sd**2 - 1
        if worth <= 0:
            raise ArgumentError(
                f"A share of {self.value:g} cannot have `sd` {self.sd:g}: it must be below "
                f"{math.sqrt(self.value * (1 - self.value)):.3g}."
            )
        a, b = self.value * worth, (1 - self.value) * worth
        return np.asarray(special.betaincinv(a, b, places))

    def interval(self, confidence_level: float = 0.8, *, kind: Kind) -> Interval:
        """Return the interval of what it may be."""
        tail = (1 - confidence_level) / 2
        low, high = self.quantiles(np.array([tail, 1 - tail]), kind=kind)
        return Interval(float(low), float(high))

    def at(self, value: float) -> Estimate:
        """Return the same with another value, and its doubt in proportion."""
        ratio = value / self.value if self.value else 0.0
        return replace(self, value=value, sd=self.sd * ratio)


def strata(n: int, key: str) -> FloatArray:
    """Return (i + ½) / n for i from 0 to n - 1, in an order of the key's own."""
    order = np.random.default_rng(zlib.crc32(key.encode())).permutation(n)
    return np.asarray((order + 0.5) / n)


def shared_doubt(rates: Sequence[float], doubt: float) -> list[float]:
    """Return standard deviations of rates whose product has a relative doubt.

    Parameters
    ----------
    rates
        Shares, of which one at least lies between 0 and 1.
    doubt
        Standard deviation of the product over its mean, with independent factors.

    Returns
    -------
    list of float
        All logits are in doubt alike: r (1 - r) s each, with Π (1 + ((1 - r) s)²) = 1 + doubt².

    Raises
    ------
    ArgumentError
        If so much doubt is more than shares can have.

    Examples
    --------
    >>> [round(sd, 6) for sd in shared_doubt([0.02], 0.12)]
    [0.0024]
    """
    rest = np.array([1 - rate if 0 < rate < 1 else 0.0 for rate in rates])
    if doubt == 0:
        return [0.0] * len(rates)

    def beyond(scale: float) -> float:
        return float(np.log1p((rest * scale) ** 2).sum() - np.log1p(doubt**2))

    most = min((1 / math.sqrt(rate * (1 - rate)) for rate in rates if 0 < rate < 1), default=0.0)
    if most == 0 or beyond(most * (1 - 1e-9)) < 0:
        raise ArgumentError(
            f"A relative doubt of {doubt:g} is more than shares of "
            f"{', '.join(f'{rate:g}' for rate in rates)} can have."
        )
    scale = optimize.brentq(beyond, 0.0, most, xtol=1e-14)
    return [float(rate * left * scale) for rate, left in zip(rates, rest, strict=True)]
