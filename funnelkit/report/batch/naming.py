"""Folder names of segment values: no value can leave its folder, and no two can share one."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

from funnelkit._core.display import segment_name

_UNSAFE = re.compile(r"[^\w .()-]+")
_MOST_BYTES = 60
_DIGITS = (8, 16, 64)
_HASHED = re.compile(r"-[0-9a-f]{8,}$", re.IGNORECASE)


def folder_names(column: str, values: Iterable[str | None]) -> dict[str | None, str]:
    """Return for each value of a segment the name of its folder, such as ``region=EMEA``.

    Parameters
    ----------
    column
        The segment.
    values
        Its values; ``None`` is blank.

    Returns
    -------
    dict
        Value -> name: letters, digits and a few signs that every file system takes, 200 bytes at
        most, and distinct also where capital and small letters are the same. A value that had to
        be changed, or would share its name with another, bears digits of its hash.

    Examples
    --------
    >>> folder_names("region", ["EMEA", "../etc", None])
    {'EMEA': 'region=EMEA', '../etc': 'region=etc-61934e7d', None: 'region=(blank)'}
    >>> sorted(folder_names("source", ["Web", "web"]).values())
    ['source=Web-2a719178', 'source=web-022adbda']
    """
    given = list(dict.fromkeys(values))
    head = safe_name(column)
    head = head if head == column else f"{head}-{_hash(column)[:8]}"
    plain = {value: _plain(value) for value in given}
    keys = [name.casefold() for name, exact in plain.values() if exact]
    named: dict[str | None, str] = {}
    for digits in _DIGITS:
        for value, (name, exact) in plain.items():
            alone = exact and keys.count(name.casefold()) == 1
            tail = "" if alone else f"-{_hash(_text(value))[:digits]}"
            named[value] = f"{head}={name}{tail}"
        if len({name.casefold() for name in named.values()}) == len(given):
            break
    return named


def safe_name(text: str) -> str:
    """Return a text as a part of a file name: without separators, signs and control characters.

    Examples
    --------
    >>> safe_name("../../Nord & Süd: 2026")
    'Nord-Süd-2026'
    """
    clean = _UNSAFE.sub("-", unicodedata.normalize("NFC", text))
    clean = re.sub(r"\s*-+\s*", "-", clean).strip(" .-_")
    while len(clean.encode("utf-8")) > _MOST_BYTES:
        clean = clean[:-1].rstrip(" .-_")
    return clean


def _plain(value: str | None) -> tuple[str, bool]:
    """Return the name of a value, and whether it is the value unchanged and no name like ours."""
    text = segment_name((value or None,))
    name = safe_name(text)
    return name, name == (value or text) and not _HASHED.search(name)


def _text(value: str | None) -> str:
    return "" if value is None else f"={value}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
