"""`read_team` and `team_yaml`: a team as a YAML file, and back."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import yaml

from funnelkit._core.errors import ArgumentError, DefinitionError
from funnelkit.data.document import Section, read
from funnelkit.plan.basis.estimate import Estimate
from funnelkit.plan.people.response import Response
from funnelkit.plan.people.role import People, Role
from funnelkit.plan.people.team import Team

T = TypeVar("T")
_NEEDS = "it needs `roles:` with a list of roles"
_ROLE_NUMBERS = (
    "quota", "hours_per_day", "selling_share", "salary", "on_cost", "hiring_cost",
)  # fmt: skip


def read_team(path: str | Path) -> Team:
    """Return the team that a YAML file tells.

    Parameters
    ----------
    path
        The file, as :func:`team_yaml` writes it.

    Returns
    -------
    Team

    Raises
    ------
    DefinitionError
        With every problem at once, each with its line, and the closest name where one is not
        known; and if there is no such file.

    Notes
    -----
    Keys are the parameters of :class:`Team`, :class:`Role`, :class:`People` and
    :class:`Response`. A number in doubt is ``{value: 0.8, sd: 0.1}``.

    Examples
    --------
    .. code-block:: yaml

        currency: USD
        holidays: [2027-01-01, 2027-12-24]
        activities:
          meeting: {opportunity: 3}       # three meetings of an opportunity
        roles:
          - name: account executive
            quota: 75000                  # of one head and month
            attainment: {value: 0.8, sd: 0.06}
            ramp: [0, 0.25, 0.5, 0.75]    # by months served, then 1
            attrition: 0.0125             # of a month served
            lead_time_days: 60
            people:
              - heads: 8
              - {name: Ann, start: 2026-11-16, share: 0.5}
            hires: {2027-04: 2}
            hours: {opportunity: 2, meeting: 1.5, deal: 8}
            leave: 25                     # days of a year
            salary: 80000
            on_cost: 0.2
          - name: sales development
            people: 4
            response: {within_minutes: 5, handling_minutes: 10, share: 0.8}
    """
    where = Path(path)
    try:
        source = where.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise DefinitionError(f"{where.name} cannot be read: {why}.") from None
    try:
        return read(source, _team, needs=_NEEDS)
    except DefinitionError as error:
        raise DefinitionError([f"{where.name}, {one}" for one in error.problems]) from None


def team_yaml(team: Team) -> str:
    """Return a team as YAML text that :func:`read_team` takes.

    Parameters
    ----------
    team
        The team.

    Returns
    -------
    str
        What differs from the defaults, in the order of the parameters.

    Examples
    --------
    >>> rep = Role(name="rep", people=3, quota=50_000, attainment=0.9, ramp=[0, 0.5])
    >>> print(team_yaml(Team(roles=[rep], currency="EUR")), end="")
    roles:
    - name: rep
      people:
      - heads: 3
      quota: 50000
      attainment: 0.9
      ramp:
      - 0.0
      - 0.5
    currency: EUR
    """
    return yaml.safe_dump(_told(team), sort_keys=False, allow_unicode=True)


def _told(one: Any) -> Any:
    """Return what a description tells beyond its defaults, in plain values."""
    if isinstance(one, Estimate):
        return one.value if one.sd == 0 else {"value": one.value, "sd": one.sd}
    if isinstance(one, (Team, Role, People, Response)):
        made = {}
        for name, field in type(one).__dataclass_fields__.items():
            value = _told(getattr(one, name))
            default = field.default
            if callable(field.default_factory):
                default = field.default_factory()
            if value != _told(default) or name in ("name", "roles", "heads"):
                made[name] = value
        return {name: value for name, value in made.items() if value is not None}
    if isinstance(one, (list, tuple)):
        return [_told(each) for each in one]
    if hasattr(one, "items"):
        return {str(key): _told(each) for key, each in one.items()}
    return one


def _team(root: Section) -> Team | None:
    """Return the team of a document, and note what is wrong."""
    given: dict[str, Any] = {
        "unit": root.choice("unit", ("value", "count")),
        "currency": root.text("currency"),
        "pace": root.choice("pace", ("even", "selling days")),
        "weekdays": root.texts("weekdays") or None,
        "holidays": root.days("holidays"),
    }
    given["activities"] = {
        name: _numbers(of, name)
        for of in [root.section("activities")]
        if of
        for name in of.keys()  # noqa: SIM118
    }
    roles = [_role(one) for one in root.sections("roles")]
    if "roles" not in root:
        root.note("roles", "is missing; a team needs a list of roles.")
    root.close(dict.fromkeys(Role.__dataclass_fields__, "roles"))
    if None in roles or root.problems.found:
        return None
    return _made(Team, root, {"roles": roles} | given)


def _role(section: Section) -> Role | None:
    """Return one role, and note what is wrong with it."""
    before = len(section.problems.found)
    given: dict[str, Any] = {name: _number(section, name) for name in _ROLE_NUMBERS}
    given |= {"name": section.text("name"), "quota_per": section.text("quota_per")}
    if given["name"] is None:
        section.note("name", "is missing.")
        given["name"] = section.place("")
    given["people"] = _people(section)
    given["hires"] = _numbers(section, "hires", whole=True)
    given["attainment"] = _estimate(section, "attainment")
    given["attrition"] = _estimate(section, "attrition")
    given["ramp"] = [_as_number(section, "ramp", one) for one in section.texts("ramp")]
    given["lead_time_days"] = section.whole("lead_time_days", 0, 3650, "whole days, at least 0")
    given["hours"] = _numbers(section, "hours")
    given["leave"] = (
        _numbers(section, "leave") if section.is_mapping("leave") else _number(section, "leave")
    )
    given["response"] = _response(section)
    given["hire"] = section.flag("hire")
    section.close(dict.fromkeys(("start", "end", "share", "heads"), "people"))
    if given["attainment"] is None and "attainment" in section:
        given["attainment"] = 1.0  # it is said already that it cannot be read
    made = _made(Role, section, given)
    return made if len(section.problems.found) == before else None


def _people(section: Section) -> Any:
    """Return the people of a role: a number, or a list."""
    node = section.node("people")
    if node is None:
        return None
    if isinstance(node, yaml.ScalarNode):
        return section.whole("people", 0, 1_000_000, "a whole number, or a list of people")
    found = []
    for one in section.sections("people"):
        before = len(one.problems.found)
        given = {
            "heads": one.whole("heads", 1, 1_000_000, "a whole number of at least 1"),
            "name": one.text("name"),
            "start": one.day("start"),
            "end": one.day("end"),
            "share": _number(one, "share"),
            "attainment": _number(one, "attainment"),
        }
        one.close()
        if len(one.problems.found) == before:
            found.append(_made(People, one, given))
    return [one for one in found if one is not None]


def _response(section: Section) -> Response | None:
    """Return the first answers that a role gives."""
    of = section.section("response")
    if of is None:
        return None
    before = len(of.problems.found)
    names = ("within_minutes", "handling_minutes", "share", "peak")
    given: dict[str, Any] = {name: _number(of, name) for name in names}
    for name in names[:2]:
        if name not in of:
            of.note(name, "is missing.")
    given["stage"] = of.text("stage")
    of.close()
    return None if len(of.problems.found) > before else _made(Response, of, given)


def _estimate(section: Section, key: str) -> Any:
    """Return a number, or one in doubt."""
    if not section.is_mapping(key):
        return _number(section, key)
    of = section.section(key)
    if of is None:
        return None
    before = len(of.problems.found)
    given = {"value": _number(of, "value"), "sd": _number(of, "sd"), "source": of.text("source")}
    if given["value"] is None and len(of.problems.found) == before:
        of.note("value", "is missing.")
    of.close()
    return None if len(of.problems.found) > before else _made(Estimate, of, given)


def _numbers(section: Section, key: str, *, whole: bool = False) -> dict[str, Any]:
    """Return a mapping of names to numbers."""
    of = section.section(key)
    if of is None:
        return {}
    found = {name: _number(of, name) for name in of.keys()}  # noqa: SIM118
    of.close()
    known = {name: one for name, one in found.items() if one is not None}
    return {k: int(one) if whole and one == int(one) else one for k, one in known.items()}


def _number(section: Section, key: str) -> float | int | None:
    """Return a number."""
    given = section.text(key)
    return None if given is None else _as_number(section, key, given)


def _as_number(section: Section, key: str, given: str) -> float | int | None:
    """Return a text as a number, and note where it is none."""
    try:
        found = float(given.replace("_", ""))
    except ValueError:
        found = math.nan
    if math.isfinite(found):
        return int(found) if found == int(found) and "." not in given else found
    hint = " Write 0.8 for 80 %." if "%" in given else ""
    section.note(key, f"must be a number; got {given!r:.60}.{hint}")
    return None


def _made(kind: Callable[..., T], section: Section, given: dict[str, Any]) -> T | None:
    """Return what is told as its kind, and note what that refuses."""
    told = {name: one for name, one in given.items() if one is not None}
    try:
        return kind(**told)
    except ArgumentError as error:
        for line in str(error).splitlines():
            listed = re.match(r"  \d+\. (.*)", line)
            if listed or not re.fullmatch(r"\d+ problems:", line):
                section.problems.add(section.line, listed[1] if listed else line)
        return None
