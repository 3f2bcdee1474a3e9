"""People by month, slowly: each person by name, month after month, by chance or by expectation."""

from __future__ import annotations

import numpy as np


def one_life(rng, person, months, attrition, ramp):
    """Return what one person brings in each month, as a share of a ramped full-time person.

    A person is (start month or None for long ago, part of full time). Whoever is there in a month
    may leave at its end; nobody leaves before the first month served, or before the plan begins.
    """
    start, share = person
    brings = np.zeros(months)
    served = 10_000 if start is None else 0
    here = start is None
    for month in range(months):
        if start == month:
            here = True
        if not here:
            continue
        brings[month] = share * (ramp[served] if served < len(ramp) else 1.0)
        served += 1
        if rng.random() < attrition:
            return brings
    return brings


def simulated(people, months, attrition, ramp, *, runs, rng):
    """Return what all people bring by run and month."""
    return np.array(
        [
            sum(one_life(rng, person, months, attrition, ramp) for person in people)
            for _ in range(runs)
        ]
    )


def expected(people, months, attrition, ramp):
    """Return what all people are expected to bring by month, by counting down each one's chance."""
    total = [0.0] * months
    for start, share in people:
        chance, before = 1.0, 10_000 if start is None else 0
        first = 0 if start is None else start
        for month in range(first, months):
            served = before + month - first
            total[month] += chance * share * (ramp[served] if served < len(ramp) else 1.0)
            chance *= 1 - attrition
    return np.array(total)


def smallest_hiring(short, each, attrition, ramp, earliest, *, most=8):
    """Return the fewest hires by month that close every shortfall, latest first, by trying all.

    ``each`` is what a ramped hire brings in a month. Months before the earliest start, and those
    in which a hire of the earliest start brings nothing, are left short.
    """
    months = len(short)
    table = [expected([(start, 1.0)], months, attrition, ramp) * each for start in range(months)]
    reachable = [m for m in range(months) if any(table[s][m] > 0 for s in range(earliest, m + 1))]

    def plans(number, first):
        if number == 0:
            yield ()
            return
        for start in range(first, months):
            for rest in plans(number - 1, start):
                yield (start, *rest)

    for number in range(most + 1):
        good = [
            plan
            for plan in plans(number, earliest)
            if all(sum(table[s][m] for s in plan) >= short[m] - 1e-9 for m in reachable)
        ]
        if good:
            return number, max(sum(plan) for plan in good)
    return None
