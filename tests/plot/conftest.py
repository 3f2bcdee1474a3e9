"""Triangles with numbers chosen by hand, and figures that are closed before and after each test."""

import datetime as dt
from collections.abc import Callable, Iterator

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import funnelkit as fk

Part = tuple[int, int, dict[int, int]]
NASTY = (
    "$x_1^2$ & a_b",
    None,
    "<script>alert(1)</script>",
    "two\nlines",
    "long " * 30,
    "\\frac{1}",
)


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    plt.close("all")  # of tests in other rooms
    yield
    plt.close("all")


def build(
    cells: list[list[list[Part]]],
    *,
    segments: tuple[tuple[str | None, ...], ...] = ((),),
    by: tuple[str, ...] = (),
    start: str = "lead",
    target: str = "won",
    exits: tuple[str, ...] = (),
    lost: dict[int, int] | None = None,
) -> fk.Triangle:
    """Parts (leads, age at as_of, {age: conversions}) by segment and cohort."""
    shape = (len(cells), len(cells[0]))
    n_ages = 1 + max((age for row in cells for cell in row for _, age, _ in cell), default=0)
    entered = np.zeros(shape, int)
    cubes = {name: np.zeros((*shape, n_ages), int) for name in (target, *exits, "open", "followed")}
    for i, row in enumerate(cells):
        for j, cell in enumerate(row):
            for leads, age, events in cell:
                gone = dict(lost or {}) if exits else {}
                entered[i, j] += leads
                cubes["followed"][i, j, age] += leads
                for at, number in events.items():
                    cubes[target][i, j, at] += number
                for at, number in gone.items():
                    cubes[exits[0]][i, j, at] += number
                cubes["open"][i, j, age] += leads - sum(events.values()) - sum(gone.values())
    return fk.Triangle(
        start=start,
        target=target,
        exits=exits,
        by=by,
        segments=segments,
        cohorts=pd.period_range("2026-01", periods=shape[1], freq="M"),
        as_of=dt.date(2026, 12, 31),
        entered=entered,
        events={name: cubes[name] for name in (target, *exits)},
        censored=cubes["open"],
        followed=cubes["followed"],
    )


@pytest.fixture
def make() -> Callable[..., fk.Triangle]:
    """The builder of triangles."""
    return build


@pytest.fixture
def three() -> fk.Triangle:
    """An old cohort, a middle one, and a young one of 500, 400 and 300 leads."""
    return build(
        [
            [
                [(500, 90, {0: 10, 5: 20, 20: 10, 60: 10})],
                [(400, 45, {0: 8, 5: 20, 20: 20})],
                [(200, 10, {0: 4, 5: 8}), (100, 3, {0: 2})],
            ]
        ]
    )


@pytest.fixture
def nasty() -> fk.Triangle:
    """One cohort in segments with names that mean something to mathtext, HTML or a terminal."""
    cell: list[Part] = [(300, 40, {0: 10, 9: 20}), (100, 4, {1: 5})]
    return build(
        [[cell] for _ in NASTY],
        segments=tuple((name,) for name in NASTY),
        by=("$s_1",),
        start="lead_$a",
        target="won_$b",
    )
