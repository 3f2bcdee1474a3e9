"""How a change of a number is written: ``0.25``, ``25 %``, ``x1.2``, ``+10 %``, low and high."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, did_you_mean

_NUMBER = r"(?:\d+(?:_\d+)*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_FACTOR = re.compile(rf"[x\u00d7*]\s*({_NUMBER})", re.ASCII)
_SHIFT = re.compile(rf"([+\-\u2212])\s*({_NUMBER})\s*%", re.ASCII)
_PLAIN = re.compile(rf"({_NUMBER})\s*(%?)", re.ASCII)
_ESTIMATE = ("value", "low", "high")
NEEDED = (
    "a number (0.25 or 25%), a factor (x1.2), a shift (+10% or -10%), or `low` and `high` between "
    "which it lies in 80 of 100 cases"
)
"""What a change may be, for messages."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of one number: to a value, by a factor, or to what lies between two values.

    Parameters
    ----------
    factor
        Of what it is; 1 where it is set to ``value``.
    value
        What it becomes; ``None`` where it becomes ``factor`` times what it is.
    low, high
        Between which it lies in 80 of 100 cases; ``None``: its doubt stays in proportion.
    """

    factor: float = 1.0
    value: float | None = None
    low: float | None = None
    high: float | None = None

    def of(self, number: float) -> float:
        """Return what becomes of a number."""
        return self.factor * number if self.value is None else self.value

    def __str__(self) -> str:
        """Return the change as it is written."""
        if self.low is not None and self.high is not None:
            middle = "" if self.value is None else f"{self.value:g} "
            return f"{middle}({self.low:g}{display.EN_DASH}{self.high:g})"
        return f"x{self.factor:g}" if self.value is None else f"{self.value:g}"


def change_of(given: Any) -> Change:
    """Return a change from a number, a text or a mapping.

    Raises
    ------
    ArgumentError
        With what is wrong, to follow the name of what is changed.

    Examples
    --------
    >>> change_of("x1.2").of(10), change_of("-10 %").of(10), change_of("25%").of(10)
    (12.0, 9.0, 0.25)
    >>> change_of({"low": 20_000, "high": 30_000}).low
    20000.0
    """
    if isinstance(given, Change):
        return given
    if isinstance(given, Mapping):
        return _between(given)
    if isinstance(given, str):
        return _written(given)
    return Change(value=_number(given))


def _written(given: str) -> Change:
    text = given.strip()
    if found := _FACTOR.fullmatch(text):
        return Change(factor=_number(found[1]))
    if found := _SHIFT.fullmatch(text):
        share = _number(found[2]) / 100
        if found[1] != "+" and share > 1:
            raise ArgumentError(f"must leave at least nothing; got {given!r}.")
        return Change(factor=1 + share if found[1] == "+" else 1 - share)
    if found := _PLAIN.fullmatch(text):
        return Change(value=_number(found[1]) / (100 if found[2] else 1))
    hint = ""
    if re.fullmatch(rf"[+\-\u2212]\s*{_NUMBER}", text, re.ASCII):
        hint = " A sign needs a %; write the number itself, or a factor."
    elif re.fullmatch(r"\d{1,3}([.,' ]\d{3})+", text, re.ASCII):
        hint = f" Write it without separators: {re.sub(r'[^0-9]', '', text)}."
    raise ArgumentError(f"must be {NEEDED}; got {given!r}.{hint}")


def _between(given: Mapping[Any, Any]) -> Change:
    unknown = [str(key) for key in given if key not in _ESTIMATE]
    if unknown:
        hints = [did_you_mean(key, _ESTIMATE) for key in unknown]
        names = display.listed([f"`{key}`" for key in unknown])
        raise ArgumentError(
            f"must have `value`, `low` and `high` only; got {names}."
            f"{next((hint for hint in hints if hint), '')}"
        )
    if "low" not in given or "high" not in given:
        raise ArgumentError("must have both `low` and `high`.")
    low, high = _number(given["low"]), _number(given["high"])
    value = None
    if given.get("value") is not None:
        value = _number(given["value"])
    middle = (low + high) / 2 if value is None else value
    if not low < high or not low < middle < high:
        said = "" if value is None else f", with `value` {value:g} between them"
        raise ArgumentError(f"must have `low` below `high`{said}; got {low:g} and {high:g}.")
    return Change(value=middle, low=low, high=high)


def _number(given: Any) -> float:
    """Return a finite number of at least 0."""
    text = given.strip() if isinstance(given, str) else given
    if isinstance(text, str):
        found = _PLAIN.fullmatch(text)
        number = float(found[1]) / (100 if found[2] else 1) if found else math.nan
    else:
        try:
            number = math.nan if isinstance(text, bool) or text is None else float(text)
        except (TypeError, ValueError):
            number = math.nan
    if not math.isfinite(number):
        raise ArgumentError(f"must be {NEEDED}; got {given!r}.")
    if number < 0:
        raise ArgumentError(f"must be at least 0; got {given!r}.")
    return number
