"""`Step`: one line of code that is both run and written, so that what is printed is what ran."""

from __future__ import annotations

import json
import keyword
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_WIDEST = 88
_TAKEN = ("fk", "counts", "timing", "shown", "rates", "flow")


@dataclass(frozen=True)
class Name:
    """A variable, where a text would be a literal."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """A call, and the variable that takes its result.

    Parameters
    ----------
    call
        Dotted name of what is called, such as ``"fk.triangle"`` or ``"counts.select"``.
    given
        Arguments by position: texts, numbers, lists of them, or a :class:`Name`.
    told
        Arguments by name; those that are ``None`` are left out.
    to
        Variable; ``None``: the result is shown.

    Examples
    --------
    >>> step = Step(
    ...     call="fk.triangle", given=(Name("leads"), "lead"), told={"by": "source"}, to="n"
    ... )
    >>> step.code()
    'n = fk.triangle(leads, "lead", by="source")'
    """

    call: str
    given: tuple[Any, ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)
    to: str | None = None

    def code(self) -> str:
        """Return the line as it would be typed, over several lines where it is long."""
        words = [written(each) for each in self.given]
        words += [f"{name}={written(each)}" for name, each in self._named.items()]
        before = f"{self.to} = {self.call}(" if self.to else f"{self.call}("
        line = f"{before}{', '.join(words)})"
        if len(line) <= _WIDEST:
            return line
        return "\n".join([before, *(f"    {word}," for word in words), ")"])

    def run(self, variables: Mapping[str, Any]) -> Any:
        """Return what the call returns, with these variables at hand."""
        first, *names = self.call.split(".")
        called = variables[first]
        for name in names:
            called = getattr(called, name)
        given = [variables[each.name] if isinstance(each, Name) else each for each in self.given]
        return called(*given, **self._named)

    @property
    def _named(self) -> dict[str, Any]:
        return {name: each for name, each in self.told.items() if each is not None}


@dataclass(frozen=True)
class Shown:
    """A variable that is shown as it is."""

    name: str
    to: None = None

    def code(self) -> str:
        """Return the variable's name."""
        return self.name

    def run(self, variables: Mapping[str, Any]) -> Any:
        """Return what the variable holds."""
        return variables[self.name]


def code_of(steps: Iterable[Step | Shown]) -> str:
    """Return all steps as they would be typed into a cell."""
    return "\n".join(["import funnelkit as fk", "", *(step.code() for step in steps)])


def written(value: Any) -> str:
    """Return a value as a literal, texts in double quotes and on one line whatever they hold.

    Examples
    --------
    >>> print(written("trade fair"), written(["cohorts"]), written(3), written(Name("leads")))
    "trade fair" ["cohorts"] 3 leads
    """
    if isinstance(value, Name):
        return value.name
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(written(each) for each in value)}]"
    return repr(value)


def _quoted(text: str) -> str:
    """Return a text in double quotes; what does not print is escaped."""
    signs = json.dumps(text, ensure_ascii=False)
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii")
        for sign in signs
    )


def is_variable(name: object) -> bool:
    """Return whether a name can be a variable beside those that the steps set."""
    if not isinstance(name, str) or name in _TAKEN:
        return False
    return name.isidentifier() and not keyword.iskeyword(name)
