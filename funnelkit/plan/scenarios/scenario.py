"""`Scenario`: what would be otherwise, and scenarios that stand on each other."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from funnelkit._core.errors import ArgumentError, numbered, unknown
from funnelkit._core.result import Stated
from funnelkit.plan.scenarios.changes import Change, change_of

AS_PLANNED = "as planned"
"""Name of the plan itself among its scenarios."""


@dataclass(frozen=True, kw_only=True)
class Scenario(Stated):
    """What would be otherwise than a plan assumes.

    Each change is a number (``0.25``, ``"25%"``), a factor (``"x1.2"``), a shift (``"+10%"``) or,
    for an input, a mapping with ``low`` and ``high``, between which it lies in 80 of 100 cases.

    Parameters
    ----------
    name
        Of the scenario.
    inputs
        Key of an input, as in ``assumptions.inputs()`` -> change. A number keeps the doubt in
        proportion.
    targets
        One change for all months, where a number is the new sum of all; or month
        (``"2027-03"``) -> change.
    mix
        Channel -> share of the leads, or parts such as 3 and 1.
    probability
        That is asked.
    ceilings
        Channel -> leads a month that it can bring at most.
    leads
        Of the plan: one change for all (a number is the new sum), or channel -> change.
    based_on
        Another scenario, whose changes hold where this one says nothing. A change of the same
        number takes the place of the other's, and is not applied on top of it.
    description
        A sentence.

    Examples
    --------
    >>> one = Scenario(name="slow year", inputs={"inbound: lead to mql": "x0.8"}, targets="+10%")
    >>> one.inputs["inbound: lead to mql"].of(0.5)
    0.4
    """

    name: str
    inputs: Mapping[str, Change] = field(default_factory=dict)
    targets: Change | Mapping[str, Change] | None = None
    mix: Mapping[str, float] | None = None
    probability: float | None = None
    ceilings: Mapping[str, float] = field(default_factory=dict)
    leads: Change | Mapping[str, Change] | None = None
    based_on: str | None = None
    description: str = ""

    def __post_init__(self) -> None:
        """Read what is written in short, and refuse what cannot be, all at once."""
        wrong: list[str] = []
        if not isinstance(self.name, str) or not self.name.strip():
            wrong.append(f"`name` must be a text; got {self.name!r}.")
        object.__setattr__(self, "inputs", _changes("inputs", self.inputs, wrong))
        for name in ("targets", "leads"):
            object.__setattr__(self, name, _one_or_several(name, getattr(self, name), wrong))
        object.__setattr__(self, "ceilings", _numbers("ceilings", self.ceilings, wrong))
        if self.mix is not None:
            object.__setattr__(self, "mix", _numbers("mix", self.mix, wrong))
            if not wrong and not sum(self.mix.values()) > 0:
                wrong.append("`mix` must have a channel with leads.")
        if self.probability is not None:
            object.__setattr__(self, "probability", _probability(self.probability, wrong))
        if wrong:
            raise ArgumentError(f"Scenario {self.name!r}: {numbered(wrong)}")


def gathered(scenarios: Any) -> tuple[Scenario, ...]:
    """Return scenarios, each with what those it is based on change.

    Parameters
    ----------
    scenarios
        One, several, or name -> scenario (or its fields).

    Raises
    ------
    ArgumentError
        For two of one name, one based on an unknown one, or on itself; all at once.
    """
    found = _several(scenarios)
    by_name = {one.name: one for one in found}
    wrong = [] if found else ["`scenarios` holds none."]
    wrong += [
        f"two scenarios bear the name {name!r}."
        for name in sorted(by_name)
        if sum(one.name == name for one in found) > 1
    ]
    if AS_PLANNED in by_name:
        wrong.append(f"the name {AS_PLANNED!r} stands for the plan itself; take another.")
    wrong += [
        f"{one.name!r} is based on an {unknown('scenario', one.based_on, by_name)}"
        for one in found
        if one.based_on is not None and one.based_on not in by_name | {AS_PLANNED: None}
    ]
    wrong += [f"{one.name!r} is based on itself." for one in found if _circular(one, by_name)]
    if wrong:
        raise ArgumentError(numbered(wrong))
    return tuple(_whole(one, by_name) for one in found)


def _several(scenarios: Any) -> tuple[Scenario, ...]:
    if isinstance(scenarios, Scenario):
        return (scenarios,)
    if isinstance(scenarios, Mapping):
        return tuple(
            dataclasses.replace(one, name=name)
            if isinstance(one, Scenario)
            else _of_fields(name, one)
            for name, one in scenarios.items()
        )
    found = tuple(scenarios) if isinstance(scenarios, Iterable) else (scenarios,)
    strange = [one for one in found if not isinstance(one, Scenario)]
    if strange or isinstance(scenarios, str):
        raise ArgumentError(
            "`scenarios` must be a `Scenario`, several, or name -> scenario; got "
            f"{type(strange[0] if strange else scenarios).__name__}."
        )
    return found


def _of_fields(name: str, fields: Any) -> Scenario:
    known = [one.name for one in dataclasses.fields(Scenario) if one.name != "name"]
    if not isinstance(fields, Mapping):
        raise ArgumentError(f"Scenario {name!r} must be a mapping; got {type(fields).__name__}.")
    strange = [str(key) for key in fields if key not in known]
    if strange:
        said = [unknown("key", key, known) for key in strange]
        raise ArgumentError(f"Scenario {name!r}: {numbered(said)}")
    return Scenario(name=name, **fields)


def _circular(one: Scenario, by_name: Mapping[str, Scenario]) -> bool:
    """Whether a scenario is based on itself, by way of others or not."""
    seen = set()
    at: Scenario | None = one
    while at is not None and at.based_on in by_name:
        if at.name in seen:
            return at.name == one.name
        seen.add(at.name)
        at = by_name[str(at.based_on)]
    return False


def _whole(one: Scenario, by_name: Mapping[str, Scenario]) -> Scenario:
    """Return a scenario with all that it is based on."""
    if one.based_on not in by_name:
        return one
    below = _whole(by_name[str(one.based_on)], by_name)
    return Scenario(
        name=one.name,
        inputs={**below.inputs, **one.inputs},
        targets=_over(below.targets, one.targets),
        mix=one.mix if one.mix is not None else below.mix,
        probability=one.probability if one.probability is not None else below.probability,
        ceilings={**below.ceilings, **one.ceilings},
        leads=_over(below.leads, one.leads),
        based_on=one.based_on,
        description=one.description,
    )


def _over(
    below: Change | Mapping[str, Change] | None, own: Change | Mapping[str, Change] | None
) -> Change | Mapping[str, Change] | None:
    """Return what holds where both may say something: single months over single months."""
    if own is None:
        return below
    if isinstance(own, Mapping) and isinstance(below, Mapping):
        return {**below, **own}
    return own


def _one_or_several(
    name: str, given: Any, wrong: list[str]
) -> Change | Mapping[str, Change] | None:
    if given is None or isinstance(given, Change):
        return given
    if isinstance(given, Mapping):
        return _changes(name, given, wrong)
    found = _changes(name, {"": given}, wrong)
    return next(iter(found.values()), None)


def _changes(name: str, given: Any, wrong: list[str]) -> Mapping[str, Change]:
    found = {}
    for key, change in _items(name, given, wrong):
        try:
            found[key] = change_of(change)
        except ArgumentError as error:
            wrong.append(f"`{name}`{f' of `{key}`' if key else ''} {error}")
            continue
        if name != "inputs" and found[key].low is not None:
            wrong.append(f"`{name}` must be one number; got {found[key]}.")
    return MappingProxyType(found)


def _numbers(name: str, given: Any, wrong: list[str]) -> Mapping[str, float]:
    found = {}
    for key, change in _changes(name, given, wrong).items():
        if change.value is None:
            wrong.append(f"`{name}` of `{key}` must be a number; got {change}.")
        else:
            found[key] = change.value
    return MappingProxyType(found)


def _items(name: str, given: Any, wrong: list[str]) -> list[tuple[str, Any]]:
    if not isinstance(given, Mapping):
        wrong.append(f"`{name}` must be a mapping; got {given!r}.")
        return []
    wrong.extend(f"`{name}` has a key that is no text: {key!r}." for key in given
                 if not isinstance(key, str))  # fmt: skip
    return [(key, change) for key, change in given.items() if isinstance(key, str)]


def _probability(given: Any, wrong: list[str]) -> float | None:
    found = _numbers("probability", {"": given}, [])
    value = found.get("")
    if value is not None and 0 < value < 1:
        return value
    hint = f" Did you mean {value / 100:g}?" if value is not None and 1 <= value < 100 else ""
    wrong.append(f"`probability` must be between 0 and 1; got {given!r}.{hint}")
    return None
