"""Accounts of several records have a number beside their name, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.data import assembly, holding
from funnelkit.data.simulate import simulate_frame
from tests.counts.test_several import assert_same

FUNNEL = fk.Funnel(["lead", "won"], id="id", account="account", exits=["lost"])


def frame(**columns):
    made = {
        "id": ["a", "b", "c", "d", "e", "f"],
        "lead": ["2026-01-05"] * 6,
        "won": [None, "2026-01-20", None, None, "2026-01-09", None],
        "lost": [None] * 6,
        "account": ["x", "y", " x", None, "x", ""],
    }
    return pd.DataFrame(made | columns)


def read(table, funnel=FUNNEL):
    return fk.from_frame(table, funnel, as_of="2026-02-28")


def numbers(leads):
    found = leads.journeys.select("id", "account", "account_no").order_by("id").execute()
    return found["account_no"].tolist()


def test_accounts_of_several_records_have_one_each():
    found = numbers(read(frame(account=["x", "y", " x", None, "y", ""])))
    assert found[0] == found[2]
    assert found[1] == found[4]
    assert len({found[0], found[1]}) == 2
    assert np.isnan([found[3], found[5]]).all()
    assert np.isnan(numbers(read(frame()))[1])  # an account of one record


@pytest.mark.parametrize("case", ["a joined file", "ids repeat", "a log", "no account"])
def test_elsewhere_accounts_have_names_alone(case, tmp_path):
    table = frame()
    if case == "a joined file":
        table.drop(columns="won").to_csv(tmp_path / "leads.csv", index=False)
        table[["id", "won"]].to_csv(tmp_path / "deals.csv", index=False)
        leads = fk.read_csv(
            tmp_path / "leads.csv", FUNNEL, join=tmp_path / "deals.csv", as_of="2026-02-28"
        )
    elif case == "a log":
        log = table.melt(["id", "account"], ["lead", "won"], "stage", "day").dropna(subset="day")
        leads = fk.from_events(log, FUNNEL, id="id", stage="stage", time="day", as_of="2026-02-28")
    elif case == "ids repeat":
        # the first row of `a` names an account of one row, its second one of several
        later = frame(lead=["2026-02-05"] * 6).iloc[:1]
        table = pd.concat([frame(account=["z", *"yxxxy"]), later])
        leads = read(table)
    else:
        leads = read(table.drop(columns="account"), FUNNEL.replace(account=None))
    assert "account_no" not in leads.journeys.columns
    if case != "no account":
        sums = fk.triangle(leads, "lead", "won").accounts
        wanted = {"ids repeat": ([3], [9 + 4 + 1])}.get(case, ([4], [9 + 1 + 1 + 1]))
        assert (sums.accounts[0].tolist(), sums.nn[0].tolist()) == wanted


@pytest.mark.parametrize("before_recording", ["left_out", "delayed_entry"])
def test_whatever_is_counted_is_the_same_by_names(monkeypatch, before_recording):
    made = simulate_frame(800, rng=5, leads_per_account=2.5)
    told = {"as_of": made.as_of, "before_recording": before_recording}
    told["recorded_from"] = pd.Timestamp(made.frame["created_at"].min()).date()
    told["recorded_from"] += pd.Timedelta(days=60)
    leads = fk.from_frame(made.frame, made.funnel, **told)
    assert "account_no" in leads.journeys.columns
    with monkeypatch.context() as patch:
        patch.setattr(
            assembly, "held", lambda *given, numbered=False: holding.held(*given, numbered=False)
        )
        named = fk.from_frame(made.frame, made.funnel, **told)
    assert "account_no" not in named.journeys.columns
    ways = [(one, "won") for one in leads.funnel.stages[:-1]]
    splits = [None, "source", ("source", "region")]
    one, other = (fk.triangles(each, ways, by=splits) for each in (leads, named))
    for key, counts in one.items():
        assert counts.accounts.accounts.sum() > 0
        assert_same(counts, other[key])
    for a, b in zip(
        *(
            fk.triangle(each, "lead", "won", as_of=["2025-06-30", made.as_of])
            for each in (leads, named)
        ),
        strict=True,
    ):
        assert_same(a, b)
    for by in (None, "source"):
        tables = [fk.rates.flow(each, by=by).to_frame() for each in (leads, named)]
        pd.testing.assert_frame_equal(*tables)
