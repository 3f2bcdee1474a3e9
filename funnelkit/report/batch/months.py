"""Months asked for: one, several, or all between two."""

from __future__ import annotations

from collections.abc import Sequence

from funnelkit._core.errors import ArgumentError, numbered
from funnelkit.report import kinds

_MOST = 240


def months_of(given: object) -> list[str]:
    """Return months in order, each once.

    Parameters
    ----------
    given
        ``"2026-01..2026-10"``, a month, or a list of either.

    Raises
    ------
    ArgumentError
        With every month that is none, and spans that run backward.

    Examples
    --------
    >>> months_of("2025-11..2026-02")
    ['2025-11', '2025-12', '2026-01', '2026-02']
    >>> months_of(["2026-03", "2026-01..2026-02", "2026-01"])
    ['2026-01', '2026-02', '2026-03']
    """
    several: Sequence[object] = list(given) if isinstance(given, (list, tuple)) else [given]
    found: set[str] = set()
    problems: list[str] = []
    for one in several:
        try:
            found |= set(_span(one))
        except ArgumentError as error:
            problems.append(str(error))
    if not several:
        problems.append("`months` must name months such as 2026-01..2026-10; got an empty list.")
    if problems:
        raise ArgumentError(numbered(problems))
    return sorted(found)


def _span(given: object) -> list[str]:
    ends = given.split("..") if isinstance(given, str) and given.count("..") == 1 else [given]
    first, last = (kinds.month("months", end) for end in (ends[0], ends[-1]))
    count = _number(last) - _number(first) + 1
    if count < 1:
        raise ArgumentError(
            f"`months` must run forward; got {given!r}. Did you mean {last}..{first}?"
        )
    if count > _MOST:
        raise ArgumentError(f"`months` may be {_MOST} at most; {given!r} are {count}.")
    return [_month(_number(first) + ahead) for ahead in range(count)]


def _number(month: str) -> int:
    return 12 * int(month[:4]) + int(month[5:]) - 1


def _month(number: int) -> str:
    return f"{number // 12:04d}-{number % 12 + 1:02d}"
