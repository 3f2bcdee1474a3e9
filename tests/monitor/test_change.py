"""`decompose` against published reversals, Kitagawa's formula and every order of change."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funnelkit as fk
from funnelkit._core import shapley
from funnelkit._core.errors import ArgumentError, DataError, EvidenceError
from funnelkit._core.interval import share_difference_interval
from funnelkit.monitor import decompose

# Bickel, Hammel and O'Connell (1975), Science 187, 398-404; as in R: UCBAdmissions.
# Department: (men who applied, were admitted, women who applied, were admitted)
BERKELEY = {
    "A": (825, 512, 108, 89),
    "B": (560, 353, 25, 17),
    "C": (325, 120, 593, 202),
    "D": (417, 138, 375, 131),
    "E": (191, 53, 393, 94),
    "F": (373, 22, 341, 24),
}
# Charig et al. (1986), BMJ 292, 879-882: stones: (A treated, cured, B treated, cured)
STONES = {"small": (87, 81, 270, 234), "large": (263, 192, 80, 55)}


def long(table, sides):
    rows = [
        (side, segment, *four[2 * k : 2 * k + 2])
        for segment, four in table.items()
        for k, side in enumerate(sides)
    ]
    return pd.DataFrame(rows, columns=["side", "group", "entered", "converted"])


def kitagawa(change):
    """Kitagawa (1955), formula for two factors, from the counts."""
    share = change.entered / change.entered.sum(axis=1, keepdims=True)
    rate = change.converted / change.entered
    mix = ((share[1] - share[0]) * rate.mean(axis=0)).sum()
    return mix, ((rate[1] - rate[0]) * share.mean(axis=0)).sum()


def test_berkeley():
    change = decompose(long(BERKELEY, ["men", "women"]), "men", "women", by="group", period="side")
    # 1198 of 2691 men and 557 of 1835 women: the totals of the paper's table
    assert change.rates == (1198 / 2691, 557 / 1835)
    assert change.reversal
    assert sum(change.effects.values()) == pytest.approx(change.change, abs=1e-12)
    assert tuple(change.effects.values()) == pytest.approx(kitagawa(change), abs=1e-12)
    assert "A reversal: within the segments the rates rose" in change.summary()


def test_kidney_stones():
    change = decompose(long(STONES, ["A", "B"]), "B", "A", by="group", period="side")
    assert change.rates == (289 / 350, 273 / 350)
    assert change.reversal
    assert sum(change.effects.values()) == pytest.approx(change.change, abs=1e-12)
    frame = change.to_frame()
    assert (frame["rate_after"] > frame["rate_before"]).all()
    assert change.change < 0
    assert not decompose(long(STONES, ["A", "A2"]), "A", "A", by="group", period="side").reversal


def every_order(factors):
    """The mean, over all orders, of what the product changes by when a factor does: by hand."""
    found = dict.fromkeys(factors, 0.0)
    orders = list(permutations(factors))
    for order in orders:
        at = {name: before for name, (before, _) in factors.items()}
        for name in order:
            old = np.prod(list(at.values()))
            at[name] = factors[name][1]
            found[name] += (np.prod(list(at.values())) - old) / len(orders)
    return found


@given(st.lists(st.tuples(st.floats(0, 9), st.floats(0, 9)), min_size=1, max_size=4))
def test_no_order_matters(pairs):
    factors = {str(k): (np.array(a), np.array(b)) for k, (a, b) in enumerate(pairs)}
    found = shapley.effects(factors)
    for name, expected in every_order(factors).items():
        assert float(np.ravel(found[name])[0]) == pytest.approx(expected, abs=1e-9)


cell = st.tuples(st.integers(0, 60), st.floats(0, 1), st.floats(0.05, 1))


@settings(deadline=None)
@given(st.lists(st.tuples(cell, cell), min_size=1, max_size=5))
def test_effects_add_up(cells):
    rows = [
        (side, f"s{i}", n, round(n * share * followed), followed)
        for i, pair in enumerate(cells)
        for side, (n, share, followed) in zip(("old", "new"), pair, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["cohort", "source", "entered", "converted", "maturity"])
    sums = table.groupby("cohort")["entered"].sum()
    if not sums.all():
        with pytest.raises(EvidenceError, match="nobody entered"):
            decompose(table, "old", "new", by="source")
        return
    change = decompose(table, "old", "new", by="source")
    assert sum(change.effects.values()) == pytest.approx(change.change, abs=1e-12)
    more = float(change.converted[1].sum() - change.converted[0].sum())
    assert sum(change.conversions.values()) == pytest.approx(more, abs=1e-9)
    for name, effect in change.by_segment.items():
        assert effect.sum() == pytest.approx(change.effects[name], abs=1e-12)
    low, high = change.rate_interval()
    assert low <= change.effects["rate"] <= high


def test_one_segment_has_newcombes_interval():
    table = pd.DataFrame(
        {"cohort": ["a", "b"], "x": "all", "entered": [80, 70], "converted": [48, 56]}
    )
    change = decompose(table, "a", "b", by="x")
    expected = share_difference_interval((48, 80), (56, 70))
    assert change.confidence_interval() == expected
    assert change.rate_interval() == pytest.approx(tuple(expected))
    assert change.effects == pytest.approx({"mix": 0.0, "rate": 0.2})


def test_a_segment_on_one_side_only_is_all_mix():
    table = pd.DataFrame(
        {
            "cohort": ["old", "new", "new"],
            "source": ["web", "web", "fair"],
            "entered": [100, 100, 100],
            "converted": [10, 10, 30],
        }
    )
    change = decompose(table, "old", "new", by="source")
    assert change.effects == pytest.approx({"mix": 0.1, "rate": 0.0})
    assert change.to_frame()["rate_before"].isna().tolist() == [False, True]


def test_immaturity_is_no_decline():
    """The last months of a steady funnel: the rate fell since they are young, and nothing else."""
    leads = fk.make_leads(n=20_000, rng=1)
    counts = fk.triangle(leads, "lead", "won", by="source")
    sides = ["2026-01", "2026-02", "2026-03"], ["2026-04", "2026-05", "2026-06"]
    raw = decompose(fk.rates.cohort(counts), *sides)
    assert raw.confidence_interval().high < 0  # taken as it stands, a clear fall
    adjusted = fk.lag.adjust(counts, fk.lag.fit_competing(counts, horizon=360))
    change = decompose(adjusted, *sides)
    assert [*change.effects] == ["mix", "rate", "maturity"]
    assert change.effects["maturity"] < 0.9 * change.change
    low, high = change.rate_interval()
    assert low < 0 < high
    assert sum(change.effects.values()) == pytest.approx(change.change, abs=1e-12)


def test_what_cannot_be_compared():
    table = long(STONES, ["A", "B"])
    with pytest.raises(ArgumentError, match="Did you mean"):
        decompose(table, "A", "B", by="grup", period="side")
    with pytest.raises(ArgumentError, match="`after`"):
        decompose(table, "A", "C", by="group", period="side")
    with pytest.raises(ArgumentError, match="`by` must name"):
        decompose(table, "A", "B", period="side")
    with pytest.raises(ArgumentError, match="at least one period"):
        decompose(table, [], "B", by="group", period="side")
    wrong = table.assign(converted=[-1, 400, 1.5, "x"])
    with pytest.raises(DataError) as told:
        decompose(wrong, "A", "B", by="group", period="side")
    assert len(told.value.problems) == 3
    counts = fk.triangle(fk.make_leads(n=500, rng=1), "lead", "won")
    with pytest.raises(ArgumentError, match="must be split by"):
        decompose(fk.rates.cohort(counts), "2026-01", "2026-02")
    with pytest.raises(ArgumentError, match="must be rates of cohorts"):
        decompose(7, "a", "b")


def test_businesses_kept_apart_have_no_common_change() -> None:
    funnel = fk.Funnel(["lead", "won"], id="id", segments=["line"], apart=["line"])
    export = pd.DataFrame(
        {
            "id": [f"{k}" for k in range(80)],
            "lead": ["2026-01-05"] * 40 + ["2026-02-05"] * 40,
            "won": ["2026-02-20", None] * 40,
            "line": (["new"] * 20 + ["renewal"] * 20) * 2,
        }
    )
    leads = fk.from_frame(export, funnel, as_of="2026-06-30")
    rates = fk.rates.cohort(fk.triangle(leads, "lead", "won"))
    with pytest.raises(ArgumentError, match="2 businesses of line apart"):
        fk.monitor.decompose(rates, "2026-01", "2026-02")
    one = fk.rates.cohort(fk.triangle(leads.only(line="new"), "lead", "won", by="line"))
    assert fk.monitor.decompose(one, "2026-01", "2026-02").change == 0


def test_doubt_about_maturity_is_in_the_interval_of_the_rates() -> None:
    leads = fk.make_leads(n=6000, rng=8)
    triangle = fk.triangle(leads, "lead", "won", by="source")
    rates = fk.lag.adjust(triangle, fk.lag.fit_competing(triangle, pool=["cohorts", "segments"]))
    labels = [str(one) for one in rates.to_frame()["cohort"].unique()]
    change = decompose(rates, labels[-5], labels[-3])
    low, high = change.rate_interval()
    bare = fk.monitor.Change(
        before="a", after="b", by=change.by, segments=change.segments, entered=change.entered,
        converted=change.converted, mature=change.mature, has_maturity=True,
    )  # fmt: skip
    inner = bare.rate_interval()
    effect = change.effects["rate"]
    assert change.maturity_sd is not None
    # By hand: each side's doubt, the same for all its segments, in squares with that of chance.
    weight = (change.entered / change.entered.sum(axis=1, keepdims=True)
              * (change.mature / change.entered)).mean(axis=0)  # fmt: skip
    own = np.where(change.mature > 0, change.converted / change.mature, 0)
    doubt = 1.959964 * (weight * own * change.maturity_sd).sum(axis=1)
    for end, narrow in ((low, inner[0]), (high, inner[1])):
        wide = np.sqrt((narrow - effect) ** 2 + (doubt**2).sum())
        assert abs(end - effect) == pytest.approx(wide, rel=0.05)
        assert abs(end - effect) > abs(narrow - effect)
