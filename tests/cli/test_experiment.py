"""`funnelkit experiment`: each declared test read, with the figures that a reader can count."""

import json
from pathlib import Path

import pytest

FUNNEL = """\
stages: [lead, won]
id: id
segments: [page]
as_of: 2026-06-30
data: leads.csv
experiments:
  - {name: New page, assignment: page, variants: [old, new], within: 30}
"""


def rows(*, day: str = "2026-02-10", won: str = "2026-02-20") -> str:
    """A thousand leads on each page: 100 of the old and 160 of the new one are won."""
    lines = ["id,lead,won,page"]
    for page, wins in (("old", 100), ("new", 160)):
        lines += [f"{page}{k},{day},{won if k < wins else ''},{page}" for k in range(1000)]
    return "\n".join(lines) + "\n"


@pytest.fixture
def project(command):
    def write(text: str) -> None:
        Path("funnel.yml").write_text(FUNNEL, encoding="utf-8")
        Path("leads.csv").write_text(text, encoding="utf-8")

    write(rows())
    command.write = write
    return command


def test_shares_and_decision(project) -> None:
    told = project("experiment", "--json")
    assert told.code == 0, told.err
    one = json.loads(told.out, parse_constant=pytest.fail)["experiments"][0]
    assert one["name"] == "New page"
    assert one["decision"] == "adopt"
    metric = one["metrics"][0]
    assert metric["role"] == "primary"
    assert {0.1, 0.16} <= {round(v, 9) for v in metric.values() if isinstance(v, float)}


def test_in_words(project) -> None:
    told = project("experiment", "New page")
    assert told.code == 0, told.err
    assert "10.0\u202f% (n 1,000)" in told.out
    assert "new 16.0\u202f% (n 1,000)" in told.out


def test_an_unknown_name_gets_the_closest(project) -> None:
    told = project("experiment", "New pge")
    assert (told.code, told.out) == (2, "")
    assert "known: `New page`. Did you mean `New page`?" in told.err


def test_too_early_is_1_and_says_so(project) -> None:
    project.write(rows(day="2026-06-25", won="2026-06-29"))
    told = project("experiment")
    assert told.code == 1
    assert told.out.startswith("New page: too early to read. ")


def test_none_declared_is_2_and_says_what_to_write(command) -> None:
    Path("leads.csv").write_text(rows(), encoding="utf-8")
    Path("funnel.yml").write_text(FUNNEL.partition("experiments")[0], encoding="utf-8")
    told = command("experiment")
    assert told.code == 2
    assert "write under `experiments` in funnel.yml" in told.err
    example = told.err.partition("`- ")[2].partition("`.")[0]
    text = FUNNEL.partition("experiments")[0].replace("page]", "variant]")
    Path("leads.csv").write_text(
        rows().replace("page\n", "variant\n", 1).replace(",old", ",a").replace(",new", ",b"),
        encoding="utf-8",
    )
    Path("funnel.yml").write_text(f"{text}experiments:\n  - {example}\n", encoding="utf-8")
    assert command("experiment").code == 0  # the example works as it is told


def test_the_demo_has_an_experiment(command) -> None:
    told = command("experiment", "--demo")
    assert told.code == 0, told.err
    assert "Pricing page" in told.out
    assert "new page" in told.out
