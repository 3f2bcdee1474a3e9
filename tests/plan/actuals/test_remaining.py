"""The share still won of open records: the figures of the issue, a simulation, and the model."""

from types import SimpleNamespace

import numpy as np
import pytest

from funnelkit._core.errors import ArgumentError
from funnelkit.model.drawing import ModelDraws
from funnelkit.plan import residual_rate


def test_figures_of_the_issue() -> None:
    # A lead open at F = .4 with an eventual rate of .05: .03 / .98; of 980 open ones 30.0 are won.
    assert float(residual_rate(0.05, 0.4)) == pytest.approx(0.0306122, abs=5e-8)
    assert 980 * float(residual_rate(0.05, 0.4)) == pytest.approx(30.0, abs=1e-9)


def test_the_model_says_the_same_of_records_at_its_last_stage() -> None:
    step = SimpleNamespace(
        passed=np.array([0.1, 0.4, 1.0]),
        gone=np.zeros(3),
        timing=SimpleNamespace(ultimate=np.array([[0.05]])),
        usual=0.05,
        levels=None,
    )
    model = SimpleNamespace(
        step=lambda stage: step,
        whole_days=lambda ages: np.asarray(ages, np.int64),
        burst_ages=lambda stage: (),
    )
    draws = object.__new__(ModelDraws)
    object.__setattr__(draws, "model", model)
    object.__setattr__(draws, "levels", {"lead": np.full((1, 1, 1), 0.05)})
    object.__setattr__(draws, "_cohorts", lambda step, days: np.zeros(len(days), np.int64))
    share = ModelDraws.still_moving(draws, "lead", [0, 1, 2])[0, 0]
    assert share[1] == pytest.approx(0.0306122, abs=5e-8)
    assert share == pytest.approx(residual_rate(0.05, step.passed))


def test_it_is_what_a_simulation_finds() -> None:
    """The slow way: give each lead a fate and a day, and count those still open."""
    rng = np.random.default_rng(1)
    n, rate, lost, day = 400_000, 0.2, 0.5, 3.0
    fate = rng.random(n)
    is_won, is_lost = fate < rate, (fate >= rate) & (fate < rate + lost)
    when = rng.exponential(5.0, n)
    still_open = ~((is_won | is_lost) & (when <= day))
    found = is_won[still_open].mean()
    matured = 1 - np.exp(-day / 5.0)
    # Standard error about .0007.
    assert float(residual_rate(rate, matured, left=lost * matured)) == pytest.approx(
        found, abs=0.003
    )


def test_ends_and_shapes() -> None:
    assert residual_rate([0.0, 1.0, 0.5], [0.3, 0.3, 1.0]).tolist() == [0.0, 1.0, 0.0]
    assert float(residual_rate(1.0, 1.0)) == 0.0
    assert residual_rate(np.full((2, 1), 0.1), np.full((1, 3), 0.5)).shape == (2, 3)


@pytest.mark.parametrize(
    ("rate", "matured", "left", "message"),
    [
        (5, 0.4, 0, "`rate` must be from 0 to 1; got 5"),
        (0.5, -0.1, 0, "`matured`"),
        (0.5, float("nan"), 0, "`matured`"),
        (0.9, 0.9, 0.5, "more than entered"),
    ],
)
def test_what_is_no_share_is_refused(
    rate: float, matured: float, left: float, message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        residual_rate(rate, matured, left=left)
