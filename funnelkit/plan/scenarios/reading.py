"""Reads scenarios from YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from funnelkit._core.errors import ArgumentError, DefinitionError
from funnelkit.data.document import Section, read
from funnelkit.plan.scenarios.scenario import Scenario, gathered

_LARGEST = 1_000_000
_RANGE = {"value", "low", "high"}


def read_scenarios(path: str | Path) -> tuple[Scenario, ...]:
    """Return the scenarios of a file, in its order.

    Parameters
    ----------
    path
        Of a YAML file as :func:`write_scenarios` writes one: the name of each scenario, and under
        it any of ``description``, ``based on``, ``inputs``, ``targets``, ``mix``,
        ``probability``, ``ceilings`` and ``leads``.

    Returns
    -------
    tuple of Scenario
        Each as written; what it is based on is added by :func:`compare_scenarios`.

    Raises
    ------
    ArgumentError
        If there is no such file, or with everything in it that cannot be used, by line. Whether
        a plan has an input of that name is known, and said, where they meet.

    Notes
    -----
    A key of an input holds ``: `` and is quoted; a channel may be a level of its own instead.
    Nothing is guessed: ``no`` is a name like any other, and anchors, aliases and tags are
    refused.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "scenarios.yml"
    >>> _ = file.write_text(
    ...     '''
    ... slow year:
    ...   description: Inbound converts a fifth less
    ...   inputs:
    ...     "inbound: lead to mql": x0.8
    ...   targets: -5%
    ... slow year, cheap leads:
    ...   based on: slow year
    ...   inputs:
    ...     inbound:
    ...       cost per lead: {low: 60, high: 100}
    ... ''',
    ...     encoding="utf-8",
    ... )
    >>> slow, cheap = read_scenarios(file)
    >>> slow.inputs["inbound: lead to mql"].of(0.5), cheap.based_on
    (0.4, 'slow year')
    >>> cheap.inputs["inbound: cost per lead"].high
    100.0
    """
    file = Path(path)
    try:
        if file.stat().st_size > _LARGEST:
            raise ArgumentError(f"{file.name} is larger than 1 MB: this is no file of scenarios.")
        source = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ArgumentError(f"`path` {str(path)!r} cannot be read: {why}.") from None
    except UnicodeDecodeError:
        raise ArgumentError(f"{file.name} is not UTF-8; save it as UTF-8.") from None
    try:
        found = read(source, _scenarios, needs="it needs a scenario: its name and what changes")
        gathered(found)
    except DefinitionError as error:
        raise ArgumentError(f"{file.name}: {error}") from None
    except ArgumentError as error:
        raise ArgumentError(f"{file.name}: {error}") from None
    return found


def _scenarios(root: Section) -> tuple[Scenario, ...] | None:
    found = [_scenario(name, root) for name in root.keys()]  # noqa: SIM118
    root.close()
    return tuple(one for one in found if one is not None)


def _scenario(name: str, root: Section) -> Scenario | None:
    section = root.section(name)
    if section is None:
        if not root.is_mapping(name) and name not in root:
            root.note(name, "is empty; say what changes, or leave it out.")
        return None
    fields: dict[str, Any] = {
        "description": section.text("description") or "",
        "based_on": section.text("based on"),
        "inputs": _inputs(section),
        "targets": _one_or_several(section, "targets"),
        "mix": _texts(section, "mix"),
        "probability": section.text("probability"),
        "ceilings": _texts(section, "ceilings") or {},
        "leads": _one_or_several(section, "leads"),
    }
    section.close()
    try:
        return Scenario(name=name, **fields)
    except ArgumentError as error:
        root.problems.add(section.line, str(error))
        return None


def _inputs(section: Section) -> dict[str, Any]:
    """Return key -> change; a level of its own for a channel is joined to the key."""
    inputs = section.section("inputs")
    found: dict[str, Any] = {}
    for key in inputs.keys() if inputs else ():
        if inputs is None or not inputs.is_mapping(key):
            found[key] = inputs and inputs.text(key)
            continue
        below = inputs.section(key)
        if below is None or set(below.keys()) <= _RANGE:
            found[key] = below and _texts(inputs, key)
            continue
        for name in below.keys():  # noqa: SIM118
            text = _texts(below, name) if below.is_mapping(name) else below.text(name)
            found[f"{key}: {name}"] = text
    return found


def _one_or_several(section: Section, key: str) -> Any:
    return _texts(section, key) if section.is_mapping(key) else section.text(key)


def _texts(section: Section, key: str) -> dict[str, str | None] | None:
    """Return a mapping of texts, or ``None`` where there is none."""
    below = section.section(key)
    if below is None:
        return None
    return {name: below.text(name) for name in below.keys()}  # noqa: SIM118
