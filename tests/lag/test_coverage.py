"""Each interval holds the truth about as often as it says; benchmarks/ has the long run."""

import pytest

from benchmarks.coverage_intervals import SCENARIOS, Scenario, coverage


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_intervals_hold_the_truth(scenario: Scenario) -> None:
    """95 % are promised; of 150 runs at least 89 % is what three standard errors leave."""
    held, _ = coverage(scenario, 150)
    assert held >= 0.89


def test_adjusted_rates_are_not_all_too_wide() -> None:
    young = next(each for each in SCENARIOS if each.name == "adjusted, young cohort of 300")
    held, width = coverage(young, 100)
    assert held < 1
    assert width < 0.15
