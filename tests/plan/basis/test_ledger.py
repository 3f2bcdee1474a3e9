"""The ledger: written, edited, read back; hostile names, and everything wrong at once."""

import re

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from funnelkit._core.errors import ArgumentError, DefinitionError
from funnelkit.plan import Estimate, read_assumptions, stated, write_assumptions
from funnelkit.plan.basis.ledger_writing import number, quoted

HOSTILE = ["a: b # c", "'\"\\", "- x\n  y: 1", "=SUM(A1)", "no", "{{x}}"]
HOSTILE += ["\u2028é€😀\x07", "&a *b !!python/x"]


@pytest.fixture
def plan_on():
    rates = {"inbound": [Estimate(value=0.25, sd=0.02, source="counted", n=900), 0.4],
             "fair": [0.5, 0.1]}  # fmt: skip
    return stated(rates, value={"mean": 20_000, "cv": 0.8, "sd": 900}, lag=(2, 1.2), cost=(120, 9),
                  lag_doubt=0.1, correlation=0.001, in_flight=(1.15e6, 1.5e5), as_of="2026-12-31",
                  horizon=6, n_draws=300)  # fmt: skip


def edited(tmp_path, plan_on, *changes):
    """Read the ledger back with some of its text replaced, from an input's name on."""
    path = write_assumptions(plan_on, tmp_path / "plan.yml")
    text = path.read_text(encoding="utf-8")
    for key, before, after in changes:
        head, found, tail = text.partition(f'  "{key}":\n')
        assert found, key
        assert before in tail
        text = head + found + tail.replace(before, after, 1)
    path.write_text(text, encoding="utf-8")
    return read_assumptions(path, plan_on)


def test_it_holds_every_input_with_its_interval(tmp_path, plan_on):
    path = write_assumptions(plan_on, tmp_path / "plan.yml")
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert list(found["inputs"]) == list(plan_on.inputs())
    law = stats.beta(*(np.array([0.25, 0.75]) * (0.25 * 0.75 / 0.02**2 - 1)))
    entry = found["inputs"]["inbound: lead to opportunity"]
    assert entry == {"value": 0.25, "low": pytest.approx(law.ppf(0.1), rel=1e-6),
                     "high": pytest.approx(law.ppf(0.9), rel=1e-6), "source": "counted",
                     "n": 900}  # fmt: skip
    assert "# inbound: 10.00 % of its leads are won" in path.read_text(encoding="utf-8")


def test_unedited_it_changes_nothing(tmp_path, plan_on):
    assert edited(tmp_path, plan_on) is plan_on


@settings(max_examples=40, deadline=None)
@given(st.floats(1e-9, 1e12))
def test_numbers_are_plain_and_close(value):
    text = number(value)
    assert re.fullmatch(r"\d+(\.\d+)?", text)
    assert float(text) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_come_back(tmp_path, name):
    plan_on = stated({name: [0.25]}, value=1)
    path = write_assumptions(plan_on, tmp_path / "plan.yml")
    text = path.read_text(encoding="utf-8")
    assert list(yaml.safe_load(text)["inputs"]) == list(plan_on.inputs())
    assert read_assumptions(path, plan_on) is plan_on
    assert yaml.safe_load(quoted(name)) == name
    path.write_text(text.replace("value: 0.25", "value: 0.5", 1), encoding="utf-8")
    assert read_assumptions(path, plan_on).rates.tolist() == [0.5]


def test_a_value_alone_keeps_its_relative_doubt(tmp_path, plan_on):
    found = edited(tmp_path, plan_on, ("inbound: lead to opportunity", "value: 0.25", "value: 0.3"))
    one = found.inputs()["inbound: lead to opportunity"]
    assert (one.value, one.sd, one.n) == (0.3, pytest.approx(0.024), 900)
    assert one.source == "edited: was 0.25 (counted)"
    path = tmp_path / "again.yml"
    write_assumptions(found, path)
    assert read_assumptions(path, found) is found


def test_an_interval_sets_the_doubt(tmp_path, plan_on):
    text = write_assumptions(plan_on, tmp_path / "p.yml").read_text(encoding="utf-8")
    entry = yaml.safe_load(text)["inputs"]["inbound: deal size"]
    wanted = stats.gamma((20_000 / 3_000) ** 2, scale=3_000**2 / 20_000).ppf([0.1, 0.9])
    ends = [
        ("inbound: deal size", f"{end}: {number(entry[end])}", f"{end}: {one}")
        for end, one in zip(("low", "high"), wanted, strict=True)
    ]
    found = edited(tmp_path, plan_on, *ends)
    one = found.inputs()["inbound: deal size"]
    assert (one.value, one.sd) == (20_000, pytest.approx(3_000))


def test_sources_and_dates_are_the_editors(tmp_path, plan_on):
    found = edited(tmp_path, plan_on,
                   ("fair: cost per lead", "value: 120", "value: 150"),
                   ("fair: cost per lead", 'source: "stated"', 'source: "offer of May"\n    n: 3'),
                   ("fair: cost per lead", "n: 3", "n: 3\n    date: 2026-05-02"))  # fmt: skip
    one = found.inputs()["fair: cost per lead"]
    assert (one.value, one.sd) == (150, pytest.approx(9 * 150 / 120))
    assert (one.source, one.n, str(one.date)) == ("offer of May", 3, "2026-05-02")


def test_short_entries_and_missing_ones(tmp_path, plan_on):
    path = tmp_path / "plan.yml"
    path.write_text('inputs:\n  "in flight": 2300000\n  "fair: lag in months":\n    value: 4\n',
                    encoding="utf-8")  # fmt: skip
    found = read_assumptions(path, plan_on)
    assert found.in_flight.value == pytest.approx(2 * plan_on.in_flight.value)
    assert found.channels[1].lag.mean_months == pytest.approx(4)
    assert found.channels[0] is plan_on.channels[0]


def test_everything_wrong_at_once(tmp_path, plan_on):
    path = tmp_path / "plan.yml"
    path.write_text(
        """\
as_of: 2026-11-30
inptus: 3
inputs:
  "inbound: dael size": 5
  "inbound: deal size": 1,000
  "inbound: deal size": 7
  "inbound: lead to opportunity": {value: 25}
  "inbound: opportunity to won": {value: 0.4, low: 0.5, high: 0.6}
  "fair: lead to opportunity": {value: 50 %}
  "fair: cost per lead": {value: -1, valeu: 3}
  "fair: correlation of leads": {low: 0, high: 0.1}
  "fair: opportunity to won": {low: 0.0001, high: 0.99999}
  "fair: lag in months": {value: .nan}
  "in flight": {date: May}
  "fair: deal size": [1]
""",
        encoding="utf-8",
    )
    with pytest.raises(DefinitionError) as found:
        read_assumptions(path, plan_on)
    text = str(found.value)
    for words in (
        "line 1: `as_of` is 2026-11-30, and the assumptions are as of 2026-12-31",
        "line 2: `inptus` is not known. Did you mean `inputs`?",
        "line 4: `inputs.inbound: dael size` is no input of these assumptions.",
        "Did you mean `inbound: deal size`?",
        "line 5: `inputs.inbound: deal size` must be a number; got '1,000'. Write it without",
        "line 6: `inputs.inbound: deal size` stands twice; first in line 5.",
        "got 25. Did you mean 0.25?",
        "and `high` must lie about `value`, 0.4; got 0.5 to 0.6.",
        "must be a number; got '50 %'. Write a share: 0.25 for 25 %.",
        "`inputs.fair: cost per lead.valeu` is not known. Did you mean `value`?",
        "and `high` must be as `value`: this is taken as known.",
        "is wider than 0.1 can be in doubt.",
        "must be a number; got '.nan'.",
        "must be a day such as 2026-10-31; got 'May'.",
        "line 15: `inputs.fair: deal size` must be a number; got a list.",
    ):
        assert words in text, words


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the file is empty; it needs `inputs:`"),
        ("as_of: 2026-12-31", "`inputs` is missing"),
        ("inputs: [1]", "must be a mapping"),
        ("inputs: {'in flight': &a 3}", "anchors"),
        ("inputs: {in flight: !!python/object 3}", "tags such as"),
        ("[" * 300, "nested too deeply"),
    ],
)
def test_what_is_no_ledger(tmp_path, plan_on, text, says):
    path = tmp_path / "plan.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match=re.escape(says)):
        read_assumptions(path, plan_on)


def test_files_that_cannot_be(tmp_path, plan_on):
    with pytest.raises(ArgumentError, match="cannot be read"):
        read_assumptions(tmp_path / "none.yml", plan_on)
    with pytest.raises(ArgumentError, match="cannot be written"):
        write_assumptions(plan_on, tmp_path / "none" / "plan.yml")
    (tmp_path / "latin.yml").write_bytes(b"inputs: \xe9")
    with pytest.raises(ArgumentError, match="it is not UTF-8"):
        read_assumptions(tmp_path / "latin.yml", plan_on)
    with pytest.raises(ArgumentError, match="must be what a plan stands on; got dict"):
        write_assumptions({}, tmp_path / "x.yml")
