"""`check_reversal`: whether a difference turns round at the same mix of segments (Simpson)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display, strata
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit._core.interval import share_difference_interval
from funnelkit.experiment.guards.associations import association
from funnelkit.experiment.guards.result import (
    NOTE,
    Guard,
    Level,
    level_of,
    not_checked,
    told,
    worst,
)
from funnelkit.experiment.guards.tables import (
    arm_labels,
    cross,
    labels,
    numbers,
    require_by,
    require_control,
    require_frame,
    require_worth,
)

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_NAME = "reversal"
_SHOWN = 4
_ENOUGH = 5
"""Conversions, and records without one, that a segment needs to be told from the others."""
_CLEAR = 0.05
_MIX_REMEDY = (
    "Read the difference at the same mix of segments, not the pooled one, and find out why the "
    "arms differ in their mix."
)
_APART_REMEDY = "Report the difference of each segment beside that of all."


@dataclass(frozen=True, eq=False, kw_only=True)
class Split:
    """Two arms over the segments of one column: counts of shape ``(2, n_segments)``.

    ``worth`` is how many independent units one record is worth, in every test and interval.
    """

    column: str
    names: tuple[str, str]
    values: tuple[str, ...]
    converted: FloatArray
    entered: FloatArray
    confidence_level: float
    worth: float

    @property
    def totals(self) -> tuple[FloatArray, FloatArray]:
        """Converted and entered of each arm."""
        return self.converted.sum(axis=1), self.entered.sum(axis=1)

    @property
    def pooled(self) -> float:
        """Difference of the rates of all."""
        x, n = self.totals
        return float(x[1] / n[1] - x[0] / n[0])

    @property
    def pooled_pvalue(self) -> float:
        """Of no difference of the rates of all: the score test with N - 1."""
        return self._tested(*(total[:, None] for total in self.totals))

    @property
    def common(self) -> strata.CommonDifference:
        """Mantel-Haenszel difference."""
        return strata.common_difference(self.converted * self.worth, self.entered * self.worth)

    @property
    def common_pvalue(self) -> float:
        """Cochran-Mantel-Haenszel, without correction."""
        return self._tested(self.converted, self.entered)

    @property
    def mix_pvalue(self) -> float:
        """Of the same mix of segments in both arms."""
        return association(np.round(self.entered * self.worth)).pvalue

    def rows(self) -> list[dict[str, Any]]:
        """Return all, all at the same mix, and each segment."""
        x, n = self.totals
        common = self.common
        ratio = strata.common_odds_ratio(self.converted, self.entered).estimate
        low, high = common.interval(self.confidence_level)
        same = {
            **self._labels("(same mix)"),
            "control_entered": n[0],
            "control_rate": common.rates[0],
            "treatment_entered": n[1],
            "treatment_rate": common.rates[1],
            "difference": common.estimate,
            "low": float(low),
            "high": float(high),
            "odds_ratio": ratio,
            "pvalue": self.common_pvalue,
        }
        each = [
            self._row(value, self.converted[:, k], self.entered[:, k])
            for k, value in enumerate(self.values)
        ]
        return [self._row("all", x, n), same, *each]

    def _labels(self, value: str) -> dict[str, Any]:
        return {
            "column": self.column,
            "value": value,
            "control": self.names[0],
            "treatment": self.names[1],
        }

    def _row(self, value: str, x: FloatArray, n: FloatArray) -> dict[str, Any]:
        rates = [float(one / whole) if whole else math.nan for one, whole in zip(x, n, strict=True)]
        low, high = share_difference_interval(
            (float(x[0]) * self.worth, float(n[0]) * self.worth),
            (float(x[1]) * self.worth, float(n[1]) * self.worth),
            confidence_level=self.confidence_level,
        )
        pair = (x[:, None], n[:, None])
        return {
            **self._labels(value),
            "control_entered": float(n[0]),
            "control_rate": rates[0],
            "treatment_entered": float(n[1]),
            "treatment_rate": rates[1],
            "difference": rates[1] - rates[0],
            "low": float(low),
            "high": float(high),
            "odds_ratio": strata.common_odds_ratio(*pair).estimate,
            "pvalue": self._tested(*pair),
        }

    def _tested(self, converted: FloatArray, entered: FloatArray) -> float:
        found = strata.cochran_mantel_haenszel(
            converted * self.worth, entered * self.worth, correction=False
        )
        return found.pvalue


def check_reversal(
    counts: pd.DataFrame,
    *,
    by: str | Sequence[str] | None = None,
    control: str | None = None,
    arm: str = "arm",
    converted: str = "converted",
    entered: str = "entered",
    worth: float = 1.0,
    units: str = "leads",
    confidence_level: float = 0.95,
) -> Guard:
    """Return whether the difference of two rates turns round at the same mix of segments.

    Parameters
    ----------
    counts
        A row for each arm and segment, with the columns ``arm``, ``converted``, ``entered``, and
        those of the segments.
    by
        Columns of segments as they were before the arm was chosen, each looked at by itself;
        default: all other columns.
    control
        The arm that the others are held against; default: the first.
    arm, converted, entered
        Names of the columns.
    worth
        Independent units that one record is worth, above 0 and at most 1: below 1 where whole
        accounts were assigned, whose records go together.
    units
        Plural noun of what entered.
    confidence_level
        Of the intervals among the figures.

    Returns
    -------
    Guard
        Figures: for each column and treatment, a row for all, one for all at the same mix
        (Mantel-Haenszel difference with Klingenberg's interval, Mantel-Haenszel odds ratio and
        the p-value of Cochran, Mantel and Haenszel), and one for each segment: ``column``,
        ``value``, ``control``, ``treatment``, ``control_entered``, ``control_rate``,
        ``treatment_entered``, ``treatment_rate``, ``difference``, ``low``, ``high``,
        ``odds_ratio``, ``pvalue``.

    Raises
    ------
    ArgumentError
        For unknown columns or arms, or fewer than two arms.
    DataError
        For counts that cannot be.

    Notes
    -----
    What chance has split has nearly the same mix of segments in both arms, so nothing turns round.
    It is a reversal where the pooled difference and the one at the same mix point opposite ways,
    and the mix differs between the arms: a note at p below .01, a warning below .001. A note too
    where the mix differs at .01 and makes half of the pooled difference or more, of a difference
    that is clear (p below .05) in one of the two ways; and where the odds ratio differs between
    segments (Breslow and Day, at .01) that point opposite ways. p-values are multiplied by the
    number of columns and treatments. So with arms split by chance, each of the two kinds is noted
    less than 1 in 100 times.

    References
    ----------
    Simpson (1951), JRSS B 13, 238-241; for the tests see ``funnelkit._core.strata``.

    Examples
    --------
    Kidney stones (Charig et al. 1986, British Medical Journal 292, 879-882):

    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {
    ...         "arm": ["percutaneous", "percutaneous", "open", "open"],
    ...         "size": ["small", "large", "small", "large"],
    ...         "converted": [234, 55, 81, 192],
    ...         "entered": [270, 80, 87, 263],
    ...     }
    ... )
    >>> check_reversal(table).level
    'warning'
    """
    level = checks.confidence(confidence_level)
    frame = require_frame("counts", counts, [arm, converted, entered])
    columns = require_by("counts", by, frame, (arm, converted, entered))
    x, n = numbers("counts", frame, [converted, entered])
    over = x > n
    if over.any():
        raise DataError(
            f"`counts`: `{converted}` must not exceed `{entered}`; it does in "
            f"{display.plural(int(over.sum()), 'row')}, such as {x[over][0]:g} of {n[over][0]:g}."
        )
    of = arm_labels("counts", frame[arm])
    arms = [str(name) for name in dict.fromkeys(of)]
    if len(arms) < 2:
        raise ArgumentError(f"`counts` must hold two or more arms; got {len(arms)}.")
    first = require_control(control, arms)
    if not columns:
        return not_checked(_NAME, "no segments are named")
    splits = []
    for column in columns:
        values, names, came = cross(labels(frame[column]), of, x)
        entries = cross(labels(frame[column]), of, n)[2]
        for treatment in arms:
            if treatment != first:
                two = [names.index(first), names.index(treatment)]
                splits.append(
                    Split(
                        column=column,
                        names=(first, treatment),
                        values=tuple(values),
                        converted=came.T[two],
                        entered=entries.T[two],
                        confidence_level=level,
                        worth=require_worth(worth),
                    )
                )
    usable = [split for split in splits if split.entered.sum(axis=1).all()]
    if not usable:
        return not_checked(_NAME, f"there are no {units} in one of the arms")
    found = [_judged(split, len(usable), units) for split in usable]
    worst_level = worst([one for one, _ in found])
    spoken = [sentence for one, sentence in found if one == worst_level and sentence]
    looked = display.listed([told(name) for name in columns])
    return Guard(
        name=_NAME,
        level=worst_level,
        sentence=" ".join(spoken)
        or f"By {looked} the difference keeps its direction at the same mix of segments.",
        figures=tuple(row for split in usable for row in split.rows()),
        remedy=_remedy(worst_level, spoken),
        pvalue=min(min(split.mix_pvalue for split in usable) * len(usable), 1.0),
    )


def _remedy(level: Level, spoken: Sequence[str]) -> str:
    if level == "ok":
        return ""
    return _MIX_REMEDY if any("same mix" in one for one in spoken) else _APART_REMEDY


def _judged(split: Split, family: int, units: str) -> tuple[Level, str]:
    """Return the level of one column and treatment, and what to say; "" where all is well."""
    pooled, same = split.pooled, split.common.estimate
    mix = min(split.mix_pvalue * family, 1.0)
    turned = pooled * same < 0
    if turned and mix < NOTE:
        return level_of(mix), _turned(split, mix, units)
    clear = min(split.pooled_pvalue, split.common_pvalue) < _CLEAR
    if mix < NOTE and clear and abs(pooled - same) >= abs(pooled) / 2:
        return "note", _mixed(split, mix, units)
    if _apart(split) * family < NOTE:
        return "note", _opposite(split)
    return "ok", ""


def _apart(split: Split) -> float:
    """Return the p-value of one odds ratio in all segments, 1 where none points the other way."""
    came = split.converted.sum(axis=0)
    stayed = split.entered.sum(axis=0) - came
    large = (came >= _ENOUGH) & (stayed >= _ENOUGH) & (split.entered > 0).all(axis=0)
    x, n = split.converted[:, large], split.entered[:, large]
    if x.shape[1] < 2:
        return 1.0
    differences = x[1] / n[1] - x[0] / n[0]
    opposite = (differences > 0).any() and (differences < 0).any()
    return strata.breslow_day(x * split.worth, n * split.worth).pvalue if opposite else 1.0


def _turned(split: Split, mix: float, units: str) -> str:
    return (
        f"By {told(split.column)} the difference turns round: {_ahead(split)} of all {units}, but "
        f"{_same(split)}. {_segments(split)} The arms differ in their mix ({display.pvalue(mix)})."
    )


def _mixed(split: Split, mix: float, units: str) -> str:
    return (
        f"Much of the difference is mix of {told(split.column)}: {_ahead(split)} of all {units}, "
        f"and {_same(split)}. {_segments(split)} The arms differ in their mix "
        f"({display.pvalue(mix)})."
    )


def _opposite(split: Split) -> str:
    return (
        f"By {told(split.column)} the difference is not the same everywhere (Breslow-Day, "
        f"{display.pvalue(_apart(split))}). {_segments(split)}"
    )


def _ahead(split: Split) -> str:
    x, n = split.totals
    names = [told(name) for name in split.names]
    return (
        f"{names[1]} {display.percent(x[1] / n[1])} against {names[0]} "
        f"{display.percent(x[0] / n[0])} ({_points(split.pooled)} points, "
        f"{display.pvalue(split.pooled_pvalue)})"
    )


def _same(split: Split) -> str:
    low, high = split.common.interval(split.confidence_level)
    return (
        f"{_points(split.common.estimate)} points ({_points(float(low))} to "
        f"{_points(float(high))}) at the same mix (Cochran-Mantel-Haenszel, "
        f"{display.pvalue(split.common_pvalue)})"
    )


def _segments(split: Split) -> str:
    """Return the largest segments in which both arms were seen."""
    both = np.asarray((split.entered > 0).all(axis=0))
    order = [k for k in np.argsort(-split.entered.sum(axis=0), kind="stable") if both[k]]
    said = []
    for k in order[:_SHOWN]:
        rates = split.converted[:, k] / split.entered[:, k]
        said.append(
            f"{told(split.values[k])} {display.percent(rates[1])} of "
            f"{display.count(split.entered[1, k])} against {display.percent(rates[0])} of "
            f"{display.count(split.entered[0, k])}"
        )
    more = len(order) - _SHOWN
    rest = f"; and {display.plural(more, 'more segment')}" if more > 0 else ""
    return f"Segments: {'; '.join(said)}{rest}." if said else ""


def _points(share: float) -> str:
    return display.signed(round(100 * share, 1) + 0.0)
