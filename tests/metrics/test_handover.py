"""Acceptance between marketing and sales, and leads that come back."""

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.clusters import ClusterSums
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.interval import share_interval
from funnelkit.metrics import acceptance, recycled

ROWS = pd.DataFrame(
    {
        "id": [f"r{i}" for i in range(10)],
        "lead": "2026-01-02",
        "mql": ["2026-01-05"] * 8 + ["2026-02-05", None],
        "sql": ["2026-01-06", "2026-01-08", "2026-01-08", *[None] * 7],
        "won": ["2026-02-01", *[None] * 9],
        "lost": [None, "2026-03-01", None, None, None, "2026-01-20", *[None] * 4],
        "disqualified": [None, None, None, "2026-01-15", "2026-01-25", *[None] * 5],
        "source": ["web"] * 6 + ["fair"] * 4,
        "account": ["x", "x", "x", "y", "y", None, None, "z", "z", "z"],
    }
)
FUNNEL = fk.Funnel(
    ["lead", "mql", "sql", "won"], exits=["lost", "disqualified"], segments=["source"]
)


@pytest.fixture(scope="module")
def leads():
    return fk.from_frame(ROWS, FUNNEL, as_of="2026-03-31")


def test_accepted_rejected_and_open(leads):
    found = acceptance(leads)
    # Nine MQLs: three accepted (one of them lost later), three rejected, three open.
    assert (found["accepted of decided"].numerator.item(), 6) == (
        3,
        found["accepted of decided"].denominator.item(),
    )
    assert found["accepted of handed over"].value == 3 / 9
    assert found["rejected of handed over"].value == 3 / 9
    low, high = found["accepted of decided"].confidence_interval()
    assert (low.item(), high.item()) == pytest.approx(tuple(share_interval(3, 6)))
    # Days to decision: 1, 3, 3, 10, 20, 15 and three waiting: half of nine by the fifth, 15.
    assert found["days to decision"].value == 15
    assert "Still open: 3" in found.summary()


def test_only_some_exits_are_rejections(leads):
    found = acceptance(leads, "mql", accepted="sql", rejected="disqualified")
    assert found["rejected of handed over"].numerator.item() == 2
    assert found["accepted of decided"].denominator.item() == 5
    assert "Leads that left by lost are neither" in found.summary()


def test_by_segment_and_period(leads):
    found = acceptance(leads, by="source", every="month")["accepted of handed over"]
    assert found.segments == (("fair",), ("web",))
    assert found.periods == ("2026-01", "2026-02")
    assert found.numerator.tolist() == [[0, 0], [3, 0]]
    assert found.denominator.tolist() == [[2, 1], [6, 0]]
    assert np.isnan(found.values[1, 1])


def test_leads_of_one_account_go_together(leads):
    own = fk.from_frame(ROWS, FUNNEL.replace(account="account"), as_of="2026-03-31")
    found = acceptance(own)["accepted of handed over"]
    # By hand: accounts x 3 of 3, y 0 of 2, z 0 of 2, and two leads without one, 0 of 1 each.
    sums = ClusterSums(accounts=5, nn=9 + 4 + 4 + 1 + 1, xn=9, xx=9)
    assert found.effective.item() == pytest.approx(
        float(sums.effective(3, 9, confidence_level=0.95))
    )
    assert found.effective.item() < 9


def test_businesses_are_kept_apart():
    apart = fk.from_frame(ROWS, FUNNEL.replace(apart=("source",)), as_of="2026-03-31")
    found = acceptance(apart)
    assert found["accepted of decided"].by == ("source",)
    assert "Still open: 3 (fair)" in found.summary()


def test_acceptance_refusals(leads):
    with pytest.raises(ArgumentError, match="Did you mean `mql`"):
        acceptance(leads, "mlq")
    with pytest.raises(ArgumentError, match="`accepted` must come after `sql`"):
        acceptance(leads, "sql", accepted="mql")
    with pytest.raises(ArgumentError, match="must come before `won`"):
        acceptance(leads, "won")
    with pytest.raises(ArgumentError, match="unknown exit `gone`"):
        acceptance(leads, rejected=["gone"])
    with pytest.raises(EvidenceError, match="nobody was handed over"):
        acceptance(leads.at("2026-01-03"))
    with pytest.raises(ArgumentError, match="`leads` must be Leads"):
        acceptance(ROWS)


def test_nobody_decided_yet(leads):
    found = acceptance(leads.at("2026-01-05"))
    assert np.isnan(found["accepted of decided"].value)
    assert np.isnan(found["days to decision"].value)
    assert "no decided of mql yet" in found.summary()


BACK = pd.DataFrame(
    {
        "id": ["a", "b", "c", "d", "e", "f"],
        "lead": ["2026-01-05"] * 5 + ["2026-02-20"],
        "sql": [None, "2026-02-01", "2026-01-10", None, None, None],
        "won": ["2026-03-01", None, None, None, None, None],
        "lost": ["2026-01-20", "2026-01-20", "2026-01-20", "2026-01-20", None, None],
        "account": ["x", "y", "z", "w", "v", "w"],
    }
)
SIMPLE = fk.Funnel(["lead", "sql", "won"], exits=["lost"])


def test_leads_that_came_back():
    odd = SIMPLE.replace(id="left")  # a name that the table uses too
    leads = fk.from_frame(BACK.rename(columns={"id": "left"}), odd, as_of="2026-03-31")
    found = recycled(leads)
    # a and b have a stage after the loss; c had its before. a was won, b is open.
    assert found["came back"].numerator.item() == 2
    assert found["came back"].denominator.item() == 4
    assert found["won after coming back"].value == 0.5
    assert "Still open: 1" in found.summary()
    assert "overwritten" in found.summary()
    by_month = recycled(leads, every="month")["came back"]
    assert by_month.periods == ("2026-01",)


def test_accounts_that_came_back_as_new_records():
    leads = fk.from_frame(BACK, SIMPLE.replace(account="account"), as_of="2026-03-31")
    found = recycled(leads)["came back as a new record"]
    assert (found.numerator.item(), found.denominator.item()) == (1, 4)  # w, as f


def test_nobody_left_or_nothing_says_so():
    with pytest.raises(EvidenceError, match="nobody ever left"):
        recycled(fk.from_frame(BACK.assign(lost=None), SIMPLE, as_of="2026-03-31"))
    with pytest.raises(EvidenceError, match="no `exits`"):
        recycled(fk.from_frame(BACK, SIMPLE.replace(exits=()), as_of="2026-03-31"))
    gone = recycled(fk.from_frame(BACK.assign(won=None, sql=None), SIMPLE, as_of="2026-03-31"))
    assert gone["came back"].value == 0
    assert np.isnan(gone["won after coming back"].value)
