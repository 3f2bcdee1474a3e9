"""A YAML document read without guesses: every value keeps its text, its place and its line.

YAML 1.1 turns an unquoted ``no`` into False, ``2026-10-31`` into a date and ``1`` into a number.
Here a scalar is the text that was written, and the reader of each key says what it should be, so
a stage may be called ``no`` and a bare date needs no quotes.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import yaml

from funnelkit._core.errors import DefinitionError, did_you_mean

T = TypeVar("T")
_NULLS = ("", "~", "null", "Null", "NULL")
_TRUE, _FALSE = ("true", "yes", "on"), ("false", "no", "off")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DEEPEST = 20
_STANDARD = "tag:yaml.org,2002:"


@dataclass
class Problems:
    """What is wrong with a document, collected to be said at once."""

    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: int, words: str) -> None:
        """Note one problem; a line of 0 means the whole document."""
        self.found.append((line, f"line {line}: {words}" if line else words))

    def sentences(self) -> list[str]:
        """Return the problems in the order of their lines."""
        return [words for _, words in sorted(self.found, key=lambda one: one[0])]


class Section:
    """A mapping of the document, read key by key.

    Each reader takes the key, notes what is wrong with its value, and returns the value, or
    ``None`` where there is none that can be used. `close` notes every key nobody asked for.
    """

    def __init__(self, node: yaml.MappingNode | None, place: str, problems: Problems) -> None:
        self._place, self.problems = place, problems
        self._nodes: dict[str, yaml.Node] = {}
        self._lines: dict[str, int] = {}
        self._asked: set[str] = set()
        self.line = line_of(node) if node else 0
        for key, value in node.value if node else ():
            self._take(key, value)

    def _take(self, key: yaml.Node, value: yaml.Node) -> None:
        if not isinstance(key, yaml.ScalarNode):
            self.problems.add(line_of(key), f"{self._here()}a key must be a text.")
        elif key.value in self._nodes:
            first = self._lines[key.value]
            words = f"`{self.place(key.value)}` stands twice; first in line {first}."
            self.problems.add(line_of(key), words)
        else:
            self._nodes[key.value] = value
            self._lines[key.value] = line_of(key)

    def _here(self) -> str:
        return f"`{self._place}`: " if self._place else ""

    def place(self, key: str) -> str:
        """Return how a key is named in a message: ``calendar.fiscal_year_start``."""
        return f"{self._place}.{key}" if self._place else key

    def line_at(self, key: str) -> int:
        """Return the line of a key, or of the section where it is missing."""
        return self._lines.get(key, self.line)

    def note(self, key: str, words: str) -> None:
        """Note a problem with the value of a key."""
        self.problems.add(self.line_at(key), f"`{self.place(key)}` {words}")

    def keys(self) -> tuple[str, ...]:
        """Return the keys as they stand."""
        return tuple(self._nodes)

    def __contains__(self, key: object) -> bool:
        return key in self._nodes and not is_null(self._nodes[str(key)])

    def node(self, key: str) -> yaml.Node | None:
        """Return the node of a key, or None where it is missing or empty."""
        self._asked.add(key)
        return self._nodes[key] if key in self else None

    def is_mapping(self, key: str) -> bool:
        """Whether the value of a key is a mapping."""
        return isinstance(self._nodes.get(key), yaml.MappingNode)

    def text(self, key: str) -> str | None:
        """Return a text."""
        return self._scalar(key, self.node(key), "a text")

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; one text stands for a list of one."""
        return self._texts(key, self.node(key))

    def choice(self, key: str, allowed: Sequence[str]) -> str | None:
        """Return one of the allowed words."""
        given = self._scalar(key, self.node(key), "a text")
        if given is None or given.lower() in allowed:
            return given and given.lower()
        words = ", ".join(allowed)
        self.note(key, f"must be one of {words}; got {given!r}.{did_you_mean(given, allowed)}")
        return None

    def flag(self, key: str) -> bool | None:
        """Return true or false; yes, no, on and off are understood."""
        given = self._scalar(key, self.node(key), "true or false")
        if given is None:
            return None
        if given.lower() not in _TRUE + _FALSE:
            self.note(key, f"must be true or false; got {given!r}.")
            return None
        return given.lower() in _TRUE

    def whole(self, key: str, low: int, high: int, meaning: str) -> int | None:
        """Return a whole number from low to high."""
        given = self._scalar(key, self.node(key), meaning)
        if given is None:
            return None
        if given.isascii() and given.isdigit() and low <= int(given[:9]) <= high:
            return int(given)
        self.note(key, f"must be {meaning}; got {given!r}.")
        return None

    def day(self, key: str) -> dt.date | None:
        """Return a calendar day."""
        return self._day(key, self._scalar(key, self.node(key), "a day such as 2026-10-31"))

    def days(self, key: str) -> tuple[dt.date, ...]:
        """Return a list of calendar days."""
        given = (self._day(key, one) for one in self._texts(key, self.node(key)))
        return tuple(one for one in given if one is not None)

    def mapping(self, key: str) -> dict[str, tuple[str, ...] | None]:
        """Return a mapping of text to texts; an empty value is None."""
        section = self.section(key)
        if section is None:
            return {}
        return {name: section.texts(name) or None for name in section.keys()}  # noqa: SIM118

    def section(self, key: str) -> Section | None:
        """Return a mapping to be read key by key."""
        node = self.node(key)
        if node is None:
            return None
        if isinstance(node, yaml.MappingNode):
            return Section(node, self.place(key), self.problems)
        self.note(key, f"must be a mapping (`name: value` lines); got {shown(node)}.")
        return None

    def sections(self, key: str) -> Iterator[Section]:
        """Yield the entries of a list of mappings."""
        node = self.node(key)
        if node is not None and not isinstance(node, yaml.SequenceNode):
            self.note(key, f"must be a list (`- ` lines); got {shown(node)}.")
            return
        for number, entry in enumerate(node.value if node else (), 1):
            place = f"{self.place(key)}[{number}]"
            if isinstance(entry, yaml.MappingNode):
                yield Section(entry, place, self.problems)
            else:
                words = f"`{place}` must be a mapping (`name: value`); got {shown(entry)}."
                self.problems.add(line_of(entry), words)

    def close(self, elsewhere: dict[str, str] | None = None) -> None:
        """Note every key that nobody asked for, with the closest one that is known."""
        for key in self._nodes:
            if key in self._asked:
                continue
            hint = did_you_mean(key, self._asked)
            if elsewhere and key in elsewhere:
                hint = f" Did you mean `{elsewhere[key]}.{key}`?"
            words = f"`{self.place(key)}` is not known.{hint or self._known()}"
            self.problems.add(self._lines[key], words)

    def _known(self) -> str:
        return " Known here: " + ", ".join(f"`{key}`" for key in sorted(self._asked)) + "."

    def _scalar(self, key: str, node: yaml.Node | None, needed: str) -> str | None:
        if node is None or isinstance(node, yaml.ScalarNode):
            return None if node is None else str(node.value)
        self.note(key, f"must be {needed}; got {shown(node)}.")
        return None

    def _texts(self, key: str, node: yaml.Node | None) -> tuple[str, ...]:
        if not isinstance(node, yaml.SequenceNode):
            one = self._scalar(key, node, "a text or a list of texts")
            return () if one is None else (one,)
        good = [one for one in node.value if isinstance(one, yaml.ScalarNode) and not is_null(one)]
        for one in node.value:
            if one not in good:
                words = f"`{self.place(key)}` must hold texts only; got {shown(one)}."
                self.problems.add(line_of(one), words)
        return tuple(str(one.value) for one in good)

    def _day(self, key: str, given: str | None) -> dt.date | None:
        if given is None:
            return None
        try:
            if _DAY.fullmatch(given):
                return dt.date.fromisoformat(given)
            why = ""
        except ValueError as error:  # such as a 30th of February
            why = f" ({str(error).split(':')[0]})"
        self.note(key, f"must be a day such as 2026-10-31; got {given!r}{why}.")
        return None


def line_of(node: yaml.Node | None) -> int:
    """Return the line on which a node begins, the first being 1."""
    return node.start_mark.line + 1 if node is not None else 0


def is_null(node: yaml.Node) -> bool:
    """Whether a node is empty: nothing, ``~`` or ``null``, unquoted."""
    return isinstance(node, yaml.ScalarNode) and node.style is None and node.value in _NULLS


def shown(node: yaml.Node) -> str:
    """Return what a node is, for a message."""
    if isinstance(node, yaml.ScalarNode):
        return "nothing" if is_null(node) else repr(node.value)
    return "a mapping" if isinstance(node, yaml.MappingNode) else "a list"


def parse(source: str, *, needs: str = "it needs `name: value` lines") -> yaml.MappingNode:
    """Return the root of a document, which must be one mapping without tags and aliases.

    Parameters
    ----------
    source
        Text of the document.
    needs
        What is missing in an empty one, for the message.

    Raises
    ------
    DefinitionError
        With the line, if the text is no YAML or more than plain YAML.
    """
    try:
        depth = 0
        for event in yaml.parse(source, Loader=yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            _refuse_more_than_plain(event, depth)
        root = yaml.compose(source, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        words = error.problem or error.context or "this is no YAML"
        raise DefinitionError(f"{where}{words}.{_hint(source, error)}") from None
    except yaml.reader.ReaderError as error:
        line = source.count("\n", 0, error.position) + 1
        raise DefinitionError(
            f"line {line}: the character {error.character!r} is not allowed in YAML."
        ) from None
    if root is None:
        raise DefinitionError(f"the file is empty; {needs}.")
    if not isinstance(root, yaml.MappingNode):
        raise DefinitionError(f"must hold `name: value` lines; got {shown(root)}.")
    return root


def _refuse_more_than_plain(event: Any, depth: int) -> None:
    line = event.start_mark.line + 1
    if depth > _DEEPEST:
        raise DefinitionError(f"line {line}: the file is nested too deeply.")
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise DefinitionError(f"line {line}: anchors (&) and aliases (*) are not read; quote texts "
                              "that begin with & or *.")  # fmt: skip
    tag = getattr(event, "tag", None)
    if tag is not None and tag != "!" and not tag.startswith(_STANDARD + "str"):
        raise DefinitionError(f"line {line}: tags such as {tag} are not read.")


def _hint(source: str, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark
    lines = source.splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return " Indent with spaces, not with tabs."
    if mark and "mapping values" in str(error.problem):
        return " Quote texts that hold `: `."
    if line.lstrip()[:1] in ("%", "@", "`"):
        return f" Quote texts that begin with {line.lstrip()[0]}."
    return ""


def read(
    source: str,
    build: Callable[[Section], T | None],
    *,
    needs: str = "it needs `name: value` lines",
) -> T:
    """Return what `build` makes of a document, once nothing is wrong with it.

    Parameters
    ----------
    source
        Text of the document.
    build
        Makes the result of the root, and notes what is wrong.
    needs
        What is missing in an empty document, for the message.

    Raises
    ------
    DefinitionError
        With every problem at once.
    """
    problems = Problems()
    root = Section(parse(source, needs=needs), "", problems)
    built = build(root)
    if built is None or problems.found:
        raise DefinitionError(problems.sentences())
    return built
