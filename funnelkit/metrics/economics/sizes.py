"""How large deals are: quantiles, skew, and how much of the revenue the largest bring."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.frames import long_frame
from funnelkit._core.interval import Interval
from funnelkit._core.measure import Segment
from funnelkit._core.result import Result, frozen
from funnelkit.data.records import Leads

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
TOP = 0.1
"""The largest tenth of deals, whose share of the revenue is told."""
_DRAWS = 2_000
_AT_ONCE = 2**22


def deal_sizes(
    leads: Leads | ArrayLike,
    *,
    by: str | Sequence[str] | None = None,
    rng: int | np.random.Generator | None = None,
    draws: int = _DRAWS,
    currency: str | None = None,
    confidence_level: float = 0.95,
) -> DealSizes:
    """Return how the amounts of won deals are distributed.

    Parameters
    ----------
    leads
        The leads, of a funnel with ``value``; or plain amounts. Blank and 0 are unknown.
    by
        Segment column or columns of the leads.
    rng
        Seed or generator of the bootstrap; a number gives the same intervals every time.
    draws
        How many resamples the intervals are from.
    currency
        Of the amounts, where it is known.
    confidence_level
        Level of the intervals in the frame and the summary.

    Returns
    -------
    DealSizes
        For each segment the number of deals, mean, median, quantiles, skew and the share of the
        revenue that the largest tenth brings, with intervals of mean and median.

    Raises
    ------
    ArgumentError
        If the funnel has no ``value``, amounts are no numbers, or an argument cannot be used.

    Notes
    -----
    The intervals are percentiles of the statistic over resamples of the deals. Where a few large
    deals make most of the revenue, that of the mean is too narrow: the deal that has not been won
    yet is in no resample. Below 2 deals there is none.

    Quantiles are those between neighbours (Hyndman and Fan's type 7), the skew is the third
    standardised moment, 0 for symmetric amounts; none where all are equal or below 3 deals.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, section 13.3. Hyndman and Fan
    (1996), The American Statistician 50, 361-365.

    Examples
    --------
    >>> sizes = deal_sizes([100, 200, 300, 400, 9_000, None], rng=1)
    >>> sizes.mean.tolist(), sizes.median.tolist(), sizes.unknown.tolist()
    ([2000.0], [300.0], [1])
    >>> sizes.top_share.tolist()  # the largest tenth, one deal of five
    [0.9]
    """
    checks.confidence(confidence_level)
    checks.positive_whole("draws", draws)
    as_of = None
    if isinstance(leads, Leads):
        names, segments, parts = _of_leads(leads, by)
        as_of = leads.as_of
    else:
        if by is not None:
            raise ArgumentError("`by` is for leads; plain amounts have no segments.")
        names, segments, parts = (), ((),), [_plain(leads)]
    known = [part[np.isfinite(part) & (part != 0)] for part in parts]
    generator = np.random.default_rng(rng)
    resampled = np.stack([_resampled(part, draws, generator) for part in known])
    return DealSizes(
        by=names,
        segments=segments,
        amounts=tuple(frozen(np.sort(part), np.float64) for part in known),
        unknown=np.array([len(part) - len(own) for part, own in zip(parts, known, strict=True)]),
        draws=resampled,
        currency=currency,
        as_of=as_of,
        confidence_level=confidence_level,
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DealSizes(Result):
    """How the amounts of won deals are distributed; see :func:`deal_sizes`.

    Parameters
    ----------
    by, segments
        Segment columns, and the values of each segment.
    amounts
        The known amounts of each segment, sorted.
    unknown
        Won deals without an amount, shape ``(n_segments,)``.
    draws
        Mean and median of each resample, shape ``(n_segments, 2, n_draws)``.
    currency
        Of the amounts.
    as_of
        Last complete day.
    confidence_level
        Level of the intervals in the frame and the summary.
    """

    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    amounts: tuple[FloatArray, ...]
    unknown: NDArray[np.int64]
    draws: FloatArray
    currency: str | None = None
    as_of: dt.date | None = None
    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        object.__setattr__(self, "unknown", frozen(self.unknown, np.int64))
        object.__setattr__(self, "draws", frozen(self.draws, np.float64))

    @property
    def n(self) -> NDArray[np.int64]:
        """Deals with an amount, shape ``(n_segments,)``."""
        return np.array([len(part) for part in self.amounts], dtype=np.int64)

    @property
    def mean(self) -> FloatArray:
        """Mean amount, shape ``(n_segments,)``; NaN without deals."""
        return np.array([part.mean() if len(part) else np.nan for part in self.amounts])

    @property
    def median(self) -> FloatArray:
        """Median amount, shape ``(n_segments,)``; NaN without deals."""
        return self.quantile(0.5)

    def quantile(self, share: float) -> FloatArray:
        """Return the amount below which a share of the deals lies, shape ``(n_segments,)``.

        Raises
        ------
        ArgumentError
            If it is no share.
        """
        if not isinstance(share, (int, float)) or not 0 <= share <= 1:
            raise ArgumentError(f"`share` must lie between 0 and 1; got {share!r}.")
        return np.array(
            [float(np.quantile(part, share)) if len(part) else np.nan for part in self.amounts]
        )

    @property
    def skew(self) -> FloatArray:
        """Third standardised moment, shape ``(n_segments,)``; NaN where it is not defined."""
        return np.array([_skew(part) for part in self.amounts])

    @property
    def top_share(self) -> FloatArray:
        """Share of the revenue that the largest tenth brings, at least one deal.

        Shape ``(n_segments,)``; NaN without deals, or where amounts below 0 leave no revenue.
        """
        return np.array([_top_share(part) for part in self.amounts])

    def confidence_interval(self, confidence_level: float = 0.95, *, of: str = "mean") -> Interval:
        """Return the interval of the mean or the median, shape ``(n_segments,)``.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1, or ``of`` neither of the two.
        """
        checks.confidence(confidence_level)
        row = ("mean", "median").index(checks.one_of("of", of, ("mean", "median")))
        tail = (1 - confidence_level) / 2
        ends = np.quantile(self.draws[:, row], [tail, 1 - tail], axis=-1)
        return Interval(ends[0], ends[1])

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment.

        Returns
        -------
        DataFrame
            The segment columns, ``n``, ``unknown``, ``total_value``, ``mean_value``,
            ``mean_value_low``, ``mean_value_high``, ``median_value`` and its ends, ``p10_value``,
            ``p25_value``, ``p75_value``, ``p90_value``, ``skew`` and ``top_share``.
        """
        level = self.confidence_level
        mean, median = (self.confidence_interval(level, of=name) for name in ("mean", "median"))
        quantiles = {
            f"p{round(100 * share)}_value": self.quantile(share)
            for share in QUANTILES
            if share != 0.5
        }
        return long_frame(
            {
                "n": self.n,
                "unknown": self.unknown,
                "total_value": np.array([math.fsum(part) for part in self.amounts]),
                "mean_value": self.mean,
                "mean_value_low": mean.low,
                "mean_value_high": mean.high,
                "median_value": self.median,
                "median_value_low": median.low,
                "median_value_high": median.high,
                **quantiles,
                "skew": self.skew,
                "top_share": self.top_share,
            },
            shape=(len(self.segments),),
            by=self.by,
            segments=self.segments,
        )

    def summary(self) -> str:
        """Return mean and median of all deals or of each segment, and who brings the revenue."""
        lines = [self._line(row) for row in range(len(self.segments))]
        if len(lines) > 6:
            order = sorted(range(len(lines)), key=lambda row: -int(self.n[row]))
            rest = display.plural(len(lines) - 6, "more segment")
            lines = [*(lines[row] for row in order[:6]), f"{rest} in the table."]
        return " ".join(lines)

    def _line(self, row: int) -> str:
        head = f"{display.segment_name(self.segments[row])}: " if self.by else ""
        number, unknown = int(self.n[row]), int(self.unknown[row])
        if not number:
            return f"{head}no won deal with an amount."
        unit = f"{self.currency} " if self.currency else ""
        text = (
            f"{head}{display.plural(number, 'won deal')}, median {unit}"
            f"{_money(self.median[row])}, mean {unit}{_money(self.mean[row])}"
        )
        low, high = self.confidence_interval(self.confidence_level)
        first, last = float(np.asarray(low)[row]), float(np.asarray(high)[row])
        if np.isfinite(first):
            text += f" ({_money(first)} to {_money(last)})"
        if np.isfinite(self.top_share[row]) and number >= 10:
            text += (
                f"; the largest tenth brings {display.percent(self.top_share[row])} of the revenue"
            )
        return text + (f"; {display.count(unknown)} more without an amount." if unknown else ".")


def _of_leads(
    leads: Leads, by: str | Sequence[str] | None
) -> tuple[tuple[str, ...], tuple[Segment, ...], list[FloatArray]]:
    """Return the amounts of won deals by segment, in one scan; businesses are kept apart."""
    import pandas as pd

    from funnelkit.data.journeys import group_names

    funnel = leads.funnel
    if funnel.value is None:
        raise ArgumentError("`leads`: the funnel has no `value` column, so there is no money.")
    names = group_names(funnel, by)
    won = leads.list(funnel.won)
    amounts = pd.to_numeric(won[funnel.value], errors="coerce").to_numpy(float)
    if not names:
        return (), ((),), [amounts]
    columns = [[None if pd.isna(one) else str(one) for one in won[name]] for name in names]
    keys: list[Segment] = list(zip(*columns, strict=True))
    segments = sorted(set(keys), key=lambda key: [(one is None, one or "") for one in key])
    place = {segment: row for row, segment in enumerate(segments)}
    rows = np.array([place[key] for key in keys], dtype=np.int64)
    return names, tuple(segments), [amounts[rows == row] for row in range(len(segments))]


def _plain(values: Any) -> FloatArray:
    try:
        amounts = np.asarray(
            [np.nan if one is None else float(one) for one in np.ravel(np.asarray(values, object))]
        )
    except (TypeError, ValueError):
        raise ArgumentError(
            f"`leads` must be Leads or amounts; got {type(values).__name__}."
        ) from (None)
    if np.isinf(amounts).any():
        raise ArgumentError("`leads` must be finite amounts; got an infinite one.")
    return amounts.astype(np.float64)


def _resampled(amounts: FloatArray, draws: int, rng: np.random.Generator) -> FloatArray:
    """Return mean and median of each resample, shape ``(2, n_draws)``; NaN below 2 deals."""
    size = len(amounts)
    if size < 2:
        return np.full((2, draws), np.nan)
    found = np.empty((2, draws))
    step = max(1, _AT_ONCE // size)
    for start in range(0, draws, step):
        stop = min(start + step, draws)
        picked = amounts[rng.integers(0, size, (stop - start, size))]
        found[:, start:stop] = picked.mean(axis=1), np.median(picked, axis=1)
    return found


def _skew(amounts: FloatArray) -> float:
    if len(amounts) < 3:
        return math.nan
    left = amounts - amounts.mean()
    spread = float(np.mean(left**2))
    if spread <= 1e-24 * float(np.mean(amounts**2)):
        return math.nan
    return float(np.mean(left**3) / spread**1.5)


def _top_share(amounts: FloatArray) -> float:
    total = math.fsum(amounts)
    if not len(amounts) or total <= 0:
        return math.nan
    number = max(1, round(TOP * len(amounts)))
    return math.fsum(amounts[-number:]) / total


def _money(amount: float) -> str:
    return display.count(amount) if abs(amount) >= 10 else f"{amount:,.2f}"
