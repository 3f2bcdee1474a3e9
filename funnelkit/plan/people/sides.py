"""What both sides allow: bookings of each month, and whether demand or people bind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from funnelkit.plan.people.load import Load
    from funnelkit.plan.people.work import Work

FloatArray = NDArray[np.float64]
_SLACK = 1e-9


def worked(work: Sequence[Work | None], there: FloatArray, load: Load) -> FloatArray:
    """Return the share of each month's bookings for which hours suffice, shape ``(H,)``.

    Parameters
    ----------
    work
        What each role is to do.
    there
        Hours of each role, shape ``(R, H)``.
    load
        With the months that bookings stem from.

    Notes
    -----
    A role whose hours are short in a month does there / needed of that month's work, and the
    bookings that stem from it are fewer by as much. Roles stand one after the other: what one of
    them leaves undone another need not do, so the least share counts.
    """
    ahead = len(load.periods)
    least = np.ones(ahead)
    for k, one in enumerate(work):
        if one is None:
            continue
        done = np.minimum(there[k] / np.where(one.needed > 0, one.needed, 1.0), 1.0)
        missed = 1 - np.where(one.needed > 0, done, 1.0)
        for stage in one.stages:
            stems = load.stems.get(stage, np.eye(ahead))
            least = np.minimum(least, 1 - missed @ stems)
    return np.clip(least, 0.0, 1.0)


def allowed(demand: FloatArray, most: FloatArray, *, carry: float) -> FloatArray:
    """Return what is booked in each month, the last axis.

    Parameters
    ----------
    demand
        What comes up to be booked in each month.
    most
        What people can book in each month; infinite where nothing limits them.
    carry
        Share of what they cannot that waits for the next month.

    Examples
    --------
    >>> allowed(np.array([5.0, 1.0]), np.array([3.0, 3.0]), carry=0.0).tolist()
    [3.0, 1.0]
    >>> allowed(np.array([5.0, 1.0]), np.array([3.0, 3.0]), carry=1.0).tolist()
    [3.0, 3.0]
    """
    asked_each, most_each = np.broadcast_arrays(demand, most)
    found: FloatArray = np.zeros_like(asked_each, dtype=np.float64)
    waiting = np.zeros_like(found[..., 0])
    for month in range(len(found.T)):
        asked = asked_each[..., month] + waiting
        found[..., month] = np.minimum(asked, most_each[..., month])
        waiting = carry * (asked - found[..., month])
    return found


def hit(drawn: FloatArray, most: FloatArray, share: FloatArray, goal: float) -> float:
    """Return the chance that demand and people together reach a sum.

    Parameters
    ----------
    drawn
        Draws of what demand brings, shape ``(N, H)``.
    most
        Draws of what people can book, shape ``(N, H)``, or of ``(H,)``.
    share
        Share for which hours suffice, shape ``(H,)``.
    goal
        The sum.

    Notes
    -----
    What a good month brings beyond what people can book waits for the next month: quota x
    attainment is what they book on average, not a wall.
    """
    booked = allowed(drawn * share, most, carry=1.0).sum(axis=1)
    return float(np.mean(booked >= goal * (1 - _SLACK)))


def short(there: FloatArray, needed: FloatArray) -> NDArray[np.bool_]:
    """Return where less is there than needed."""
    return there < needed * (1 - _SLACK)
