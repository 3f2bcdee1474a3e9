"""`funnelkit archive`, and control totals in `funnelkit audit`."""

import json
from pathlib import Path

import pytest

from funnelkit.cli import main

FUNNEL = "stages: [lead, won]\nid: id\nvalue: amount\ndata: leads.csv\n"
ROWS = "id,lead,won,amount\n1,2026-01-05,2026-02-01,7\n2,2026-01-09,,\n"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A function that runs a command in a folder with an export and a funnel.yml."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "leads.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "funnel.yml").write_text(FUNNEL, encoding="utf-8")

    def told(*words: str) -> tuple[int, str, str]:
        code = main(list(words))
        said = capsys.readouterr()
        return code, said.out, said.err

    return told


def test_it_keeps_lists_and_refuses(run, tmp_path: Path) -> None:
    code, out, err = run("archive")
    assert (code, out) == (
        0,
        "1 snapshot; the last one, of 1 February 2026, holds 2 rows in 1 table.\n",
    )
    assert err.startswith("note: `as_of` was taken as 2026-02-01")
    assert (tmp_path / "archive" / "2026-02-01" / "leads.parquet").is_file()
    code, out, err = run("archive", "--as-of", "2026-02-01")
    assert (code, err) == (0, "")
    assert out.startswith("Nothing changed: this export is kept already.\n1 snapshot")
    (tmp_path / "leads.csv").write_text(ROWS.replace(",7", ",8"), encoding="utf-8")
    code, out, err = run("archive", "--as-of", "2026-02-01")
    assert (code, out) == (1, "")
    assert err.startswith("funnelkit: another export is kept for 2026-02-01: `leads.csv` has other")
    code, out, _ = run("archive", "--as-of", "2026-02-01", "--overwrite", "--json")
    said = json.loads(out)
    assert (code, said["changed"], said["snapshots"]) == (0, True, {"2026-02-01": 2})
    code, out, _ = run("archive", "--list")
    assert (code, out.splitlines()[0].split()) == (0, ["2026-02-01", "2", "rows"])


def test_what_is_wrong_is_told(run, tmp_path: Path) -> None:
    assert run("archive", "--list")[0] == 1
    code, _, err = run("archive", "--config", "funnel.yaml")
    assert code == 2
    assert "Did you mean `funnel.yml`?" in err
    code, _, err = run("archive", "--overwrit")
    assert (code, "Did you mean `--overwrite`?" in err) == (2, True)
    code, _, err = run("archive", "--as-of", "31.01.2026")
    assert (code, "`as_of` must be a calendar day" in err) == (2, True)
    assert not list((tmp_path / "archive").glob("*"))


def test_an_archive_lies_beside_funnel_yml(run, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert run("archive", "--config", "../funnel.yml", "--as-of", "2026-02-28")[0] == 0
    assert (tmp_path / "archive" / "2026-02-28").is_dir()
    words = ("--config", "../funnel.yml", "--as-of", "2026-02-28", "--folder", "kept")
    assert run("archive", *words)[0] == 0
    assert (tmp_path / "elsewhere" / "kept" / "2026-02-28").is_dir()


def test_the_audit_opens_with_the_control_totals(run, tmp_path: Path) -> None:
    text = FUNNEL + "as_of: 2026-02-28\nexpected:\n  - {count: lead, in: {2026-01: 3}, total: 2}\n"
    (tmp_path / "funnel.yml").write_text(text, encoding="utf-8")
    code, out, _ = run("audit")
    assert code == 1
    assert out.startswith(
        "1 of 2 tie; lead in 2026-01: 1 fewer than the CRM's 3 (+1 not explained)"
    )
    code, out, _ = run("audit", "--json")
    ties = json.loads(out)["ties"]
    assert [(one["expected"], one["ours"], one["ties"]) for one in ties] == [
        (3, 2, False),
        (2, 2, True),
    ]
    (tmp_path / "funnel.yml").write_text(text.replace("2026-01: 3", "2026-01: 2"), encoding="utf-8")
    code, out, _ = run("audit")
    assert (code, out.splitlines()[0]) == (0, "All 2 control totals tie with the CRM.")
