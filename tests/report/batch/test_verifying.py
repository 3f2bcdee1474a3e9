"""`verify`: what is said to differ, and where funnel.yml and the exports are looked for."""

import json
import shutil
from pathlib import Path

import pytest

from funnelkit import Funnel, FunnelError, archive
from funnelkit.cli import main
from funnelkit.report.batch.running import run_many
from funnelkit.report.runner import run
from funnelkit.report.verifying import verify
from tests.report.batch.stub import Stub

MANIFEST = Path("reports/2026-01/manifest.json")


@pytest.fixture
def written(stub: Stub) -> Stub:
    run_many("monthly", months="2026-01")
    return stub


def test_the_same_again(written: Stub, capsys) -> None:
    before = {one: one.stat().st_mtime_ns for one in Path("reports").rglob("*")}
    assert main(["report", "--verify", str(MANIFEST)]) == 0
    assert capsys.readouterr().out == f"{MANIFEST}: the same again: 2 files, byte for byte.\n"
    assert {one: one.stat().st_mtime_ns for one in Path("reports").rglob("*")} == before


def test_a_folder_stands_for_its_manifest(written: Stub) -> None:
    assert verify(MANIFEST.parent).same


def test_each_changed_input_is_named(written: Stub, capsys) -> None:
    text = Path("leads.csv").read_text(encoding="utf-8")
    Path("leads.csv").write_text(text + "7,2026-01-07,EMEA,,web\n", encoding="utf-8")
    Path("funnel.yml").write_text(
        Path("funnel.yml").read_text(encoding="utf-8") + "targets: targets.csv\n", encoding="utf-8"
    )
    Path("targets.csv").write_text("month,won\n2026-04,3\n", encoding="utf-8")
    assert main(["report", "--verify", str(MANIFEST), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["same"] is False
    assert [one.split(":")[0] for one in said["inputs"]] == [
        "input funnel.yml has changed",
        "input leads.csv has changed",
        "input targets.csv is new",
    ]
    assert said["outputs"] == []


def test_a_file_edited_or_gone_beside_the_manifest_is_named(written: Stub) -> None:
    (MANIFEST.parent / "monthly_report.html").write_text("edited", encoding="utf-8")
    (MANIFEST.parent / "tables.xlsx").unlink()
    found = verify(MANIFEST)
    assert not found.same
    assert found.kept == (
        "monthly_report.html beside the manifest was changed after it was written",
        "tables.xlsx is no longer beside the manifest",
    )
    assert found.outputs == ()


def test_other_versions_are_named_and_are_no_difference_by_themselves(written: Stub) -> None:
    content = json.loads(MANIFEST.read_text(encoding="utf-8"))
    content["versions"]["pandas"] = "0.1"
    MANIFEST.write_text(json.dumps(content), encoding="utf-8")
    found = verify(MANIFEST)
    assert found.same
    assert found.versions[0].startswith("pandas was 0.1 and is ")
    assert found.summary().endswith("byte for byte, by other versions.")


def test_another_output_is_named(written: Stub) -> None:
    written.text = "other tables"
    assert verify(MANIFEST).outputs == ("tables.xlsx differs",)


def test_a_report_that_cannot_be_made_again_says_why(written: Stub) -> None:
    written.fails = {"2026-01"}
    found = verify(MANIFEST)
    assert not found.same
    assert found.outputs == (
        "it cannot be made again: the monthly report stopped in cell 3: no <i>won</i> date",
    )
    Path("leads.csv").unlink()
    assert "leads.csv" in verify(MANIFEST).outputs[0]


def test_funnel_yml_is_found_above_the_manifest(
    written: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert verify(tmp_path / "sales" / MANIFEST).same
    shutil.move(tmp_path / "sales" / "reports", tmp_path / "reports")
    with pytest.raises(FunnelError, match="name `config`"):
        verify(tmp_path / MANIFEST)
    assert verify(tmp_path / MANIFEST, config=tmp_path / "sales").same


def test_exports_given_in_place_are_found_or_asked_for(stub: Stub, tmp_path: Path) -> None:
    shutil.copy("leads.csv", tmp_path / "mine.csv")
    run("monthly", month="2026-01", data=str(tmp_path / "mine.csv"), progress=False)
    with pytest.raises(FunnelError, match=r"mine.csv, which the report was made from, .* `data`"):
        verify(MANIFEST)
    assert verify(MANIFEST, data=str(tmp_path / "mine.csv")).same


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"report": "monthly"}'])
def test_what_is_no_manifest_is_refused_with_2(stub: Stub, text: str, capsys) -> None:
    Path("x.json").write_text(text, encoding="utf-8")
    assert main(["report", "--verify", "x.json"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_what_was_read_of_the_past_is_an_input(stub: Stub) -> None:
    stub.past = {"archive/2026-01-04": "a", "report of 2025-12": "b", "report of 2025-11": "c"}
    run_many("monthly", months="2026-01")
    assert verify(MANIFEST).same
    stub.past = {"archive/2026-01-04": "other", "report of 2025-11": "c", "report of 2025-10": "d"}
    found = verify(MANIFEST)
    assert not found.same
    assert found.inputs == (
        "archive/2026-01-04, which was read beside the inputs, has changed",
        "report of 2025-12, which was read beside the inputs, is no longer read",
        "report of 2025-10 is read beside the inputs now",
    )


def test_a_report_on_an_archive_is_there_while_the_archive_is(stub: Stub) -> None:
    def kept(day: str, folder: str) -> str:
        funnel = Funnel(["lead", "won"], id="id", segments=["region", "source"])
        made = archive("leads.csv", funnel, folder=folder, as_of=day, overwrite=True)
        return made.fingerprint(day)

    stub.past = {"archive/2026-01-04": kept("2026-01-04", "archive")}
    (first,) = run_many("monthly", months="2026-01").reports
    (second,) = run_many("monthly", months="2026-01").reports
    assert (first.state, second.state) == ("written", "there already")
    Path("leads.csv").write_text("id,lead,won,region,source\n1,2026-01-01,,EMEA,web\n", "utf-8")
    kept("2026-01-04", "archive")
    shutil.copy("leads.csv", "later.csv")
    asked = run_many("monthly", months="2026-01", data="later.csv").reports
    assert [one.state for one in asked] == ["written"]
