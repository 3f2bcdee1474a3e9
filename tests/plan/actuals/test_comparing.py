"""A plan against what came: a slow count over rows, sums that add up, factors one at a time."""

import datetime as dt
from itertools import permutations
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.counts.came_since import came_since
from funnelkit.plan import compare_to_actual
from funnelkit.plan.actuals.comparing import remaining_targets, reviewed
from funnelkit.plan.actuals.sides import Placed
from tests.plan.actuals.made import (
    AS_OF,
    CHANNELS,
    FUNNEL,
    MONTHS,
    OVER,
    SINCE,
    export,
    read,
    record,
)

LABELS = [str(month) for month in MONTHS[:OVER]]


def slow(frame: pd.DataFrame) -> dict[tuple[str, str, str], float]:
    """What came, row by row: (what, part, month) -> number."""
    found: dict[tuple[str, str, str], float] = {}

    def add(what: str, part: str, month: str, number: float) -> None:
        found[what, part, month] = found.get((what, part, month), 0.0) + number

    for row in frame.itertuples():
        days = [row.lead, row.opportunity, row.won]
        known = [day for day in days if isinstance(day, dt.date) and day <= AS_OF]
        if not known:
            continue
        first = min(known)
        won = row.won if isinstance(row.won, dt.date) and row.won <= AS_OF else None
        lost = row.lost if isinstance(row.lost, dt.date) else None
        channel = row.source if row.source in CHANNELS else "not in the plan"
        started = isinstance(row.lead, dt.date)
        if first > SINCE and started:
            part = channel
            add("leads", part, str(first)[:7], 1)
        elif first > SINCE:
            part = "without a lead"
        elif lost is not None and lost <= SINCE:
            part = "otherwise"
        else:
            part = "in flight"
        if won is not None and won > SINCE:
            add("deals", part, str(won)[:7], 1)
            add("value", part, str(won)[:7], row.amount)
    return found


def test_what_came_is_counted_as_row_by_row() -> None:
    frame = export(1)
    review = compare_to_actual(record(), read(frame))
    expected = slow(frame)
    shown = review.to_frame()
    assert list(dict.fromkeys(shown["period"])) == LABELS
    for _, row in shown[shown["part"] != "all"].iterrows():
        for what in ("leads", "deals", "value"):
            if what == "leads" and row["part"] in ("in flight", "without a lead", "otherwise"):
                assert np.isnan(row[what])
                continue
            wanted = expected.get((what, row["part"], row["period"]), 0.0)
            assert row[what] == pytest.approx(wanted), (what, row["part"], row["period"])
    whole = shown[shown["part"] == "all"]
    in_months = {k: v for k, v in expected.items() if k[2] in LABELS}
    assert whole["value"].sum() == pytest.approx(
        sum(v for (what, _, _), v in in_months.items() if what == "value")
    )
    assert (whole["gap"] + whole["target"]).tolist() == pytest.approx(whole["value"].tolist())
    assert any("not in the plan are all volume" in note for note in review.notes)


@pytest.fixture(scope="module")
def world() -> fk.Leads:
    return read(export(3))


@pytest.fixture(scope="module")
def counted(world: fk.Leads) -> pd.DataFrame:
    begin, until = MONTHS[0].start_time.date(), MONTHS[OVER - 1].end_time.date()
    return came_since(world, SINCE, begin=begin, until=until, by=("source",)).counts


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), modelled=st.booleans())
def test_causes_add_up_to_the_gap_whatever_was_planned(
    counted: pd.DataFrame, seed: int, modelled: bool
) -> None:
    plan = record(np.random.default_rng(seed))
    chances = np.random.default_rng(seed).random(len(counted)) if modelled else None
    placed = Placed.of(counted, ("source",), (0,), plan)
    review = reviewed(plan, placed, AS_OF, OVER, chances)
    came, planned = review.actual.sum(), review.expected.sum()
    assert planned == pytest.approx(plan.expected[:OVER].sum())
    scale = max(came, planned)
    assert sum(review.effects.values()) == pytest.approx(review.gap, abs=1e-9 * scale)
    bridge = review.bridge()
    assert bridge["value"][:-1].sum() == pytest.approx(bridge["value"].iloc[-1])
    assert bridge["value"].iloc[0] == review.target.sum()
    cohorts = review.cohorts()
    effects = [name for name in cohorts if name.endswith("_effect")]
    new = sum(review.effects[name] for name in ("volume", "rate", "lag", "deal size"))
    assert cohorts[effects].to_numpy().sum() == pytest.approx(new, abs=1e-9 * scale)


def as_planned() -> pd.DataFrame:
    """Leads that do just as `record` says: 10 a month and channel at 30 %, lags .3, .4, .2.

    By the end of April of January's 10 leads .3 x .9 of 10 = 2.7 are won: rounded by taking 100
    leads a month instead.
    """
    rows = []
    for c, channel in enumerate(CHANNELS):
        for m in range(OVER):
            wins = [9, 12, 6]
            month = MONTHS[m]
            for k in range(100):
                after = 0 if k < wins[0] else 1 if k < 21 else 2 if k < 27 else None
                won = None if after is None else (month + after).start_time.date()
                day = month.start_time.date()
                rows.append(
                    {"id": f"{channel}{m}-{k}", "source": channel, "lead": day,
                     "opportunity": won, "won": won, "lost": None, "amount": [12_000, 9_000][c]}
                )  # fmt: skip
    return pd.DataFrame(rows)


def none_beside() -> dict[str, object]:
    return {"leads": np.full((2, 6), 100.0), "in_flight": np.zeros((2, 6)),
            "direct": np.zeros((2, 6))}  # fmt: skip


def test_causes_are_the_mean_over_all_orders_then_deal_size(counted: pd.DataFrame) -> None:
    """The slow way, cell by cell: each order of volume, rate and lag; money last."""
    plan = record(np.random.default_rng(11))
    placed = Placed.of(counted, ("source",), (0,), plan)
    review = reviewed(plan, placed, AS_OF, OVER, None)
    rows = review.cohorts()
    looked_at = 0
    for cell, row in rows.iterrows():
        c, m = divmod(int(cell), OVER)
        sides = [
            [float(getattr(side, name)[c, m]) for name in ("leads", "eventual", "won", "value")]
            for side in (review.planned, review.came)
        ]
        if any(side[1] <= 0 for side in sides) or c >= len(CHANNELS):
            continue
        looked_at += 1
        before, after = ([n, ever / n, won / ever] for n, ever, won, _ in sides)
        effects = np.zeros(3)
        for order in permutations(range(3)):
            now = list(before)
            for k in order:
                was = np.prod(now)
                now[k] = after[k]
                effects[k] += (np.prod(now) - was) / 6
        size = plan.sizes[c]
        wanted = [*(effects * size), sides[1][3] - sides[1][2] * size]
        names = ("volume", "rate", "lag", "deal_size")
        assert [row[f"{name}_effect"] for name in names] == pytest.approx(wanted, abs=1e-6)
    assert looked_at >= 6


@pytest.fixture(scope="module")
def good() -> fk.Leads:
    return read(as_planned(), as_of=MONTHS[OVER - 1].end_time.date())


@pytest.fixture(scope="module")
def good_counts(good: fk.Leads) -> pd.DataFrame:
    begin = MONTHS[0].start_time.date()
    return came_since(good, SINCE, begin=begin, until=good.as_of, by=("source",)).counts


def test_a_month_as_planned_has_no_gap_and_no_causes(good: fk.Leads) -> None:
    # Wins as planned: 30 of 100 in the end, of which 9, 12 and 6 in the first three months.
    review = compare_to_actual(record(**none_beside()), good)
    assert review.gap == pytest.approx(0, abs=1e-6)
    for name, effect in review.effects.items():
        assert effect == pytest.approx(0, abs=1e-6), name
    # By the plan's lags .9, .9, .7 and .3 of the wins of the four months are due.
    assert review.maturity[0] == pytest.approx([0.9, 0.9, 0.7, 0.3])
    assert review.immature[0].tolist() == [False, False, True, True]
    assert review.cohorts()["rate"].to_numpy() == pytest.approx(np.full(8, 0.3))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        # Twice the leads, half the rate, a quarter more money than the plan said of the same wins.
        ("volume", {"leads": np.full((2, 6), 200.0)}),
        ("deal size", {"sizes": np.array([15_000.0, 11_250.0])}),
        ("in flight", {"in_flight": np.full((2, 6), 5.0)}),
        ("without a lead", {"direct": np.full((2, 6), 5.0)}),
    ],
)
def test_one_cause_alone_bears_the_whole_gap(
    good_counts: pd.DataFrame, name: str, change: dict[str, object]
) -> None:
    plan = record(**{**none_beside(), **change})
    placed = Placed.of(good_counts, ("source",), (0,), plan)
    review = reviewed(plan, placed, MONTHS[OVER - 1].end_time.date(), OVER, None)
    assert review.gap < -1
    assert review.effects[name] == pytest.approx(review.gap)


def test_with_a_model_its_chances_say_what_is_still_won(good: fk.Leads) -> None:
    model = SimpleNamespace(
        by=("source",),
        segments=(("web",), ("fair",)),
        stages=FUNNEL.stages,
        as_of=good.as_of,
        chances=lambda stage, ages, days: np.full((2, len(ages), len(days)), 0.1),
    )
    high = fk.plan.Targets(periods=MONTHS, amount=np.full(6, 1e7))
    over = record(**none_beside(), targets=high)
    review = compare_to_actual(over, good, model=model)
    assert "by a model of today" in review.summary()
    # Of January's 100 leads 27 are won and 73 open, each with a chance of .1.
    rate = review.cohorts().iloc[0]["rate"]
    assert rate == pytest.approx((27 + 7.3) / 100)
    assert sum(review.effects.values()) == pytest.approx(review.gap, abs=1e-6)
    assert any("could not be planned anew" in note for note in review.notes)


def test_the_rest_must_bring_what_was_missed_in_proportion() -> None:
    plan = record()
    # 4 x 80,000 were to come, 200,000 came: 120,000 beside 160,000 over two months.
    rest = remaining_targets(plan, 200_000.0, OVER)
    assert rest is not None
    assert rest.amount.tolist() == pytest.approx([140_000.0, 140_000.0])
    assert "With 120,000 missed up to 2027-04" in rest.notes[-1]
    ahead = remaining_targets(plan, 400_000.0, OVER)
    assert ahead is not None
    assert ahead.amount.tolist() == pytest.approx([40_000.0, 40_000.0])
    assert remaining_targets(plan, 480_000.0, OVER) is None
    assert remaining_targets(plan, 0.0, 6) is None


def test_a_plan_in_deals_has_no_deal_size(world: fk.Leads) -> None:
    targets = fk.plan.Targets(periods=MONTHS, amount=np.full(6, 9.0), unit="count")
    review = compare_to_actual(record(unit="count", targets=targets), world)
    assert set(review.effects) >= {"volume", "rate", "lag", "in flight", "without a lead"}
    assert "deal size" not in review.effects
    assert "value" not in review.to_frame()
    assert sum(review.effects.values()) == pytest.approx(review.gap)
    assert "deals came" in review.summary()


def test_what_is_said(world: fk.Leads) -> None:
    targets = fk.plan.Targets(periods=MONTHS, amount=np.full(6, 200_000.0))
    review = compare_to_actual(record(currency="EUR", targets=targets), world)
    text = review.summary()
    assert text.startswith("January 2027 to April 2027: EUR ")
    assert "too young for a rate of their own; by the plan's own rates and lags" in text
    assert "2027-05 has begun and is not over" in text
    assert "Give `model=`" in text
    ahead = review.months_ahead()
    assert ahead["period"].tolist() == ["2027-05", "2027-06"]
    assert ahead["leads_then"].tolist() == [20, 20]
    assert ahead["leads_now"].isna().all()


@pytest.mark.parametrize(
    ("fields", "day", "message"),
    [
        ({}, dt.date(2027, 1, 30), "not over by then"),
        ({"stages": ("lead", "won")}, AS_OF, "the plan is of lead and won"),
        ({"channels": ("tv", "print")}, AS_OF, "are in no segment column"),
        ({"by": ("souce",)}, AS_OF, "Did you mean `source`"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    world: fk.Leads, fields: dict[str, object], day: dt.date, message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        compare_to_actual(record(**fields), world if day == AS_OF else world.at(day))


def test_arguments_are_checked(world: fk.Leads) -> None:
    with pytest.raises(ArgumentError, match="Did you mean `source`"):
        compare_to_actual(record(), world, by="sorce")
    with pytest.raises(ArgumentError, match="must be a Plan"):
        compare_to_actual(3, world)
    model = SimpleNamespace(as_of=SINCE, stages=FUNNEL.stages, by=())
    with pytest.raises(ArgumentError, match="`model` must be fitted to these leads"):
        compare_to_actual(record(), world, model=model)


def test_money_needs_amounts() -> None:
    frame = export(3).drop(columns="amount")
    funnel = fk.Funnel(["lead", "opportunity", "won"], exits=["lost"], id="id", segments=["source"])
    with pytest.raises(ArgumentError, match="has no `value`"):
        compare_to_actual(record(), fk.from_frame(frame, funnel, as_of=AS_OF))


def test_a_running_first_month_counts_what_it_had_brought() -> None:
    # The plan was made in the middle of January: wins before that day are in flight.
    rows = [
        {"id": 1, "source": "web", "lead": "2026-12-01", "opportunity": None, "won": "2027-01-10"},
        {"id": 2, "source": "web", "lead": "2026-12-01", "opportunity": None, "won": "2027-01-20"},
        {"id": 3, "source": "web", "lead": "2027-01-02", "opportunity": None, "won": "2027-01-25"},
        {"id": 4, "source": "web", "lead": "2027-01-20", "opportunity": None, "won": "2027-01-25"},
    ]
    frame = pd.DataFrame(rows).assign(lost=None, amount=1_000.0)
    plan = record(as_of=dt.date(2027, 1, 15))
    review = compare_to_actual(plan, read(frame, as_of=dt.date(2027, 1, 31)))
    shown = review.to_frame().set_index("part")["deals"]
    assert shown["in flight"] == 3
    assert shown["web"] == 1
    assert review.to_frame().set_index("part")["leads"]["web"] == 1
