"""Waiting for an answer, slowly: exact fractions, and a line of contacts served one by one."""

from __future__ import annotations

import heapq
from fractions import Fraction
from math import factorial


def waiting_share(load: Fraction, agents: int) -> Fraction:
    """Return Erlang's waiting formula as it is printed, in exact fractions."""
    top = load**agents / factorial(agents) * Fraction(agents) / (agents - load)
    return top / (sum(load**k / factorial(k) for k in range(agents)) + top)


def served(rng, *, contacts, per_minute, handling_minutes, agents, within_seconds):
    """Return the share served in time, the mean wait in seconds and the share of busy time."""
    now = busy = waited = 0.0
    in_time = 0
    free = [0.0] * agents
    for gap, takes in zip(
        rng.exponential(1 / per_minute, contacts),
        rng.exponential(handling_minutes, contacts),
        strict=True,
    ):
        now += gap
        begins = max(now, heapq.heappop(free))
        heapq.heappush(free, begins + takes)
        waited += begins - now
        in_time += 60 * (begins - now) <= within_seconds
        busy += takes
    return in_time / contacts, 60 * waited / contacts, busy / (agents * max(free))
