"""Draws of wins and money, against formulas and slow versions."""

import numpy as np
import pytest

from funnelkit.forecast.open_pipeline.chances import Chances, Grid, merged_ages
from funnelkit.forecast.open_pipeline.simulating import (
    bands_of,
    drawn_by_group,
    drawn_one_by_one,
)
from funnelkit.forecast.open_pipeline.sizes_to_come import sizes_to_come
from funnelkit.forecast.open_pipeline.staleness import StaleChance
from funnelkit.forecast.open_pipeline.worlds import (
    Records,
    Worlds,
    going_together,
    mean_shares,
    paced,
    reached,
)

DRAWS = 20_000


def records(n, amount, *, row=None, segment=None, stale=False):
    size = len(n)
    zero = np.zeros(size, np.int64)
    return Records(
        segment=zero if segment is None else np.array(segment),
        stage=zero,
        age=zero,
        row=zero if row is None else np.array(row),
        n=np.array(n),
        stale=np.full(size, stale),
        amount=np.array(amount, float),
    )


def chances(rows, n=DRAWS):
    """Cumulative shares of each row, the same in every draw."""
    shares = np.array(rows, float)
    ever = np.tile(shares[:, -1], (n, 1, 1))
    grid = Grid(("deal",), (np.zeros(len(rows), np.int64),), {}, {})
    return Chances(grid, ever, shares[:, :-1] / shares[:, -1:])


def worlds(n=DRAWS, months=2, *, hazard=0.0, weight=0.0, ratio=1.0):
    stale = StaleChance(
        hazard=np.full((n, 1), hazard),
        weight=np.array([weight]),
        days=np.array([30.0 * (h + 1) for h in range(months)] + [548.0]),
    )
    return Worlds(
        stale=stale,
        ratios=np.full(n, ratio),
        paces=np.ones((n, months)),
        together=np.ones((n, 1, 1)),
    )


def test_wins_by_month_have_their_chances():
    own = records([1, 1], [100, 7], row=[0, 1])
    table = chances([[0.2, 0.5, 0.8], [0.0, 0.1, 0.1]])
    found = drawn_one_by_one(
        table, own, worlds=worlds(ratio=2.0), shape=(DRAWS, 1, 1, 2), rng=np.random.default_rng(1)
    )
    won, money = found.deals, found.money
    # month 1: 0.2; month 2: 0.3 + 0.1; money of each is twice its amount, all or nothing
    assert won.mean(axis=0)[0] == pytest.approx([0.2, 0.4], abs=4 * 0.5 / np.sqrt(DRAWS))
    assert set(np.unique(money[:, 0, 0])) == {0.0, 200.0}
    assert set(np.unique(money[:, 0, 1])) == {0.0, 14.0, 200.0, 214.0}
    assert (won.sum(axis=2) <= 2).all()  # a deal is won once
    assert found.shares.tolist() == [pytest.approx([0.2, 0.5, 0.8]), pytest.approx([0, 0.1, 0.1])]
    assert found.stage_deals[:, 0].tolist() == won.sum(axis=(1, 2)).tolist()
    assert found.stage_money[:, 0].tolist() == money.sum(axis=(1, 2)).tolist()


def test_groups_have_the_mean_and_variance_of_single_deals():
    table = chances([[0.3, 0.4, 0.5], [0.05, 0.1, 0.2]])
    grouped = records([40, 60], [np.nan, np.nan], row=[0, 1])
    found = drawn_by_group(
        table,
        grouped,
        worlds=worlds(),
        shape=(DRAWS, 1, 1, 2),
        sizes=sizes_to_come([np.array([5.0])], np.random.default_rng(0)),
        rng=np.random.default_rng(2),
    )
    total = found.deals.sum(axis=(1, 2))
    # 40 * 0.4 + 60 * 0.1 and 40 * 0.24 + 60 * 0.09
    assert total.mean() == pytest.approx(22.0, abs=0.15)
    assert total.var() == pytest.approx(15.0, rel=0.05)
    assert found.money == pytest.approx(5 * found.deals)
    assert found.stage_deals[:, 0].tolist() == total.tolist()
    assert found.stage_money[:, 0] == pytest.approx(5 * total)
    within = found.records.n @ found.shares[:, :2]
    assert within == pytest.approx([40 * 0.3 + 60 * 0.05, 22.0])


def test_groups_with_amounts_bring_their_mean():
    table = chances([[0.5, 0.5, 0.5]])
    found = drawn_by_group(
        table,
        records([200], [10.0]),
        worlds=worlds(ratio=1.5),
        shape=(DRAWS, 1, 1, 2),
        sizes=None,
        rng=np.random.default_rng(3),
        largest=30.0,
    )
    won, money = found.deals, found.money
    assert money.mean(axis=0)[0, 0] == pytest.approx(200 * 0.5 * 10 * 1.5, rel=0.01)
    assert (money >= 0).all()
    assert won.max() <= 200


def test_bands_hold_each_cell_once():
    rng = np.random.default_rng(4)
    size = 300
    own = Records(
        segment=rng.integers(0, 3, size),
        stage=rng.integers(0, 2, size),
        age=np.zeros(size, np.int64),
        row=rng.integers(0, 40, size),
        n=np.ones(size, np.int64),
        stale=rng.random(size) < 0.3,
        amount=np.where(rng.random(size) < 0.5, np.nan, 5.0),
    )
    order, starts = bands_of(own)
    assert sorted(order.tolist()) == list(range(size))
    for part in np.split(order, starts[1:]):
        kinds = {
            (own.segment[i], own.stage[i], own.stale[i], np.isnan(own.amount[i])) for i in part
        }
        assert len(kinds) == 1
    assert len(starts) <= 3 * 2 * 2 * 2 * 4


def test_the_chance_of_stale_records_is_mixed_by_weight():
    found = worlds(1, hazard=0.001, weight=0.25).stale.of(
        np.array([[[0.4, 0.5, 0.6]]]), np.array([0]), np.array([True])
    )
    wanted = [
        0.25 * (1 - np.exp(-0.001 * days)) + 0.75 * share
        for days, share in ((30, 0.4), (60, 0.5), (548, 0.6))
    ]
    assert found[0, 0] == pytest.approx(wanted)


def test_a_slow_month_gives_to_those_to_come_and_ever_stays():
    shares = np.array([0.2, 0.3, 0.4])
    found = reached(shares, np.array([0.5, 1.0]))
    # of those won ever, half are left after month 1 and 1/4 after month 2
    assert found[0] == pytest.approx(0.4 * (1 - 0.5**0.5))
    assert found[1] == pytest.approx(0.4 * (1 - 0.5**0.5 * 0.5))
    assert found[2] == 0.4


def test_both_ways_to_reckon_with_the_pace_agree():
    rng = np.random.default_rng(8)
    timing = np.sort(rng.random((5, 3)), axis=1)
    timing[0], timing[1, 2] = 0.0, 1.0
    ever, paces = rng.random((4, 5)), rng.lognormal(0, 0.5, (4, 3))
    shares = ever[..., None] * np.append(timing, np.ones((5, 1)), axis=1)
    assert paced(ever, timing, paces) == pytest.approx(reached(shares, paces[:, None]))


def test_chances_of_single_records_are_means_over_the_draws():
    table = chances([[0.2, 0.5, 0.8], [0.0, 0.1, 0.1]], n=6)
    own = records([1, 1, 1], [1, 1, 1], row=[1, 0, -1])
    found = mean_shares(table, worlds(6), own)
    assert found[:2] == pytest.approx(np.array([[0.0, 0.1, 0.1], [0.2, 0.5, 0.8]]))
    assert np.isnan(found[2]).all()


def test_reached_where_nobody_is_won_or_all_are():
    assert reached(np.array([0.0, 0.0, 0.0]), np.array([2.0, 2.0])).tolist() == [0, 0, 0]
    assert reached(np.array([1.0, 1.0, 1.0]), np.array([2.0, 2.0])).tolist() == [1, 1, 1]


def test_records_that_go_together_widen_the_variance_by_the_factor():
    expected = np.array([[50.0]])
    factors = going_together(expected, np.array([3.0]), DRAWS, np.random.default_rng(5))
    wins = np.random.default_rng(6).poisson(expected * factors)
    assert wins.mean() == pytest.approx(50, rel=0.01)
    assert wins.var() / wins.mean() == pytest.approx(3.0, rel=0.06)
    alone = going_together(expected, np.array([1.0]), 10, np.random.default_rng(5))
    assert alone.tolist() == np.ones((10, 1, 1)).tolist()


def test_merged_ages_keep_young_ones_and_the_mean():
    held = np.random.default_rng(7).integers(0, 9, 401)
    ages, place = merged_ages(held, 32)
    assert len(ages) == 32
    assert (np.diff(ages) > 0).all()
    young = np.flatnonzero(held[:14])
    assert ages[place[young]].tolist() == young.tolist()
    known = held[:-1]
    seen = np.flatnonzero(known)
    meant = float(known[seen] @ ages[place[seen]]) / known.sum()
    assert meant == pytest.approx(float(known @ np.arange(400)) / known.sum(), abs=0.5)


@pytest.mark.parametrize("held", [[0, 0, 5], [5], [0]])
def test_merged_ages_of_records_without_an_age(held):
    ages, place = merged_ages(held, 8)
    assert ages.tolist() == [0]
    assert place.tolist() == [0] * len(held)
