"""`split_value`: a difference of revenue per lead, as parts of win rate and of deal size."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from funnelkit._core import checks, display, shapley
from funnelkit._core.errors import ArgumentError, numbered
from funnelkit._core.interval import Interval
from funnelkit._core.result import Result
from funnelkit.experiment.averages.contrast import satterthwaite
from funnelkit.experiment.averages.given import (
    Blanks,
    both_arms,
    column_of,
    is_number,
    units_of,
    without_blanks,
)
from funnelkit.experiment.averages.means import compare_means
from funnelkit.experiment.comparison import Comparison

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
Won = tuple[float, float, float, float] | tuple[float, ArrayLike]
PARTS = ("win rate", "deal size")
_NEED = (
    "(leads, won, mean deal, standard deviation of a deal), or (leads, amounts of the won deals)"
)


def split_value(
    control: Won,
    treatment: Won,
    *,
    blanks: Blanks = "refuse",
    confidence_level: float = 0.95,
    metric: str = "revenue per lead",
    currency: str | None = None,
    units: str = "leads",
    names: tuple[str, str] = ("control", "treatment"),
    randomised: bool = True,
) -> ValueSplit:
    """Return a difference of revenue per lead, split into win rate and deal size.

    Parameters
    ----------
    control, treatment
        Each ``(leads, won, mean deal, sd)``: the number of leads, of won deals, and mean and
        standard deviation of the won amounts; or ``(leads, amounts)`` with one amount for each
        won deal.
    blanks
        What an amount that is not there means; see :func:`compare_means`. Left out, the deal counts
        as won, of average size.
    confidence_level
        Level of the intervals in the frame and the summary.
    metric, currency, units, names, randomised
        As in :func:`compare_means`.

    Returns
    -------
    ValueSplit
        Two parts, in money per lead, that add up to the difference.

    Raises
    ------
    ArgumentError
        If an arm has nobody, more won deals than leads, or nothing was won in either.

    Notes
    -----
    Revenue per lead is win rate x mean deal. The part of the win rate is its change times the mean
    of the two deal sizes, and the other way round (Kitagawa's split, the Shapley value of two
    factors). Where nothing was won in one arm, its deals are taken to be the other's size, so that
    all is win rate. Standard errors are by the delta method from those of the two rates, taken at
    (won + 1) / (leads + 2), and of the two mean deals; Student's t has Satterthwaite's degrees of
    freedom. The parts describe: leads that would not have been won otherwise may bring other deals,
    so that a smaller mean deal need not mean that any deal became smaller.

    References
    ----------
    Kitagawa (1955), Journal of the American Statistical Association 50, 1168-1194; Agresti and
    Caffo (2000), The American Statistician 54, 280-288, on the rates.

    Examples
    --------
    From 10 % of 200 leads at 9,000 to 15 % of 200 at 8,000:

    >>> found = split_value((200, 20, 9000.0, 4000.0), (200, 30, 8000.0, 5000.0))
    >>> round(found.change, 6), {name: round(part, 6) for name, part in found.parts.items()}
    (300.0, {'win rate': 425.0, 'deal size': -125.0})
    """
    checks.confidence(confidence_level)
    arms: list[WonDeals] = []
    problems: list[str] = []
    notes: list[str] = []
    for argument, given, name in both_arms(control, treatment, names):
        try:
            arm, note = _deals(argument, given, name, blanks, units)
        except ArgumentError as error:
            problems.append(str(error))
            continue
        arms.append(arm)
        notes += [] if note is None else [note]
    if not problems and not any(arm.won for arm in arms):
        problems.append("nothing was won in either arm, so there is no revenue to split.")
    if problems:
        raise ArgumentError(numbered(problems))
    first, second = arms
    total = compare_means(
        first.moments,
        second.moments,
        confidence_level=confidence_level,
        metric=metric,
        unit="money",
        currency=currency,
        units=units,
        names=names,
        randomised=randomised,
    )
    return ValueSplit(
        control=first,
        treatment=second,
        total=total,
        notes=(*notes, *_few(arms)),
        confidence_level=confidence_level,
    )


@dataclass(frozen=True, kw_only=True)
class WonDeals:
    """One arm: leads, won deals, those with an amount, and its mean and standard deviation."""

    name: str
    leads: float
    won: float
    known: float
    deal: float
    sd: float

    @property
    def rate(self) -> float:
        """Won over leads."""
        return self.won / self.leads

    @property
    def rate_variance(self) -> float:
        """Variance of the rate, which is not 0 where nothing was won."""
        safe = (self.won + 1) / (self.leads + 2)
        return safe * (1 - safe) / (self.leads + 2)

    @property
    def moments(self) -> tuple[float, float, float]:
        """Number of leads, revenue per lead with its zeros, and its standard deviation."""
        if not self.won:
            return self.leads, 0.0, 0.0
        mean = self.rate * self.deal
        spread = self.sd**2 * (self.won - 1) if self.won > 1 else 0.0
        squares = spread + self.won * (1 - self.rate) * self.deal**2
        sd = math.sqrt(squares / (self.leads - 1)) if self.leads > 1 else math.nan
        return self.leads, mean, sd


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ValueSplit(Result):
    """A difference of revenue per lead, and its parts; see :func:`split_value`.

    Parameters
    ----------
    control, treatment
        Leads, won deals and amounts of each arm.
    total
        The comparison of revenue per lead, zeros included.
    notes
        Sentences that belong with the result.
    confidence_level
        Level of the intervals in the frame and the summary.
    """

    control: WonDeals
    treatment: WonDeals
    total: Comparison
    notes: tuple[str, ...] = ()
    confidence_level: float = 0.95

    @property
    def change(self) -> float:
        """Revenue per lead in treatment less that in control."""
        return self.total.effect

    @cached_property
    def parts(self) -> Mapping[str, float]:
        """What ``"win rate"`` and ``"deal size"`` add to revenue per lead; they add up."""
        found = shapley.effects(self._factors)
        return MappingProxyType({name: float(part[0]) for name, part in found.items()})

    def part_interval(self, part: str, confidence_level: float | None = None) -> Interval:
        """Return the interval of one part.

        Parameters
        ----------
        part
            ``"win rate"`` or ``"deal size"``.
        confidence_level
            Default: that of the result.

        Returns
        -------
        Interval
            Without limits where the spread of deals cannot be told (fewer than two in both arms).

        Raises
        ------
        ArgumentError
            If there is no such part, or the level is not between 0 and 1.
        """
        checks.member("part", "part", part, PARTS)
        level = self.confidence_level
        if confidence_level is not None:
            level = checks.confidence(confidence_level)
        terms = self._terms(part)
        variance = sum(term for term, _ in terms)
        if not math.isfinite(variance):
            return Interval(-math.inf, math.inf)
        reach = float(stats.t.isf((1 - level) / 2, satterthwaite(terms))) * math.sqrt(variance)
        return Interval(self.parts[part] - reach, self.parts[part] + reach)

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each part and one for the total.

        Returns
        -------
        DataFrame
            ``part``, ``control``, ``treatment`` (win rate, mean deal, revenue per lead),
            ``part_value``, ``part_low``, ``part_high`` (money per lead).
        """
        import pandas as pd

        arms = (self.control, self.treatment)
        sizes = [arm.deal if arm.won else math.nan for arm in arms]
        rows: list[tuple[Any, ...]] = [
            ("win rate", *(arm.rate for arm in arms), self.parts["win rate"]),
            ("deal size", *sizes, self.parts["deal size"]),
            (self.total.metric, self.total.control.mean, self.total.treatment.mean, self.change),
        ]
        ends = [self.part_interval(part, self.confidence_level) for part in PARTS]
        ends.append(self.total.confidence_interval(self.confidence_level))
        columns = ["part", "control", "treatment", "part_value", "part_low", "part_high"]
        return pd.DataFrame(
            [(*row, *end) for row, end in zip(rows, ends, strict=True)], columns=columns
        )

    def summary(self) -> str:
        """Return the difference of revenue per lead, and what each part makes of it."""
        shown = self.total.shown
        said = []
        for part in PARTS:
            low, high = (float(end) for end in self.part_interval(part))
            said.append(f"{part} {shown(self.parts[part])} ({shown(low)} to {shown(high)})")
        arms = (self.treatment, self.control)
        won = " against ".join(
            f"{display.count(arm.won)} of {display.count(arm.leads)}" for arm in arms
        )
        head = self.total.summary().rstrip(".")
        return " ".join(
            [
                f"{head}. Of this, {said[0]} and {said[1]}; won {won} {self.total.units}.",
                *self.notes,
            ]
        )

    @cached_property
    def _factors(self) -> dict[str, tuple[FloatArray, FloatArray]]:
        first, second = self.control, self.treatment
        sizes = (
            first.deal if first.won else second.deal,
            second.deal if second.won else first.deal,
        )
        return {
            "win rate": (np.array([first.rate]), np.array([second.rate])),
            "deal size": (np.array([sizes[0]]), np.array([sizes[1]])),
        }

    def _terms(self, part: str) -> list[tuple[float, float]]:
        """Return the parts of the variance of a part, each with its degrees of freedom."""
        arms = (self.control, self.treatment)
        rates, deals = ([float(end[0]) for end in self._factors[name]] for name in PARTS)
        per_rate, per_deal = sum(deals) / 2, (rates[1] - rates[0]) / 2
        if part == "deal size":
            per_rate, per_deal = (deals[1] - deals[0]) / 2, sum(rates) / 2
        if not all(arm.won for arm in arms):
            if part == "deal size":
                return [(math.inf, math.inf)]
            per_deal *= 2  # both sizes are one and the same
        found = [(per_rate**2 * arm.rate_variance, math.inf) for arm in arms]
        others = [arm for arm in arms if arm.known > 1]
        for arm in arms:
            if not arm.won:
                continue
            own = arm if arm.known > 1 else (others[0] if others else arm)
            spread = own.sd**2 if own.known > 1 else math.inf
            weight = per_deal**2 / arm.known
            found.append((weight * spread if weight else 0.0, max(own.known - 1, 1.0)))
        return found


def _deals(
    argument: str, given: Any, name: str, blanks: Blanks, units: str
) -> tuple[WonDeals, str | None]:
    """Return one arm, and a sentence about blank amounts."""
    if not isinstance(given, tuple) or len(given) not in {2, 4}:
        raise ArgumentError(f"`{argument}` must be {_NEED}.")
    leads, note = units_of(argument, given[0], units), None
    if len(given) == 4:
        won, deal, sd = given[1], given[2], given[3]
        if not is_number(won) or not math.isfinite(won) or won < 0:
            raise ArgumentError(f"`{argument}`: won must be a number of deals; got {won!r}.")
        deal = 0.0 if not won else deal
        sd = math.nan if won <= 1 or sd is None else sd
        if not is_number(deal) or not math.isfinite(deal):
            raise ArgumentError(f"`{argument}`: the mean deal must be a number; got {deal!r}.")
        if won > 1 and not (is_number(sd) and math.isfinite(sd) and sd >= 0):
            raise ArgumentError(
                f"`{argument}`: the standard deviation must be at least 0; got {sd!r}."
            )
        known = float(won)
    else:
        values = column_of(argument, given[1])
        won = float(values.size)
        kept, _, note = without_blanks(argument, values, blanks, "won deals")
        known = float(kept.size)
        if won and not known:
            raise ArgumentError(f"`{argument}`: none of the won deals has an amount.")
        deal = float(kept.mean()) if kept.size else 0.0
        sd = float(kept.std(ddof=1)) if kept.size > 1 else math.nan
    if won > leads:
        raise ArgumentError(
            f"`{argument}`: {display.count(won)} won deals of {display.count(leads)} {units}; more "
            "than entered cannot be won."
        )
    arm = WonDeals(
        name=name, leads=leads, won=float(won), known=known, deal=float(deal), sd=float(sd)
    )
    return arm, None if note is None else f"{display.one_line(name)}: {note}"


def _few(arms: list[WonDeals]) -> list[str]:
    """Return what has to be said about arms with hardly a won deal."""
    said = []
    for arm in arms:
        name = display.one_line(arm.name)
        if not arm.won:
            said.append(f"{name}: nothing was won, so all of the difference is win rate.")
        elif arm.known < 2:
            said.append(f"{name}: one deal has no spread; that of the other arm is taken.")
    return said
