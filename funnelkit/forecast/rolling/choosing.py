"""Which method of a back-test forecast best, and whether that is more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import EvidenceError
from funnelkit._core.interval import Interval
from funnelkit.forecast.rolling.scoring import blocks

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_SAMPLES = 2000
_SEED = 7
_FEWEST_RUNS = 4
"""Runs of origins that share periods, of which no difference is told from chance with fewer."""
_NOWHERE = Interval(float("nan"), float("nan"))


@dataclass(frozen=True, eq=False, kw_only=True)
class Compared:
    """The forecasts of one target that all methods gave, summed by origin.

    Parameters
    ----------
    target
        ``"period"`` or ``"total"``.
    rows
        Their positions.
    methods
        Positions of the methods that forecast at all.
    counts
        Forecasts by origin, shape ``(n_origins,)``.
    sums
        Sum of the CRPS by origin and method, shape ``(n_origins, n_methods)``.
    run
        Neighbouring origins that share periods.
    """

    target: str
    rows: IntArray
    methods: tuple[int, ...]
    counts: FloatArray
    sums: FloatArray
    run: int

    @property
    def means(self) -> FloatArray:
        """Mean CRPS of each method, shape ``(n_methods,)``."""
        return np.asarray(self.sums.sum(axis=0) / self.counts.sum())

    @property
    def drawn(self) -> FloatArray | None:
        """Bootstrapped means, shape ``(n_samples, n_methods)``; ``None`` with too few origins.

        All methods are drawn on the same origins, and asking twice gives the same.
        """
        size = len(self.counts)
        if size < max(2 * self.run, 3):
            return None
        rng = np.random.default_rng(_SEED)
        weights = blocks(range(size), self.run, n=_SAMPLES, rng=rng)
        return np.asarray(weights @ self.sums / (weights @ self.counts)[:, None])

    def interval(self, method: int, confidence_level: float) -> Interval:
        """Return the interval of a method's mean CRPS; NaN with too few origins."""
        drawn = self.drawn
        if drawn is None:
            return _NOWHERE
        tail = (1 - confidence_level) / 2
        low, high = np.quantile(drawn[:, method], [tail, 1 - tail])
        return Interval(float(low), float(high))


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The method that forecast best.

    Parameters
    ----------
    method
        Its label.
    reason
        Why, in a sentence that starts with the label.
    clear
        Whether it is better than the next one beyond chance; ``None`` where that cannot be told.
    """

    method: str
    reason: str
    clear: bool | None = None


def chosen(labels: Sequence[str], parts: Sequence[Compared], step: str) -> Choice:
    """Return the method with the least mean CRPS.

    Parameters
    ----------
    labels
        Of the methods.
    parts
        The targets that could be scored. With several, each method's CRPS is taken relative to
        the mean of all methods on that target, and added up.
    step
        Unit of the periods, for the sentence.

    Raises
    ------
    EvidenceError
        If nothing could be scored.
    """
    if not parts:
        raise EvidenceError("`methods`: there is no forecast whose period is known by now.")
    able = [m for m in parts[0].methods if all(m in part.methods for part in parts)]
    relative = _relative([part.means[able] for part in parts])
    order = np.argsort(relative, kind="stable")
    best = able[int(order[0])]
    dates = display.plural(len(parts[0].counts), "date")
    figures = " and ".join(
        f"{_figure(part.means[best])} {_per(part.target, step)}" for part in parts
    )
    lead = f"{labels[best]} had the least mean CRPS ({figures})"
    if len(able) == 1:
        return Choice(
            method=labels[best],
            reason=f"{labels[best]} is the only one that forecast on all of {dates}.",
        )
    second = able[int(order[1])]
    gap = float(relative[order[1]] / relative[order[0]] - 1) if relative[order[0]] > 0 else 0.0
    text = f"{lead}; {labels[second]} follows, {display.percent(gap, decimals=0)} higher"
    drawn = [part.drawn for part in parts]
    known = [one for one in drawn if one is not None]
    runs = min(len(part.counts) / part.run for part in parts)
    if len(known) < len(parts) or runs < _FEWEST_RUNS:
        return Choice(
            method=labels[best],
            reason=f"{text}, on too few dates to tell more than chance.",
        )
    ratio = _relative([one[:, able] for one in known])
    difference = ratio[:, order[1]] - ratio[:, order[0]]
    clear = bool(np.quantile(difference, 0.025) > 0)
    tail = "more than chance" if clear else "which may be chance"
    return Choice(method=labels[best], reason=f"{text}, {tail}.", clear=clear)


def _relative(means: Sequence[FloatArray]) -> FloatArray:
    """Return the mean over targets of each method's score relative to that of all methods."""
    found = []
    for one in means:
        level = one.mean(axis=-1, keepdims=True)
        found.append(np.divide(one, level, out=np.ones_like(one), where=level > 0))
    return np.asarray(np.mean(found, axis=0))


def _per(target: str, step: str) -> str:
    return f"for a {step}" if target == "period" else "for the sum over the horizon"


def _figure(value: float) -> str:
    return display.count(value) if value >= 100 else f"{value:.3g}"
