"""Recurring revenue is a level: compared to targets as it stands, and not summed up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError


@pytest.fixture(scope="module")
def ahead() -> Any:
    months = [str(month) for month in pd.period_range("2025-09", "2026-06", freq="M")]
    rows = [
        (f"a{k}", month, 100 + 5 * (k % 7))
        for k in range(40)
        for j, month in enumerate(months)
        if k % 5 or j < 3 + k // 6
    ]
    table = pd.DataFrame(rows, columns=["account", "month", "mrr"])
    return fk.forecast.recurring(table, horizon=2, new=0, n_draws=60, as_of="2026-06-30")


def test_its_chance_is_that_of_the_level(ahead: Any) -> None:
    target = float(np.median(ahead.drawn(per="all")[:, 1]))
    table = fk.table.attainment(ahead, {"2026-08": target})
    chance = ahead.probability(target, until="2026-08")
    assert 0.4 < chance < 0.9
    assert table.rows[0][-1].replace("\u202f", " ") == f"{100 * chance:.0f} %"
    assert table.columns[0].head == "period"
    ax = fk.plot.attainment(ahead, {"2026-08": target})
    assert f"has a {100 * chance:.0f} % chance" in ax.get_title(loc="left").replace(
        "\u202f", " "
    ).replace("\n", " ")


def test_a_level_has_no_start_to_sum_from(ahead: Any) -> None:
    with pytest.raises(ArgumentError, match="`since` is for sums"):
        fk.plot.attainment(ahead, 100, since="2026-01")
