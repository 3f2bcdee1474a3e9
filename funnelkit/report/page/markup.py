"""HTML and SVG by construction: whatever is not markup already is escaped when it is put in."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

_VOID = frozenset({"br", "hr", "img", "link", "meta"})
# Control characters have no place in a page; direction marks would reorder what stands beside.
_UNWANTED = {
    code: None
    for code in (*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    if chr(code) not in "\n\t"
}
_CODE = re.compile(r"`([^`]+)`")
_TOGETHER = re.compile(r"\([^()]{0,34}\d[^()]{0,34}\)")


class Html(str):
    """Text that is markup already, and is put in as it is."""

    __slots__ = ()


Part = str | None | Iterable["Part"]


def escaped(value: object) -> Html:
    """Return a value as markup: text is escaped and freed of control characters.

    Examples
    --------
    >>> escaped("<script>alert(1)</script>")
    '&lt;script&gt;alert(1)&lt;/script&gt;'
    """
    if isinstance(value, Html):
        return value
    return Html(html.escape(str(value).translate(_UNWANTED), quote=True))


def el(tag: str, *children: Part, **attributes: object) -> Html:
    """Return an element.

    Parameters
    ----------
    tag
        Name of the element.
    children
        Markup as it is, text escaped; lists of either; ``None`` is left out.
    attributes
        ``class_`` for ``class``, ``aria_label`` for ``aria-label``; ``None`` and ``False`` are
        left out, ``True`` stands alone.

    Examples
    --------
    >>> el("p", "a < b ", el("b", "c"), class_="note")
    '<p class="note">a &lt; b <b>c</b></p>'
    """
    words = [tag]
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        shown = name.rstrip("_").replace("_", "-")
        words.append(shown if value is True else f'{shown}="{escaped(value)}"')
    start = " ".join(words)
    if tag in _VOID:
        return Html(f"<{start}>")
    return Html(f"<{start}>{''.join(_flat(children))}</{tag}>")


def join(*parts: Part) -> Html:
    """Return parts one after the other.

    Examples
    --------
    >>> join("a & b", None, [Html("<br>"), "c"])
    'a &amp; b<br>c'
    """
    return Html("".join(_flat(parts)))


def prose(text: str) -> Html:
    """Return a sentence as markup: figures in brackets stay on one line, `` `names` `` are code.

    Examples
    --------
    >>> prose("about 10 % (8.0 to 12.5 %)")
    'about 10 % <span class="nw">(8.0 to 12.5 %)</span>'
    """
    safe = escaped(text)
    if isinstance(text, Html):
        return safe
    kept = _TOGETHER.sub(lambda found: f'<span class="nw">{found[0]}</span>', safe)
    return Html(_CODE.sub(lambda found: f"<code>{found[1]}</code>", kept))


def plain(markup: str) -> str:
    """Return the text of a piece of markup, or of a plain text, without its tags.

    Examples
    --------
    >>> plain(el("p", "a < b ", el("b", "c")))
    'a < b c'
    """
    if not isinstance(markup, Html):
        return markup
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


def _flat(parts: Iterable[Part]) -> Iterator[str]:
    for part in parts:
        if part is None:
            continue
        if isinstance(part, str):
            yield escaped(part)
        else:
            yield from _flat(part)
