"""Movements add up in every draw, and tables that tell little or nothing have bounds."""

import numpy as np
import pandas as pd
import pytest

from funnelkit._core.errors import FunnelError
from funnelkit.forecast.recurring_revenue.forecasting import recurring
from funnelkit.metrics.recurring.revenue import MOVES
from tests.forecast.recurring_revenue.worlds import spans, world

SIGNS = {"new": 1, "reactivation": 1, "expansion": 1, "contraction": -1, "churn": -1}


def exact(values):
    """Whole ten-thousandths of the currency's unit."""
    whole = np.rint(np.asarray(values) * 10_000)
    assert np.allclose(whole, np.asarray(values) * 10_000, rtol=1e-12, atol=1e-4)
    return whole.astype(np.int64)


@pytest.fixture(scope="module")
def forecast():
    table = world(3, months=20, first=25)
    rows, as_of = spans(table, 20)
    rows["mrr"] += 0.3333  # amounts that floats do not hold
    rows["region"] = np.where(rows["account"].str[-1] < "5", "east", "west")
    return recurring(rows, 6, new=250, by=None, as_of=as_of, n_draws=200)


def test_movements_add_up_to_the_change_in_every_draw(forecast):
    before = exact(forecast.opening)[None, :, None] * np.ones((200, 1, 1), np.int64)
    path = np.concatenate([before, exact(forecast.draws)], axis=2)
    moved = sum(sign * exact(forecast.movements[name]) for name, sign in SIGNS.items())
    assert (np.diff(path, axis=2) == moved).all()
    assert (forecast.draws >= 0).all()
    assert all((forecast.movements[name] >= 0).all() for name in MOVES)


def test_a_plan_comes_as_it_is(forecast):
    assert (forecast.movements["new"] == 250).all()


def test_one_month_has_no_movement():
    rows = pd.DataFrame({"account": ["a"], "month": ["2026-01"], "mrr": [10]})
    with pytest.raises(FunnelError, match="Two months"):
        recurring(rows)


def test_one_account_that_never_left_may_leave():
    rows = pd.DataFrame(
        {
            "account": ["a"] * 4,
            "month": pd.period_range("2026-01", periods=4, freq="M").astype(str),
            "mrr": [10] * 4,
        }
    )
    found = recurring(rows, 3, new=0, n_draws=400)
    assert 0 < found.movements["churn"].max() <= 100
    assert 0 < found.probability(10) < 1
    assert any("a has 100.0" in note for note in found.notes)
    alone = found.without("a")
    assert (alone.draws == 0).all()
