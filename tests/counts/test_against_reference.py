"""Triangle, stays and flows against the slow reference, on random records and policies."""

from __future__ import annotations

import datetime as dt
import os
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from funnelkit._core.errors import DataError, EvidenceError
from funnelkit.counts.build import flows, stays, triangle
from funnelkit.data.definition import Funnel
from funnelkit.data.reading import from_events, from_frame
from tests.reference import counts, exports
from tests.reference.compare import assert_flows, assert_stays, assert_triangle
from tests.reference.journeys import Disorder, Policy, Record

STAGES, EXITS = ("lead", "mql", "opp", "won"), ("lost", "disqualified")
STEPS = (*STAGES, *EXITS)
FIRST_DAY = dt.date(2026, 1, 15)

# Each example asks an engine several times over; more of them, and shrinking, on request.
EXAMPLES = int(os.environ.get("FUNNELKIT_EXAMPLES", "3"))
few = settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.generate, Phase.shrink] if EXAMPLES > 3 else [Phase.generate],
)
days = st.integers(0, 50).map(lambda after: FIRST_DAY + dt.timedelta(after))


@st.composite
def record_sets(draw: Any, most_entries: int) -> list[Record]:
    """Records of any disorder: any step on any day, in a log again and again."""
    records = []
    for number in range(draw(st.integers(1, 12))):
        entered = {
            step: draw(st.lists(days, max_size=most_entries, unique=True))
            for step in STEPS
            if draw(st.booleans())
        }
        records.append(
            Record(
                id=f"r{number:02d}",
                days={step: of for step, of in entered.items() if of},
                account=draw(st.sampled_from([None, "a", "b"])),
                attributes={"source": draw(st.sampled_from([None, "web", "event"]))},
            )
        )
    return records


@st.composite
def policies(draw: Any) -> Policy:
    as_of = FIRST_DAY + dt.timedelta(draw(st.integers(25, 55)))
    return Policy(
        STAGES,
        EXITS,
        as_of=as_of,
        skipped=draw(st.sampled_from(["fill", "strict"])),
        out_of_order=draw(st.sampled_from(["clip", "drop", "error"])),
        reopened=draw(st.sampled_from(["last", "first"])),
        recorded_from=draw(st.none() | days),
        before_recording=draw(st.sampled_from(["left_out", "delayed_entry"])),
    )


def funnel_of(policy: Policy) -> Funnel:
    return Funnel(
        STAGES,
        exits=policy.exits,
        id="id",
        account="account",
        segments=["source"],
        skipped=policy.skipped,
        out_of_order=policy.out_of_order,
        reopened=policy.reopened,
    )


def wide_leads(records: list[Record], policy: Policy) -> Any:
    frame = exports.wide(records, STEPS, ["source"])
    return from_frame(frame, funnel_of(policy), **span(policy))


def logged_leads(records: list[Record], policy: Policy) -> Any:
    frame = exports.log(records, ["source"])
    return from_events(
        frame, funnel_of(policy), id="id", stage="stage", time="time", **span(policy)
    )


def span(policy: Policy) -> dict[str, Any]:
    return {
        "as_of": policy.as_of,
        "recorded_from": policy.recorded_from,
        "before_recording": policy.before_recording,
    }


def compare(make: Any, records: list[Record], policy: Policy) -> None:
    """Compare the counts of the same records, or the refusal."""
    try:
        kept, _ = counts.journeys(records, policy)
    except Disorder:
        with pytest.raises(DataError, match="dated before its predecessor"):
            make(records, policy)
        return
    leads = make(records, policy)
    assert len(leads) == len(kept)
    assert sum(leads.accounting()["rows"]) == sum(leads.rows.read)
    questions = (("lead", "won", ()), ("mql", "opp", ("source", "entered_at")))
    for start, target, by in questions:
        expected = counts.triangle(kept, policy, start, target, by=by)
        if not expected.entered:
            with pytest.raises(EvidenceError):
                triangle(leads, start, target, by=by)
            continue
        assert_triangle(triangle(leads, start, target, by=by), expected, accounts=not by)
    if kept:
        assert_stays(stays(leads, by="source"), counts.stays(kept, policy, by=["source"]))
        assert_flows(flows(leads, by="source"), counts.flows(kept, policy, by=["source"]))


@few
@given(record_sets(most_entries=1), policies())
def test_any_wide_export_equals_the_reference(records, policy):
    # A row of the wide frame is there even where no step has a day.
    compare(wide_leads, records, policy)


@few
@given(record_sets(most_entries=3), policies())
def test_any_event_log_equals_the_reference(records, policy):
    records = [record for record in records if record.days]
    if records:
        compare(logged_leads, records, policy)


# Every policy stands in one of the rows, beside different others, each on many more records.
MIXES = [
    ("wide", "fill", "clip", "last", None, "left_out"),
    ("wide", "strict", "drop", "first", 12, "delayed_entry"),
    ("log", "strict", "clip", "last", 12, "delayed_entry"),
    ("log", "fill", "drop", "last", 12, "left_out"),
    ("log", "fill", "clip", "first", 12, "delayed_entry"),
]


@pytest.mark.parametrize(
    ("form", "skipped", "out_of_order", "reopened", "since", "before_recording"), MIXES
)
def test_hundreds_of_records_equal_the_reference(
    form, skipped, out_of_order, reopened, since, before_recording
):
    draw = random.Random(repr((form, skipped, out_of_order, reopened)))
    policy = Policy(
        STAGES,
        EXITS,
        as_of=FIRST_DAY + dt.timedelta(30),
        skipped=skipped,
        out_of_order=out_of_order,
        reopened=reopened,
        recorded_from=None if since is None else FIRST_DAY + dt.timedelta(since),
        before_recording=before_recording,
    )
    records = [any_record(draw, number, 1 if form == "wide" else 3) for number in range(400)]
    records = [record for record in records if record.days]
    compare(wide_leads if form == "wide" else logged_leads, records, policy)


@pytest.mark.parametrize("exits", [EXITS[:1], EXITS], ids=["one exit", "two exits"])
@pytest.mark.parametrize("form", ["wide", "log"])
def test_days_on_which_much_came_at_once(form, exits):
    """Wins, exits and other stages of one day, which a log tells from one maximum."""
    draw = random.Random(repr((form, exits)))
    policy = Policy(STAGES, exits, as_of=FIRST_DAY + dt.timedelta(5))
    most = 1 if form == "wide" else 3
    records = [any_record(draw, number, most, (*STAGES, *exits), 7) for number in range(600)]
    records = [record for record in records if record.days]
    make = wide_leads if form == "wide" else logged_leads
    compare(make, records, policy)
    earlier = [policy.as_of - dt.timedelta(back) for back in (3, 1, 0)]
    found = triangle(make(records, policy), "lead", "won", as_of=earlier)
    for day, one in zip(earlier, found, strict=True):
        then = replace(policy, as_of=day)
        kept, _ = counts.journeys(records, then)
        assert_triangle(one, counts.triangle(kept, then, "lead", "won"), accounts=True)


def any_record(
    draw: random.Random,
    number: int,
    most_entries: int,
    steps: tuple[str, ...] = STEPS,
    span: int = 40,
) -> Record:
    days = {
        step: sorted(draw.sample(range(span), draw.randint(1, most_entries)))
        for step in steps
        if draw.random() < 0.5
    }
    return Record(
        id=f"r{number:03d}",
        days={step: [FIRST_DAY + dt.timedelta(day) for day in of] for step, of in days.items()},
        account=draw.choice([None, "a", "b", "c"]),
        attributes={"source": draw.choice([None, "web", "event"])},
    )
