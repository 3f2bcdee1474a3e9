"""manifest.json and what an executed notebook hands over to it."""

import datetime as dt
import hashlib
import json
from pathlib import Path

import pytest

import funnelkit
from funnelkit.report import executed, manifest
from funnelkit.report.config import load_config
from funnelkit.report.parameters import MonthlyParameters

CANARY = "canary@example.org"


@pytest.fixture
def described(tmp_path: Path) -> dict:
    (tmp_path / "sales" / "exports").mkdir(parents=True)
    files = [tmp_path / "sales" / "exports" / "leads.csv", tmp_path / "deals.csv"]
    for path in files:
        path.write_text(f"id,email\n1,{CANARY}\n", encoding="utf-8")
    yml = tmp_path / "sales" / "funnel.yml"
    yml.write_text(
        "stages: [lead, won]\npersonal: [email]\nid: n\ntimezone: Europe/Berlin\n"
        f"where: {{email: {CANARY}, region: [north, south]}}\nexclude: {{region: [test]}}\n"
        "calendar: {fiscal_year_start: 2, holidays: [2026-12-25]}\n",
        encoding="utf-8",
    )
    notebook = tmp_path / "monthly_report.ipynb"
    notebook.write_text("{}", encoding="utf-8")
    return manifest.describe(
        MonthlyParameters(month="2026-10", config=str(yml), data=[str(one) for one in files]),
        load_config(yml),
        inputs=[yml, *files],
        notebook=notebook,
        facts={"as_of": "2026-10-31", "leads": 7},
        warnings=("as_of is 2026-10-31",),
    )


def test_it_names_parameters_and_inputs_without_their_folders(described: dict) -> None:
    assert described["parameters"] == {
        "month": "2026-10",
        "config": "funnel.yml",
        "data": ["exports/leads.csv", "deals.csv"],
        "join": None,
        "demo": False,
        "only": None,
        "start": None,
        "target": None,
        "segment": None,
        "confidence_level": 0.95,
        "horizon": None,
    }
    assert [one["name"] for one in described["inputs"]] == [
        "funnel.yml",
        "exports/leads.csv",
        "deals.csv",
    ]
    assert described["notebook"] == {
        "name": "monthly_report.ipynb",
        "bytes": 2,
        "sha256": hashlib.sha256(b"{}").hexdigest(),
    }


def test_it_holds_the_definition_and_what_was_found(described: dict) -> None:
    assert described["funnel"]["stages"] == ["lead", "won"]
    assert described["funnel"]["personal"] == ["email"]
    assert described["funnel"]["calendar"] == {
        "fiscal_year_start": 2,
        "week_start": "monday",
        "holidays": ["2026-12-25"],
    }
    assert (described["as_of"], described["facts"]) == ("2026-10-31", {"leads": 7})
    assert described["warnings"] == ["as_of is 2026-10-31"]


def test_values_of_personal_columns_are_left_out(described: dict) -> None:
    assert described["rows"] == {
        "where": {"email": "(personal)", "region": ["north", "south"]},
        "exclude": {"region": ["test"]},
    }
    assert CANARY not in json.dumps(described)


def test_versions_are_those_that_run() -> None:
    import pandas as pd

    found = manifest.versions()
    assert (found["funnelkit"], found["pandas"]) == (funnelkit.__version__, pd.__version__)
    assert "absent" not in found.values()


def test_written_it_holds_the_hash_of_each_output(described: dict, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(b"<html>\xc3\xbc</html>")
    manifest.write(tmp_path / "m.json", described, {"page (2).html": page}, {"execute": 1.23456})
    text = (tmp_path / "m.json").read_text(encoding="utf-8")
    said = json.loads(text)
    assert said["outputs"] == [
        {
            "name": "page (2).html",
            "bytes": 15,
            "sha256": hashlib.sha256(page.read_bytes()).hexdigest(),
        }
    ]
    assert said["timings"] == {"execute": 1.23}
    assert tmp_path.as_posix() not in text


def test_facts_pass_through_the_notebook_as_plain_values() -> None:
    facts = manifest.Facts("May, as known at its end.", as_of=dt.date(2018, 5, 31), files=("a",))
    assert repr(facts) == "May, as known at its end."
    bundle = facts._repr_mimebundle_(include=None, exclude=None)
    assert bundle["text/plain"] == "May, as known at its end."
    cells = [
        {"cell_type": "markdown", "source": "x"},
        {"outputs": [{"output_type": "execute_result", "data": json.loads(json.dumps(bundle))}]},
        {"outputs": [{"output_type": "stream", "name": "stdout", "text": ["x"]}]},
    ]
    assert executed.facts_in(cells) == {"as_of": "2018-05-31", "files": ["a"]}


def test_warnings_are_read_without_their_places() -> None:
    def said(name: str, text: str) -> dict:
        return {"outputs": [{"output_type": "stream", "name": name, "text": [text]}]}

    cells = [
        said("stderr", "x/ipykernel_1/2.py:3: AssumptionWarning: one: two\n  warnings.warn(\n"),
        said("stderr", "C:\\a\\b.py:3: FutureWarning: three\nAssumptionWarning: one: two\n"),
        said("stdout", "UserWarning: not a warning\n"),
    ]
    assert executed.warnings_in(cells) == ("one: two", "three")
