"""Scenarios that stand on each other."""

import pytest

from funnelkit._core.errors import ArgumentError
from funnelkit.plan import Scenario
from funnelkit.plan.scenarios.scenario import gathered


def test_an_own_change_takes_the_place_of_the_one_below():
    below = Scenario(
        name="below",
        inputs={"a": "x0.8", "b": 3},
        targets={"2027-01": 5, "2027-02": 6},
        mix={"x": 1},
        probability="90%",
        ceilings={"x": 5, "y": 6},
        leads="x2",
    )
    middle = Scenario(name="middle", based_on="below", inputs={"a": "x0.5"}, targets={"2027-01": 7})
    top = Scenario(name="top", based_on="middle", ceilings={"y": 7}, leads={"x": 1}, targets="x3")
    found = {one.name: one for one in gathered([top, middle, below])}
    assert found["middle"].inputs["a"].of(10) == 5  # not 4: it is no factor on top
    assert found["middle"].inputs["b"].value == 3
    assert found["middle"].targets["2027-01"].value == 7
    assert found["middle"].targets["2027-02"].value == 6
    assert found["top"].targets.of(2) == 6
    assert (found["top"].probability, dict(found["top"].mix)) == (0.9, {"x": 1})
    assert dict(found["top"].ceilings) == {"x": 5, "y": 7}
    assert found["top"].leads["x"].value == 1
    assert found["below"] is below


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "holds none"),
        ({}, "holds none"),
        (3, "got int"),
        ("file", "got str"),
        ([3], "got int"),
        ({"a": 3}, "must be a mapping"),
        ({"a": {"tragets": 3}}, "Did you mean `targets`?"),
        ({"a": {"based_on": "a"}}, "based on itself"),
        ([Scenario(name="a"), Scenario(name="a")], "two scenarios bear the name 'a'"),
        ({"a": {"based_on": "b"}, "bb": {}}, "unknown scenario `b`"),
    ],
)
def test_what_is_no_set_of_scenarios(given, words):
    with pytest.raises(ArgumentError) as error:
        gathered(given)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"inputs": 3}, "`inputs` must be a mapping"),
        ({"inputs": {3: 3}}, "a key that is no text"),
        ({"mix": {"a": 0}}, "`mix` must have a channel"),
        ({"mix": {"a": "x2"}}, "must be a number"),
        ({"probability": 1}, "between 0 and 1"),
        ({"probability": 80}, "Did you mean 0.8?"),
        ({"targets": {"low": 1, "high": 2}}, ""),
        ({"name": ""}, "`name` must be a text"),
    ],
)
def test_what_is_no_scenario(fields, words):
    if not words:  # months called low and high: said where the plan is known
        assert Scenario(**({"name": "a"} | fields)).targets["low"].value == 1
        return
    with pytest.raises(ArgumentError) as error:
        Scenario(**({"name": "a"} | fields))
    assert words in str(error.value)
