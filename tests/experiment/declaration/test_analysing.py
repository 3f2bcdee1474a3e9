"""One declaration and its one answer, on leads whose counts can be followed by hand."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.data.records import Leads
from funnelkit.experiment import Metric, compare_clustered, compare_means, compare_rates, design
from funnelkit.experiment.declaration.readout import Readout

FIRST = dt.date(2026, 1, 5)


def export(n: int = 400, *, seed: int = 1, lift: float = 0.0) -> pd.DataFrame:
    """Return leads of 100 days: a third become MQL within days, a tenth win within six weeks."""
    rng = np.random.default_rng(seed)
    entered = np.array([FIRST + dt.timedelta(days=int(k * 100 / n)) for k in range(n)])
    arm = np.where(np.arange(n) % 2 == 0, "control", "B")
    mql = rng.random(n) < 0.35
    won = mql & (rng.random(n) < 0.3 + lift * (arm == "B"))
    waits = rng.integers(1, 42, n)
    days = [
        str(day + dt.timedelta(days=int(k))) if hit else None
        for day, k, hit in zip(entered, waits, won, strict=True)
    ]
    return pd.DataFrame(
        {
            "id": [f"L{k:04d}" for k in range(n)],
            "lead": [str(day) for day in entered],
            "mql": [str(day) if hit else None for day, hit in zip(entered, mql, strict=True)],
            "won": days,
            "amount": np.where(won, rng.integers(1, 90, n) * 100, 0),
            "source": np.where(np.arange(n) % 3 == 0, "web", "event"),
            "variant": arm,
            "account": [f"A{k // 4:03d}" for k in range(n)],
            "rep": np.where(np.arange(n) % 5 < 2, "Ann", "Bo"),
        }
    )


def read(frame: pd.DataFrame, *, as_of: str = "2026-05-31", **funnel: Any) -> Leads:
    given: dict[str, Any] = {"segments": ["source", "variant"], "value": "amount", **funnel}
    return fk.from_frame(frame, fk.Funnel(["lead", "mql", "won"], **given), as_of=as_of)


def pairs(frame: pd.DataFrame, *, within: int, as_of: str, stage: str = "won") -> Any:
    """Return (converted, entered) of control and B by plain pandas."""
    entered = pd.to_datetime(frame["lead"])
    old = entered <= pd.Timestamp(as_of) - pd.Timedelta(days=within)
    came = (pd.to_datetime(frame[stage]) - entered).dt.days <= within
    return [
        (
            int((old & came & (frame["variant"] == arm)).sum()),
            int((old & (frame["variant"] == arm)).sum()),
        )
        for arm in ("control", "B")
    ]


TEST = design("Pricing", ["control", "B"], within=42, secondary=["mql"])


def test_each_metric_is_the_plain_function_on_the_counts_of_the_window() -> None:
    frame = export(lift=0.3)
    found = TEST.analyse(read(frame, as_of="2026-04-30"))
    won = pairs(frame, within=42, as_of="2026-04-30")
    mql = pairs(frame, within=42, as_of="2026-04-30", stage="mql")
    for one, counts in ((found.primary["B"], won), (found.secondary["B"], mql)):
        plain = compare_rates(*counts)
        assert (one.control.converted, one.control.n) == counts[0]
        assert (one.treatment.converted, one.treatment.n) == counts[1]
        assert one.effect == pytest.approx(plain.effect)
        assert one.pvalue == pytest.approx(plain.pvalue)
    young = len(frame) - won[0][1] - won[1][1]
    assert found.arms[["followed", "young"]].sum().tolist() == [won[0][1] + won[1][1], young]
    assert found.stages["B"].treatment_counts[-1] == won[1][0]
    assert found.bayesian["B"].treatment.converted == won[1][0]
    assert found.lagged["B"].horizon == 42
    frame = found.to_frame()
    assert frame["role"].tolist() == ["primary", "secondary"]


def test_money_is_compared_per_lead_and_deal_size_only_described() -> None:
    frame = export()
    found = design(
        "x", ["control", "B"], within=42, secondary=["value"], guardrails=["deal size"]
    ).analyse(read(frame))
    worth = np.where(frame["won"].notna(), frame["amount"], 0.0)
    plain = compare_means(
        worth[frame["variant"] == "control"], worth[frame["variant"] == "B"], unit="money"
    )
    one = found.secondary["B"]
    assert one.effect == pytest.approx(plain.effect)
    assert one.pvalue == pytest.approx(plain.pvalue)
    size = found.guardrails["B"]
    wins = frame[frame["won"].notna()]
    assert size.treatment.mean == pytest.approx(wins[wins["variant"] == "B"]["amount"].mean())
    assert not size.randomised
    assert "it describes" in size.notes[-1]


def test_leads_of_one_account_go_together() -> None:
    frame = export()
    frame["variant"] = np.where(np.arange(len(frame)) // 4 % 2 == 0, "control", "B")
    found = design("x", ["control", "B"], unit="account", within=42).analyse(
        read(frame, account="account")
    )
    sums = frame.assign(converted=frame["won"].notna(), entered=1)
    sums = sums.groupby(["variant", "account"])[["converted", "entered"]].sum().reset_index()
    plain = compare_clustered(
        *[sums[sums["variant"] == arm] for arm in ("control", "B")], account="account"
    )
    assert found.primary["B"].pvalue == pytest.approx(plain.pvalue)
    assert found.arms["accounts"].tolist() == [50, 50]
    assert found.stages["B"]["lead to won within 42 days"].pvalue == pytest.approx(plain.pvalue)
    assert found.guards["contamination"].level == "ok"
    assert found.bayesian["B"].treatment.n <= 200


def test_reps_that_change_every_week_are_told_by_weeks_of_reps() -> None:
    frame = export(800).drop(columns="variant")
    weeks = pd.to_datetime(frame["lead"]).dt.to_period("W-SUN").dt.start_time
    pairs_of = sorted(set(zip(frame["rep"], weeks.dt.strftime("%Y-%m-%d"), strict=True)))
    table = pd.DataFrame(pairs_of, columns=["rep", "week"])
    table["variant"] = np.where(np.arange(len(table)) % 2 == 0, "control", "B")
    found = design("x", ["control", "B"], assignment=table, unit="rep-week", within=42).analyse(
        read(frame, segments=["source"], owner="rep")
    )
    assert found.arms["representatives"].tolist() == [2, 2]
    split = found.guards["split"]
    assert split.level == "ok"
    assert f"{len(table) // 2} (50.0" in split.sentence
    assert not found.lagged
    assert not found.anytime


def test_accounts_in_both_variants_are_noted_where_leads_were_assigned() -> None:
    found = TEST.analyse(read(export(), account="account"))  # L0 control, L1 B … of one account
    guard = found.guards["contamination"]
    assert (guard.level, found.decision.kind) == ("note", "not told")
    assert "assign whole accounts" in guard.remedy


def test_leads_of_an_account_that_share_a_variant_were_assigned_as_a_whole() -> None:
    frame = export(800)
    whole = np.random.default_rng(2).integers(0, 2, len(frame) // 4)
    frame["variant"] = np.array(["control", "B"])[np.repeat(whole, 4)]
    found = TEST.analyse(read(frame, account="account"))
    told = [guard.sentence for guard in found.guards if guard.name == "split"]
    assert any("differs by account" in words for words in told)


def test_a_metric_may_name_its_method() -> None:
    frame = export()
    test = design(
        "x",
        ["control", "B"],
        within=42,
        primary=Metric(stage="won", method="fisher"),
        secondary=[Metric(kind="value", method="winsorised", winsorise_at=0.98)],
    )
    found = test.analyse(read(frame))
    plain = compare_rates(*pairs(frame, within=42, as_of="2026-05-31"), method="fisher")
    assert found.primary["B"].pvalue == pytest.approx(plain.pvalue)
    worth = np.where(frame["won"].notna(), frame["amount"], 0.0)
    cut = compare_means(
        worth[frame["variant"] == "control"],
        worth[frame["variant"] == "B"],
        method="winsorised",
        winsorise_at=0.98,
    )
    assert found.secondary["B"].pvalue == pytest.approx(cut.pvalue)


def test_planned_looks_are_taken_when_they_fall_due() -> None:
    frame = export(lift=0.6)
    test = design("x", ["control", "B"], within=42, looks=2, planned=400)
    early = test.analyse(read(frame, as_of="2026-03-01"))  # hardly a quarter has been followed
    assert early.decision.kind == "go on"
    assert not early.looks
    assert "decides nothing" in early.primary["B"].notes[-1]
    later = test.analyse(read(frame, as_of="2026-06-30"))
    looks = later.looks["B"]
    assert looks.looks[0].information == pytest.approx(200, abs=8)  # half, as planned
    assert looks.state == "crossed"
    assert later.decision.kind == "adopt"
    plain = compare_rates(*pairs(frame[: len(frame) // 2], within=42, as_of="2026-06-30"))
    # that look saw the first half of the leads, and its z is that of their p-value
    assert looks.looks[0].z == pytest.approx(fk_z(plain), abs=0.35)


def fk_z(comparison: Any) -> float:
    from scipy import stats

    return float(stats.norm.isf(comparison.pvalue / 2) * np.sign(comparison.effect))


def test_a_split_that_is_off_stops_the_decision() -> None:
    frame = export(1200, lift=0.5)
    kept = frame[(frame["variant"] == "control") | (np.arange(len(frame)) % 8 < 5)]
    found = TEST.analyse(read(kept))
    assert found.guards["split"].level == "warning"
    assert found.decision.kind == "not to be trusted"
    assert "Do not act on it" in found.summary()


def test_where_chance_did_not_choose_no_split_was_intended() -> None:
    frame = export(1200, lift=0.5)
    kept = frame[(frame["variant"] == "control") | (np.arange(len(frame)) % 8 < 5)]
    found = design("x", ["control", "B"], within=42, randomised=False).analyse(read(kept))
    assert "split" not in [guard.name for guard in found.guards]
    assert found.decision.kind == "weigh"


def test_something_else_that_changes_with_the_variant_is_named() -> None:
    frame = export(800)
    frame["rep"] = np.where(frame["variant"] == "B", "Ann", "Bo")
    found = TEST.analyse(read(frame, owner="rep"))
    assert found.guards["changed at once"].level == "warning"
    assert "rep" in found.guards["changed at once"].sentence


def test_a_table_of_assignments_and_a_unit_in_two_variants() -> None:
    frame = export()
    table = frame[["id", "variant"]].copy()
    table = pd.concat([table, pd.DataFrame({"id": ["L0000"], "variant": ["B"]})])
    plain = read(frame.drop(columns="variant"), segments=["source"])
    found = design("x", ["control", "B"], assignment=table, within=42).analyse(plain)
    assert found.arms["followed"].tolist() == [199, 200]
    assert found.guards["contamination"].level == "note"


def test_entries_outside_of_its_days_are_not_in_the_test() -> None:
    frame = export()
    found = design(
        "x", ["control", "B"], within=42, starts="2026-02-01", ends="2026-02-28"
    ).analyse(read(frame))
    inside = pd.to_datetime(frame["lead"]).between("2026-02-01", "2026-02-28")
    assert found.arms["followed"].sum() == inside.sum()


def test_several_treatments_are_adjusted_together() -> None:
    frame = export(900)
    frame["variant"] = np.array(["control", "B", "C"])[np.arange(900) % 3]
    found = design("x", ["control", "B", "C"], within=42).analyse(read(frame))
    plain = sorted(one.pvalue for one in found.primary)
    assert min(found.primary.adjusted or ()) == pytest.approx(min(2 * plain[0], 1))
    assert set(found.lagged) == set(found.stages) == set(found.bayesian) == {"B", "C"}


def test_without_a_plan_an_interval_that_holds_at_all_looks_is_added() -> None:
    found = TEST.analyse(read(export(lift=0.3)))
    one = found.anytime["B"].comparison()
    fixed = found.primary["B"].confidence_interval()
    assert one.confidence_interval().low <= fixed.low
    assert "No looks were planned" in found.summary()
    planned = design("x", ["control", "B"], within=42, planned=400).analyse(read(export()))
    assert not planned.anytime


def test_without_randomisation_nothing_is_called_an_effect() -> None:
    found = design("x", ["control", "B"], within=42, randomised=False).analyse(
        read(export(lift=0.6))
    )
    assert found.decision.kind == "weigh"
    assert "effect" not in found.summary()
    assert "difference_in_differences" in found.summary()


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ({"variants": ["control", "B", "C"]}, "nobody is in 'C'"),
        ({"variants": ["control", "b"]}, r"(?s)nobody is in 'b'.*1 variant not declared: 'B'"),
        ({"primary": "demo"}, "demo"),
        ({"unit": "visitor"}, "counts only"),
        ({"secondary": [Metric(stage="lead", start="won")]}, "won"),
        ({"assignment": "varient"}, "Did you mean `variant`"),
    ],
)
def test_what_does_not_fit_gets_one_error(declared: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        design("x", **{"variants": ["control", "B"], **declared}).analyse(read(export(40)))


def test_businesses_kept_apart_are_not_pooled_unasked() -> None:
    leads = read(export(), apart=["source"])
    with pytest.raises(ArgumentError, match=r"leads\.only"):
        TEST.analyse(leads)
    assert TEST.analyse(leads.only(source="event")).primary["B"].control.n > 0


def test_leads_too_young_are_no_evidence() -> None:
    with pytest.raises(EvidenceError, match=r"nobody of control .* has been followed for 90 days"):
        design("x", ["control", "B"], within=90).analyse(read(export(), as_of="2026-02-01"))


def test_nobody_converted_gives_a_bound_and_no_failure() -> None:
    frame = export().assign(won=None)
    found: Readout = TEST.analyse(read(frame))
    low, high = found.primary["B"].confidence_interval()
    assert -0.05 < low < 0 < high < 0.05
    assert found.decision.kind == "not told"
