"""How wide words are, and how they are made to fit."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import lru_cache

from funnelkit.plot import style


@lru_cache(maxsize=4096)
def measured(words: str, size: float, *, bold: bool = False) -> float:
    """Return the width of words in points.

    Examples
    --------
    >>> measured("webinar", 10) < measured("webinar", 10, bold=True) < measured("webinar", 20)
    True
    """
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=style.fonts(), size=size, weight="bold" if bold else "normal")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a missing sign, matplotlib tells when it draws
        width, _, _ = text_to_path.get_text_width_height_descent(words, font, ismath=False)
    return 1.04 * float(width)  # hinted letters are a little wider than these


def fitted(words: str, width: float, size: float, *, bold: bool = False) -> str:
    """Return words that fit into a width, their middle left out where they do not.

    Examples
    --------
    >>> fitted("webinar", 200, 10)
    'webinar'
    >>> fitted("marketing_event_berlin_2026", 80, 10)[0], "…" in fitted("abc" * 30, 80, 10)
    ('m', True)
    """
    if measured(words, size, bold=bold) <= width:
        return words
    for kept in range(len(words) - 1, 1, -1):
        cut = f"{words[: kept - kept // 3].rstrip()}…{words[len(words) - kept // 3 :].lstrip()}"
        if measured(cut, size, bold=bold) <= width:
            return cut
    return "…"


def wrapped(words: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Return words in lines of at most a width; a word that is too long is cut in its middle.

    Examples
    --------
    >>> wrapped("one two", 500, 10)
    ['one two']
    >>> wrapped("one two three four", 60, 10)
    ['one two', 'three four']
    """
    lines: list[str] = []
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and measured(longer, size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(fitted(word, width, size, bold=bold) if word.strip() else word)
    return lines


def spread(places: Sequence[float], *, gap: float) -> list[float]:
    """Return places moved apart to at least a gap, in their order and as little as that takes.

    Examples
    --------
    >>> spread([0.5, 0.1], gap=0.1)
    [0.5, 0.1]
    >>> [round(place, 3) for place in spread([0.5, 0.5, 0.52], gap=0.1)]
    [0.407, 0.507, 0.607]
    """
    blocks: list[tuple[float, list[int]]] = []  # each with its mean, members in a row
    for index in sorted(range(len(places)), key=lambda k: places[k]):
        centre, members = places[index], [index]
        while blocks:
            before, others = blocks[-1]
            reach = gap * (len(members) + len(others)) / 2
            if centre - before >= reach:
                break
            blocks.pop()
            total = len(members) + len(others)
            members = others + members
            centre = sum(places[k] for k in members) / total
        blocks.append((centre, members))
    found = list(places)
    for centre, members in blocks:
        for k, index in enumerate(members):
            found[index] = centre + gap * (k - (len(members) - 1) / 2)
    return found
