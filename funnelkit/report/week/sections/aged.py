"""Ageing: open deals by stage, and how many are older than almost any deal ever won."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit.metrics.cycle.stale import FEWEST
from funnelkit.report.page import money, wording
from funnelkit.report.page.charts.bars import Bar, Part, bars
from funnelkit.report.page.charts.svg import figure, legend, swatch
from funnelkit.report.page.facts import Missing
from funnelkit.report.page.markup import Html
from funnelkit.report.page.section import DataTable, Section, needs
from funnelkit.report.page.terms import capital
from funnelkit.report.week.facts import Span, WeekFacts

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.metrics import PipelineAgeing

_EYEBROW = "Ageing"
_UNKNOWN = "not known"


def section(facts: WeekFacts) -> Section:
    """Return the section of ageing."""
    view, span = facts.ageing, facts.span
    if isinstance(view, Missing):
        title = "The age of open deals cannot be told"
        return Section(key="ageing", eyebrow=_EYEBROW, title=title, body=(needs(view.needs),))
    frame = of_pipeline(view, span)
    if not frame["open"].sum():
        return Section(key="ageing", eyebrow=_EYEBROW, title=f"No {span.deal[0]} is open")
    known = _limits(view, frame)
    title = title_of(frame, span) if known else "How old is too old cannot be told yet"
    return Section(
        key="ageing",
        eyebrow=_EYEBROW,
        title=title,
        lead=_lead(view, frame, span),
        body=(_figure(view, frame, span),),
        tables=(_table(frame, span),),
    )


def of_pipeline(view: PipelineAgeing, span: Span) -> pd.DataFrame:
    """Return the rows of the stages that are in the pipeline."""
    frame = view.to_frame()
    stages = span.terms.stages[span.terms.stages.index(span.stage) :]
    found: pd.DataFrame = frame[frame["stage"].isin(stages)].reset_index(drop=True)
    return found


def title_of(frame: pd.DataFrame, span: Span) -> str:
    """Return how many open deals are too old."""
    stale, every = int(frame["stale"].sum()), int(frame["open"].sum())
    if not stale:
        return f"No open {span.deal[0]} is older than almost any ever won"
    are = "is" if stale == 1 else "are"
    some = f"{display.count(stale)} of {display.plural(every, *span.deal)}"
    return f"{some} {are} older than almost any ever won"


def _limits(view: PipelineAgeing, frame: pd.DataFrame) -> dict[str, float]:
    """Return the stages of the pipeline whose limit is known, with it."""
    stages = set(frame["stage"])
    return {
        one.stage: one.days
        for one in view.limits
        if one.stage in stages and math.isfinite(one.days)
    }


def _lead(view: PipelineAgeing, frame: pd.DataFrame, span: Span) -> str:
    terms, limits = span.terms, _limits(view, frame)
    known = [f"{terms.label(stage)} {wording.days(days)}" for stage, days in limits.items()]
    stages = dict.fromkeys(str(stage) for stage in frame["stage"])
    unknown = [terms.label(stage) for stage in stages if stage not in limits]
    told = []
    if known:
        told.append(
            f"Of those won, 99{display.NARROW_SPACE}% took at most so long from a stage to the "
            f"win: {display.listed(known)}."
        )
    if unknown:
        names = display.listed(unknown)
        told.append(f"With fewer than {FEWEST} wins no limit is known for {names}.")
    if blank := int(frame.loc[frame["age_days"] == _UNKNOWN, "open"].sum()):
        told.append(f"The age of {display.count(blank)} is not known: they have no day of entry.")
    return " ".join(told)


def _figure(view: PipelineAgeing, frame: pd.DataFrame, span: Span) -> Html:
    rows = [
        _bar(str(stage), part, span, view)
        for stage, part in frame.groupby("stage", sort=False)
        if part["open"].sum()
    ]
    said = [f"{row.name}: {row.total}, {', '.join(p.words for p in row.parts if p.words)}"
            for row in rows]  # fmt: skip
    known = bool(_limits(view, frame))
    marks = legend(
        (swatch("left"), "within the usual age" if known else "open"),
        (swatch("moved"), f"older than 99{display.NARROW_SPACE}% of those won"),
        *([(swatch("immature"), "age not known")] if any(r.parts[2].count for r in rows) else []),
    )
    caption = "Days at the stage that a deal stands at. The oldest are in the table below."
    return figure(marks, bars(rows, label=f"{'; '.join(said)}."), caption=caption)


def _bar(stage: str, part: pd.DataFrame, span: Span, view: PipelineAgeing) -> Bar:
    """Return the open deals of a stage by whether they are within the usual age."""
    every, stale = int(part["open"].sum()), int(part["stale"].sum())
    blank = int(part.loc[part["age_days"] == _UNKNOWN, "open"].sum())
    fresh, worth = every - stale - blank, float(part["total_value"].sum())
    within = "within the usual age" if stage in _limits(view, part) else "open, of any age"
    return Bar(
        name=capital(span.terms.label(stage)),
        total=display.plural(every, *span.deal),
        count=every,
        parts=(
            Part(fresh, "left", f"{display.count(fresh)} {within}"),
            Part(stale, "moved", f"{display.count(stale)} older" if stale else ""),
            Part(blank, "waiting", f"{display.count(blank)} of unknown age" if blank else ""),
        ),
        aside=f"worth {money.brief(worth)}" if view.has_money and worth else "",
    )


def _table(frame: pd.DataFrame, span: Span) -> DataTable:
    every: list[Any] = list(frame[frame["open"] > 0].itertuples(index=False))
    rows = [
        [
            f"{span.terms.label(row.stage)}, {_band(row.age_days)}",
            display.count(row.open),
            display.count(row.stale),
            money.amount(None if math.isnan(row.total_value) else row.total_value),
        ]
        for row in every
    ]
    columns = ("Stage and days at it", "Open", "Older than the limit", "Value")
    return DataTable("open deals by age", "Open deals by stage and days at it", columns, rows)


def _band(days: str) -> str:
    return "age not known" if days == _UNKNOWN else f"{days} days"
