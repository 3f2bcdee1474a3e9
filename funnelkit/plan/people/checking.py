"""What is wrong with one number, in words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def sentence(words: str) -> str:
    """Return words as a sentence.

    Examples
    --------
    >>> sentence("got 85; did you mean 0.85?"), sentence("got 85")
    ('got 85; did you mean 0.85?', 'got 85.')
    """
    return words if words.endswith(("?", ".")) else f"{words}."


def is_number(given: Any) -> bool:
    """Whether it is a finite number.

    Examples
    --------
    >>> is_number(0.5), is_number(True), is_number("1"), is_number(float("nan"))
    (True, False, False, False)
    """
    real = isinstance(given, (int, float, np.integer, np.floating)) and not isinstance(given, bool)
    return real and math.isfinite(given)


def is_whole(given: Any) -> bool:
    """Whether it is a whole number."""
    return isinstance(given, (int, np.integer)) and not isinstance(given, bool)


def amount(name: str, given: Any, *, most: float = math.inf) -> list[str]:
    """Return what is wrong with a number from 0 to a highest one.

    Examples
    --------
    >>> amount("quota", -5_000)
    ['`quota` must be a number of at least 0; got -5000, 5000 below it']
    >>> amount("attainment", 85, most=10)
    ['`attainment` must be at most 10; got 85; did you mean 0.85?']
    """
    if is_number(given) and 0 <= given <= most:
        return []
    if is_number(given) and given > most:
        hint = f"; did you mean {given / 100:g}?" if given / 100 <= most <= 10 else ""
        return [f"`{name}` must be at most {most:g}; got {given!r}{hint}"]
    below = f", {-given:g} below it" if is_number(given) else ""
    return [f"`{name}` must be a number of at least 0; got {given!r:.60}{below}"]


def above(name: str, given: Any, *, most: float = math.inf) -> list[str]:
    """Return what is wrong with a number above 0, up to a highest one.

    Examples
    --------
    >>> above("share", 0, most=1)
    ['`share` must be above 0 and at most 1; got 0']
    """
    if is_number(given) and 0 < given <= most:
        return []
    up = "" if math.isinf(most) else f" and at most {most:g}"
    hint = (
        f"; did you mean {given / 100:g}?" if is_number(given) and 1 == most < given <= 100 else ""
    )
    return [f"`{name}` must be above 0{up}; got {given!r:.60}{hint}"]


def below_one(name: str, given: Any) -> list[str]:
    """Return what is wrong with a share from 0 to below 1.

    Examples
    --------
    >>> below_one("attrition", 1.25)
    ['`attrition` must be from 0 to below 1; got 1.25; did you mean 0.0125?']
    """
    if is_number(given) and 0 <= given < 1:
        return []
    hint = f"; did you mean {given / 100:g}?" if is_number(given) and 1 <= given < 100 else ""
    return [f"`{name}` must be from 0 to below 1; got {given!r:.60}{hint}"]
