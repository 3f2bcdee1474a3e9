"""What could have happened and what did, against one account after the other."""

from collections import Counter

import numpy as np
import pytest

from funnelkit.forecast.recurring_revenue.effects import UNKNOWN
from funnelkit.forecast.recurring_revenue.exposure import BEFORE, exposure


def slowly(table, rows, *, whole):
    """(kind, clock, segment, month) -> times it could have happened, and times it did."""
    could, did, fresh = Counter(), Counter(), []
    for account, paid in enumerate(table):
        began = None
        if paid[0]:
            began = 0 if whole else "unknown"
        ended, ever = None, bool(paid[0])
        for t in range(1, len(paid)):
            before, now, segment = paid[t - 1], paid[t], int(rows[account])
            if before:
                clock = UNKNOWN if began == "unknown" else t - began
                key = (clock, segment, t - 1)
                could["churn", *key] += 1
                if now == 0:
                    did["churn", *key] += 1
                    ended = t
                else:
                    could["expansion", *key] += 1
                    if now > before:
                        did["expansion", *key] += 1
                    else:
                        could["contraction", *key] += 1
                        did["contraction", *key] += int(now < before)
            elif ever:
                key = (t - ended, segment, t - 1)
                could["reactivation", *key] += 1
                if now:
                    did["reactivation", *key] += 1
                    began = t
            elif now:
                ever, began = True, t
                fresh.append((now, segment, t))
    return could, did, fresh


@pytest.mark.parametrize("whole", [True, False])
def test_it_is_what_one_account_after_the_other_gives(whole):
    rng = np.random.default_rng(11)
    table = rng.choice([0, 0, 5, 10, 20], size=(60, 15)).astype(np.int64)
    rows = rng.integers(0, 3, 60)
    found = exposure(table, rows, whole=whole)
    could, did, fresh = slowly(table, rows, whole=whole)
    for name, counts in found.counts.items():
        seen, happened = Counter(), Counter()
        for k in range(len(counts.events)):
            key = (name, *(int(counts.places[of][k]) for of in ("age", "segment", "month")))
            seen[key] += int(counts.exposed[k])
            happened[key] += int(counts.events[k])
        assert seen == Counter({key: n for key, n in could.items() if key[0] == name})
        assert +happened == Counter({key: n for key, n in did.items() if key[0] == name and n})
    assert sorted(map(tuple, found.new.T.tolist())) == sorted(fresh)


def test_where_accounts_stand_at_the_end():
    table = np.array([[5, 5, 5], [0, 7, 0], [9, 0, 4], [0, 0, 0], [6, 8, 3]])
    found = exposure(table, np.zeros(5, np.int64), whole=False)
    assert found.paying.tolist() == [True, False, True, False, True]
    assert found.last.tolist() == [5, 7, 4, 0, 3]
    assert found.began.tolist() == [BEFORE, 1, 2, BEFORE, BEFORE]
    assert found.ended[1] == 2
    up, down = found.sizes["expansion"], found.sizes["contraction"]
    assert (up.before.tolist(), up.after.tolist()) == ([6.0], [8.0])
    assert (down.before.tolist(), down.after.tolist()) == ([8.0], [3.0])
    assert found.sizes["reactivation"].after.tolist() == [4.0]


def test_classes_of_size_are_as_many_as_amounts_differ():
    alike = exposure(np.full((4, 3), 10), np.zeros(4, np.int64), whole=True)
    assert len(alike.edges) == 0
    spread = exposure(np.outer([1, 2, 3, 4], [1, 1, 1]), np.zeros(4, np.int64), whole=True)
    assert spread.edges.tolist() == [2.0, 3.0]
