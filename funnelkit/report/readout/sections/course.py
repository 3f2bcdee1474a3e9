"""How the experiment went: planned looks, every stage, more or only sooner."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from funnelkit._core import display
from funnelkit.experiment import Readout
from funnelkit.experiment.lagged import LaggedComparison
from funnelkit.report.page import wording
from funnelkit.report.page.changes import Estimate
from funnelkit.report.page.charts.curve import age_ticks, curve_chart
from funnelkit.report.page.charts.svg import figure
from funnelkit.report.page.charts.writing import Labels
from funnelkit.report.page.facts import Curve, Line, Missing
from funnelkit.report.page.markup import Html
from funnelkit.report.page.section import DataTable, Section, needs
from funnelkit.report.page.terms import capital, readable
from funnelkit.report.readout.facts import ReadoutFacts
from funnelkit.report.readout.sections.arms import shown

_SPARSE = 0.1
"""Fewer than this share of the treatment's leads still followed: the curve is dashed."""


def looks(facts: ReadoutFacts) -> Section:
    """Return the section of the planned looks; blank where one look was planned."""
    view, design = facts.view, facts.design
    eyebrow = "Planned looks"
    if not design.several_looks or isinstance(view, Missing):
        return Section(key="looks", eyebrow=eyebrow, title="")
    if not view.looks:
        return Section(
            key="looks",
            eyebrow=eyebrow,
            title="No planned look has fallen due yet",
            body=(needs("The first look needs more records followed for the whole horizon."),),
        )
    rows = [
        [
            f"{display.one_line(name)}, look {one.number}",
            display.percent(one.fraction, decimals=0),
            f"{one.z:.2f}".replace("-", display.MINUS),
            _limit(max(abs(one.lower), abs(one.upper))),
            _points(one.effect, one.low, one.high),
            one.crossed or ("futile" if one.futile else "no"),
        ]
        for name, test in view.looks.items()
        for one in test.looks
    ]
    columns = ("Look", "Information", "z", "Boundary", "Repeated interval, points", "Crossed")
    crossed = [name for name, test in view.looks.items() if test.state == "crossed"]
    number = max(len(test.looks) for test in view.looks.values())
    title = f"{display.plural(number, 'look')} of {len(design.looks)} taken, no boundary crossed"
    if crossed:
        title = f"{capital(display.one_line(crossed[0]))} crossed its boundary"
    return Section(
        key="looks",
        eyebrow=eyebrow,
        title=title,
        lead=" ".join(test.latest.sentence for test in view.looks.values()),
        body=(shown(columns, rows, "Each look beside its boundary"),),
    )


def _limit(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else display.EN_DASH


def _points(effect: float, low: float, high: float) -> str:
    if not math.isfinite(effect):
        return display.EN_DASH
    value, *ends = (display.signed(100 * each) if math.isfinite(each) else "no limit"
                    for each in (effect, low, high))  # fmt: skip
    return f"{value} ({' to '.join(ends)})"


def stages(facts: ReadoutFacts) -> Section:
    """Return the section of every stage; blank where there is only one."""
    view = facts.view
    found = {} if isinstance(view, Missing) else view.stages
    frames = {name: one.to_frame() for name, one in found.items()}
    rows: list[list[str]] = []
    for name, frame in frames.items():
        for row in frame.to_dict("records"):
            stage = readable(str(row["stage"]))
            rows.append(
                [
                    capital(stage if len(frames) == 1 else f"{display.one_line(name)}: {stage}"),
                    _of_stage(row, "control"),
                    _of_stage(row, "treatment"),
                    _points(row["effect"], row["effect_low"], row["effect_high"]),
                    display.pvalue(row["adjusted_pvalue"]).removeprefix("p ").removeprefix("= "),
                    "yes" if row["significant"] else "no",
                ]
            )
    if len(rows) < 2:
        return Section(key="stages", eyebrow="Down the funnel", title="")
    columns = ("Stage", "Control", "Variant", "Difference, points", "Adjusted p", "Holds up")
    return Section(
        key="stages",
        eyebrow="Down the funnel, every stage of those who entered",
        title=_held([row for frame in frames.values() for row in frame.to_dict("records")], facts),
        lead=(
            "Each stage is a share of all that entered, tested as one family. Shares from step to "
            "step are no randomised comparison: the variant has a hand in who gets there."
        ),
        body=(shown(columns, rows, "Share of those who entered, by stage and variant"),),
    )


def _held(rows: Sequence[dict[Any, Any]], facts: ReadoutFacts) -> str:
    """Return on which stages the variants differ once all of them are allowed for."""
    names = dict.fromkeys(readable(str(row["stage"])) for row in rows if row["significant"])
    word = "effect" if facts.design.randomised else "difference"
    if not names:
        return f"No stage shows {'an' if word == 'effect' else 'a'} {word} that holds up"
    return f"The {word} on {display.listed(list(names))} holds up"


def _of_stage(row: dict[Any, Any], arm: str) -> str:
    return f"{display.percent(row[f'{arm}_mean'])} (n {display.count(row[f'{arm}_n'])})"


def timing(facts: ReadoutFacts) -> Section:
    """Return the section of more or only sooner, by the curves of both arms."""
    view = facts.view
    eyebrow = "More, or only sooner"
    found = {} if isinstance(view, Missing) else view.lagged
    if isinstance(view, Missing) or not found:
        return Section(key="timing", eyebrow=eyebrow, title="")
    name, first = next(iter(found.items()))
    return Section(
        key="timing",
        eyebrow=eyebrow,
        title=_verdict(first),
        lead=" ".join(f"{one.finding} {one.maturity_text}" for one in found.values()),
        body=_figures(facts, view, name, first),
        tables=(_table(found),),
    )


def _verdict(found: LaggedComparison) -> str:
    return {
        "more": "The variants differ in how many convert, not in how fast",
        "faster": "The variants differ in how fast leads convert, not in how many",
        "both": "The variants differ in how many convert and how fast",
        "neither": "No sign of more, nor of sooner",
        "either": "The variants differ, in how many or how fast is not clear",
        "unknown": "More or sooner cannot be told apart yet",
    }[found.verdict]


def _figures(
    facts: ReadoutFacts, view: Readout, name: str, found: LaggedComparison
) -> tuple[Html, ...]:
    curve = _curve(facts, found)
    if curve is None:
        return ()
    control, treatment = found.shown_names
    last = curve.ages[-1]
    end = display.percent(curve.rate[-1])
    labels = Labels(
        named={},
        half="",
        followed=f"{capital(found.matured.units)} of {treatment} followed that long",
        lines=(control,),
        end=end,
    )
    marks = [age for age in age_ticks(last, most=6) if age]
    said = ", ".join(
        f"day {age} {treatment} {wording.rate(curve.at(age))}, {control} "
        f"{display.percent(curve.others[0].rates[age])}"
        for age in marks
        if age < len(curve.others[0].rates)
    )
    dashed = ""
    if curve.sparse_from is not None:
        dashed = " Dashed: fewer than one in ten followed that long."
    caption = (
        f"Share converted (%) by days since entry: {treatment} with its {facts.level} band, "
        f"{control} grey.{dashed}"
    )
    if len(view.lagged) > 1:
        caption += f" Drawn for {display.one_line(name)}; the others are in the table."
    return (figure(curve_chart(curve, labels, label=f"Share converted by age: {said}."),
                   caption=caption),)  # fmt: skip


def _curve(facts: ReadoutFacts, found: LaggedComparison) -> Curve | None:
    """Return the treatment's curve with its band, and control's beside it."""
    from funnelkit.lag import fit_competing

    fit = fit_competing(found.counts)
    reach = min(int(fit.horizon), 2 * found.horizon, *(int(age) for age in fit.followed_to[:, 0]))
    if reach < 1:
        return None
    days = np.arange(reach + 1)
    rate = fit.rate_at(days)[:, 0]
    low, high = (
        np.asarray(end)[:, 0]
        for end in fit.confidence_interval(days, confidence_level=facts.confidence_level)
    )
    followed = found.counts.followed[1, 0]
    older = np.cumsum(followed[::-1])[::-1]
    older = np.pad(older, (0, max(reach + 1 - len(older), 0)))[: reach + 1]
    sparse = np.flatnonzero(older < _SPARSE * max(int(older[0]), 1))
    return Curve(
        ages=tuple(int(day) for day in days),
        rate=tuple(float(one) for one in rate[1]),
        low=tuple(float(one) for one in low[1]),
        high=tuple(float(one) for one in high[1]),
        followed=tuple(int(one) for one in older),
        sparse_from=int(sparse[0]) if len(sparse) else None,
        others=(
            Line(
                cohort=found.counts.cohorts[0],
                ages=tuple(int(day) for day in days),
                rates=tuple(float(one) for one in rate[0]),
                sure_to=reach,
                mark=(reach, Estimate(float(rate[0][-1]), float(low[0][-1]), float(high[0][-1]))),
            ),
        ),
    )


def _table(found: dict[str, LaggedComparison] | Any) -> DataTable:
    columns = ("Question", "Control", "Variant", "Difference (interval)", "p")
    rows = []
    for name, one in found.items():
        questions = one.to_frame()["question"]
        for question, each in zip(questions, one.comparisons, strict=True):
            asked = capital(str(question))
            rows.append(
                [
                    asked if len(found) == 1 else f"{display.one_line(name)}: {asked}",
                    each.shown(each.control.mean),
                    each.shown(each.treatment.mean),
                    each.effect_text() if math.isfinite(each.effect) else display.EN_DASH,
                    display.EN_DASH
                    if math.isnan(each.pvalue)
                    else display.pvalue(each.pvalue).removeprefix("p ").removeprefix("= "),
                ]
            )
    return DataTable("more or sooner", "Two arms as if all had had the same time", columns, rows)
