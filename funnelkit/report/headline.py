"""The `headline` key of `funnel.yml`: the few metrics that matter, with target, owner and date."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from funnelkit._core.errors import ArgumentError, did_you_mean
from funnelkit.data.document import Section

if TYPE_CHECKING:
    from funnelkit.metrics import Headline

_NUMBER = re.compile(r"^(\d+(?:\.\d+)?|\.\d+)\s*(%?)$")


def headlines(root: Section) -> tuple[Headline, ...]:
    """Return the headline metrics, and note every mistake with its line."""
    from funnelkit.metrics.headline_figures import HEADLINES
    from funnelkit.metrics.headlines import Headline, checked

    found: list[Headline] = []
    for entry in root.sections("headline"):
        metric, owner, by = entry.text("metric"), entry.text("owner"), entry.day("by")
        target, channel = _target(entry), entry.text("channel")
        entry.close()
        if metric is None:
            entry.note("metric", f"is missing; known: {', '.join(HEADLINES)}.")
        elif metric not in HEADLINES:
            hint = did_you_mean(metric, HEADLINES)
            entry.note("metric", f"is not known: {metric!r}.{hint} Known: {', '.join(HEADLINES)}.")
        elif (metric, channel) in [(one.metric, one.channel) for one in found]:
            entry.note("metric", f"{metric!r} stands there twice.")
        else:
            asked = Headline(metric=metric, target=target, owner=owner, by=by, channel=channel)
            try:
                found.append(checked(asked))
            except ArgumentError as error:
                key = "channel" if str(error).startswith("`channel`") else "target"
                entry.note(key, re.sub(r"^`(target|channel)` ", "", str(error)))
    return tuple(found)


def _target(entry: Section) -> float | None:
    """Return a number, written plainly or as a percentage."""
    text = entry.text("target")
    if text is None:
        return None
    match = _NUMBER.match(text.strip())
    if match is None:
        entry.note("target", f"must be a plain number such as 250000, or 25 %; got {text!r}.")
        return None
    return float(match[1]) / (100 if match[2] else 1)
