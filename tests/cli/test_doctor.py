"""`funnelkit doctor`: problems of the installation and the configuration, each with its remedy."""

import importlib.metadata
import json
from pathlib import Path

import pytest

from funnelkit.cli import checkup

GOOD = "stages: [lead, won]\nid: id\nas_of: 2026-03-31\ndata: leads.csv\n"
ROWS = "id,lead,won\n" + "".join(
    f"{n},2026-01-{n:02d},{'2026-02-01' if n % 3 else ''}\n" for n in range(1, 29)
)


@pytest.fixture
def files():
    def write(funnel: str, rows: str = ROWS) -> None:
        Path("funnel.yml").write_text(funnel, encoding="utf-8")
        Path("leads.csv").write_text(rows, encoding="utf-8")

    return write


def test_in_an_empty_folder_the_installation_is_in_order(command) -> None:
    told = command("doctor")
    assert (told.code, told.err) == (0, "")
    assert told.out.endswith("Everything is in order.\n")
    assert "note     funnel.yml: is not here." in told.out
    assert "`funnelkit try EXPORT` needs none" in told.out


def test_a_good_configuration_is_read_and_audited(command, files) -> None:
    files(GOOD)
    told = command("doctor", "--json")
    said = json.loads(told.out, parse_constant=pytest.fail)
    assert (told.code, said["problems"]) == (0, 0)
    found = {one["what"]: one["found"] for one in said["configuration"]}
    assert found["exports"].startswith("28 records from 28 rows read, 0 set aside")


def test_every_mistake_of_a_configuration_is_a_problem(command, files) -> None:
    files("stages: [lead]\nas_off: 2026-03-31\n")
    told = command("doctor")
    assert told.code == 1
    lines = [line for line in told.out.splitlines() if line.startswith("  PROBLEM")]
    assert "funnel.yml, line 1: `stages` needs at least two names" in lines[0]
    assert "Did you mean `as_of`?" in lines[1]
    assert told.out.endswith("2 problems.\n")


def test_an_error_of_the_audit_is_a_problem_with_its_remedy(command, files) -> None:
    rows = "id,lead,won,lost\n" + "".join(
        f"{n},2026-01-{n:02d},,2026-02-01\n" for n in range(1, 29)
    )
    files(GOOD.replace("id: id", "exits: [lost]\nid: id"), rows)
    told = command("doctor")
    assert told.code == 1
    assert "PROBLEM  audit: 1 error: All 28 records have left through `lost`" in told.out
    assert "`funnelkit audit` lists them all" in told.out


def test_exports_that_are_not_there_are_a_problem(command) -> None:
    Path("funnel.yml").write_text(GOOD, encoding="utf-8")
    told = command("doctor")
    assert told.code == 1
    assert "leads.csv" in told.out


def test_packages_that_are_missing_or_too_old_are_named(monkeypatch) -> None:
    needed = ["numpy>=999", "no-such-package>=1", "pandas", 'polars>=1; extra == "polars"']
    monkeypatch.setattr(importlib.metadata, "requires", lambda _: needed)
    found = next(one for one in checkup.installation() if one.what == "packages")
    assert found.level == "problem"
    version = importlib.metadata.version("numpy")
    assert found.found == f"numpy {version} is not >=999 and no-such-package is missing."
    assert "pip install" in found.remedy


def test_a_config_that_is_not_there_is_2(command) -> None:
    told = command("doctor", "--config", "nowhere.yml")
    assert (told.code, told.out) == (2, "")
    assert "there is no file or folder 'nowhere.yml'" in told.err
