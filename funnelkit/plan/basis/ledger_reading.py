"""`read_assumptions`: an edited ledger fed back into what a plan stands on."""

from __future__ import annotations

import math
from dataclasses import replace
from os import PathLike
from pathlib import Path

import numpy as np
import yaml
from scipy import optimize

from funnelkit._core.errors import ArgumentError, DefinitionError, did_you_mean
from funnelkit.data.document import Section, read, shown
from funnelkit.plan.basis.assumptions import Assumptions
from funnelkit.plan.basis.estimate import Estimate
from funnelkit.plan.basis.input_keys import (
    Place,
    in_proportion,
    marked,
    places,
    with_estimates,
)
from funnelkit.plan.basis.lag import LONGEST
from funnelkit.plan.basis.ledger_writing import LEVEL, number, written

_WORD = "edited"


def read_assumptions(path: str | PathLike[str], assumptions: Assumptions) -> Assumptions:
    """Return assumptions with what was edited in their ledger.

    Parameters
    ----------
    path
        Of a file that :func:`~funnelkit.plan.write_assumptions` wrote and somebody edited. Inputs
        may be left out; ``"inbound: deal size": 30000`` is short for a new value.
    assumptions
        Those that were written.

    Returns
    -------
    Assumptions
        The same where nothing was edited. What was says so in its source:
        ``"edited: was 0.25 (stated)"``, unless the source was edited, too.

    Raises
    ------
    DefinitionError
        With every problem at once and its line: unknown and doubled inputs, what is no number,
        values that cannot be, intervals that do not hold their value, another day than that of
        the assumptions.
    ArgumentError
        If the file cannot be read.

    Notes
    -----
    A value that was changed alone keeps its relative doubt, and the joint draws of a model. A
    changed interval sets the doubt: the standard deviation whose 80 % interval is as wide; joint
    draws of that channel's rates are then dropped, as :meth:`Assumptions.with_inputs` has it.

    Examples
    --------
    >>> import funnelkit as fk, pathlib, tempfile
    >>> plan_on = fk.plan.stated({"inbound": [0.25, 0.40]}, value=25_000)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "plan.yml")
    ...     _ = file.write_text('inputs: {"inbound: deal size": 30000}', encoding="utf-8")
    ...     plan_on = read_assumptions(file, plan_on)
    >>> plan_on.inputs()["inbound: deal size"].source
    'edited: was 25000 (stated)'
    """
    if not isinstance(assumptions, Assumptions):
        raise ArgumentError(
            f"`assumptions` must be what a plan stands on; got {type(assumptions).__name__}."
        )
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as reason:
        said = reason.strerror if isinstance(reason, OSError) else "it is not UTF-8"
        raise ArgumentError(f"`path`: {path} cannot be read ({said}).") from reason
    try:
        changed = read(text, lambda root: _changed(root, assumptions), needs="it needs `inputs:`")
    except DefinitionError as error:
        raise DefinitionError([f"{Path(path).name}, {words}" for words in error.problems]) from None
    return with_estimates(assumptions, changed)


def _changed(root: Section, assumptions: Assumptions) -> dict[str, Estimate]:
    """Return the inputs that were edited, and note what is wrong."""
    day = root.day("as_of")
    if day is not None and day != assumptions.as_of:
        root.note(
            "as_of",
            f"is {day.isoformat()}, and the assumptions are as of {assumptions.as_of.isoformat()}: "
            "write the ledger anew, or delete this line and all that should not be pinned.",
        )
    inputs = root.section("inputs")
    root.close()
    if inputs is None:
        if "inputs" not in root:
            root.problems.add(0, "`inputs` is missing: the names of inputs with their values.")
        return {}
    known, found = places(assumptions), {}
    stands, ends = assumptions.inputs(), assumptions.intervals(LEVEL)
    for key in inputs.keys():  # noqa: SIM118
        if key not in known:
            inputs.note(key, f"is no input of these assumptions.{did_you_mean(key, known)}")
            continue
        low, high = ends[key]
        was = written(stands[key], (float(low), float(high)))
        if inputs.is_mapping(key):
            part = inputs.section(key)
            new = None if part is None else _entry(part, stands[key], was, known[key])
        else:
            new = _short(inputs, key, stands[key], was, known[key])
        if new is not None:
            found[key] = new
    return found


def _short(
    inputs: Section, key: str, stands: Estimate, was: dict[str, str], place: Place
) -> Estimate | None:
    """Return an input of which nothing but a new value is given."""
    value = _number(inputs, key)
    if value is None or number(value) == was["value"] or _impossible(inputs, key, value, place):
        return None
    return replace(in_proportion(stands, value, place), source=marked(_WORD, stands))


def _entry(part: Section, stands: Estimate, was: dict[str, str], place: Place) -> Estimate | None:
    """Return an edited input; ``None`` where it is as before, or wrong."""
    before = len(part.problems.found)
    given = {name: _number(part, name) for name in ("value", "low", "high", "n")}
    source, day = part.text("source"), part.day("date")
    part.close()
    if len(part.problems.found) > before:
        return None
    moved = {name: one is not None and number(one) != was.get(name) for name, one in given.items()}
    value = given["value"] if moved["value"] and given["value"] is not None else stands.value
    if _impossible(part, "value", value, place):
        return None
    new = stands
    if moved["value"]:
        new = in_proportion(stands, value, place)
    if moved["low"] or moved["high"]:
        low = given["low"] if given["low"] is not None else float(was["low"])
        high = given["high"] if given["high"] is not None else float(was["high"])
        sd = _doubt(part, value, (low, high), place)
        if sd is None:
            return None
        new = replace(new, sd=sd)
    if (new.value, new.sd) != (stands.value, stands.sd):
        new = replace(new, source=marked(_WORD, stands))
    if source is not None and source != was["source"]:
        new = replace(new, source=source)
    if moved["n"]:
        new = replace(new, n=given["n"])
    if day is not None and day != stands.date:
        new = replace(new, date=day)
    return None if new == stands else new


def _number(part: Section, key: str) -> float | None:
    """Return a number as it is written; ``None``, with a note, where it is none."""
    node = part.node(key)
    if not isinstance(node, yaml.ScalarNode):
        if node is not None:
            part.note(key, f"must be a number; got {shown(node)}.")
        return None
    text = str(node.value)
    try:
        value = float(text) if "_" not in text else math.nan
    except ValueError:
        value = math.nan
    if math.isfinite(value):
        return value
    hint = ""
    if "," in text:
        hint = " Write it without thousands separators, with a point for decimals."
    elif text.strip().endswith("%"):
        hint = " Write a share: 0.25 for 25 %."
    part.note(key, f"must be a number; got {text!r}.{hint}")
    return None


def _impossible(part: Section, key: str, value: float, place: Place) -> bool:
    """Whether a value cannot be, with a note."""
    if value < 0:
        part.note(key, f"must be at least 0; got {value:g}.")
    elif place.part == "rate" and value > 1:
        hint = f" Did you mean {value / 100:g}?" if value <= 100 else ""
        part.note(key, f"must be a share from 0 to 1; got {value:g}.{hint}")
    elif place.part == "lag" and value > LONGEST:
        part.note(key, f"must be from 0 to {LONGEST} months; got {value:g}.")
    elif place.part == "correlation" and value >= 1:
        part.note(key, f"must be below 1; got {value:g}.")
    else:
        return False
    return True


def _doubt(part: Section, value: float, ends: tuple[float, float], place: Place) -> float | None:
    """Return the standard deviation of an interval; ``None``, with a note, where there is none."""
    low, high = ends
    if low == high == value or float(number(value)) == low == high:
        return 0.0
    if place.part in ("spread", "correlation"):
        part.note("low", "and `high` must be as `value`: this is taken as known.")
        return None
    if not low <= value <= high or low == high:
        part.note(
            "low",
            f"and `high` must lie about `value`, {number(value)}; got {low:g} to {high:g}.",
        )
        return None
    if value <= 0 or (place.kind == "share" and value >= 1):
        part.note("low", f"and `high` must be as `value`, which is {number(value)}.")
        return None
    most = math.sqrt(value * (1 - value) / 2) if place.kind == "share" else 2.0 * value
    tails = np.array([(1 - LEVEL) / 2, (1 + LEVEL) / 2])

    def wider(sd: float) -> float:
        found = Estimate(value=value, sd=sd).quantiles(tails, kind=place.kind)
        return float(found[1] - found[0]) - (high - low)

    if wider(most) < 0:
        part.note("low", f"to `high` is wider than {number(value)} can be in doubt.")
        return None
    return float(optimize.brentq(wider, most * 1e-9, most, xtol=1e-15))
