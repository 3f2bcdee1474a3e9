"""The page's own style sheet, read for the looks of a shape on screen, light or dark."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache

from funnelkit.report.page.style import TEMPLATES

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_PART = re.compile(r"(?P<tag>^[a-z]\w*)|\.(?P<kind>[\w-]+)")
_VARIABLE = re.compile(r"var\(\s*(--[\w-]+)\s*(?:,[^()]*)?\)")
_AROUND = frozenset({"svg"})
_DARK = "@media screen and (prefers-color-scheme: dark)"


def looks(tag: str, kinds: Collection[str], *, dark: bool = False) -> dict[str, str]:
    """Return what the style sheet says of an element, by property.

    Parameters
    ----------
    tag
        Its name.
    kinds
        Its classes.
    dark
        Whether in dark colours.

    Examples
    --------
    >>> looks("circle", {"estimate"})["fill"], looks("circle", {"estimate"}, dark=True)["fill"]
    ('#0a5c9e', '#6cb4f5')
    >>> looks("text", {"small"})["font-size"]
    '12.5px'
    """
    found: dict[str, str] = {}
    for _, needed, told in _rules(dark=dark):
        if needed[0] in {"", tag} and needed[1] <= set(kinds):
            found |= told
    return found


def colour(name: str, *, dark: bool = False) -> str:
    """Return a colour of the page by its role, such as ``accent``, as ``#rrggbb``.

    Examples
    --------
    >>> colour("bg"), colour("bg", dark=True)
    ('#ffffff', '#10161c')
    """
    return _variables(dark=dark)[f"--{name}"]


@cache
def _sheet(*, dark: bool = False) -> str:
    """Return the rules outside any condition on the medium; or those for dark screens."""
    text = (TEMPLATES / "funnelkit" / "parts.css").read_text(encoding="utf-8")
    text = _COMMENT.sub("", text)
    kept, depth, start = [], 0, 0
    for found in re.finditer(r"[{}]", text):
        depth += 1 if found[0] == "{" else -1
        if depth == 0:
            rule = text[start : found.end()].strip()
            start = found.end()
            if dark and rule.startswith(_DARK):
                kept.append(rule.removeprefix(_DARK).strip()[1:-1])
            elif not dark and not rule.startswith("@"):
                kept.append(rule)
    return "".join(kept)


@cache
def _variables(*, dark: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    for selector, told in _RULE.findall(_sheet() + (_sheet(dark=True) if dark else "")):
        if selector.strip() == ":root":
            found |= {name: value for name, value in _told(told) if name.startswith("--")}
    return found


@cache
def _rules(
    *, dark: bool
) -> list[tuple[tuple[int, int], tuple[str, frozenset[str]], dict[str, str]]]:
    """Return (weight, (tag, classes), properties) of the rules for shapes, weakest first."""
    found = []
    for selectors, told in _RULE.findall(_sheet()):
        filled = {name: _filled(value, dark=dark) for name, value in _told(told)}
        for selector in selectors.split(","):
            *around, last = selector.split() or [""]
            parts = [(match["tag"], match["kind"]) for match in _PART.finditer(last)]
            whole = "".join(tag or f".{kind}" for tag, kind in parts) == last
            if last and whole and set(around) <= _AROUND:
                tag = next((tag for tag, _ in parts if tag), "")
                kinds = frozenset(kind for _, kind in parts if kind)
                weight = (len(kinds), bool(tag) + len(around))
                found.append((weight, (tag, kinds), filled))
    return sorted(found, key=lambda rule: rule[0])


def _told(text: str) -> list[tuple[str, str]]:
    pairs = [line.partition(":") for line in text.split(";") if ":" in line]
    return [(name.strip(), value.strip()) for name, _, value in pairs]


def _filled(value: str, *, dark: bool) -> str:
    """Return a value with the colours that it names by their role."""
    return _VARIABLE.sub(lambda found: _variables(dark=dark).get(found[1], "none"), value)
