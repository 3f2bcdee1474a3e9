"""`difference_in_differences`: the change of one group less that of another left alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.comparison import ALTERNATIVES, Alternative, Arm, Comparison, Scale, Unit
from funnelkit.experiment.unrandomised.contrasts import contrast
from funnelkit.experiment.unrandomised.prior_trends import (
    WEIGHTS,
    Pair,
    PriorTrend,
    prior_trend,
    two_changes,
)
from funnelkit.experiment.unrandomised.readings import Groups, two_groups

if TYPE_CHECKING:
    import pandas as pd

_SCALES: tuple[Scale, ...] = ("difference", "odds ratio")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DifferenceInDifferences(Comparison):
    """A comparison of two changes: its arms hold the changes; see `difference_in_differences`.

    Parameters
    ----------
    periods
        Comparison and treated group of each period, oldest first; the last one is after.
    trend
        How the two moved before the change; ``None`` without earlier periods.
    assumptions
        What must hold for the difference to be that of the change that was made.
    """

    periods: tuple[tuple[Arm, Arm], ...]
    trend: PriorTrend | None
    assumptions: tuple[str, ...]

    def by_period(self) -> pd.DataFrame:
        """Return one row per period and group.

        Returns
        -------
        DataFrame
            ``period`` (0 is the last one before the change, 1 the one after), ``group``, ``n``,
            and ``converted`` and ``rate``, or ``mean`` and ``sd``.
        """
        import pandas as pd

        rows = []
        for k, pair in enumerate(self.periods):
            for arm in pair:
                row = {"period": k - len(self.periods) + 2, "group": arm.name, "n": arm.n}
                if arm.converted is None:
                    row |= {"mean": arm.mean, "sd": arm.sd}
                else:
                    row |= {"converted": arm.converted, "rate": arm.mean}
                rows.append(row)
        return pd.DataFrame(rows)

    def summary(self) -> str:
        """Return both changes, how far apart they are, how sure that is, and what it takes."""
        head = f"{self.metric[:1].upper()}{self.metric[1:]}"
        before, after = self.periods[-2:]
        moved = display.listed(
            [self._moved(*two) for two in zip(before, after, strict=True)][::-1], last="against"
        )
        told = f"{head}: {moved}; {self._between()}, {display.pvalue(self.pvalue)} ({self.method})."
        return " ".join([told, *self.notes])

    def _between(self) -> str:
        text = self.effect_text()
        if self.scale == "difference":
            return f"difference of the two changes {text}"
        return f"ratio of the two changes of the odds {text.removeprefix('odds ratio ')}"

    def _moved(self, before: Arm, after: Arm) -> str:
        return (
            f"{display.one_line(after.name)} from {self.shown(before.mean)} to "
            f"{self.shown(after.mean)} ({display.count(before.n)} and {display.count(after.n)} "
            f"{self.units})"
        )


def difference_in_differences(
    before: Groups,
    after: Groups,
    *,
    earlier: Sequence[Groups] = (),
    scale: Scale = "difference",
    alternative: Alternative = "two-sided",
    confidence_level: float = 0.95,
    metric: str | None = None,
    unit: Unit | None = None,
    currency: str | None = None,
    units: str = "leads",
    names: tuple[str, str] = ("comparison", "treated"),
) -> DifferenceInDifferences:
    """Return the change of a treated group less the change of one that was left alone.

    Parameters
    ----------
    before, after
        The comparison group, then the treated one, each (converted, entered) of a rate, equally
        mature, or (n, mean, sd) of a mean per unit; or a mapping of two names to those.
        ``entered`` may be an effective number.
    earlier
        Periods before ``before`` in the same form, oldest first and evenly spaced: with them the
        two groups' earlier changes are compared, in which nothing was done.
    scale
        Of rates: ``"difference"``, whose groups would have moved by the same number of points, or
        ``"odds ratio"``, whose odds would have moved by the same factor. The two agree where the
        groups start from the same rate.
    alternative
        Of the treated group against the other.
    confidence_level
        Of the intervals.
    metric
        What is compared; default ``"rate"`` or ``"mean"``.
    unit
        What a mean counts in; default ``"number"``.
    currency
        Of money.
    units
        Plural noun of what entered.
    names
        Of the two groups, where they are given without names.

    Returns
    -------
    DifferenceInDifferences
        A :class:`Comparison` with ``randomised=False``, whose arms hold the two changes.

    Raises
    ------
    ArgumentError
        For counts that cannot be, a rate beside a mean, odds of means, or an unknown word.

    Notes
    -----
    Interval and p-value are a pair: rates as differences, four Wilson intervals combined, and the
    level at which their interval touches 0; odds, the normal test of the logit interaction with
    halves added; means, Welch's t. With 10 leads a group and rates near one half, points that do
    not differ come out at p < .05 in up to 8 of 100 cases, from 25 leads on in at most 6
    (benchmarks/difference_in_differences.py). Both hold what chance does to single leads. What
    moves one whole group in one period they do not hold: there are two groups only.

    References
    ----------
    Angrist and Pischke (2009), Mostly Harmless Econometrics, section 5.2. Zou, Huang and Zhang
    (2009), Computational Statistics and Data Analysis 53, 1080-1085, for the interval. Donald and
    Lang (2007), Review of Economics and Statistics 89, 221-233, on two groups. Roth (2022),
    American Economic Review: Insights 4, 305-322, on what earlier periods can show.

    Examples
    --------
    >>> found = difference_in_differences(((40, 200), (38, 190)), ((44, 210), (60, 200)))
    >>> found.word, round(found.effect, 3)
    ('difference', 0.09)
    """
    checks.one_of("scale", scale, _SCALES)
    checks.one_of("alternative", alternative, ALTERNATIVES)
    level = checks.confidence(confidence_level)
    called, past = _past(before, earlier)
    called, now = two_groups("after", after, called)
    groups = called or names
    every = [*past, now]
    is_rate = now[0].is_rate
    if any(pair[0].is_rate != is_rate for pair in every):
        raise ArgumentError("all periods must be rates, or all means; got some of each.")
    if scale == "odds ratio" and not is_rate:
        raise ArgumentError('`scale="odds ratio"` is for rates; means have no odds.')
    found = contrast([*past[-1], *now], WEIGHTS, scale=scale, alternative=alternative)
    trend = None
    if len(past) > 1:
        trend = prior_trend(past, scale=scale, confidence_level=level)
    shown: Unit = "share" if is_rate else unit or "number"
    changes = [
        Arm(name=name, n=one.n + two.n, mean=two.mean - one.mean)
        for name, one, two in zip(groups, past[-1], now, strict=True)
    ]
    assumptions = _assumptions(groups, scale, is_rate=is_rate)
    return DifferenceInDifferences(
        metric=metric or ("rate" if is_rate else "mean"),
        unit=shown,
        control=changes[0],
        treatment=changes[1],
        scale=scale,
        effect=found.estimate,
        pvalue=found.pvalue,
        bounds=found.bounds,
        method=found.method,
        statistic=found.statistic,
        alternative=alternative,
        units=units,
        currency=currency,
        randomised=False,
        notes=(
            *_turns(past[-1], now, is_rate=is_rate),
            _before_text(trend, scale, shown),
            "It is a difference, not an effect: chance did not choose the groups.",
            assumptions[0],
        ),
        confidence_level=level,
        periods=tuple((pair[0].arm(groups[0]), pair[1].arm(groups[1])) for pair in every),
        trend=trend,
        assumptions=assumptions,
    )


def _past(before: Groups, earlier: Sequence[Groups]) -> tuple[tuple[str, str] | None, list[Pair]]:
    """Return names, where given, and the periods up to the change, oldest first."""
    names, last = two_groups("before", before, None)
    found = [two_groups("earlier", one, names)[1] for one in earlier]
    return names, [*found, last]


def _assumptions(names: tuple[str, str], scale: Scale, *, is_rate: bool) -> tuple[str, ...]:
    comparison, treated = (display.one_line(name)[:40] for name in names)
    what = "rate" if is_rate else "mean"
    step = "by the same factor of the odds" if scale == "odds ratio" else "as much"
    if is_rate and scale == "difference":
        step = "by as many points"
    alike = f"as that of {comparison}"
    return (
        f"It assumes that without the change the {what} of {treated} would move {step} {alike}.",
        f"Nothing else that concerns only one of {comparison} and {treated} happened meanwhile.",
        "Each group took in the same mix of leads before and after.",
        f"{comparison} was not touched by the change, and nobody acted on it before it came.",
        f"{treated} was not chosen for a bad or good period, which would pass by itself.",
        "Conversions had equally long to come in both groups and periods.",
        "Leads are independent; what moves a whole group in a period is not in the interval.",
    )


def _turns(before: Pair, after: Pair, *, is_rate: bool) -> tuple[str, ...]:
    """Return a note where points and odds point opposite ways."""
    if not is_rate:
        return ()
    points = two_changes(before, after, scale="difference").estimate
    odds = math.log(two_changes(before, after, scale="odds ratio").estimate)
    if points * odds >= 0:
        return ()
    said = (
        "In points and in odds the answer points opposite ways, as the groups start from different "
        "rates: it rests on which of the two would have moved alike."
    )
    return (said,)


def _before_text(trend: PriorTrend | None, scale: Scale, unit: Unit) -> str:
    """Return what earlier periods show of whether the groups moved alike."""
    if trend is None:
        return "Without earlier periods nothing shows whether the two moved alike before."

    def shown(value: float) -> str:
        if scale == "odds ratio":
            return f"a factor of {math.exp(value):.2f}"
        text = f"{100 * value:.1f} points" if unit == "share" else f"{value:,.3g}"
        return text.replace("-", display.MINUS)

    most = max(abs(trend.low), abs(trend.high))
    over = f"Over {display.plural(trend.periods, 'period')} before the change"
    chance = display.pvalue(trend.pvalue)
    if trend.pvalue < 0.05:
        return (
            f"{over} the two did not move alike ({chance}; the gap moved by {shown(trend.slope)} a "
            "period), so this difference may be their old way of drifting apart."
        )
    return (
        f"{over} they moved alike as far as can be told ({chance}); a drift of up to {shown(most)} "
        "a period would have gone unseen."
    )
