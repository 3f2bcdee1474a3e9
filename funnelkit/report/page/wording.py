"""Phrases that claim what the intervals allow and no more."""

from __future__ import annotations

import math

from funnelkit._core import display
from funnelkit._core.display import EN_DASH, MINUS, NARROW_SPACE
from funnelkit.report.page.changes import Change, Estimate

APOSTROPHE = "\u2019"


def of(name: str) -> str:
    """Return the possessive of a month or a group.

    Examples
    --------
    >>> of("May"), of("sales")
    ('May’s', 'sales’')
    """  # noqa: RUF002
    return f"{name}{APOSTROPHE}" if name.endswith("s") else f"{name}{APOSTROPHE}s"


def rate(estimate: Estimate) -> str:
    r"""Return a share with its interval.

    Examples
    --------
    >>> rate(Estimate(0.1005, 0.08, 0.125))
    '10.1\u202f% (8.0–12.5)'
    """  # noqa: RUF002
    if not estimate.known:
        return EN_DASH
    return f"{display.percent(estimate.value)} {display.percent_range(*estimate[1:])}"


def rate_in_words(estimate: Estimate) -> str:
    """Return a share with its interval as a sentence says it."""
    low_high = display.percent_range(*estimate[1:], words=True)
    return f"{display.percent(estimate.value)} ({low_high})"


def whole_percent(share: float) -> str:
    """Return a share as a whole percentage: ``41 %``."""
    return display.percent(share, decimals=0)


def change_of_count(change: Change, *, percent: bool = True) -> str:
    r"""Return the change of a count: a fall, a rise, or none that is clear.

    Without ``percent`` (for counts too small for it) only its direction is told.

    Examples
    --------
    >>> change_of_count(Change(-0.41, -0.53, -0.26, "ratio"))
    'a fall of 41\u202f% (26 to 53\u202f%)'
    >>> change_of_count(Change(-0.04, -0.11, 0.04, "ratio"))
    'no clear change (−11 to +4\u202f%)'
    """  # noqa: RUF002
    word = "rise" if change.direction == "up" else "fall"
    if not percent or not math.isfinite(change.high):
        return f"a clear {word}" if change.clear else "no clear change"
    if not change.clear:
        return f"no clear change {ratio_range(change)}"
    low, high = sorted((abs(change.low), abs(change.high)))
    ends = f"({_hundredths(low)} to {_hundredths(high)}{NARROW_SPACE}%)"
    return f"a {word} of {_hundredths(abs(change.value))}{NARROW_SPACE}% {ends}"


def relative(change: float) -> str:
    """Return a relative change with its sign: ``−41 %``.

    Examples
    --------
    >>> relative(-0.411), relative(0.001)
    ('−41\u202f%', '0\u202f%')
    """  # noqa: RUF002
    return f"{_signed_hundredths(change)}{NARROW_SPACE}%"


def ratio_range(change: Change) -> str:
    """Return the interval of a relative change: ``(−11 to +4 %)``."""  # noqa: RUF002
    low, high = (_signed_hundredths(end) for end in (change.low, change.high))
    return f"({low} to {high}{NARROW_SPACE}%)"


def change_of_share(change: Change, other: str) -> str:
    """Return how a share lies to another one: above, below, or neither clearly.

    Examples
    --------
    >>> change_of_share(Change(-0.038, -0.067, -0.007, "points"), "April")
    'below April by 3.8 points (0.7 to 6.7)'
    >>> change_of_share(Change(-0.02, -0.048, 0.01, "points"), "January")
    'not clearly apart from January (−4.8 to +1.0 points)'
    """  # noqa: RUF002
    if not change.clear:
        return f"not clearly apart from {other} ({points_range(change)} points)"
    word = "above" if change.direction == "up" else "below"
    low, high = sorted((abs(change.low), abs(change.high)))
    size = abs(change.value)
    return f"{word} {other} by {100 * size:.1f} points ({100 * low:.1f} to {100 * high:.1f})"


def points(value: float) -> str:
    """Return a difference of shares in points: ``+1.2``."""
    return "0.0" if abs(value) < 0.0005 else display.signed(100 * value)


def points_range(change: Change) -> str:
    """Return the interval of a difference: ``−4.8 to +1.0``."""  # noqa: RUF002
    return f"{points(change.low)} to {points(change.high)}"


def some(number: float, one: str, many: str) -> str:
    """Return a count with its noun, none in words.

    Examples
    --------
    >>> some(0, "win", "wins"), some(1, "win", "wins"), some(1303, "win", "wins")
    ('no wins', '1 win', '1,303 wins')
    """
    return f"no {many}" if number == 0 else display.plural(number, one, many)


def days(number: float) -> str:
    """Return a number of days.

    Examples
    --------
    >>> days(1), days(9.0), days(54.75)
    ('1 day', '9 days', '55 days')
    """
    return display.plural(number, "day")


def ranged(first: str, last: str) -> str:
    """Return a stretch from one name to another, or the one name.

    Examples
    --------
    >>> ranged("Jan 2018", "May 2018"), ranged("Dec 2017", "May 2018"), ranged("May", "May")
    ('Jan to May 2018', 'Dec 2017 to May 2018', 'May')
    """
    if first == last:
        return first
    head, _, year = first.rpartition(" ")
    return f"{head if head and last.endswith(year) else first} to {last}"


def sentence(*parts: str | None) -> str:
    """Return the parts that there are, one space between, a capital at the start."""
    words = " ".join(part for part in parts if part)
    return words[:1].upper() + words[1:]


def _hundredths(share: float) -> str:
    return f"{100 * share:,.0f}"


def _signed_hundredths(share: float) -> str:
    text = f"{100 * share:+,.0f}".replace("-", MINUS)
    return "0" if text in {"+0", f"{MINUS}0"} else text
