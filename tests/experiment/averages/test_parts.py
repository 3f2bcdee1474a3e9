"""`split_value`: parts that add up, their intervals, and arms with hardly a won deal."""

import math

import numpy as np
import pytest

from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.averages import ValueSplit, compare_means, split_value


def test_the_parts_add_up_and_are_kitagawas() -> None:
    # By hand: 10 % of 200 at 9,000 to 15 % of 200 at 8,000; 5 points x 8,500 and -1,000 x 12.5 %.
    found = split_value((200, 20, 9000.0, 4000.0), (200, 30, 8000.0, 5000.0))
    assert dict(found.parts) == pytest.approx({"win rate": 425.0, "deal size": -125.0})
    assert sum(found.parts.values()) == pytest.approx(found.change)
    rng = np.random.default_rng(4)
    for _ in range(50):
        arms = [
            (int(rng.integers(50, 90)), 1_000 * (1 + rng.pareto(2.5, rng.integers(0, 30) + k)))
            for k in range(2)
        ]
        some = split_value(*arms)
        assert sum(some.parts.values()) == pytest.approx(some.change, abs=1e-9)


def test_the_total_is_the_comparison_of_revenue_per_lead_with_its_zeros() -> None:
    deals = [np.array([900.0, 1500, 4000]), np.array([700.0, 2500, 2500, 6000])]
    values = [np.concatenate([won, np.zeros(40 - won.size)]) for won in deals]
    other = compare_means(*values)
    moments = [(40, won.size, won.mean(), won.std(ddof=1)) for won in deals]
    for found in (
        split_value(*((40, won) for won in deals)),
        split_value(*moments),  # type: ignore[arg-type]
    ):
        assert found.total.pvalue == pytest.approx(other.pvalue)  # type: ignore[union-attr]
        assert found.total.control.sd == pytest.approx(values[0].std(ddof=1))
        assert found.change == pytest.approx(values[1].mean() - values[0].mean())


def test_intervals_cover_and_are_not_far_too_wide() -> None:
    # 300 tests of 400 leads a side, 15 against 20 % won, log-normal deals of 1,000 against 1,300 in
    # the mean: the parts are .05 x 1,150 = 57.5 and 300 x .175 = 52.5. 90 % intervals miss 30
    # times, give or take 2 x 5.2.
    rng = np.random.default_rng(12)
    missed = dict.fromkeys(("win rate", "deal size"), 0)
    for _ in range(300):
        arms = []
        for rate, mean in ((0.15, 1_000), (0.20, 1_300)):
            won = rng.binomial(400, rate)
            arms.append((400, mean * np.exp(rng.normal(-0.125, 0.5, won))))
        found = split_value(*arms, confidence_level=0.9)
        for part, truth in (("win rate", 57.5), ("deal size", 52.5)):
            low, high = found.part_interval(part)
            missed[part] += not low <= truth <= high
    assert all(15 <= number <= 46 for number in missed.values()), missed


def test_nothing_won_in_one_arm_is_all_win_rate() -> None:
    found = split_value((200, 0, 0.0, None), (200, 3, 8000.0, 5000.0), currency="EUR")
    assert dict(found.parts) == pytest.approx({"win rate": 120.0, "deal size": 0.0})
    low, high = found.part_interval("win rate")
    assert low < 120 < high
    assert found.part_interval("deal size") == (-math.inf, math.inf)
    assert "control: nothing was won, so all of the difference is win rate" in found.summary()


def test_one_deal_takes_the_spread_of_the_other_arm() -> None:
    found = split_value((50, [900.0]), (50, [700.0, 1500.0, 2400.0]))
    assert all(math.isfinite(end) for end in found.part_interval("deal size"))
    assert "one deal has no spread" in found.summary()
    neither = split_value((50, [900.0]), (50, [700.0]))
    assert neither.part_interval("deal size") == (-math.inf, math.inf)


def test_the_frame_has_the_parts_and_the_total() -> None:
    found = split_value(
        (200, 20, 9000.0, 4000.0), (200, 30, 8000.0, 5000.0), metric="bookings per lead"
    )
    frame = found.to_frame()
    assert frame["part"].tolist() == ["win rate", "deal size", "bookings per lead"]
    assert frame["part_value"].tolist() == pytest.approx([425.0, -125.0, 300.0])
    assert frame["control"].tolist() == pytest.approx([0.1, 9000.0, 900.0])
    assert (frame["part_low"] < frame["part_value"]).all()
    assert isinstance(found, ValueSplit)
    wider, narrow = found.part_interval("win rate", 0.99), found.part_interval("win rate", 0.5)
    assert wider.low < narrow.low < narrow.high < wider.high


def test_blank_amounts_are_refused_or_counted() -> None:
    deals = [900.0, math.nan, 1500.0]
    with pytest.raises(ArgumentError, match="`control`: 1 of 3 won deals have a blank value"):
        split_value((50, deals), (50, deals))
    left_out = split_value((50, deals), (50, [900.0, 1500.0]), blanks="left_out")
    assert (left_out.control.won, left_out.control.deal) == (3, 1200.0)
    assert "1 of 3 won deals had a blank value and are left out" in left_out.summary()
    zero = split_value((50, deals), (50, [900.0, 1500.0]), blanks="zero")
    assert zero.control.deal == 800.0
    with pytest.raises(ArgumentError, match="none of the won deals has an amount"):
        split_value((50, [math.nan]), (50, [1.0, 2.0]), blanks="left_out")


@pytest.mark.parametrize(
    ("control", "said"),
    [
        ((0, []), "`control` has no leads"),
        ((10, 11, 5.0, 1.0), "11 won deals of 10 leads; more than entered cannot be won"),
        ((10, -1, 5.0, 1.0), "won must be a number of deals; got -1"),
        ((10, 3, math.nan, 1.0), "the mean deal must be a number"),
        ((10, 3, 5.0, -1.0), "standard deviation must be at least 0"),
        ((10, 3, 5.0), "`control` must be"),
        ([10, 3], "`control` must be"),
    ],
)
def test_what_cannot_be_split_is_refused(control: object, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        split_value(control, (50, [900.0, 1500.0]))  # type: ignore[arg-type]


def test_nothing_won_at_all_and_unknown_parts_are_refused() -> None:
    with pytest.raises(ArgumentError, match="nothing was won in either arm"):
        split_value((50, []), (40, []))
    found = split_value((50, [1.0, 2.0]), (40, [2.0, 4.0]))
    with pytest.raises(ArgumentError, match="Did you mean `deal size`"):
        found.part_interval("deal sizes")
    with pytest.raises(ArgumentError, match="`confidence_level`"):
        found.part_interval("deal size", 90)
