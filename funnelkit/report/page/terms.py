"""What the page calls its records, its target and its stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_STATES = ("ed", "ing", "won", "lost", "en")
_WON = frozenset({"won", "closed won", "closedwon", "win", "deal won"})
_SHORT = frozenset({"mql", "sql", "sal", "pql", "sao", "sqo", "mqa", "iql", "crm"})


@dataclass(frozen=True)
class Terms:
    """Names of what is counted, from the funnel's own stages.

    Parameters
    ----------
    start, target
        Stages between which rates are taken.
    stages, exits
        Steps of the funnel in order.
    labels
        Step -> what the page calls it, where its own name will not do.

    Examples
    --------
    >>> terms = Terms("mql", "won", ("mql", "won"))
    >>> terms.a_lead, terms.leads, terms.wins, terms.done
    ('an MQL', 'MQLs', 'wins', 'won')
    >>> terms = Terms("lead", "customer", ("lead", "customer"))
    >>> terms.leads, terms.wins, terms.done
    ('leads', 'customers', 'converted')
    """

    start: str
    target: str
    stages: tuple[str, ...]
    exits: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def lead(self) -> str:
        """One record that entered."""
        return "lead" if _is_state(self.label(self.start)) else self.label(self.start)

    @property
    def a_lead(self) -> str:
        """One record with its article: ``a lead``, ``an MQL``."""
        name = self.lead
        first = name.split(" ")[0]
        spelt = first.isupper() and len(first) > 1
        vowel = first[0] in "AEFHILMNORSX" if spelt else first[0].lower() in "aeiou"
        return f"{'an' if vowel else 'a'} {name}"

    @property
    def leads(self) -> str:
        """Records that entered."""
        return plural_of(self.lead)

    @property
    def win(self) -> str:
        """One record that reached the target."""
        if self._won:
            return "win"
        name = self.label(self.target)
        return "conversion" if _is_state(name) else name

    @property
    def wins(self) -> str:
        """Records that reached the target."""
        return plural_of(self.win)

    @property
    def done(self) -> str:
        """What became of them, as in "12 % won"."""
        if self._won:
            return "won"
        name = self.label(self.target)
        return name if _is_state(name) else "converted"

    def nouns(self, stage: str) -> tuple[str, str]:
        """Return what one record, and several, that entered a stage are called."""
        name = self.label(stage)
        one = "lead" if _is_state(name) else name
        return one, plural_of(one)

    @property
    def _won(self) -> bool:
        return self.target.replace("_", " ").replace("-", " ").lower() in _WON

    def label(self, step: str) -> str:
        """Return the name of a stage or exit as it is written on the page."""
        return self.labels.get(step) or readable(step)

    def steps(self, names: Sequence[str]) -> list[str]:
        """Return the names of several steps as they are written on the page."""
        return [self.label(name) for name in names]


def readable(name: str) -> str:
    """Return a technical name as words.

    Examples
    --------
    >>> readable("mql"), readable("closed_won"), readable("first_contact_date")
    ('MQL', 'closed won', 'first contact date')
    """
    words = name.replace("_", " ").strip()
    return words.upper() if words.lower() in _SHORT else words


def capital(words: str) -> str:
    """Return words with a capital at the start.

    Examples
    --------
    >>> capital("new leads"), capital("MQLs")
    ('New leads', 'MQLs')
    """
    return words[:1].upper() + words[1:]


def plural_of(noun: str) -> str:
    """Return the plural of an English noun.

    Examples
    --------
    >>> plural_of("lead"), plural_of("opportunity"), plural_of("MQL"), plural_of("pass")
    ('leads', 'opportunities', 'MQLs', 'passes')
    """
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "ch", "sh")) else f"{noun}s"


def _is_state(name: str) -> bool:
    """Whether a stage is named by a state (engaged, won) and not by a thing (lead, deal)."""
    last = name.lower().split(" ")[-1]
    return last.endswith(_STATES) and last not in {"lead"}
