"""The counts of funnelkit as counters, to be compared with those of the reference."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from funnelkit._core.dates import period_label
from tests.reference import counts


def cells(array: Any, *axes: Any) -> Counter[Any]:
    """Return the cells of an array that are not 0; the last axes without labels are ages."""
    found: Counter[Any] = Counter()
    for place in np.argwhere(np.asarray(array)):
        labels = [axes[i][at] if i < len(axes) else int(at) for i, at in enumerate(place)]
        found[tuple(labels)] = int(array[tuple(place)])
    return found


def by_outcome(arrays: Any, *axes: Any) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for name, array in arrays.items():
        for (segment, cohort, age), n in cells(array, *axes).items():
            found[segment, cohort, name, age] = n
    return found


def assert_triangle(found: Any, expected: counts.Counts, *, accounts: bool = False) -> None:
    """Compare every count of a triangle with the reference."""
    axes = (found.segments, [period_label(cohort) for cohort in found.cohorts])
    assert cells(found.entered, *axes) == expected.entered
    assert by_outcome(found.events, *axes) == expected.events
    assert by_outcome(found.undated, *axes) == expected.undated
    assert cells(found.censored, *axes) == expected.censored
    assert cells(found.followed, *axes) == expected.followed
    late = Counter() if found.late is None else cells(found.late, *axes)
    assert Counter({key: n for key, n in late.items() if key[-1]}) == expected.late
    months = [str(each) for each in found.calendar.months]
    assert cells(found.calendar.converted, *axes, months) == expected.by_month
    if accounts:
        assert_accounts(found, expected)


def assert_accounts(found: Any, expected: counts.Counts) -> None:
    sums = counts.account_sums(expected)
    for i, segment in enumerate(found.segments):
        for j, cohort in enumerate(found.cohorts):
            cell = sums[segment, period_label(cohort)]
            assert found.accounts.accounts[i, j] == cell["accounts"]
            assert found.accounts.nn[i, j] == cell["nn"]
            for name in ("xn", "xx"):
                running = getattr(found.accounts, name)[i, j].cumsum()
                assert list(running) == [cell[f"{name} {age}"] for age in range(len(running))]


def assert_stays(found: Any, expected: counts.Stays) -> None:
    """Compare every count of stays with the reference."""
    axes = (found.segments, found.stages)
    for name in ("entered", "filled", "moved_on", "still_there", "days"):
        assert cells(getattr(found, name), *axes) == +getattr(expected, name), name
    left = Counter(
        {
            (*place, exit_): n
            for exit_, array in found.left.items()
            for place, n in cells(array, *axes).items()
        }
    )
    assert left == expected.left


def assert_flows(found: Any, expected: tuple[Counter[Any], Counter[Any]]) -> None:
    """Compare every count of flows with the reference."""
    periods = [period_label(period) for period in found.periods]
    assert cells(found.entries, found.segments, found.steps, periods) == expected[0]
    assert cells(found.undated, found.segments, found.steps) == expected[1]
