"""Simulated exports with every oddity, against the slow reference and the simulator's own truth."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from funnelkit._core.errors import EvidenceError
from funnelkit.counts.build import flows, stays, triangle
from funnelkit.data.definition import Funnel
from funnelkit.data.reading import from_events, from_frame
from funnelkit.data.simulate import simulate_frame
from tests.reference import counts, exports
from tests.reference.compare import assert_flows, assert_stays, assert_triangle
from tests.reference.journeys import Policy, Record

ODD = {"direct": 0.15, "skipped": 0.15, "reopened": 0.15, "reversed_wins": 0.2, "months": 9}
POLICIES = [
    {},
    {"skipped": "strict", "reopened": "first"},
    {"out_of_order": "drop", "skipped": "strict"},
    {"out_of_order": "drop", "reopened": "first"},
]


@pytest.fixture(scope="module")
def made():
    dirt = {"out_of_order": 0.03, "future_date": 0.03, "blank_segment": 0.02, "zero_amount": 0.02}
    return simulate_frame(1200, rng=21, dirt=dirt, **ODD)


def records(made: Any) -> list[Record]:
    funnel = made.funnel
    return exports.records_of(
        made.frame,
        {step: funnel.column_of(step) for step in funnel.steps},
        key=funnel.id,
        account=funnel.account,
        segments=funnel.segments,
    )


def policy_of(funnel: Any, as_of: dt.date, **options: Any) -> Policy:
    return Policy(
        funnel.stages,
        funnel.exits,
        as_of,
        skipped=funnel.skipped,
        out_of_order=funnel.out_of_order,
        reopened=funnel.reopened,
        **options,
    )


def variant(funnel: Any, **options: Any) -> Any:
    """Return the funnel with other policies."""
    fields = {name: getattr(funnel, name) for name in funnel.__dataclass_fields__} | options
    return type(funnel)(fields.pop("stages"), **fields)


@pytest.fixture(scope="module")
def leads(made):
    return from_frame(made.frame, made.funnel, as_of=made.as_of, _truth=made.truth)


@pytest.fixture(scope="module")
def kept(made):
    return counts.journeys(records(made), policy_of(made.funnel, made.as_of))[0]


@pytest.mark.parametrize("options", POLICIES, ids=str)
def test_counts_equal_the_reference(made, options):
    funnel = variant(made.funnel, **options)
    leads = from_frame(made.frame, funnel, as_of=made.as_of)
    policy = policy_of(funnel, made.as_of)
    kept, _ = counts.journeys(records(made), policy)
    assert len(leads) == len(kept)
    by = ["source", "entered_at"]
    found = triangle(leads, "lead", "won", by=by)
    assert_triangle(found, counts.triangle(kept, policy, "lead", "won", by=by), accounts=True)
    found = triangle(leads, "mql", "opportunity")
    assert_triangle(found, counts.triangle(kept, policy, "mql", "opportunity"))
    assert_stays(stays(leads, by="source"), counts.stays(kept, policy, by=["source"]))
    assert_flows(flows(leads, by="region"), counts.flows(kept, policy, by=["region"]))


def test_standing_on_an_earlier_day_equals_the_reference(made, leads):
    day = dt.date(2025, 7, 13)
    policy = policy_of(made.funnel, day)
    kept, _ = counts.journeys(records(made), policy)
    expected = counts.triangle(kept, policy, "lead", "won")
    assert_triangle(triangle(leads.at(day), "lead", "won"), expected)
    assert leads.at(day).truth is made.truth


@pytest.mark.parametrize("before_recording", ["left_out", "delayed_entry"])
def test_recording_from_a_day_equals_the_reference(made, before_recording):
    since = dt.date(2025, 4, 10)
    span = {"recorded_from": since, "before_recording": before_recording}
    leads = from_frame(made.frame, made.funnel, as_of=made.as_of, **span)
    policy = policy_of(made.funnel, made.as_of, **span)
    kept, _ = counts.journeys(records(made), policy)
    found = triangle(leads, "lead", "won")
    assert_triangle(found, counts.triangle(kept, policy, "lead", "won"))
    assert found.partial == {pd.Period("2025-04", "M")}
    assert_stays(stays(leads), counts.stays(kept, policy))


def test_nobody_is_under_observation_before_recording_began(made):
    span = {"recorded_from": "2025-06-01", "before_recording": "delayed_entry"}
    leads = from_frame(made.frame, made.funnel, as_of=made.as_of, **span)
    with pytest.raises(EvidenceError):
        triangle(leads.at("2025-05-20"), "lead", "won")


@pytest.mark.parametrize("means", ["close", "change"])
@pytest.mark.parametrize("skipped", ["fill", "strict"])
def test_exports_of_the_current_stage_equal_the_reference(means, skipped):
    funnel = Funnel(
        ["lead", "mql", "opp", "won"],
        exits=["lost"],
        id="deal",
        columns={"lead": "created"},
        status="stage",
        status_date="changed",
        status_date_means=means,
        segments=["source"],
        skipped=skipped,
    )
    made = simulate_frame(800, rng=4, funnel=funnel, direct=0.0)
    rows = []
    for row in made.frame.to_dict("records"):
        name, when = row["stage"], row["changed"].date()
        days = {"lead": [row["created"].date()]}
        if means == "change" or name in {"won", "lost"}:
            days.setdefault(name, [when])
        rows.append(Record(row["deal"], days, name, attributes={"source": row["source"]}))
    policy = policy_of(funnel, made.as_of)
    kept, _ = counts.journeys(rows, policy)
    leads = from_frame(made.frame, funnel, as_of=made.as_of)
    for start, target in (("lead", "mql"), ("lead", "won")):
        expected = counts.triangle(kept, policy, start, target)
        assert_triangle(triangle(leads, start, target), expected)
    assert_flows(flows(leads), counts.flows(kept, policy))
    if means == "close":  # who passed through mql and opp is not known: they are left out
        policy = policy_of(funnel.replace(stages=["lead", "won"]), made.as_of)
        between = {"mql": "lead", "opp": "lead"}
        rows = [replace(row, status=between.get(str(row.status), row.status)) for row in rows]
        kept, _ = counts.journeys(rows, policy)
        assert stays(leads).undated == ("mql", "opp")
    assert_stays(stays(leads), counts.stays(kept, policy))


def test_a_log_with_returns_equals_the_reference(made):
    log = made.to_events(returns=True)
    assert len(made.returns) > 50
    days: dict[str, dict[str, list[dt.date]]] = {}
    for name, step, when in zip(log["lead_id"], log["stage"], log["time"], strict=True):
        days.setdefault(name, {}).setdefault(step, []).append(when.date())
    policy = policy_of(made.funnel, made.as_of)
    kept, _ = counts.journeys([Record(name, of) for name, of in days.items()], policy)
    leads = from_events(
        log, made.event_funnel(), id="lead_id", stage="stage", time="time", as_of=made.as_of
    )
    expected = counts.triangle(kept, policy, "lead", "won")
    assert_triangle(triangle(leads, "lead", "won"), expected)
    assert_stays(stays(leads), counts.stays(kept, policy))


def test_deals_without_a_lead_are_in_no_lead_denominator(made, leads):
    never = made.frame["created_at"].isna()
    assert never.sum() > 100
    assert triangle(leads, "lead", "won").n == (~never).sum()
    assert stays(leads).entered[0, 0] == (~never).sum()
    deals = triangle(leads, "opportunity", "won", by="entered_at")
    entered = dict(zip(deals.segments, deals.entered.sum(axis=1), strict=True))
    assert entered["opportunity",] > 100
    assert entered["lead",] > 0


def test_the_list_holds_the_records_behind_every_count(made, leads, kept):
    policy = policy_of(made.funnel, made.as_of)
    tri = triangle(leads, "lead", "won")
    expected = counts.triangle(kept, policy, "lead", "won", by=["source"])
    for segment, cohort in ((("Webinar",), "2025-02"), ((None,), "2025-01")):
        members = expected.members[segment, cohort]
        for outcome in ("won", "lost"):
            listed = leads.list(outcome, start="lead", cohort=cohort, source=segment[0])
            assert set(listed["lead_id"]) == {name for name, of in members if of == outcome}
    for month, converted in zip(tri.cohorts, tri.converted[0], strict=True):
        assert len(leads.list("won", start="lead", cohort=str(month))) == converted


def test_the_series_are_the_dated_entries_of_each_period(made, leads, kept):
    entries, undated = counts.flows(kept, policy_of(made.funnel, made.as_of))
    for step in ("lead", "opportunity", "won", "lost"):
        series = leads.count(step)
        assert {str(month): n for month, n in series.items() if n} == {
            month: n for (_, name, month), n in entries.items() if name == step
        }
        assert series.attrs["undated"] == undated[(), step]
    assert len(leads.list("won", period="2025-08")) == leads.count("won")["2025-08"]
    assert leads.count("won", every="quarter").sum() == leads.count("won").sum()


def test_every_row_of_a_dirty_export_is_accounted_for():
    made = simulate_frame(1500, rng=8, dirt=0.08)
    leads = from_frame(made.frame, made.funnel, as_of=made.as_of)
    kinds = made.truth.dirt["kind"].value_counts()
    reasons = leads.accounting().set_index("reason")["rows"]
    assert reasons.sum() == len(made.frame)
    assert reasons["no id"] == kinds["missing_id"]
    assert reasons["id repeated"] == kinds["repeated_row"] + kinds["repeated_id"]
    assert len(leads) == 1500 - kinds["missing_id"]


def test_dirt_leaves_the_counts_of_clean_rows_alone():
    """Stray spaces, future dates, repeated ids and amounts of 0 change no count."""
    dirt = dict.fromkeys(["white_space", "future_date", "repeated_row", "zero_amount"], 0.03)
    found = []
    for given in (dirt, 0.0):
        made = simulate_frame(1500, rng=8, reopened=0.0, dirt=given)
        leads = from_frame(made.frame, made.funnel, as_of=made.as_of)
        found.append(triangle(leads, "lead", "won", by="size").to_frame())
    pd.testing.assert_frame_equal(*found)
