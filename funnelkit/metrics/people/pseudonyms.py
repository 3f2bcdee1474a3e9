"""Names of people replaced by pseudonyms."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from funnelkit._core.errors import ArgumentError
from funnelkit.data.rules.reading import is_mail

_LENGTH = 5
REPLACED = "Names are replaced by pseudonyms."


def shown_names(
    names: Iterable[str | None], *, pseudonyms: bool | str | None
) -> tuple[Mapping[str | None, str | None], bool]:
    """Return how each name is shown, and whether pseudonyms are.

    Parameters
    ----------
    names
        Names; ``None`` is nobody, and stays so.
    pseudonyms
        ``True``: each name gets a code, the same one in every table, which tells nothing of its
        place in the alphabet or of any figure. Whoever has the names can work the codes out again;
        with a secret text of your own, only who knows that too. ``False``: names are shown.
        ``None``: they are, unless one is a mail address.

    Raises
    ------
    ArgumentError
        If ``pseudonyms`` is anything else.

    Examples
    --------
    >>> shown, _ = shown_names(["Ann", "Bo", None], pseudonyms=True)
    >>> shown["Ann"].startswith("rep "), shown["Ann"] != shown["Bo"], shown[None]
    (True, True, None)
    >>> shown_names(["ann@example.org"], pseudonyms=None)[1]
    True
    """
    if not (pseudonyms is None or isinstance(pseudonyms, (bool, str))) or pseudonyms == "":
        raise ArgumentError(
            f"`pseudonyms` must be True, False or a secret text of your own; got {pseudonyms!r}."
        )
    known = sorted({name for name in names if name is not None})
    replaced = any(is_mail(name) for name in known) if pseudonyms is None else bool(pseudonyms)
    shown: dict[str | None, str | None] = {None: None}
    if not replaced:
        return shown | {name: name for name in known}, False
    key = pseudonyms.encode() if isinstance(pseudonyms, str) else b"funnelkit"
    codes = {name: hmac.new(key, name.encode(), hashlib.sha256).hexdigest() for name in known}
    short = Counter(code[:_LENGTH] for code in codes.values())
    for name, code in codes.items():
        shown[name] = f"rep {code[: _LENGTH if short[code[:_LENGTH]] == 1 else 2 * _LENGTH]}"
    return shown, True


def roster(among: Any, column: str) -> tuple[str, ...]:
    """Return the names that must be in a table: a list, or one under the name of its column.

    Raises
    ------
    ArgumentError
        If it is neither.

    Examples
    --------
    >>> roster({"rep": ["Ann", "Bo"]}, "rep"), roster(["Ann"], "rep"), roster(None, "rep")
    (('Ann', 'Bo'), ('Ann',), ())
    """
    names = among
    if isinstance(among, Mapping):
        names = among.get(column) if set(among) == {column} else ""
    if names is None:
        return ()
    listed = [] if isinstance(names, str) or not isinstance(names, Iterable) else list(names)
    if not listed or not all(isinstance(name, str) and name.strip() for name in listed):
        raise ArgumentError(
            f'`among` must be a list of names, or {{"{column}": [names]}}; '
            f"got {type(among).__name__}."
        )
    return tuple(dict.fromkeys(name.strip() for name in listed))
