"""The `ranges` key of `funnel.yml`: ranges of one's own, in place of the published ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from funnelkit._core.errors import ArgumentError, did_you_mean
from funnelkit.data.document import Section

if TYPE_CHECKING:
    from funnelkit.data.definition import Funnel

_NUMBER = r"(\d+(?:\.\d+)?|\.\d+)\s*(%?)"
_ONE = re.compile(rf"^{_NUMBER}$")
_TWO = re.compile(rf"^{_NUMBER}\s*(?:to|-|\u2013)\s*{_NUMBER}$")
_ARROW = "->"


def own_ranges(root: Section, funnel: Funnel | None) -> Mapping[str, tuple[float, float]]:
    """Return for each ``"lead -> mql"`` the lowest and highest share that are usual here.

    Every mistake is noted with its line.
    """
    section = root.section("ranges")
    if section is None:
        return {}
    found: dict[str, tuple[float, float]] = {}
    for key in section.keys():  # noqa: SIM118  a section is no mapping
        text = section.text(key)
        ends = None if text is None else _ends(text.strip())
        wrong = _stages(key, funnel)
        if wrong:
            section.note(key, wrong)
        elif text is not None and ends is None:
            section.note(key, f"must be a range such as 20 to 40 %, or 25 %; got {text!r}.")
        elif ends is not None:
            if checked := _checked(key, ends):
                section.note(key, checked)
            else:
                found[key] = ends
    return found


def _ends(text: str) -> tuple[float, float] | None:
    if match := _TWO.match(text):
        percent = "%" in (match[2], match[4])
        low, high = float(match[1]), float(match[3])
        return (low / 100, high / 100) if percent else (low, high)
    if match := _ONE.match(text):
        value = float(match[1]) / (100 if match[2] else 1)
        return value, value
    return None


def _stages(key: str, funnel: Funnel | None) -> str:
    """Return what is wrong with the stages of a key; "" where nothing is."""
    from funnelkit.rates.ranges.matching import TRADE_STAGES

    parts = [part.strip() for part in key.split(_ARROW)]
    if len(parts) != 2 or not all(parts):
        return "is no step; write one as `lead -> mql`."
    known = (*(funnel.stages if funnel is not None else ()), *TRADE_STAGES)
    for part in parts:
        if funnel is not None and part not in known:
            return f"names no stage: {part!r}.{did_you_mean(part, known)}"
    return ""


def _checked(key: str, ends: tuple[float, float]) -> str:
    from funnelkit.rates.ranges.own import own_ranges as ranges_of

    try:
        ranges_of({key: ends})
    except ArgumentError as error:
        return re.sub(r"^`own`:\s*(?:1\.\s*)?[^:]*:\s*", "", str(error))
    return ""
