"""Scenarios in a file: written, edited, read, and refused."""

import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.plan import read_scenarios
from tests.plan.scenarios.made import chain, made


@pytest.fixture
def written(tmp_path):
    def write(text):
        file = tmp_path / "scenarios.yml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def test_all_that_a_scenario_may_say(written):
    file = written(
        """
all:
  description: "yes: all of it"
  inputs:
    "inbound: lead to won": x0.8
    outbound:
      deal size: {low: 20000, high: 30000}
      cost per lead: 120
    in flight: {value: 90, low: 80, high: 110}
  targets: {2027-03: +10%, 2027-04: 50_000}
  mix: {inbound: 3, no: 1}
  probability: 90%
  ceilings: {inbound: 500}
  leads: {inbound: x2}
more:
  based on: all
  targets: -5%
  leads: 900
"""
    )
    one, more = read_scenarios(file)
    assert one.description == "yes: all of it"
    assert one.inputs["inbound: lead to won"].of(0.5) == 0.4
    size = one.inputs["outbound: deal size"]
    assert (size.low, size.of(1), size.high) == (20_000, 25_000, 30_000)
    assert one.inputs["outbound: cost per lead"].of(1) == 120
    assert one.inputs["in flight"].value == 90
    assert {month: change.of(100) for month, change in one.targets.items()} == {
        "2027-03": pytest.approx(110),
        "2027-04": 50_000,
    }
    assert dict(one.mix) == {"inbound": 3, "no": 1}  # a channel may be called no
    assert (one.probability, dict(one.ceilings)) == (0.9, {"inbound": 500})
    assert one.leads["inbound"].of(10) == 20
    assert (more.based_on, more.targets.of(100), more.leads.of(1)) == ("all", 95, 900)


def test_everything_that_is_wrong_is_said_at_once_with_its_line(written):
    file = written(
        """\
a:
  inputs:
    "x: y": +5
    z: [1, 2]
  tragets: 5
  probability: 90
a:
  mix: {b: x2}
b:
  - 1
c:
d:
  based on: aa
  ceilings: {b: -1}
"""
    )
    with pytest.raises(ArgumentError) as error:
        read_scenarios(file)
    said = str(error.value)
    for words in (
        "line 4: `a.inputs.z` must be a text; got a list",
        "line 5: `a.tragets` is not known. Did you mean `targets`?",
        "line 7: `a` stands twice; first in line 1",
        "`inputs` of `x: y` must be",
        "`probability` must be between 0 and 1; got '90'. Did you mean 0.9?",
        "line 9: `b` must be a mapping",
        "line 11: `c` is empty",
        "`ceilings` of `b` must be",
    ):
        assert words in said, said
    assert said.startswith("scenarios.yml: ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty; it needs a scenario"),
        ("- a\n- b", "must hold `name: value` lines"),
        ("a: &x {targets: 5}\nb: *x", "anchors"),
        ("a: {targets: !!python/object:os.system 5}", "tags"),
        ("a: {inputs: {inbound: lead to mql: x2}}", "line 1"),
        ("a:\n  inputs:\n    inbound: lead to mql: x2", "Quote texts that hold"),
        ("a: " + "{a: " * 40 + "1" + "}" * 40, "nested too deeply"),
        ("a: {based on: b}\nb: {based on: a}", "based on itself"),
        ("slow: {}\nfast: {based on: slwo}", "Did you mean `slow`?"),
        ("as planned: {targets: 5}", "stands for the plan itself"),
        ("'': {targets: 5}", "must be a text"),
        ("a: {inputs: {b: {c: {d: {e: 5}}}}}", "must"),
    ],
)
def test_hostile_files(written, text, words):
    with pytest.raises(ArgumentError) as error:
        read_scenarios(written(text))
    assert words in str(error.value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(ArgumentError, match="cannot be read"):
        read_scenarios(tmp_path / "none.yml")
    with pytest.raises(ArgumentError, match="cannot be read"):
        read_scenarios(tmp_path)
    (tmp_path / "a.yml").write_bytes(b"a: \xff\xfe")
    with pytest.raises(ArgumentError, match="not UTF-8"):
        read_scenarios(tmp_path / "a.yml")
    (tmp_path / "b.yml").write_bytes(b"#" * 1_100_000)
    with pytest.raises(ArgumentError, match="larger than 1 MB"):
        read_scenarios(tmp_path / "b.yml")


@pytest.mark.parametrize("plan", [chain, made])
def test_the_example_that_is_written_is_read_and_compared(tmp_path, plan):
    file = fk.plan.write_scenarios(tmp_path / "s.yml", plan())
    found = fk.plan.compare_scenarios(plan(), file)
    assert len(found.names) == 4
    assert found.probability[1] < found.probability[0]
    text = file.read_text(encoding="utf-8")
    assert all(key in text for key in plan().assumptions.inputs())
    with pytest.raises(ArgumentError, match="there already"):
        fk.plan.write_scenarios(file, plan())
    with pytest.raises(ArgumentError, match="cannot be written"):
        fk.plan.write_scenarios(tmp_path / "none" / "s.yml", plan())


HOSTILE = ['a: "b"', "x\n- y: &a !!int", "\u2028{[*%@`", "no", "~", "\U0001f600 \x07", "# c"]


def test_channels_of_any_name_come_back_from_the_example(tmp_path):
    given = fk.plan.stated({name: [0.1, 0.2] for name in HOSTILE}, value=10_000, n_draws=10)
    plan = fk.plan.reverse(100_000, given)
    file = fk.plan.write_scenarios(tmp_path / "s.yml", plan)
    scenarios = read_scenarios(file)
    assert set(scenarios[0].inputs) <= set(given.inputs())
    assert set(scenarios[2].ceilings) <= set(HOSTILE)
    listed = file.read_text(encoding="utf-8").split("as they are:\n")[1]
    assert all(line.startswith("#") for line in listed.rstrip("\n").split("\n"))
    # every key as listed is read back as the key it is
    text = "a:\n  inputs:\n" + "\n".join(
        f"    {line[4:].rsplit(': ', 1)[0]}: x1" for line in listed.rstrip("\n").split("\n")
    )
    (tmp_path / "t.yml").write_text(text, encoding="utf-8")
    assert set(given.inputs()) <= set(read_scenarios(tmp_path / "t.yml")[0].inputs)
