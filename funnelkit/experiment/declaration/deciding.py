"""`decide`: from the figures of an experiment to what to do, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from funnelkit._core import display
from funnelkit.experiment.comparison import Comparison, Comparisons
from funnelkit.experiment.declaration.metric import Metric

_POINT = 0.01

Kind = Literal["adopt", "keep control", "weigh", "go on", "not told", "not to be trusted"]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What to do, in one word and in sentences.

    Parameters
    ----------
    kind
        ``"adopt"`` a treatment; ``"keep control"``; ``"weigh"``, where the primary metric gained
        and a guardrail lost; ``"go on"`` until the planned end; ``"not told"``, where the planned
        end has come and shows neither; ``"not to be trusted"``, where a guard warns.
    treatment
        Which one, where the decision is about one.
    sentences
        What to do, and why.
    """

    kind: Kind
    treatment: str | None
    sentences: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a decision rests on.

    Parameters
    ----------
    primary
        One comparison per treatment, with adjusted p-values where there are several.
    metric
        The primary metric.
    alpha
        Error that was declared.
    guardrails
        Each with its comparisons.
    warnings
        Sentences of the guards that warn.
    followed, young, planned
        Units followed for the whole horizon, those too young, and how many were planned.
    crossed
        Treatment -> whether a boundary of the planned looks was crossed; ``None`` where one look
        was planned.
    finished
        Whether the last planned look has been taken.
    chances
        Treatment -> probability that its rate is above that of control.
    units
        Plural noun of the units.
    """

    primary: Comparisons
    metric: Metric
    alpha: float
    guardrails: Sequence[tuple[Metric, Comparisons]]
    warnings: Sequence[str]
    followed: int
    young: int
    planned: int | None
    crossed: Mapping[str, bool] | None
    finished: bool
    chances: Mapping[str, float]
    units: str


def decide(evidence: Evidence) -> Decision:
    """Return what to do.

    Notes
    -----
    A guard that warns comes first, then the plan of looks, then the primary metric, then the
    guardrails. Secondary metrics decide nothing.
    """
    if evidence.warnings:
        more = len(evidence.warnings) - 1
        also = f" {display.plural(more, 'further warning')} below." if more else ""
        words = f"Do not act on it before this is explained: {evidence.warnings[0]}{also}"
        return Decision(kind="not to be trusted", treatment=None, sentences=(words,))
    if not _ripe(evidence):
        return Decision(kind="go on", treatment=None, sentences=(_waiting(evidence),))
    better = [one for one in _told(evidence) if _is_good(one, evidence.metric)]
    worse = [one for one in _told(evidence) if one not in better]
    if better:
        best = max(better, key=lambda one: abs(one.effect))
        return _winner(best, evidence)
    if worse and len(worse) == len(evidence.primary):
        worst = worse[0]
        name = display.one_line(worst.treatment.name)
        words = f"Keep {display.one_line(worst.control.name)}: {name} does worse, {_sure(worst)}."
        return Decision(kind="keep control", treatment=worst.treatment.name, sentences=(words,))
    return Decision(kind="not told", treatment=None, sentences=(_open(evidence),))


def _ripe(evidence: Evidence) -> bool:
    """Return whether the plan allows a decision now."""
    if evidence.crossed is not None:
        return evidence.finished or any(evidence.crossed.values())
    return evidence.planned is None or evidence.followed >= evidence.planned


def _told(evidence: Evidence) -> list[Comparison]:
    """Return the comparisons that show a difference, by the boundary or the adjusted p-value."""
    found = list(evidence.primary)
    if evidence.crossed is not None:
        return [one for one in found if evidence.crossed.get(one.treatment.name)]
    values = evidence.primary.adjusted or tuple(one.pvalue for one in found)
    return [one for one, p in zip(found, values, strict=True) if p < evidence.alpha]


def _is_good(one: Comparison, metric: Metric) -> bool:
    return (one.effect > one.null) == metric.higher_is_better


def _winner(best: Comparison, evidence: Evidence) -> Decision:
    name, control = (display.one_line(arm.name) for arm in (best.treatment, best.control))
    if not best.randomised:
        words = (
            f"{name} did better than {control}, {_sure(best)}; chance did not choose who was in "
            "which, so this is a difference and may have other reasons."
        )
        return Decision(kind="weigh", treatment=best.treatment.name, sentences=(words,))
    broken = [
        text
        for metric, family in evidence.guardrails
        for one in family
        if one.treatment.name == best.treatment.name and (text := broken_guardrail(one, metric))
    ]
    if broken:
        words = f"Weigh {name}: it does better, {_sure(best)}, but {display.listed(broken)}."
        return Decision(kind="weigh", treatment=best.treatment.name, sentences=(words,))
    sentences = [f"Take {name}: it does better than {control}, {_sure(best)}."]
    chance = evidence.chances.get(best.treatment.name)
    if chance is not None:
        sentences.append(
            f"The probability that it is better is {display.percent(min(chance, 0.999))}."
        )
    if evidence.guardrails:
        sentences.append("No guardrail is broken.")
    return Decision(kind="adopt", treatment=best.treatment.name, sentences=tuple(sentences))


def broken_guardrail(one: Comparison, metric: Metric) -> str:
    """Return how a guardrail is broken, as the end of a sentence; "" where it holds.

    Without a margin it is broken where a loss is shown; with one, where a loss as large as the
    margin is not excluded.
    """
    low, high = one.confidence_interval()
    sign = 1.0 if metric.higher_is_better else -1.0
    worst, best = sorted((sign * (low - one.null), sign * (high - one.null)))
    if best < 0:
        return f"{one.metric} got worse ({one.effect_text()})"
    if metric.margin is not None and worst <= -metric.margin:
        margin = (
            f"{100 * metric.margin:g} point{'' if metric.margin == _POINT else 's'}"
            if one.unit == "share"
            else one.shown(metric.margin)
        )
        return f"a loss of {margin} in {one.metric} is not excluded ({one.effect_text()})"
    return ""


def _waiting(evidence: Evidence) -> str:
    planned = evidence.planned or 0
    text = (
        f"Go on: {display.count(evidence.followed)} of {display.count(planned)} planned "
        f"{evidence.units} have been followed for the whole time"
    )
    if evidence.young:
        text += f", and {display.count(evidence.young)} more have entered"
    return f"{text}. The figures so far decide nothing yet."


def _open(evidence: Evidence) -> str:
    parts = []
    for one in evidence.primary:
        low, high = (float(end) for end in one.confidence_interval())
        if math.isfinite(one.effect):
            parts.append(f"{display.one_line(one.treatment.name)} {_between(one, low, high)}")
    nearly = [
        f"{display.one_line(one.treatment.name)} would pass alone ({display.pvalue(one.pvalue)}), "
        f"but not as one of {len(evidence.primary)} ({display.pvalue(p)})"
        for one, p in zip(evidence.primary, evidence.primary.adjusted or (), strict=False)
        if one.pvalue < evidence.alpha <= p and evidence.crossed is None
    ]
    if nearly:
        return f"Nothing is told either way: {display.listed(nearly)}."
    words = "effect" if all(one.randomised for one in evidence.primary) else "difference"
    text = f"No {words} is told either way; what remains possible: {display.listed(parts)}."
    if not parts:
        text = f"No {words} is told either way: too little has been seen yet."
    if evidence.planned is None:
        text += (
            " No size was planned, so this may be too few: `fk.experiment.size` says how many "
            f"{evidence.units} would tell."
        )
    return text


def _between(one: Comparison, low: float, high: float) -> str:
    if one.scale == "difference" and one.unit == "share":
        ends = f"{display.signed(100 * low)} to {display.signed(100 * high)} points"
        return f"{ends} against {display.one_line(one.control.name)}"
    return f"{one.effect_text()} against {display.one_line(one.control.name)}"


def _sure(one: Comparison) -> str:
    return f"{one.effect_text()}, {display.pvalue(one.pvalue)}"
