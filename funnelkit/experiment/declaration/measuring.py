"""From counts within windows to the comparison of each metric, by what depends on what."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from funnelkit.experiment.adjustment import holm_family
from funnelkit.experiment.averages.means import compare_means
from funnelkit.experiment.clusters.compared import compare_clustered
from funnelkit.experiment.comparison import Alternative, Arm, Comparison, Comparisons
from funnelkit.experiment.declaration.declared import Design
from funnelkit.experiment.declaration.metric import Metric
from funnelkit.experiment.proportions.comparing import compare_rates

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.counts.within import Cluster, Window, WithinWindows
    from funnelkit.experiment.averages.means import MeanMethod
    from funnelkit.experiment.proportions.methods import RateMethod

_GROUPS = {"account": "accounts", "rep": "representatives"}


@dataclass(frozen=True, eq=False, kw_only=True)
class Counted:
    """What came of each variant within the windows of an experiment.

    Parameters
    ----------
    found
        Counts by variant and cluster.
    cluster
        What records of one kind depend on each other by; ``None``: they do not.
    start, last
        Stage of entry of the experiment, and that of the win.
    currency
        Of money.
    """

    found: WithinWindows
    cluster: Cluster | None
    start: str
    last: str
    currency: str | None = None

    def rows(self, window: Window, arm: str) -> pd.DataFrame:
        """Return the rows of a variant: one per cluster, or one in all."""
        rows = self.found.of(window)
        kept: pd.DataFrame = rows[(rows["arm"] == arm) & (rows["entered"] > 0)]
        return kept


def window_of(metric: Metric, design: Design, start: str, last: str) -> Window:
    """Return the transition of a metric, and the days within which it counts."""
    from funnelkit.counts.within import Window

    return Window(metric.start or start, metric.stage or last, metric.within or design.within)


def compared(
    metric: Metric, design: Design, counted: Counted, *, guardrail: bool = False
) -> list[Comparison]:
    """Return one comparison per treatment; those of a guardrail are two-sided."""
    window = window_of(metric, design, counted.start, counted.last)
    alternative: Alternative = "two-sided" if guardrail else design.alternative
    said: dict[str, Any] = {
        "metric": metric.called(counted.start, design.within),
        "alternative": alternative,
        "confidence_level": 1 - design.alpha,
        "randomised": design.randomised,
    }
    return [
        _compared(
            metric,
            counted,
            [counted.rows(window, name) for name in (design.control, treatment)],
            {**said, "names": (design.control, treatment)},
            design=design,
        )
        for treatment in design.treatments
    ]


def family(comparisons: Sequence[Comparison]) -> Comparisons:
    """Return comparisons as a family; several p-values are adjusted by Holm's method."""
    if len(comparisons) < 2 or any(math.isnan(one.pvalue) for one in comparisons):
        return Comparisons(comparisons=tuple(comparisons))
    return holm_family(comparisons)


def _compared(
    metric: Metric,
    counted: Counted,
    arms: Sequence[pd.DataFrame],
    said: Mapping[str, Any],
    *,
    design: Design,
) -> Comparison:
    if metric.kind == "deal size":
        return _deal_size(arms, said, counted.currency)
    together = counted.cluster is not None and any((rows["entered"] > 1).any() for rows in arms)
    if together and metric.method is not None:
        said = {**said, "method": metric.method}
    if metric.kind == "rate":
        if together:
            return _by_cluster(arms, counted, said, numerator="converted")
        first, second = (
            (int(rows["converted"].sum()), int(rows["entered"].sum())) for rows in arms
        )
        own = "score" if design.several_looks else "auto"  # looks are read as z
        method = cast("RateMethod", metric.method or own)
        return _one(compare_rates(first, second, method=method, units=design.units, **said))
    said = {**said, "unit": "money", "currency": counted.currency}
    found = (
        _by_cluster(arms, counted, said, numerator="value")
        if together
        else _by_record(metric, design, counted, arms, said)
    )
    unknown = int(sum((rows["converted"] - rows["known"]).sum() for rows in arms))
    if not unknown:
        return found
    note = f"{unknown} won without a known amount count 0."
    return replace(found, notes=(*found.notes, note))


def _by_record(
    metric: Metric,
    design: Design,
    counted: Counted,
    arms: Sequence[pd.DataFrame],
    said: Mapping[str, Any],
) -> Comparison:
    """Return the money per record compared: from moments, or value by value where that is asked."""
    if metric.method in (None, "welch"):
        given: list[Any] = [_moments(rows) for rows in arms]
        return _one(compare_means(*given, units=design.units, **said))
    window = window_of(metric, design, counted.start, counted.last)
    values: list[Any] = [counted.found.values(window, name) for name in said["names"]]
    method = cast("MeanMethod", metric.method)
    return _one(
        compare_means(
            *values,
            method=method,
            winsorise_at=metric.winsorise_at,
            units=design.units,
            **said,
        )
    )


def _by_cluster(
    arms: Sequence[pd.DataFrame], counted: Counted, said: Mapping[str, Any], *, numerator: str
) -> Comparison:
    groups = _GROUPS[counted.cluster or "account"]
    return _one(
        compare_clustered(
            *arms, numerator=numerator, account="cluster", groups=groups, units="leads", **said
        )
    )


def _moments(rows: pd.DataFrame) -> tuple[float, float, float]:
    """Return n, mean and standard deviation of the money per record."""
    return moments(rows["entered"].sum(), rows["value"].sum(), rows["squares"].sum())


def moments(n: float, total: float, squares: float) -> tuple[float, float, float]:
    """Return n, mean and standard deviation from sums.

    Examples
    --------
    >>> moments(2, 4.0, 10.0)
    (2.0, 2.0, 1.4142135623730951)
    """
    n, total, squares = float(n), float(total), float(squares)
    mean = total / n if n else math.nan
    spread = max(squares - n * mean**2, 0.0) if n else math.nan
    return n, mean, math.sqrt(spread / (n - 1)) if n > 1 else math.nan


def _deal_size(
    arms: Sequence[pd.DataFrame], said: Mapping[str, Any], currency: str | None
) -> Comparison:
    """Return the mean amount of the won in both arms, which describes and tests nothing."""
    given = [
        moments(rows["known"].sum(), rows["value"].sum(), rows["squares"].sum()) for rows in arms
    ]
    note = (
        "Deal size is of those who were won, and the variant has a hand in who is: it describes. "
        "What can be tested is the value per lead."
    )
    told: dict[str, Any] = {
        **said,
        "unit": "money",
        "currency": currency,
        "units": "wins",
        "randomised": False,
    }
    if min(n for n, _, _ in given) >= 2 and any(sd > 0 for _, _, sd in given):
        found = _one(compare_means(*given, **told))
        return replace(found, notes=(*found.notes, note))
    first, second = (
        Arm(name=name, n=n, mean=mean, sd=sd)
        for name, (n, mean, sd) in zip(said["names"], given, strict=True)
    )
    return Comparison(
        metric=said["metric"],
        unit="money",
        control=first,
        treatment=second,
        scale="difference",
        effect=math.nan,
        pvalue=math.nan,
        bounds=lambda _: (math.nan, math.nan),
        method="too few wins",
        units="wins",
        currency=currency,
        randomised=False,
        notes=(note,),
        confidence_level=said["confidence_level"],
    )


def _one(found: Comparison | Comparisons) -> Comparison:
    return next(iter(found)) if isinstance(found, Comparisons) else found
