"""The `experiments` key of `funnel.yml`: tests that run, each as it was declared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit._core.errors import ArgumentError, DefinitionError, unknown
from funnelkit.data.document import Section

if TYPE_CHECKING:
    from funnelkit.data.definition import Funnel
    from funnelkit.experiment import Design

_TEXT = ("assignment", "start", "primary")
_WHOLE = ("within", "planned")
_TEXTS = ("secondary", "guardrails")
_MOST_DAYS, _MOST_UNITS, _MOST_LOOKS = 3_650, 10**12, 100
_EXAMPLE = "{name: New page, assignment: variant, variants: [a, b], within: 30}"
_NUMBER = re.compile(r"^(\d+(?:\.\d+)?|\.\d+)\s*(%?)$")


def experiments(root: Section, funnel: Funnel | None, folder: Path) -> tuple[Design, ...]:
    """Return the experiments as they were declared, and note every mistake with its line."""
    found: list[Design] = []
    for entry in root.sections("experiments"):
        made = _one(entry, funnel, folder)
        if made is None:
            continue
        if made.name in [one.name for one in found]:
            entry.note("name", f"{made.name!r} stands there twice.")
        else:
            found.append(made)
    return tuple(found)


def named(designs: Sequence[Design], names: Sequence[str]) -> list[Design]:
    """Return the experiments of some names, or all.

    Raises
    ------
    DefinitionError
        If none is declared; with what to write.
    ArgumentError
        If there is none of a name; with the closest match.
    """
    if not designs:
        raise DefinitionError(
            "no experiment is declared: write under `experiments` in funnel.yml, for example, "
            f"`- {_EXAMPLE}`."
        )
    known = {one.name: one for one in designs}
    for name in names:
        if name not in known:
            raise ArgumentError(f"`experiment`: {unknown('experiment', name, known)}")
    return [known[name] for name in names] if names else list(designs)


def _one(entry: Section, funnel: Funnel | None, folder: Path) -> Design | None:
    from funnelkit.experiment.comparison import ALTERNATIVES
    from funnelkit.experiment.declaration.declared import SPENDINGS, UNITS, design

    name, variants = entry.text("name"), entry.texts("variants")
    given: dict[str, Any] = {key: entry.text(key) for key in _TEXT}
    given |= {key: entry.texts(key) for key in _TEXTS}
    given |= {
        "within": entry.whole("within", 1, _MOST_DAYS, "days, a whole number from 1 on"),
        "planned": entry.whole("planned", 1, _MOST_UNITS, "a whole number from 1 on"),
        "looks": entry.whole("looks", 1, _MOST_LOOKS, f"a number of looks, 1 to {_MOST_LOOKS}"),
        "starts": entry.day("starts"),
        "ends": entry.day("ends"),
        "unit": entry.choice("unit", [unit for unit in UNITS if unit != "visitor"]),
        "spending": entry.choice("spending", SPENDINGS),
        "futility": entry.choice("futility", SPENDINGS),
        "alternative": entry.choice("alternative", ALTERNATIVES),
        "randomised": entry.flag("randomised"),
        "split": _shares(entry, "split"),
    }
    alpha = _shares(entry, "alpha")
    given["alpha"] = alpha[0] if alpha else None
    entry.close()
    if name is None:
        entry.note("name", "is missing: what the experiment is called.")
    if not variants:
        entry.note("variants", "is missing: the names of the variants, control first.")
    if name is None or not variants:
        return None
    given["assignment"] = _assignment(entry, given["assignment"], funnel, folder)
    _check_stages(entry, given, funnel)
    told = {key: value for key, value in given.items() if value not in (None, ())}
    try:
        return design(name, variants, **told)
    except ArgumentError as error:
        entry.problems.add(entry.line, str(error))
        return None


def _assignment(
    entry: Section, given: str | None, funnel: Funnel | None, folder: Path
) -> str | Path | None:
    """Return a segment, or the path of the table, relative to the file."""
    if given is None:
        entry.note("assignment", "is missing: a segment, or a table such as assigned.csv.")
        return None
    if funnel is not None and given in funnel.groups:
        return given
    path = folder / given
    if path.is_file():
        return path
    known = ", ".join(funnel.groups) if funnel is not None else ""
    also = f" (segments: {known})" if known else ""
    entry.note("assignment", f"must be a segment{also} or a file that is there; got {given!r}.")
    return None


def _check_stages(entry: Section, given: dict[str, Any], funnel: Funnel | None) -> None:
    if funnel is None:
        return
    places = [("start", given["start"]), ("primary", given["primary"])]
    places += [(key, one) for key in _TEXTS for one in given[key]]
    for key, one in places:
        if (
            one is None
            or one in funnel.stages
            or (key != "start" and one in ("value", "deal size"))
        ):
            continue
        also = "" if key == "start" else ', "value" or "deal size"'
        entry.note(key, f"must be a stage ({', '.join(funnel.stages)}){also}; got {one!r}.")


def _shares(entry: Section, key: str) -> tuple[float, ...]:
    """Return numbers, written plainly or as percentages."""
    found = []
    for text in entry.texts(key):
        match = _NUMBER.match(text.strip())
        if match is None:
            entry.note(key, f"must hold numbers such as 0.5 or 50 %; got {text!r}.")
        else:
            found.append(float(match[1]) / (100 if match[2] else 1))
    return tuple(found)
