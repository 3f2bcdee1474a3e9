"""The miss by volume, rate, lag and deal size: exact sums, a slow Shapley value, odd cells."""

from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from funnelkit._core.errors import ArgumentError
from funnelkit.forecast.rolling.drivers import Drivers
from funnelkit.forecast.rolling.misses import explain_miss

NAMES = ("volume", "rate", "lag", "deal_size")


def drivers(*rows: tuple[float, ...], cells: tuple[str, ...] | None = None) -> Drivers:
    columns = list(zip(*rows, strict=True))
    return Drivers(
        cells=cells or tuple(f"c{k}" for k in range(len(rows))),
        entered=columns[0],
        eventual=columns[1],
        won=columns[2],
        value=columns[3] if len(columns) > 3 else None,
    )


def slow_shapley(before: list[float], after: list[float]) -> list[float]:
    """The mean over all orders of what the product changes by when a factor does."""
    effects = np.zeros(len(before))
    orders = list(permutations(range(len(before))))
    for order in orders:
        now = list(before)
        for k in order:
            was = np.prod(now)
            now[k] = after[k]
            effects[k] += np.prod(now) - was
    return (effects / len(orders)).tolist()


def test_effects_are_the_mean_over_all_orders_and_add_up() -> None:
    rng = np.random.default_rng(4)
    sides = []
    for _ in range(2):
        entered = rng.uniform(50, 100, 6)
        eventual = entered * rng.uniform(0.1, 0.4, 6)
        won = eventual * rng.uniform(0.2, 0.9, 6)
        sides.append(drivers(*zip(entered, eventual, won, won * 9000, strict=True)))
    found = explain_miss(*sides)
    for k in range(6):
        before, after = ([float(one.factors[name][k]) for name in NAMES] for one in sides)
        own = [float(found.by_cell[name][k]) for name in NAMES]
        assert own == pytest.approx(slow_shapley(before, after), rel=1e-9, abs=1e-6)
        assert sum(own) == pytest.approx(found.actual[k] - found.forecast[k])
    assert sum(found.effects.values()) == pytest.approx(found.miss)
    frame = found.to_frame()
    effects = frame[[f"{name}_effect" for name in NAMES]].sum(axis=1)
    assert (frame["forecast"] + effects).tolist() == pytest.approx(frame["actual"].tolist())
    assert frame["cell"].tolist()[-1] == "total"
    bridge = found.bridge()
    assert bridge["line"].tolist() == ["forecast", *NAMES, "actual"]
    assert bridge["value"][:-1].sum() == pytest.approx(bridge["value"].iloc[-1])


@pytest.mark.parametrize(
    ("after", "name"),
    [
        ((50, 10, 5, 50_000), "volume"),
        ((100, 10, 5, 50_000), "rate"),
        ((100, 20, 5, 50_000), "lag"),
        ((100, 20, 10, 50_000), "deal_size"),
    ],
)
def test_one_factor_alone_bears_the_whole_miss(after: tuple[float, ...], name: str) -> None:
    # 100 leads, 20 won in the end, 10 of them in the month, 10,000 each: half of all that came
    found = explain_miss(drivers((100, 20, 10, 100_000)), drivers(after), period="May 2026")
    assert found.miss == -50_000
    assert found.effects[name] == pytest.approx(-50_000)
    others = [effect for own, effect in found.effects.items() if own != name]
    assert others == pytest.approx([0, 0, 0])
    assert f"\u221250,000 by {name.replace('_', ' ')}" in found.summary()
    assert found.summary().startswith("Bookings of May 2026: 50,000 came, 100,000 were forecast")


def test_wins_are_split_without_money() -> None:
    found = explain_miss(drivers((100, 20, 10)), drivers((100, 20, 12)))
    assert list(found.effects) == ["volume", "rate", "lag"]
    assert found.effects["lag"] == pytest.approx(2.0)
    assert found.summary() == (
        "Won deals: 12 came, 10 were forecast (+2.0): +2.0 by lag (as more of these wins fell into "
        "the period)."
    )


def test_a_cell_on_one_side_is_all_volume() -> None:
    before = drivers((100, 20, 10, 100.0), cells=("web",))
    after = drivers((100, 20, 10, 100.0), (30, 9, 3, 60.0), cells=("web", "new channel"))
    found = explain_miss(before, after)
    assert found.effects == pytest.approx({"volume": 60, "rate": 0, "lag": 0, "deal_size": 0})
    back = explain_miss(after, before)
    assert back.effects["volume"] == pytest.approx(-60)


@pytest.mark.parametrize(
    ("after", "name"),
    [((0, 0, 0, 0), "volume"), ((100, 0, 0, 0), "rate"), ((100, 20, 0, 0), "lag")],
)
def test_a_month_without_wins_is_blamed_where_it_stopped(
    after: tuple[float, ...], name: str
) -> None:
    found = explain_miss(drivers((100, 20, 10, 1000)), drivers(after))
    assert found.effects[name] == pytest.approx(-1000)
    assert sum(found.effects.values()) == pytest.approx(-1000)
    assert all(np.isfinite(list(found.effects.values())))


def test_nothing_on_both_sides_is_no_miss() -> None:
    found = explain_miss(drivers((0, 0, 0, 0)), drivers((0, 0, 0, 0)))
    assert found.miss == 0
    assert "nothing was missed" in found.summary()


def test_tables_do_as_well() -> None:
    rows = {"cell": ["a", "b"], "entered": [10, 20], "eventual": [5, 5], "won": [2, 1]}
    before = pd.DataFrame({**rows, "value": [200.0, 50.0]})
    after = pd.DataFrame({**rows, "value": [300.0, 50.0]})
    found = explain_miss(before, after, currency="EUR", period="2026-05")
    assert found.effects["deal_size"] == pytest.approx(100.0)
    assert found.summary().startswith("Bookings of 2026-05: EUR 350 came, EUR 250 were forecast")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(10, 20, 5)], "more are won in the end than entered in `c0`"),
        ([(10, 5, 6)], "more are won in the periods than in the end in `c0`"),
        ([(10, 5, 0, 7.0)], "there is money without a win in `c0`"),
        ([(-1, 0, 0)], "`entered` must be at least 0; got -1"),
        ([(np.nan, 0, 0)], "`entered` must be at least 0; got nan"),
        ([("x", 0, 0)], "`entered` must be numbers"),
    ],
)
def test_numbers_that_cannot_be_are_refused(rows: list[Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        drivers(*rows)


def test_sides_must_fit() -> None:
    with pytest.raises(ArgumentError, match="only `after` has `value`"):
        explain_miss(drivers((10, 5, 1)), drivers((10, 5, 1, 7)))
    with pytest.raises(ArgumentError, match="`before` must be Drivers or a frame; got int"):
        explain_miss(3, drivers((10, 5, 1)))  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="`won` is missing"):
        explain_miss(pd.DataFrame({"cell": [], "entered": [], "eventual": []}), drivers((1, 1, 1)))
    with pytest.raises(ArgumentError, match="at least one cell, each once"):
        drivers((1, 1, 1), (1, 1, 1), cells=("a", "a"))
    with pytest.raises(ArgumentError, match="one number for each of 2 cells"):
        Drivers(cells=("a", "b"), entered=[1], eventual=[1], won=[1])


def test_hostile_names_stay_text() -> None:
    name = "<script>=1+1</script>"
    found = explain_miss(
        drivers((10, 5, 1), cells=(name,)), drivers((10, 5, 2), cells=(name,)), what=name
    )
    assert "<script>" not in found._repr_html_()
