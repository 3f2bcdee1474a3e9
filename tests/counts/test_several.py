"""Several dates, transitions and segmentations at once: the same triangles, from one scan."""

from __future__ import annotations

import datetime as dt
import gc
import weakref
from dataclasses import fields
from functools import partial
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError, EvidenceError
from funnelkit.counts import asking
from funnelkit.data.simulate import simulate_frame
from tests.counts.test_simulated_exports import ODD, POLICIES, policy_of, records, variant
from tests.reference import counts
from tests.reference.compare import assert_triangle
from tests.reference.journeys import Record

DAYS = [dt.date(2025, 3, 31), dt.date(2025, 5, 14), dt.date(2025, 8, 31)]


@pytest.fixture(scope="module")
def made():
    dirt = {"out_of_order": 0.05, "future_date": 0.03, "blank_segment": 0.02}
    return simulate_frame(500, rng=3, dirt=dirt, **ODD)


@pytest.fixture(scope="module")
def leads(made):
    return fk.from_frame(made.frame, made.funnel, as_of=made.as_of)


def assert_same(found: Any, expected: Any) -> None:
    """Compare two results field by field, down to the last count."""
    assert type(found) is type(expected)
    for one in fields(expected):
        a, b = getattr(found, one.name), getattr(expected, one.name)
        if isinstance(b, np.ndarray):
            assert np.array_equal(a, b), one.name
        elif hasattr(b, "items"):
            assert list(a) == list(b), one.name
            assert all(np.array_equal(a[key], b[key]) for key in b), one.name
        elif isinstance(b, pd.PeriodIndex):
            assert a.equals(b), one.name
        elif hasattr(b, "__dataclass_fields__"):
            assert_same(a, b)
        else:
            assert a == b, one.name


class Spy:
    """A connection that notes each statement."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.said: list[str] = []

    def __getattr__(self, name: str) -> Any:
        given = getattr(self.connection, name)
        if name not in ("sql", "execute", "query"):
            return given

        def noted(query: str, *args: Any, **kwargs: Any) -> Any:
            self.said.append(query)
            made = given(query, *args, **kwargs)
            return self if made is self.connection else made

        return noted


@pytest.fixture
def scans(monkeypatch):
    """Return how often a relation is scanned by what is asked of the leads' engine."""

    def count(leads: Any, table: Any, ask: Any) -> int:
        engine, name = leads.engine, table.op().name
        spy = Spy(engine.con)
        with monkeypatch.context() as patch:
            patch.setattr(engine, "con", spy)
            ask()
        plans = [
            spy.connection.execute(f"EXPLAIN (FORMAT JSON) {query}").fetchall()[0][1]
            for query in spy.said
            if name in query
        ]
        return sum(plan.count(name) for plan in plans)

    return count


def test_the_count_of_scans_sees_each_of_them(leads, scans):
    rows = leads.rows.table
    ids = rows.select("id")
    assert scans(leads, rows, ids.id.nunique().execute) == 1
    assert scans(leads, rows, ids.union(rows.select(id="account")).id.nunique().execute) == 2
    assert scans(leads, rows, lambda: leads.at(DAYS[0])) == 0
    assert scans(leads, rows, lambda: leads.at(DAYS[0]).slim) == 1


@pytest.mark.parametrize("options", POLICIES, ids=str)
def test_several_dates_equal_the_reference(made, options):
    funnel = variant(made.funnel, **options)
    leads = fk.from_frame(made.frame, funnel, as_of=made.as_of)
    found = fk.triangle(leads, "mql", "won", by="source", as_of=[*DAYS, leads.as_of])
    for day, one in zip([*DAYS, made.as_of], found, strict=True):
        assert one.as_of == day
        policy = policy_of(funnel, day)
        kept, _ = counts.journeys(records(made), policy)
        expected = counts.triangle(kept, policy, "mql", "won", by=["source"])
        assert_triangle(one, expected, accounts=True)
        assert_same(one, fk.triangle(leads.at(day), "mql", "won", by="source"))


@pytest.mark.parametrize("before_recording", ["left_out", "delayed_entry"])
@pytest.mark.parametrize("reopened", ["last", "first"])
def test_several_dates_of_a_log_with_returns(made, before_recording, reopened):
    log = made.to_events(returns=True)
    days: dict[str, dict[str, list[dt.date]]] = {}
    for name, step, when in zip(log["lead_id"], log["stage"], log["time"], strict=True):
        days.setdefault(name, {}).setdefault(step, []).append(when.date())
    funnel = made.event_funnel().replace(reopened=reopened)
    span = {"recorded_from": dt.date(2025, 2, 10), "before_recording": before_recording}
    leads = fk.from_events(
        log, funnel, id="lead_id", stage="stage", time="time", as_of=made.as_of, **span
    )
    for day, one in zip(DAYS, fk.triangle(leads, "lead", "won", as_of=DAYS), strict=True):
        policy = policy_of(funnel, day, **span)
        kept, _ = counts.journeys([Record(name, of) for name, of in days.items()], policy)
        assert_triangle(one, counts.triangle(kept, policy, "lead", "won"))


def test_several_dates_of_an_export_of_current_stages():
    funnel = fk.Funnel(
        ["lead", "mql", "won"],
        exits=["lost"],
        id="deal",
        columns={"lead": "created"},
        status="stage",
        status_date="changed",
    )
    made = simulate_frame(400, rng=4, funnel=funnel, direct=0.0)
    leads = fk.from_frame(made.frame, funnel, as_of=made.as_of)
    days = [*DAYS, leads.as_of]
    for day, one in zip(days, fk.triangle(leads, "lead", "won", as_of=days), strict=True):
        assert_same(one, fk.triangle(leads.at(day), "lead", "won"))


@pytest.mark.parametrize("account", [None, "account"])
def test_several_dates_are_one_scan_of_the_rows(made, scans, account):
    leads = fk.from_frame(
        made.frame, made.funnel.replace(account=account and made.funnel.account), as_of=made.as_of
    )
    rows = leads.rows.table
    one_by_one = [fk.triangle(leads, "lead", "won", as_of=day) for day in DAYS]
    found: list[Any] = []
    several = partial(fk.triangle, leads, "lead", "won", as_of=DAYS)
    assert scans(leads, rows, lambda: found.extend(several())) == 1
    for a, b in zip(found, one_by_one, strict=True):
        assert_same(a, b)


@pytest.mark.parametrize("before_recording", [None, "left_out", "delayed_entry"])
@pytest.mark.parametrize("options", [*POLICIES, {"skipped": "strict"}], ids=str)
def test_every_transition_and_segmentation_as_one_by_one(made, options, before_recording):
    span = {"recorded_from": dt.date(2025, 2, 10), "before_recording": before_recording}
    told = {"as_of": made.as_of} | (span if before_recording else {})
    leads, other = (
        fk.from_frame(made.frame, variant(made.funnel, **options), **told) for _ in range(2)
    )
    stages = leads.funnel.stages
    splits = [None, "source", ("region", "entered_at")]
    pairs = [*pairwise(stages), (stages[0], stages[-1])]
    found = fk.triangles(leads, pairs, by=splits, cohort="quarter")
    assert list(found) == [(*pair, split) for pair in pairs for split in splits]
    for (start, target, split), one in found.items():
        by = list(split) if isinstance(split, tuple) else split
        assert_same(one, fk.triangle(other, start, target, by=by, cohort="quarter"))


@pytest.mark.parametrize("before_recording", ["left_out", "delayed_entry"])
def test_every_transition_equals_the_reference(made, before_recording):
    span = {"recorded_from": dt.date(2025, 3, 10), "before_recording": before_recording}
    leads = fk.from_frame(made.frame, made.funnel, as_of=made.as_of, **span)
    for day in (None, DAYS[1]):
        policy = policy_of(made.funnel, day or made.as_of, **span)
        kept, _ = counts.journeys(records(made), policy)
        found = fk.triangles(leads, by="source", as_of=day)
        assert list(found) == list(pairwise(leads.funnel.stages))
        for (start, target), one in found.items():
            expected = counts.triangle(kept, policy, start, target, by=["source"])
            assert_triangle(one, expected, accounts=True)


def test_every_transition_and_segmentation_is_one_scan_of_the_journeys(leads, scans):
    def ask() -> None:
        fk.triangles(leads, list(combinations(leads.funnel.stages, 2)), by=[None, "source", "size"])

    assert scans(leads, leads.slim, ask) == 1
    assert scans(leads, leads.rows.table, ask) == 0


def test_what_was_asked_once_is_not_counted_again(made, scans):
    leads = fk.from_frame(made.frame, made.funnel, as_of=made.as_of)
    first = fk.triangles(leads, by=[None, "source"])
    found: list[Any] = []

    def again() -> None:
        found.extend(fk.triangles(leads, by=["source", None]).items())
        found.append((("lead", "mql", None), fk.triangle(leads, "lead", "mql")))

    assert scans(leads, leads.slim, again) == 0
    assert len(found) == len(first) + 1
    for key, one in found:
        assert_same(one, first[key])


@pytest.mark.parametrize("form", ["wide", "log"])
def test_what_the_audit_has_derived_is_not_derived_again(made, scans, form):
    def new() -> fk.Leads:
        if form == "wide":
            return fk.from_frame(made.frame, made.funnel, as_of=made.as_of)
        log, names = made.to_events(returns=True), {"id": "lead_id", "stage": "stage"}
        return fk.from_events(log, made.event_funnel(), time="time", as_of=made.as_of, **names)

    leads, found = new(), []
    fk.audit(leads)
    ask = partial(fk.triangles, leads)
    assert scans(leads, leads.rows.table, lambda: found.append(ask())) == 0
    for key, one in fk.triangles(new()).items():
        assert_same(found[0][key], one)


def test_what_was_looked_at_once_is_kept_for_other_questions(made, scans, monkeypatch):
    def new() -> fk.Leads:
        return fk.from_frame(made.frame, made.funnel, as_of=made.as_of)

    leads, others = new(), [("lead", "won", None), ("mql", "won", "region"), ("mql", "sql", None)]
    asked = [(*one, cohort) for one in others for cohort in ("month", "week", "quarter", "year")]

    def ask(leads: fk.Leads, one: Any) -> Any:
        start, target, by, cohort = one
        return fk.triangle(leads, start, target, by=by, cohort=cohort)

    assert scans(leads, leads.slim, lambda: ask(leads, ("lead", "mql", "source", "month"))) == 1
    found: dict[Any, Any] = {}
    looks = [
        scans(leads, leads.slim, lambda one=one: found.update({one: ask(leads, one)}))
        for one in asked
    ]
    # once for every stage, once more for another segment; counts by month are those of the year
    assert looks == [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    for one in asked:
        assert_same(found[one], ask(new(), one))
    monkeypatch.setattr(asking, "_FEW_ROWS", len(made.frame) - 1)
    looks, many = [], new()
    look = asking.lean_of
    monkeypatch.setattr(asking, "lean_of", lambda *told: (looks.append(told), look(*told))[1])
    for one in asked[:3]:
        assert_same(ask(many, one), found[one])
    assert len(looks) == 3


def test_what_is_remembered_goes_with_the_leads(made):
    leads = fk.from_frame(made.frame, made.funnel, as_of=made.as_of)
    fk.triangle(leads, "lead", "mql")
    gc.collect()  # others that nobody refers to any more
    before, gone = len(asking._remembered), weakref.ref(leads)
    del leads
    gc.collect()
    assert gone() is None
    assert len(asking._remembered) == before - 1


def test_segments_kept_apart_are_in_every_segmentation(made):
    leads = fk.from_frame(made.frame, made.funnel.replace(apart=["region"]), as_of=made.as_of)
    found = fk.triangles(leads, [("lead", "won")], by=[None, "source"])
    assert [one.by for one in found.values()] == [("region",), ("region", "source")]
    assert_same(found["lead", "won", None], fk.triangle(leads, "lead", "won"))


@pytest.fixture(scope="module")
def small():
    export = pd.DataFrame(
        {"id": ["a", "b"], "lead": ["2026-01-05", "2026-01-09"], "sql": ["2026-02-01", None]}
    )
    export["won"] = None
    funnel = fk.Funnel(["lead", "sql", "won", "paid"], id="id", columns={"paid": "won"})
    return fk.from_frame(export, funnel, as_of="2026-02-28")


def test_a_transition_from_a_stage_that_nobody_entered_is_named(small):
    found = fk.triangles(small)
    assert list(found) == [("lead", "sql"), ("sql", "won")]
    assert len(found) == 2
    assert ("won", "paid") not in found
    assert found.get(("won", "paid")) is None
    assert "no record entered `won`" in found.missing["won", "paid"]
    with pytest.raises(EvidenceError, match="no record entered `won`"):
        found["won", "paid"]
    with pytest.raises(ArgumentError, match="was asked for"):
        found["lead", "paid"]
    assert found.summary() == (
        "2 triangles of lead to sql and sql to won. 1 triangle without any record."
    )
    assert found.to_frame()["entered"].tolist() == [2, 1]
    with pytest.raises(EvidenceError, match="no record entered `won`"):
        fk.triangles(small, [("won", "paid")])


def test_what_cannot_be_asked_is_refused(small):
    wrong: list[tuple[Any, dict[str, Any], str]] = [
        ([], {}, "`transitions` must hold at least one pair"),
        ([("lead",)], {}, "`transitions` must be pairs"),
        ([("sql", "lead")], {}, "`target` must come after `start`"),
        ([("leed", "won")], {}, "Did you mean `lead`"),
        (None, {"by": []}, "`by` must hold at least one"),
        (None, {"by": "sauce"}, "`by`"),
        (None, {"cohort": "fortnight"}, "`cohort`"),
        (None, {"as_of": "2026-03-01"}, "`as_of` must not lie after"),
    ]
    for transitions, options, words in wrong:
        with pytest.raises(ArgumentError, match=words):
            fk.triangles(small, transitions, **options)
    assert fk.triangle(small, "lead", "sql", as_of=[]) == []


def test_disorder_on_one_of_the_days_is_refused():
    """Won on the 3rd, before its predecessor of the 5th; the loss of the 9th undoes the win."""
    export = pd.DataFrame(
        {"id": ["a"], "lead": ["2026-01-05"], "won": ["2026-01-03"], "lost": ["2026-01-09"]}
    )
    funnel = fk.Funnel(["lead", "won"], exits=["lost"], out_of_order="error")
    leads = fk.from_frame(export, funnel, as_of="2026-01-31")
    assert int(fk.triangle(leads, "lead", "won").converted.sum()) == 0
    with pytest.raises(DataError, match="1 record has a stage dated before its predecessor"):
        fk.triangle(leads, "lead", "won", as_of=["2026-01-20", "2026-01-07"])
    with pytest.raises(DataError, match="1 record has a stage dated before its predecessor"):
        leads.at("2026-01-07")
