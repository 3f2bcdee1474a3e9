"""The `known` key of `funnel.yml`: the names that a segment may have, which the audit looks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from funnelkit._core.errors import did_you_mean
from funnelkit.data.document import Section

if TYPE_CHECKING:
    from funnelkit.data.definition import Funnel


def known_names(root: Section, funnel: Funnel | None) -> Mapping[str, tuple[str, ...]]:
    """Return segment -> its names, in order; every mistake is noted with its line."""
    section = root.section("known")
    if section is None:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for name in section.keys():  # noqa: SIM118  a section is no mapping
        names = section.texts(name)
        if funnel is not None and name not in funnel.segments:
            hint = did_you_mean(name, funnel.segments)
            section.note(name, f"is none of `segments`.{hint}")
        elif not names:
            section.note(name, "needs the names it may have, such as [web, event, partner].")
        else:
            found[name] = names
    return found
