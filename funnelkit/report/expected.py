"""The `expected` key of `funnel.yml`: control totals from the CRM's own report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from funnelkit.data.control.totals import KEYS, MEASURES, ControlTotal, Mistake, control_totals
from funnelkit.data.document import Section

if TYPE_CHECKING:
    from funnelkit.data.definition import Funnel


def expected(root: Section, funnel: Funnel | None) -> tuple[ControlTotal, ...]:
    """Return the control totals, and note every mistake with its line.

    Without a funnel, whose mistakes are noted already, nothing can be checked.
    """
    sections = list(root.sections("expected"))
    entries = [_entry(section) for section in sections]
    for section in sections:
        section.close()
    if funnel is None:
        return ()
    totals, mistakes = control_totals([values for values, _ in entries], funnel)
    for mistake in mistakes:
        _note(mistake, sections[mistake.entry], entries[mistake.entry][1])
    return totals


def _entry(section: Section) -> tuple[dict[str, Any], dict[str, Section]]:
    """Return the values of an entry as texts, and the mappings in it."""
    values: dict[str, Any] = {key: section.text(key) for key in (*MEASURES, "total")}
    inner: dict[str, Section] = {}
    for key in KEYS:
        if key not in values and key in section and (found := section.section(key)) is not None:
            inner[key] = found
    if "in" in inner:
        values["in"] = {name: inner["in"].text(name) or "" for name in inner["in"].keys()}  # noqa: SIM118
    if "where" in inner:
        values["where"] = {name: inner["where"].texts(name) for name in inner["where"].keys()}  # noqa: SIM118
    malformed = {key for key in ("in", "where") if key in section and key not in inner}
    if "in" in malformed and values["total"] is None:  # what is wrong with it is noted already
        values["total"] = "0"
    return {key: value for key, value in values.items() if value is not None}, inner


def _note(mistake: Mistake, section: Section, inner: dict[str, Section]) -> None:
    """Note a mistake at its own line."""
    *above, key = mistake.keys or ("",)
    if above and above[0] in inner:
        inner[above[0]].note(key, mistake.words)
    elif key in section:
        section.note(key, mistake.words)
    else:
        section.problems.add(section.line, f"`{section.place('')[:-1]}` {mistake.words}")
