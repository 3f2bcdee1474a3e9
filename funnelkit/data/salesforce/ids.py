"""Salesforce ids: 15 characters that tell upper from lower case, or 18 with a checksum of that."""

from __future__ import annotations

import string
from typing import Any, NamedTuple

import ibis

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
# Five characters as 1 for a capital and 0 for any other, in the order of the letters above: the
# first character counts 1, the second 2, then 4, 8, 16.
_PATTERNS = ",".join(format(number, "05b")[::-1] for number in range(32))
_STEP = 6
_ALL = string.ascii_uppercase + string.ascii_lowercase + string.digits
_ANY_LETTER = "1" * 52 + "0" * 10


class Ids(NamedTuple):
    """An id column and the tests of it.

    ``short``: 15 characters; ``whole``: 18; ``fits``: the last three of these fit the others.
    """

    text: Any
    short: Any
    whole: Any
    fits: Any


def examined(text: Any) -> Ids:
    """Return what kind of id each text is."""
    return Ids(
        text=text,
        short=text.re_search("^[A-Za-z0-9]{15}$"),
        whole=text.re_search("^[A-Za-z0-9]{15}[A-Za-z0-5]{3}$"),
        fits=suffix(text.substr(0, 15)) == text.substr(15, 3).upper(),
    )


def canonical(ids: Ids, *, short: bool = True) -> Any:
    """Return ids of 15 and of 18 characters as 18, others as they stand.

    ``short`` says whether there are any of 15. The last three characters of an id of 18 are taken
    as they are, in capitals.
    """
    body = ids.text.substr(0, 15)
    longer = ibis.ifelse(ids.whole, body.concat(ids.text.substr(15, 3).upper()), ids.text)
    return ibis.ifelse(ids.short, body.concat(suffix(body)), longer) if short else longer


def restored(ids: Ids) -> tuple[Any, Any]:
    """Return ids whose case was lost with the case that their checksum tells, and whether it can.

    It can where the checksum asks for no capital digit.
    """
    body, check = ids.text.substr(0, 15), ids.text.substr(15, 3).upper()
    chunks = [
        ibis.literal(_PATTERNS).substr(
            ibis.literal(_LETTERS).find(check.substr(chunk, 1)) * _STEP, 5
        )
        for chunk in range(3)
    ]
    wanted = chunks[0].concat(*chunks[1:])
    able = body.translate(_ALL, _ANY_LETTER)
    letters = [
        ibis.ifelse(
            wanted.substr(place, 1) == "1",
            body.substr(place, 1).upper(),
            body.substr(place, 1).lower(),
        )
        for place in range(15)
    ]
    ok = ibis.literal(True)
    for place in range(15):
        ok &= (wanted.substr(place, 1) == "0") | (able.substr(place, 1) == "1")
    return letters[0].concat(*letters[1:], check), ok


def suffix(body: Any) -> Any:
    """Return the three characters that tell which of the 15 are capitals."""
    parts = []
    for chunk in range(3):
        number: Any = ibis.literal(0)
        for place in range(5):
            letter = body.substr(5 * chunk + place, 1)
            number = number + ibis.ifelse(letter.between("A", "Z"), 1 << place, 0)
        parts.append(ibis.literal(_LETTERS).substr(number, 1))
    return parts[0].concat(parts[1], parts[2])
