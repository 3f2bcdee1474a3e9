"""Titles that state what was found as far as the intervals allow, captions, and plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit._core.dates import day_name

if TYPE_CHECKING:
    from funnelkit.plot.points import Point, Rows

_WIDE = 0.5


def of_rows(rows: Rows) -> str:
    """Return what the latest cohort comes to, or which segments stand apart."""
    points = rows.points
    if not any(point.entered for point in points):
        return f"No lead has entered {rows.start} yet"
    if rows.history:
        return _of_latest(rows)
    if rows.cohorts == 1 and rows.reference is not None:
        return _of_segments(points, rows)
    kinds = "as seen so far and as expected" if rows.expected else "as seen"
    cohorts = f" in {rows.cohorts} cohorts" if rows.cohorts > 1 else ""
    return f"{rows.target}: {rows.segments} segments{cohorts}, {kinds}"


def _of_latest(rows: Rows) -> str:
    """Return what the latest cohort that has a rate comes to, and which one has none yet."""
    name, point = rows.history[-1]
    known = [(which, one) for which, one in rows.history if one.known]
    if not known:
        return f"{name}: {point.lacks}"
    missing = "" if known[-1][1] is point else f"; {name}: {point.lacks}"
    name, point = known[-1]
    between = display.percent_range(point.low, point.high, words=True)
    if point.seen is not None and point.immature:
        if point.high - point.low > _WIDE:
            return f"{name} is too young to tell: {between} fits what is seen{missing}"
        return f"{name} stands at {point.said_seen} but is young: expect {between}{missing}"
    few = f", from {display.plural(point.entered, 'lead')} only" if point.small else ""
    if point.youngest is not None:
        age = f", its youngest lead {display.plural(point.youngest, 'day')} old"
        return f"{name} stands at {display.percent(point.rate)} ({between}){age}{few}"
    return f"{name} comes to {display.percent(point.rate)} ({between}){rows.within}{few}{missing}"


def _of_segments(points: list[Point], rows: Rows) -> str:
    reference = rows.reference or 0.0
    whole = display.percent(reference)
    above = [point.name for point in points if point.known and point.low > reference]
    below = [point.name for point in points if point.known and point.high < reference]
    parts = [
        f"{display.listed(names)} {'lies' if len(names) == 1 else 'lie'} {where}"
        for names, where in ((above, "above"), (below, "below"))
        if names
    ]
    if not parts:
        return f"No segment lies clearly off the {whole} of all"
    if len(above) + len(below) > 3:
        apart = len(above) + len(below)
        return (
            f"{apart} of {rows.segments} segments lie off the {whole} of all: "
            f"{len(above)} above, {len(below)} below"
        )
    return f"{', '.join(parts)} the {whole} of all"


def caption_of_rows(rows: Rows) -> str:
    """Return what the rates are of, and what is not shown."""
    text = (
        f"Share of those who entered {rows.start} that reached {rows.target}{rows.within}; "
        f"data through {day_name(rows.as_of)}."
    )
    if rows.expected:
        text += " Expected: converted so far, corrected for the age of the leads."
    elif rows.within == " so far":
        text += " Young cohorts have had less time and stand lower for that alone."
    if any(point.partial for point in rows.points):
        text += " (part): only a part of the cohort is counted."
    intervals = sum(point.known for point in rows.points)
    if rows.cohorts == 1 and intervals > 5:
        missing = max(1, round(intervals * (1 - rows.level)))
        text += f" Of {intervals} such intervals, about {missing} will miss by chance alone."
    if rows.left_out:
        text += f" {display.plural(rows.left_out, 'further row')} not shown."
    return text


def words_of_rows(rows: Rows) -> list[str]:
    """Return the view in words, a line for each row."""
    lines = [of_rows(rows), caption_of_rows(rows)]
    if rows.reference is not None:
        lines.append(f"All together: {display.percent(rows.reference)}.")
    for group in rows.groups:
        start = f"{group.name}, " if group.name else ""
        lines += [f"{start}{point.said}." for point in group.points]
    return lines
