"""Two periods at equal ages, and warnings that need intervals clear of zero."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from funnelkit import Triangle
from funnelkit._core.interval import share_difference_interval
from funnelkit.rates.diagnosis.concerns import concerns_of
from funnelkit.rates.diagnosis.moves import Move, Side, labels_of, move_of, usual_sides

QUARTERS = pd.period_range("2026Q1", periods=2, freq="Q-DEC")
SIDES = (Side(name="2026 Q1", periods=(QUARTERS[0],)), Side(name="2026 Q2", periods=(QUARTERS[1],)))


def triangle(parts, *, ages=(200, 110), n_ages=201):
    """(entered, {age: conversions}) of each quarter; all records of a quarter are of one age."""
    cubes = np.zeros((3, 1, 2, n_ages), int)
    for k, ((entered, events), age) in enumerate(zip(parts, ages, strict=True)):
        for at, number in events.items():
            cubes[0, 0, k, at] = number
        cubes[1, 0, k, age] = entered - sum(events.values())
        cubes[2, 0, k, age] = entered
    return Triangle(
        start="lead",
        target="mql",
        cohorts=QUARTERS,
        as_of=dt.date(2026, 12, 31),
        entered=cubes[2].sum(axis=-1),
        events={"mql": cubes[0]},
        censored=cubes[1],
        followed=cubes[2],
    )


class TestEqualAges:
    def test_the_window_is_the_same_on_both_sides(self):
        """100 of 1,000 by day 10 on both sides, 100 more of the old quarter by day 150."""
        one = triangle([(1000, {10: 100, 150: 100}), (1000, {10: 100})])
        move = move_of(one, SIDES, within=None, level=0.95)
        assert move.within == 110  # as far as the young quarter has been followed
        assert move.converted == (100, 100)
        assert move.change == 0
        # .1 by day 10, and 100 of the 900 that are left at day 150: .1 + .9 / 9
        assert move.coverage == pytest.approx(0.1 / (0.1 + 0.9 / 9))
        assert move.judged

    def test_too_young_to_be_judged(self):
        one = triangle([(1000, {10: 20, 150: 180}), (1000, {10: 20})])
        move = move_of(one, SIDES, within=None, level=0.95)
        assert move.verdict.startswith("immature")
        assert not move.rose
        assert not move.fell

    def test_a_window_that_is_asked_for(self):
        one = triangle([(1000, {10: 100, 50: 100}), (1000, {10: 50, 50: 150})])
        move = move_of(one, SIDES, within=20, level=0.95)
        assert move.converted == (100, 50)
        assert move.fell
        low, high = share_difference_interval((100, 1000), (50, 1000))
        assert (move.low, move.high) == (low, high)
        young = move_of(one, SIDES, within=120, level=0.95)
        assert young.verdict == "records too young for the window"

    @pytest.mark.parametrize("entered", [0, 1, 19])
    def test_few_records(self, entered):
        one = triangle([(1000, {10: 100}), (entered, {})])
        move = move_of(one, SIDES, within=None, level=0.95)
        assert move.verdict == "fewer than 20 records"
        assert sum(move.effects.values()) == pytest.approx(-100)

    def test_nobody_converts(self):
        move = move_of(triangle([(100, {}), (100, {})]), SIDES, within=None, level=0.95)
        assert not move.rose
        assert not move.fell

    def test_usual_sides(self):
        one = triangle([(1000, {10: 100}), (1000, {10: 100})])
        assert usual_sides([one], QUARTERS) == (QUARTERS[0], QUARTERS[1])
        young = triangle([(1000, {10: 20, 150: 180}), (1000, {10: 20})])
        assert usual_sides([one, young], QUARTERS) is None
        assert list(labels_of([one])) == ["2026 Q1", "2026 Q2"]


def move(before, after, *, start="lead", target="mql", days=(90, 91), level=0.95):
    """(entered, converted) by segment on each side."""
    entered, converted = (np.array([[n for n, _ in side] for side in (before, after)]),
                          np.array([[x for _, x in side] for side in (before, after)]))  # fmt: skip
    totals = entered.sum(axis=1)
    return Move(
        start=start,
        target=target,
        before="2026 Q1",
        after="2026 Q2",
        within=60,
        coverage=0.95,
        entered=tuple(int(n) for n in totals),
        converted=tuple(int(n) for n in converted.sum(axis=1)),
        days=days,
        worth=tuple(float(n) for n in totals),
        segments=tuple((f"s{k}",) for k in range(len(before))),
        entered_by=entered,
        converted_by=converted,
        level=level,
    )


class TestRateAgainstVolume:
    def test_effects_add_up(self):
        one = move([(1000, 100)], [(400, 80)])
        # volume (400 - 1000) x (.1 + .2) / 2, rate (.2 - .1) x (1000 + 400) / 2
        assert dict(one.effects) == pytest.approx({"volume": -90, "rate": 70})
        assert sum(one.effects.values()) == pytest.approx(80 - 100)
        assert one.verdict == "rate rose, no clear change in how many converted a day"

    def test_a_higher_rate_of_fewer_is_no_win(self):
        [found] = concerns_of([move([(1000, 100)], [(400, 80)])], {}, ())
        assert found.kind == "volume fell"
        assert "from 1,000 to 400" in found.sentence
        assert "100 converted before, 80 after" in found.sentence
        assert found.evidence["change"] == pytest.approx(0.1)

    def test_a_higher_rate_of_as_many_is_one(self):
        assert not concerns_of([move([(1000, 100)], [(1000, 200)])], {}, ())
        assert not concerns_of([move([(1000, 100)], [(600, 240)])], {}, ())

    def test_a_shorter_period_is_not_less_volume(self):
        month = move([(900, 90)], [(300, 60)], days=(90, 30))
        assert month.volume == pytest.approx(1.0)
        assert not concerns_of([month], {}, ())

    def test_a_part_of_a_period_has_no_volume_to_compare(self):
        part = move([(1000, 100)], [(400, 80)])
        object.__setattr__(part, "partial", True)
        assert part.verdict == "rate rose; part of a period"
        assert not concerns_of([part], {}, ())


class TestMix:
    # 10 % and 50 %, unchanged; the easy segment grows from 100 to 600
    EASIER = ([(900, 90), (100, 50)], [(400, 40), (600, 300)])

    def test_a_rise_by_mix_is_named(self):
        [found] = concerns_of([move(*self.EASIER)], {}, ("source",))
        assert found.kind == "easier mix"
        # .34 - .14, all of it by the mix
        assert found.evidence["mix"] == pytest.approx(0.2)
        assert found.evidence["rate"] == pytest.approx(0.0)
        assert "easier mix of source" in found.sentence

    def test_not_where_the_rates_rose_at_the_same_mix(self):
        assert not concerns_of([move([(900, 90), (100, 50)], [(900, 270), (100, 60)])], {}, ("s",))

    def test_not_without_segments(self):
        assert not concerns_of([move(*self.EASIER)], {}, ())


class TestLooserQualification:
    UP = move([(1000, 300)], [(1000, 500)])
    DOWN = move([(300, 150)], [(500, 150)], start="mql", target="sql")
    SAME = move([(1000, 150)], [(1000, 150)], target="sql")

    def test_named_with_the_way_through(self):
        [found] = concerns_of([self.UP, self.DOWN], {("lead", "sql"): self.SAME}, ())
        assert found.kind == "looser qualification"
        assert (found.start, found.target) == ("lead", "mql")
        assert "closes less" in found.sentence
        assert found.evidence["through"] == 0
        assert found.evidence["down"] == pytest.approx(-0.2)

    def test_not_where_more_come_through(self):
        more = move([(1000, 150)], [(1000, 250)], target="sql")
        assert not concerns_of([self.UP, self.DOWN], {("lead", "sql"): more}, ())

    def test_not_where_the_later_rate_did_not_clearly_fall(self):
        down = move([(300, 150)], [(500, 240)], start="mql", target="sql")
        assert not concerns_of([self.UP, down], {}, ())

    def test_not_where_the_later_step_fell_for_want_of_age(self):
        young = Move(**{**vars(self.DOWN), "lacks": "immature"})
        assert not concerns_of([self.UP, young], {}, ())


def simulated(rng, rates, *, steps=4, n=600):
    """Four steps on each side; records that move on enter the next step."""
    moves = []
    level = 1 - 0.05 / steps
    entered = [rng.multinomial(rng.poisson(n), [0.5, 0.3, 0.2]) for _ in range(2)]
    for k in range(steps):
        converted = [rng.binomial(entered[side], rates[side][k]) for side in range(2)]
        sides = [list(zip(entered[side], converted[side], strict=True)) for side in range(2)]
        moves.append(move(*sides, start=f"{k}", target=f"{k + 1}", level=level, days=(90, 90)))
        entered = converted
    return moves


def test_noise_does_not_warn():
    """Nothing changed: at most one diagnosis in twenty warns of anything."""
    rng, runs = np.random.default_rng(5), 150
    same = [np.array([[0.4, 0.3, 0.5]] * 4)] * 2
    warned = sum(bool(concerns_of(simulated(rng, same), {}, ("source",))) for _ in range(runs))
    assert warned / runs < 0.05


def test_planted_looseness_is_found():
    """MQLs 40 to 60 %, of which 40 instead of 60 % go on: found in nine of ten quarters."""
    rng, runs = np.random.default_rng(6), 60
    rates = [np.full((4, 3), 0.5) for _ in range(2)]
    rates[0][0], rates[1][0], rates[0][1], rates[1][1] = 0.4, 0.6, 0.6, 0.4
    kinds = [{one.kind for one in concerns_of(simulated(rng, rates), {}, ())} for _ in range(runs)]
    assert sum("looser qualification" in found for found in kinds) > 0.9 * runs
