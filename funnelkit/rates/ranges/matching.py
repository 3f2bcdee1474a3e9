"""Which of a funnel's stages is which of the stages that published ranges speak of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, numbered

TRADE_STAGES = ("visitor", "lead", "mql", "sql", "opportunity", "won")
_NAMES = {
    "visitor": ("visitor", "website visitor", "site visitor", "visit", "session"),
    "lead": ("lead", "raw lead", "new lead", "inquiry", "enquiry"),
    "mql": ("mql", "marketing qualified", "marketing qualified lead"),
    "sql": ("sql", "sales qualified", "sales qualified lead"),
    "opportunity": ("opportunity", "opp", "sales opportunity", "deal", "open deal"),
    "won": ("won", "closed won", "deal won", "won deal", "customer", "new customer", "win"),
}
_TRADE = {name: stage for stage, names in _NAMES.items() for name in names}


@dataclass(frozen=True, kw_only=True)
class Matched:
    """A funnel's stages, and what the trade calls them.

    Parameters
    ----------
    stages
        In order.
    trade
        The trade's name of each; "" where there is none.
    reasons
        Stage without one -> why.
    """

    stages: tuple[str, ...]
    trade: tuple[str, ...]
    reasons: Mapping[str, str]

    def name(self, stage: str) -> str:
        """Return the trade's name of a stage, or its own where there is none."""
        return self.trade[self.stages.index(stage)] or stage


def matched(stages: Sequence[str], given: Mapping[str, str | None] | None = None) -> Matched:
    """Return which stage is which, by name or as the user says; what is not known stays so.

    Parameters
    ----------
    stages
        The funnel's, in order.
    given
        Stage -> the trade's name, or ``None`` for a stage that is none of them. Others go by their
        name: the trade's own names and their usual synonyms, whatever their case and plural.

    Raises
    ------
    ArgumentError
        With every problem: an unknown stage, an unknown name, one name for two stages.

    Examples
    --------
    >>> found = matched(["Leads", "Qualified", "Closed-Won"])
    >>> found.trade, found.reasons["Qualified"]
    (('lead', '', 'won'), 'is not one of visitor, lead, mql, sql, opportunity, won by its name')
    >>> matched(["Leads", "Qualified", "Closed-Won"], {"Qualified": "sql"}).trade
    ('lead', 'sql', 'won')
    """
    told = _checked(stages, given)
    found = {stage: told[stage] or "" if stage in told else _by_name(stage) for stage in stages}
    reasons = {}
    for stage in stages:
        if found[stage]:
            continue
        if stage in told:
            reasons[stage] = "is left out, as `stages` says"
        else:
            reasons[stage] = f"is not one of {', '.join(TRADE_STAGES)} by its name"
    for name in TRADE_STAGES:
        same = [stage for stage in stages if found[stage] == name]
        guessed = [stage for stage in same if stage not in told]
        if len(same) < 2:
            continue
        for stage in guessed:
            others = display.listed([f"`{display.one_line(one)}`" for one in same if one != stage])
            reasons[stage] = f"reads as {name}, and so does {others}"
            found[stage] = ""
    return Matched(
        stages=tuple(stages), trade=tuple(found[stage] for stage in stages), reasons=reasons
    )


def _checked(
    stages: Sequence[str], given: Mapping[str, str | None] | None
) -> Mapping[str, str | None]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ArgumentError(
            "`stages` must be a mapping such as {'Qualified': 'sql'}; got "
            f"{type(given).__name__}."
        )
    problems = []
    for stage, name in given.items():
        try:
            checks.member("stages", "stage", stage, stages)
            if name is not None:
                checks.member("stages", "name", name, TRADE_STAGES)
        except ArgumentError as error:
            problems.append(str(error))
    named = [name for name in given.values() if name is not None]
    problems += [
        f"`stages` names {name} twice; one stage is the trade's {name}."
        for name in dict.fromkeys(named)
        if named.count(name) > 1
    ]
    if problems:
        raise ArgumentError(numbered(problems))
    return given


def _by_name(stage: str) -> str:
    """Return the trade's name that a stage's name is, or ""."""
    words = " ".join(re.findall(r"[a-z0-9]+", stage.casefold()))
    single = words.removesuffix("s")
    ies = f"{words.removesuffix('ies')}y" if words.endswith("ies") else words
    return next((_TRADE[one] for one in (words, single, ies) if one in _TRADE), "")
