"""Counts of two arms from one row per lead."""

import datetime as dt
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk

Row = tuple[str, int, str]
"""Arm, age at the last thing known, and what that was: an outcome or "" for still open."""


def build(
    rows: Sequence[Row],
    *,
    exits: tuple[str, ...] = (),
    arms: tuple[str | None, ...] = ("control", "treatment"),
    size: int = 0,
) -> fk.Triangle:
    """One cohort; leads with an outcome are taken to be as old as the oldest."""
    size = size or max(age for _, age, _ in rows) + 1
    names = ("won", *exits)
    cubes = {name: np.zeros((len(arms), 1, size), int) for name in (*names, "", "followed")}
    for arm, age, outcome in rows:
        k = arms.index(arm)
        cubes[outcome][k, 0, age] += 1
        cubes["followed"][k, 0, age if outcome == "" else size - 1] += 1
    return fk.Triangle(
        start="lead",
        target="won",
        exits=exits,
        by=("variant",),
        segments=tuple((arm,) for arm in arms),
        cohorts=pd.period_range("2026-01", periods=1, freq="M"),
        as_of=dt.date(2026, 12, 31),
        entered=sum(cubes[name] for name in (*names, "")).sum(axis=2),
        events={name: cubes[name] for name in names},
        censored=cubes[""],
        followed=cubes["followed"],
    )


@pytest.fixture
def counts() -> Callable[..., fk.Triangle]:
    """The builder."""
    return build
