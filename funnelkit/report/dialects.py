"""`dialect` in the `data` key of funnel.yml: exports of a CRM, read by its own reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from funnelkit.data.document import Section


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """A CRM, and what its reader is told.

    Parameters
    ----------
    name
        ``"salesforce"`` or ``"hubspot"``.
    told
        Options of the reader beside those of all readers.
    """

    name: str
    told: Mapping[str, Any] = field(default_factory=dict)


def dialect_of(section: Section) -> Dialect | None:
    """Return the dialect that the `data` key names, if it names one."""
    name = section.choice("dialect", tuple(_OPTIONS))
    if name is None:
        for key in sorted({key for options in _OPTIONS.values() for key in options}):
            if key in section:
                section.node(key)  # asked for, so that it is not called unknown as well
                section.note(key, f"needs `dialect`: one of {', '.join(_OPTIONS)}.")
        return None
    found = {key: read(section, key) for key, read in _OPTIONS[name].items()}
    for key in ("join", "events"):
        if key in section:
            section.note(
                key, f"and `dialect: {name}` exclude each other: name all exports as files."
            )
    told = {key: value for key, value in found.items() if value not in (None, [], {})}
    return Dialect(name=name, told=MappingProxyType(told))


def _one_of(*allowed: str) -> Callable[[Section, str], Any]:
    return lambda section, key: section.choice(key, allowed)


def _names(section: Section, key: str) -> list[str]:
    return list(section.texts(key))


def _mapping(section: Section, key: str) -> dict[str, str]:
    found = section.mapping(key) if key in section else {}
    return {name: values[0] for name, values in found.items() if values}


def _text(section: Section, key: str) -> str | None:
    return section.text(key)


def _numbers(section: Section, key: str) -> dict[str, float]:
    found = {}
    for name, text in _mapping(section, key).items():
        try:
            found[name] = float(text)
        except ValueError:
            section.note(key, f"must map a currency to its rate; got {text!r} for `{name}`.")
    return found


_OPTIONS: dict[str, dict[str, Callable[[Section, str], Any]]] = {
    "hubspot": {
        "grain": _one_of("deal", "contact"),
        "pipelines": _names,
        "labels": _mapping,
        "closed_on": _one_of("entered", "close_date"),
    },
    "salesforce": {
        "rates": _numbers,
        "currency": _text,
    },
}
