"""The answers of `compare_clustered`: what was asked, the test, and the words beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from funnelkit._core import display
from funnelkit.experiment.clusters.arms import Columns, SideBySide
from funnelkit.experiment.clusters.shuffled import Shuffled
from funnelkit.experiment.clusters.spread import Spread
from funnelkit.experiment.clusters.student import (
    difference_bounds,
    one_sided,
    pvalue_bounds,
    relative_bounds,
    tested,
)
from funnelkit.experiment.comparison import Alternative, Arm, Comparison, Unit

ClusteredMethod = Literal["auto", "linearised", "cr2", "permutation"]
METHODS: tuple[ClusteredMethod, ...] = ("auto", "linearised", "cr2", "permutation")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was asked of each comparison."""

    method: ClusteredMethod
    alternative: Alternative
    confidence_level: float
    columns: Columns
    metric: str
    unit: Unit
    currency: str | None
    units: str
    groups: str
    randomised: bool
    draws: int
    rng: int | np.random.Generator

    @property
    def ends(self) -> tuple[float, float]:
        """Ends of the scale of a difference."""
        return (-1.0, 1.0) if self.columns.share else (-math.inf, math.inf)


def untested(
    asked: Asked,
    spread: Spread,
    totals: tuple[tuple[float, float], tuple[float, float]],
    names: tuple[str, str],
) -> Comparison:
    """Return the comparison without its test."""
    entered, converted = totals
    arms = [
        Arm(
            name=names[k],
            n=float(entered[k]),
            mean=spread.means[k],
            converted=float(converted[k]) if asked.columns.share else None,
        )
        for k in range(2)
    ]
    related = spread.means[0] > 0
    return Comparison(
        metric=asked.metric,
        unit=asked.unit,
        control=arms[0],
        treatment=arms[1],
        scale="difference",
        effect=spread.effect,
        pvalue=math.nan,
        bounds=difference_bounds(spread, asked.alternative, asked.ends),
        method="",
        alternative=asked.alternative,
        relative=spread.means[1] / spread.means[0] - 1 if related else math.nan,
        relative_bounds=relative_bounds(spread, asked.alternative) if related else None,
        units=asked.units,
        currency=asked.currency,
        randomised=asked.randomised,
        confidence_level=asked.confidence_level,
    )


def by_t(
    asked: Asked, base: Comparison, spread: Spread, chosen: ClusteredMethod, notes: list[str]
) -> Comparison:
    """Return the comparison with Student's t."""
    statistic, pvalue = tested(spread, asked.alternative)
    name = "linearised variance" if chosen == "linearised" else "CR2 variance"
    method = f"{name} over {asked.groups}, t with {spread.df:.1f} degrees of freedom"
    if math.isnan(pvalue):
        method = f"{name} over {asked.groups}"
        alone = any(math.isnan(one) for one in spread.variances)
        why = (
            "With a single account in an arm its variance cannot be told."
            if alone
            else f"All {asked.groups} show the same difference, so that its variance is not known."
        )
        notes = [*notes, why]
    elif asked.columns.share:
        notes = [*notes, *_worth(asked, base, spread)]
    return replace(base, statistic=statistic, pvalue=pvalue, method=method, notes=tuple(notes))


def by_permutation(
    asked: Asked, base: Comparison, spread: Spread, moved: Shuffled, notes: list[str]
) -> Comparison:
    """Return the comparison with the p-value and the interval of a permutation."""
    pvalue = moved.pvalue(asked.alternative)
    sides = 2 if asked.alternative == "two-sided" else 1
    least = sides / moved.total * (moved.same if moved.exact else 1)
    if moved.exact:
        method = f"permutation of {asked.groups}, all {display.count(moved.total)} arrangements"
    else:
        method = f"permutation of {asked.groups}, {display.count(asked.draws)} draws"
        error = moved.error(min(pvalue / sides, 0.5)) * sides
        notes = [*notes, f"The draws leave the p-value a standard error of {error:.4f}."]
    if least >= 1 - asked.confidence_level:
        floor = f"p cannot fall below {min(least, 1.0):.2g}, whatever they show."
        notes = [*notes, f"With so few {asked.groups} {floor}"]

    if all(spread.still):
        drawn_out = pvalue_bounds(spread, pvalue, asked.alternative, asked.ends)
        notes = [*notes, "As nothing varies within an arm, the interval is drawn from p."]
        return replace(
            base,
            pvalue=pvalue,
            bounds=drawn_out,
            relative_bounds=drawn_out if base.control.mean == 1 else None,
            method=method,
            notes=tuple(notes),
        )

    def bounds(level: float) -> tuple[float, float]:
        low, high = moved.bounds(level, asked.alternative)
        return one_sided(low, high, asked.alternative, asked.ends)

    def relative(level: float) -> tuple[float, float]:
        low, high = moved.relative_bounds(level, asked.alternative)
        return one_sided(low - 1, high - 1, asked.alternative, (-1.0, math.inf))

    return replace(
        base,
        pvalue=pvalue,
        bounds=bounds,
        relative_bounds=None if base.relative_bounds is None else relative,
        method=method,
        notes=tuple(notes),
    )


def standing(asked: Asked, pair: SideBySide) -> list[str]:
    """Return how many accounts stand where."""
    notes = [f"{counted(asked, *pair.accounts)}."]
    if pair.shared:
        both = f"{display.count(pair.shared)} of them in both arms"
        notes = [f"{counted(asked, *pair.accounts)}, {both}, whose parts are taken as paired."]
    if pair.nameless:
        rows = display.plural(pair.nameless, "row")
        notes.append(f"{rows} without an account count as one each.")
    return notes


def counted(asked: Asked, control: float, treatment: float) -> str:
    """Return how many accounts each arm has, in words."""
    groups = display.one_line(asked.groups)
    return f"{display.count(treatment)} against {display.count(control)} {groups}"


def _worth(asked: Asked, base: Comparison, spread: Spread) -> list[str]:
    """Return how many independent leads the leads are worth, where that is fewer."""
    alone = sum(arm.mean * (1 - arm.mean) / arm.n for arm in (base.control, base.treatment))
    leads = base.control.n + base.treatment.n
    worth = leads * alone / spread.variance
    if not 0 < worth < 0.95 * leads:
        return []
    of = f"{display.count(leads)} {asked.units}"
    metric = display.one_line(asked.metric)
    return [f"For {metric}, {of} are worth {display.expected(worth)} independent ones."]
