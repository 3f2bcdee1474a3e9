"""Which alarms are one event: a drop in one source is told once, where it is narrowest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from funnelkit.monitor.board.panels import Metric, Panel

FloatArray = NDArray[np.float64]

_FAR, _NEAR, _MORE, _ALL = 2.0, 2.5, 3.5, 0.85


@dataclass(eq=False, kw_only=True)
class Alarm:
    """A series that stands out, before alarms are folded.

    Parameters
    ----------
    panel, row
        Where it stands.
    fell
        Whether it fell.
    window
        Months since the change.
    first, last
        Longest and shortest window that the change may have.
    observed, expected, spread
        What came, what was due, and its standard deviation, by window, shape ``(n_windows,)``.
    distance
        Distance from the middle, in standard deviations.
    chance
        Chance of any so clear alarm on a board without change.
    explains
        Alarms that this one explains.
    """

    panel: Panel
    row: int
    fell: bool
    window: int
    first: int
    last: int
    observed: FloatArray
    expected: FloatArray
    spread: FloatArray
    distance: float
    chance: float
    explains: list[Alarm] = field(default_factory=list)

    @property
    def metric(self) -> Metric:
        """What is watched."""
        return self.panel.metric

    @property
    def business(self) -> tuple[str | None, ...]:
        """Values of the columns that are kept apart."""
        segment = self.panel.segments[self.row]
        return segment if self.panel.split is None else segment[:-1]

    @property
    def value(self) -> str | None:
        """Value of the column split by."""
        return None if self.panel.split is None else self.panel.segments[self.row][-1]

    def effect(self, window: int) -> tuple[float, float]:
        """Return the relative change of a window, and its standard deviation."""
        k = window - 1
        scale = self.weight(window)
        return (
            float((self.observed[k] - self.expected[k]) / scale),
            float(self.spread[k] / scale),
        )

    def ratio(self, window: int) -> tuple[float, float]:
        """Return the log of what came over what was due, and its standard deviation."""
        if self.metric.kind == "speed":
            return self.effect(window)
        due, came = self.weight(window), max(float(self.observed[window - 1]), 0.5)
        return float(np.log(came / due)), float(self.spread[window - 1] / np.sqrt(due * came))

    def weight(self, window: int) -> float:
        """Return what a window's change is relative to: what was due, or the weights of a speed."""
        if self.metric.kind == "speed":
            return max(float(self.panel.series.base[self.row, -window:].sum()), 1e-9)
        return max(float(self.expected[window - 1]), 1e-9)


def folded(alarms: Sequence[Alarm], parents: Sequence[Alarm], stages: Sequence[str]) -> list[Alarm]:
    """Return the alarms that are told, each with those it explains.

    Parameters
    ----------
    alarms
        All alarms.
    parents
        For each metric and business the series of all leads, alarmed or not.
    stages
        Stages in order.

    Notes
    -----
    Within a metric: where the leads outside of the alarmed segments of one column show no change
    of their own, these segments explain the alarm of all leads; else that of all leads explains
    its segments, but those that changed by clearly more. Between metrics: entries to a stage
    follow from what changed upstream in the same leads at the same time or before, and the whole
    funnel's rate from that of a stage.
    """
    left = list(alarms)
    for parent in parents:
        for fell in (True, False):
            mine = [
                one
                for one in left
                if one.metric == parent.metric
                and one.business == parent.business
                and one.fell == fell
            ]
            left = _within(left, mine, parent)
    return _between(left, stages)


def _within(left: list[Alarm], mine: list[Alarm], parent: Alarm) -> list[Alarm]:
    """Fold the alarms of one metric and direction."""
    whole = next((one for one in mine if one.panel.split is None), None)
    children = [one for one in mine if one.panel.split is not None]
    best = _narrowest(children, parent)
    gone: set[int] = set()
    if whole is not None and not best:
        for one in children:
            if not _more(one, parent):
                _put(whole, one, gone)
    elif children:
        head = max(best or children, key=lambda one: one.distance)
        if whole is not None:
            _put(head, whole, gone)
        for one in children:
            if one.panel.split != head.panel.split and _weaker(one, head):
                _put(head, one, gone)
    return [one for one in left if id(one) not in gone]


def _narrowest(children: Sequence[Alarm], parent: Alarm) -> list[Alarm]:
    """Return the alarmed segments of the column that tells most apart, if one explains all."""
    best: list[Alarm] = []
    most = 0.0
    for split in dict.fromkeys(one.panel.split for one in children):
        group = [one for one in children if one.panel.split == split]
        apart = _apart(group, parent)
        if apart > most:
            best, most = group, apart
    return best


def _more(one: Alarm, parent: Alarm) -> bool:
    """Return whether a segment changed clearly more than all leads."""
    own, sd = one.ratio(one.window)
    of_all = parent.ratio(one.window)[0]
    return abs(own) > abs(of_all) and abs(own - of_all) > _MORE * sd


def _put(head: Alarm, one: Alarm, gone: set[int]) -> None:
    head.explains += [one, *one.explains]
    gone.add(id(one))


def _weaker(one: Alarm, head: Alarm) -> bool:
    """Return whether an alarm of another column may be no more than what it holds of the head."""
    return (
        abs(one.effect(one.window)[0])
        <= abs(head.effect(head.window)[0]) + _NEAR * (one.effect(one.window)[1])
    )


def _apart(group: Sequence[Alarm], parent: Alarm) -> float:
    """Return how far alarmed segments lie from the other leads, 0 where these changed as well."""
    k = max(group, key=lambda one: one.distance).window
    if parent.metric.kind == "speed":
        inside = sum(one.weight(k) for one in group)
        whole = parent.weight(k)
    else:
        inside = float(sum(one.expected[k - 1] for one in group))
        whole = float(parent.expected[k - 1])
    share = inside / max(whole, 1e-9)
    if share > _ALL:
        return 0.0
    gap = float(sum(one.observed[k - 1] - one.expected[k - 1] for one in group))
    of_all = float(parent.observed[k - 1] - parent.expected[k - 1])
    others = (of_all - gap) / max(whole - inside, 1e-9)
    spread = float(parent.spread[k - 1]) / max(whole, 1e-9) / np.sqrt(1 - share)
    own = gap / max(inside, 1e-9)
    own_spread = float(np.sqrt(sum(one.spread[k - 1] ** 2 for one in group))) / max(inside, 1e-9)
    same_way = others * own > 0
    if same_way and abs(others) > _FAR * spread and abs(others) > abs(own) / 4:
        return 0.0
    apart = float(abs(own - others) / np.hypot(own_spread, spread))
    return apart if apart > _FAR else 0.0


def _between(left: list[Alarm], stages: Sequence[str]) -> list[Alarm]:
    """Fold alarms that follow from an alarm upstream."""
    order = sorted(left, key=lambda one: _upstream(one.metric, stages))
    told: list[Alarm] = []
    for one in order:
        causes = [
            head
            for head in told
            if head.fell == one.fell
            and head.business == one.business
            and _follows(one.metric, head.metric, stages)
            and _same_leads(one, head)
            and head.window <= one.first + 6
            and head.first + 1 >= one.last
            and abs(one.effect(one.window)[0])
            <= 1.3 * abs(head.effect(head.window)[0]) + _FAR * one.effect(one.window)[1]
        ]
        if causes:
            head = max(
                causes, key=lambda cause: (cause.panel.split == one.panel.split, cause.distance)
            )
            head.explains += [one, *one.explains]
        else:
            told.append(one)
    return told


def _upstream(metric: Metric, stages: Sequence[str]) -> tuple[int, int]:
    """Return the order in which causes are looked for."""
    at = stages.index(metric.target)
    step = stages.index(metric.start) if metric.start else at
    whole = metric.kind == "rate" and at - step > 1
    rank = {"volume": 2, "rate": 0, "closed": 3, "speed": 1}[metric.kind]
    if metric.kind == "volume" and at == 0:
        return (0, 0)
    return (len(stages) if whole else at, 4 if whole else rank)


def _follows(one: Metric, head: Metric, stages: Sequence[str]) -> bool:
    """Return whether one metric moves where another upstream has moved."""
    at, of = stages.index(one.target), stages.index(head.target)
    if one.kind == "volume":
        return of < at or (of == at and head.kind in ("rate", "speed"))
    if one.kind == "closed":
        return head.kind in ("rate", "speed") and head.start == one.start
    spans = at - stages.index(one.start) > 1 if one.start else False
    return one.kind == "rate" and spans and head.kind in ("rate", "speed")


def _same_leads(one: Alarm, head: Alarm) -> bool:
    """Return whether the leads of two alarms are the same, or those of one among the other's."""
    if one.panel.split is None or head.panel.split is None:
        return True
    return one.panel.split != head.panel.split or one.value == head.value
