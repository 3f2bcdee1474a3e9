"""`decompose`: a change between two periods by mix, rate, maturity and volume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display, shapley
from funnelkit._core.errors import EvidenceError
from funnelkit._core.frames import long_frame
from funnelkit._core.interval import Interval, share_difference_interval
from funnelkit._core.result import Result, frozen
from funnelkit._core.standard import carried, rate_effect_interval
from funnelkit.monitor.change.counts import Periods, cells_of, side_of

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.lag import AdjustedRates
    from funnelkit.rates import CohortRates

FloatArray = NDArray[np.float64]
Segment = tuple[str | None, ...]
_LEFT = 1e-12


def decompose(
    rates: CohortRates | AdjustedRates | pd.DataFrame,
    before: Periods,
    after: Periods,
    *,
    by: str | Sequence[str] | None = None,
    period: str = "cohort",
    confidence_level: float = 0.95,
) -> Change:
    """Return what a change of a rate between two periods is made of.

    Parameters
    ----------
    rates
        Rates of cohorts, split by the segments whose mix may have moved: of
        :func:`funnelkit.rates.cohort`, or of :func:`funnelkit.lag.adjust`, whose maturity then is a
        factor of its own. Or a table with ``period``, the columns of ``by``, ``entered``,
        ``converted`` and, where it is known, ``maturity``.
    before, after
        Label or labels of the cohorts on each side, such as ``"2026-03"``.
    by
        Segment columns of a table; default: those of the rates.
    period
        Column of a table that holds the labels.
    confidence_level
        Level of the intervals in the frame and the summary.

    Returns
    -------
    Change
        Effects on the rate and on the number of conversions, which add up exactly.

    Raises
    ------
    ArgumentError
        If a label or a column is not there, or nothing says by which segments.
    DataError
        If counts of a table cannot be: negative, no whole numbers, or more converted than entered.
    EvidenceError
        If nobody entered on one of the sides.

    Notes
    -----
    The rate is Σ share x rate x maturity over the segments, where rate is what a segment's leads
    come to (converted / Σ maturity) and maturity is 1 where none is given. Each factor's effect is
    its Shapley value (see :mod:`funnelkit._core.shapley`), with two factors Kitagawa's split. A
    segment's mix effect counts its share against the rate of all, so that a segment which grew is
    to blame only if it converts worse than the others. A segment that is there on one side only has
    no rate on the other; its effect is all mix.

    References
    ----------
    Kitagawa (1955), Journal of the American Statistical Association 50, 1168-1194. Interval of the
    change: Newcombe (1998); of the rate effect: Zou and Donner (2008), Statistics in Medicine 27,
    1693-1702, on Wilson's intervals, the weights held fixed.

    Examples
    --------
    Kidney stones (Charig et al. 1986, BMJ 292, table II): treatment A does better on small and on
    large stones, and worse on all, since it was given the large ones.

    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {
    ...         "treatment": ["B", "B", "A", "A"],
    ...         "stone": ["small", "large", "small", "large"],
    ...         "entered": [270, 80, 87, 263],
    ...         "converted": [234, 55, 81, 192],
    ...     }
    ... )
    >>> change = decompose(table, "B", "A", by="stone", period="treatment")
    >>> {name: round(effect, 4) for name, effect in change.effects.items()}
    {'mix': -0.0994, 'rate': 0.0537}
    >>> change.reversal
    True
    """
    checks.confidence(confidence_level)
    cells = cells_of(rates, by, period)
    sides = [side_of(cells, "before", before), side_of(cells, "after", after)]
    entered, converted, mature, doubt = (np.stack([side[k] for side in sides]) for k in range(4))
    for side, number in zip((before, after), entered.sum(axis=1), strict=True):
        if not number:
            raise EvidenceError(f"nobody entered in {_named(side)}; there is no rate to compare.")
    some = entered.sum(axis=0) > 0
    return Change(
        before=_named(before),
        after=_named(after),
        by=cells.by,
        segments=tuple(one for one, kept in zip(cells.segments, some, strict=True) if kept),
        entered=entered[:, some].astype(np.int64),
        converted=converted[:, some].astype(np.int64),
        mature=mature[:, some],
        has_maturity=cells.has_maturity,
        maturity_sd=(doubt / np.maximum(mature, _LEFT))[:, some] if doubt.any() else None,
        confidence_level=confidence_level,
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Change(Result):
    """A change between two periods, and what it is made of; see :func:`decompose`.

    Parameters
    ----------
    before, after
        Names of the two sides.
    by, segments
        Segment columns, and the values of each segment.
    entered, converted
        Leads of each side and segment, and those that have converted; shape ``(2, n_segments)``.
    mature
        Σ maturity over these leads: how many fully followed ones they are worth; same shape.
    has_maturity
        Whether maturity is a factor.
    maturity_sd
        Standard deviation of the log of each side's and segment's maturity, where it was estimated.
    confidence_level
        Level of the intervals in the frame and the summary.
    """

    before: str
    after: str
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    entered: NDArray[np.int64]
    converted: NDArray[np.int64]
    mature: FloatArray
    has_maturity: bool = False
    maturity_sd: FloatArray | None = None
    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("entered", "converted"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))
        object.__setattr__(self, "mature", frozen(self.mature, np.float64))
        if self.maturity_sd is not None:
            object.__setattr__(self, "maturity_sd", frozen(self.maturity_sd, np.float64))

    @property
    def rates(self) -> tuple[float, float]:
        """Converted over entered, before and after."""
        first, second = self.converted.sum(axis=1) / self.entered.sum(axis=1)
        return float(first), float(second)

    @property
    def change(self) -> float:
        """Rate after less rate before."""
        return self.rates[1] - self.rates[0]

    @cached_property
    def by_segment(self) -> Mapping[str, FloatArray]:
        """Effect of each factor on the rate, by segment; shape ``(n_segments,)`` each."""
        found = shapley.effects(self._factors)
        shares = self._factors["mix"]
        found["mix"] = found["mix"] - (shares[1] - shares[0]) * sum(self.rates) / 2
        return MappingProxyType(
            {name: frozen(values, np.float64) for name, values in found.items()}
        )

    @property
    def effects(self) -> Mapping[str, float]:
        """Effect of each factor on the rate: ``mix``, ``rate`` and, where it is one, ``maturity``.

        They add up to ``change``.
        """
        return {name: float(values.sum()) for name, values in self.by_segment.items()}

    @cached_property
    def conversions(self) -> Mapping[str, float]:
        """Effect of each factor on the number of conversions: as ``effects``, and ``volume``.

        They add up to the conversions after less those before.
        """
        totals = self.entered.sum(axis=1).astype(float)
        factors = {"volume": (totals[:1], totals[1:]), **self._factors}
        found = shapley.effects(factors)
        return MappingProxyType({name: float(values.sum()) for name, values in found.items()})

    @property
    def reversal(self) -> bool:
        """Whether the rates moved one way and their total the other (Simpson's paradox)."""
        moved, total = self.effects["rate"], self.effects["rate"] + self.effects["mix"]
        return bool(moved * total < 0 and min(abs(moved), abs(total)) > _LEFT)

    def confidence_interval(self, confidence_level: float = 0.95) -> Interval:
        """Return the interval of ``change``, inside [-1, 1].

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        sums = zip(self.converted.sum(axis=1), self.entered.sum(axis=1), strict=True)
        first, second = ((float(x), float(n)) for x, n in sums)
        return share_difference_interval(first, second, confidence_level=confidence_level)

    def rate_interval(self, confidence_level: float = 0.95) -> Interval:
        """Return the interval of the effect of the rates, at this mix.

        With lag-adjusted rates the doubt about their maturity is in it.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        weight = shapley.weights(self._factors, "rate")
        return rate_effect_interval(
            weight,
            np.stack(self._factors["rate"]),
            self.converted.astype(float),
            self.mature,
            confidence_level=confidence_level,
            maturity_sd=self.maturity_sd,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment.

        Returns
        -------
        DataFrame
            The segment columns, ``entered_before``, ``entered_after``, ``share_before``,
            ``share_after``, ``rate_before``, ``rate_after`` (converted over Σ maturity; NaN where
            nobody entered), and the effects on the rate of all: ``mix_effect``, ``rate_effect``
            and, where it is a factor, ``maturity_effect``.
        """
        shares, rates = self._factors["mix"], self._factors["rate"]
        known = self.mature > 0
        return long_frame(
            {
                "entered_before": self.entered[0],
                "entered_after": self.entered[1],
                "share_before": shares[0],
                "share_after": shares[1],
                "rate_before": np.where(known[0], rates[0], np.nan),
                "rate_after": np.where(known[1], rates[1], np.nan),
                **{f"{name}_effect": values for name, values in self.by_segment.items()},
            },
            shape=(len(self.segments),),
            by=self.by,
            segments=self.segments,
        )

    def summary(self) -> str:
        """Return what the rate did, and what each factor did to it."""
        old, new = self.rates
        low, high = self.confidence_interval(self.confidence_level)
        way = "rose" if self.change > 0 else "fell" if self.change < 0 else "stayed"
        text = (
            f"From {self.before} to {self.after} the rate {way} from {display.percent(old)} to "
            f"{display.percent(new)} ({_points(self.change)} points, {_points(low)} to "
            f"{_points(high)}; {display.count(self.entered[0].sum())} and "
            f"{display.plural(self.entered[1].sum(), 'lead')}). "
        )
        bottom, top = self.rate_interval(self.confidence_level)
        told = {
            "mix": f"the mix of {display.listed(list(self.by))}",
            "rate": f"the rates themselves ({_points(bottom)} to {_points(top)})",
            "maturity": "how far the leads had been followed",
        }
        parts = [f"{_points(effect)} by {told[name]}" for name, effect in self.effects.items()]
        text += f"Of this, {display.listed(parts)}."
        if self.reversal:
            moved = "rose" if self.effects["rate"] > 0 else "fell"
            text += (
                f" A reversal: within the segments the rates {moved}, and the rate of all went "
                "the other way because the mix moved."
            )
        return text

    @cached_property
    def _factors(self) -> dict[str, tuple[FloatArray, FloatArray]]:
        """Share, rate and maturity of each segment before and after; what is unknown is unmoved."""
        shares = self.entered / self.entered.sum(axis=1, keepdims=True)
        rate = carried(self.converted, self.mature)
        factors = {"mix": (shares[0], shares[1]), "rate": (rate[0], rate[1])}
        if self.has_maturity:
            followed = carried(self.mature, self.entered)
            factors["maturity"] = (followed[0], followed[1])
        return factors


def _named(given: Periods) -> str:
    labels = [given] if isinstance(given, str) else [str(one) for one in given]
    return labels[0] if len(labels) == 1 else f"{labels[0]}–{labels[-1]}"  # noqa: RUF001


def _points(share: FloatArray | float) -> str:
    return display.signed(round(100 * float(share), 1) + 0.0)
