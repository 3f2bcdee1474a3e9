"""Cohorts in a row: what is seen so far, what it comes to, and what is known from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError
from funnelkit.lag import AdjustedRates
from funnelkit.plot import findings
from funnelkit.plot.points import Group, Rows, groups_of

if TYPE_CHECKING:
    import pandas as pd

MOST_SEGMENTS = 12
MOST_COHORTS = 36
_BEYOND = 2.0


@dataclass(frozen=True, kw_only=True)
class Levels:
    """What a chart of cohorts in a row shows.

    Parameters
    ----------
    rows
        Points by segment, and what the words need.
    groups
        Those that are shown.
    means
        Rate of each group's cohorts together.
    known
        For each group, cohort's label -> rate from elsewhere.
    known_name
        What that is.
    left_out, earlier
        Segments and earlier cohorts that are not shown.
    """

    rows: Rows
    groups: tuple[Group, ...]
    means: tuple[float | None, ...]
    known: tuple[dict[str, float], ...]
    known_name: str
    left_out: int
    earlier: int

    @property
    def top(self) -> float:
        """End of the axis: what is mature with its intervals, and up to twice that."""
        points = [point for group in self.groups for point in group.points if point.known]
        seen = [max(point.rate, point.seen or 0.0) for point in points if not point.immature]
        highs = [point.high for point in points if not point.immature]
        tops = [*seen, *highs, *(rate for group in self.known for rate in group.values())]
        young = [min(point.high, 1.0) for point in points if point.immature]
        if not tops:
            return max(young, default=0.0)
        return max([*tops, *(min(high, _BEYOND * max(tops)) for high in young)])

    @property
    def several(self) -> bool:
        """Whether there is a panel for each segment."""
        return len(self.groups) > 1


def levels_of(rates: AdjustedRates, known: pd.Series[float] | None, *, most: int) -> Levels:
    """Return the cohorts of a result in a row, the largest segments first.

    Raises
    ------
    ArgumentError
        If it is no adjusted rates, has but one cohort in several segments, or the known rates are
        no shares by cohort.
    """
    if not isinstance(rates, AdjustedRates):
        raise ArgumentError(
            f"`rates` must be what fk.lag.adjust returns; got {type(rates).__name__}."
        )
    if len(rates.cohorts) == 1 and len(rates.segments) > 1:
        raise ArgumentError(
            "`rates` holds one cohort in several segments, which is no series; "
            "fk.plot.cohorts shows segments side by side."
        )
    rows = groups_of(rates, most=len(rates.segments) * MOST_COHORTS)
    groups = rows.groups[:most]
    return Levels(
        rows=replace(rows, left_out=0),
        groups=groups,
        means=_means(rates)[: len(groups)],
        known=(_known(rates, known),) * len(groups),
        known_name=_called(known),
        left_out=len(rows.groups) - len(groups),
        earlier=len(rates.cohorts) - len(groups[0].points),
    )


def _called(known: pd.Series[float] | None) -> str:
    name = None if known is None else known.name
    return "known" if name is None else display.one_line(str(name))


def _means(rates: AdjustedRates) -> tuple[float | None, ...]:
    """Return converted over mature leads of each segment, the largest one first."""
    leads = np.where(rates.own, rates.mature_leads, 0.0).sum(axis=1)
    found = np.where(rates.own, rates.converted, 0).sum(axis=1)
    order = np.argsort(-rates.entered.sum(axis=1), kind="stable")
    return tuple(
        min(float(found[i] / leads[i]), 1.0) if leads[i] > 0 else None for i in map(int, order)
    )


def _known(rates: AdjustedRates, known: pd.Series[float] | None) -> dict[str, float]:
    """Return rates from elsewhere by the label of their cohort."""
    import pandas as pd

    if known is None:
        return {}
    if len(rates.segments) > 1:
        raise ArgumentError("`known` goes with one segment; collapse the triangle's segments.")
    if not isinstance(known, pd.Series):
        raise ArgumentError(
            f"`known` must be a Series of rates by cohort; got {type(known).__name__}."
        )
    values = np.asarray(known, float)
    if not ((values >= 0) & (values <= 1)).all():
        raise ArgumentError("`known` must hold shares between 0 and 1 only.")
    unit: Any = rates.cohorts.freq
    try:
        labels = [period_label(pd.Period(each, freq=unit)) for each in known.index]
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            f"`known` must be indexed by cohorts such as those of `rates`; "
            f"got {known.index[:3].tolist()}."
        ) from error
    return dict(zip(labels, values.tolist(), strict=True))


def title(shown: Levels) -> str:
    """Return what the latest cohort comes to, or which segments' newest cohort lies off."""
    if not shown.several:
        found = findings.of_rows(shown.rows)
        return found[0].upper() + found[1:]
    above, below = [], []
    for group, mean in zip(shown.groups, shown.means, strict=True):
        rated = [point for point in group.points if point.known]
        if not rated or mean is None:
            continue
        if rated[-1].low > mean:
            above.append(group.name)
        elif rated[-1].high < mean:
            below.append(group.name)
    if not above and not below:
        return "No segment's newest cohort lies clearly off its other cohorts"
    if len(above) + len(below) > 3:
        return (
            f"The newest cohort lies off its segment in {len(above) + len(below)} of "
            f"{len(shown.groups)}: {len(above)} above, {len(below)} below"
        )
    parts = [
        f"{where} in {display.listed(names)}"
        for names, where in ((above, "above"), (below, "below"))
        if names
    ]
    return f"The newest cohort lies off its segment's rate: {', '.join(parts)}"


def caption(shown: Levels, *, clipped: bool) -> str:
    """Return what the marks are, and what is not shown."""
    rows = shown.rows
    under = "leads" if shown.several else "its leads, and its maturity"
    text = findings.caption_of_rows(rows)
    text += f" {'Over each panel' if shown.several else 'Under each cohort'}: {under}."
    if clipped:
        text += " Arrow: the interval goes on beyond the axis."
    if shown.earlier:
        text += f" {display.plural(shown.earlier, 'earlier cohort')} not shown."
    if shown.left_out:
        text += f" {display.plural(shown.left_out, 'smaller segment')} not shown."
    return text


def words(shown: Levels, *, clipped: bool) -> list[str]:
    """Return the view in words, a line for each cohort."""
    lines = [title(shown), caption(shown, clipped=clipped)]
    return lines + told(shown)


def told(shown: Levels) -> list[str]:
    """Return a line for each cohort, with what is known of it from elsewhere."""
    lines = []
    for group, known in zip(shown.groups, shown.known, strict=True):
        start = f"{group.name}, " if group.name else ""
        for point in group.points:
            beside = ""
            if point.name in known:
                beside = f"; {shown.known_name} {display.percent(known[point.name])}"
            lines.append(f"{start}{point.said}{beside}.")
    return lines


def bottoms(shown: Levels) -> Sequence[str]:
    """Return what stands under each cohort of the only series."""
    return [
        f"{point.label}\n{display.count(point.entered)}\n{point.said_maturity or display.EN_DASH}"
        for point in shown.groups[0].points
    ]


def immature_spans(group: Group) -> list[tuple[float, float]]:
    """Return from where to where immature cohorts stand in a row."""
    spans: list[tuple[float, float]] = []
    for k, point in enumerate(group.points):
        if not point.immature or not point.entered:
            continue
        if spans and spans[-1][1] == k - 0.5:
            spans[-1] = (spans[-1][0], k + 0.5)
        else:
            spans.append((k - 0.5, k + 0.5))
    return spans


def marks_of(shown: Levels) -> dict[str, Any]:
    """Return which kinds of marks are there."""
    points = [point for group in shown.groups for point in group.points if point.known]
    return {
        "solid": any(not point.hollow for point in points),
        "immature": any(point.immature for point in points),
        "small": any(point.small for point in points),
        "seen": bool(points),
    }
