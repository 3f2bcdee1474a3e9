"""`funnelkit audit`: every finding, in words or for machines; 1 where something is in error."""

import json
from pathlib import Path

import pytest

from funnelkit.cli import main

FUNNEL = "stages: [lead, won]\nexits: [lost]\nid: id\nas_of: 2026-06-30\ndata: leads.csv\n"
CANARY = "canary@example.org"


@pytest.fixture
def audit(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A function that audits rows by a funnel.yml, and returns the code and what was said."""
    monkeypatch.chdir(tmp_path)

    def run(rows: str, *words: str, funnel: str = FUNNEL) -> tuple[int, str, str]:
        (tmp_path / "leads.csv").write_text(rows, encoding="utf-8")
        (tmp_path / "funnel.yml").write_text(funnel, encoding="utf-8")
        code = main(["audit", *words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


ALL_LOST = "id,lead,won,lost\n" + "".join(
    f"{n},2026-01-{n:02d},,2026-02-01\n" for n in range(1, 29)
)
SOUND = "id,lead,won,lost\n" + "".join(
    f"{n},2026-01-{n:02d},{'2026-02-01' if n % 3 else ''},\n" for n in range(1, 29)
)


def test_an_error_is_said_with_its_remedy_and_exits_with_1(audit) -> None:
    code, out, err = audit(ALL_LOST)
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert lines[0].startswith("error: All 28 records have left through `lost`")
    assert lines[0].endswith("[all_lost]")
    assert "    Such an export supports no conversion rate." in out


def test_no_error_is_0(audit) -> None:
    code, out, _ = audit(SOUND)
    assert code == 0
    assert "error:" not in out


def test_names_are_held_against_the_lists_of_the_funnel(audit) -> None:
    rows = SOUND.replace("lost\n", "lost,source\n").replace(",\n", ",,web\n")
    funnel = FUNNEL + "segments: source\nknown:\n  source: [Web, Event]\n"
    code, out, _ = audit(rows, funnel=funnel)
    assert code == 0
    assert "web (for Web?)" in out
    assert "[names_unlisted]" in out


def test_for_machines_it_is_json_and_nothing_else(audit) -> None:
    code, out, err = audit(ALL_LOST, "--json")
    said = json.loads(out, parse_constant=pytest.fail)
    assert (code, err) == (1, "")
    assert said["findings"][0]["rule"] == "all_lost"
    assert set(said["findings"][0]) == {
        "rule",
        "severity",
        "count",
        "share",
        "what",
        "remedy",
        "examples",
    }


def test_data_that_cannot_be_read_are_1_and_say_everything(audit) -> None:
    code, out, err = audit("id,lead,won,lost\n1,31/01/2026,x,\n")
    assert (code, out) == (1, "")
    assert err.startswith("funnelkit: 2 problems:\n")
    assert "Traceback" not in err


def test_other_exports_can_be_named(audit, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text(SOUND, encoding="utf-8")
    code, out, _ = audit(ALL_LOST, "--config", "funnel.yml", "--data", "other.csv")
    assert code == 0
    assert "28 records" in out


def test_a_file_is_read_by_the_funnel_that_is_here(audit, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text(SOUND, encoding="utf-8")
    code, out, err = audit(ALL_LOST, "other.csv")
    assert (code, err) == (0, "")
    assert "in 28 records from 28 rows read" in out
    code, out, _ = audit(SOUND, "leads.csv", "other.csv")
    assert code == 0
    assert "28 ids stand in more than one of the files of `leads.csv and 1 more`" in out
    assert "    28 (50.0 %), for example: 1, 10, 11, 12, 13" in out.splitlines()


def test_a_file_that_is_not_there(audit) -> None:
    code, out, err = audit(SOUND, "laeds.csv")
    assert (code, out) == (2, "")
    assert "Did you mean `leads.csv`?" in err


def test_without_a_funnel_the_command_that_writes_one_is_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my leads.csv").write_text(SOUND, encoding="utf-8")
    assert main(["audit", "my leads.csv"]) == 2
    assert "`funnelkit init 'my leads.csv'` writes one to check" in capsys.readouterr().err
    assert main(["audit"]) == 2
    assert "`funnelkit init FILE` writes one" in capsys.readouterr().err


def test_no_personal_value_is_said(audit) -> None:
    rows = "id,lead,won,lost,email\n" + "".join(
        f"{n % 25},2026-01-{n:02d},{'2025-12-01' if n % 3 else ''},,{n}.{CANARY}\n"
        for n in range(1, 29)
    )
    rows += f"99,2026-01-05,,,x.{CANARY},one too many\n{CANARY}\n,2026-01-05,,,y.{CANARY}\n"
    for words in ((), ("--json",)):
        _, out, err = audit(rows, *words, funnel=FUNNEL + "personal: [email]\n")
        assert "misfit_rows" in out
        assert CANARY not in out + err


def test_olist(audit, shared_data: Path) -> None:
    """What its README names: the negative lag, blank origins, recording from 2017-12-05, 4 MQLs."""
    olist = (shared_data / "olist" / "olist_").as_posix()
    funnel = (
        "stages: [mql, won]\nid: mql_id\ncolumns: {mql: first_contact_date, won: won_date}\n"
        f"segments: [origin]\ndata:\n  files: {olist}marketing_qualified_leads_dataset.csv\n"
        f"  join: {olist}closed_deals_dataset.csv\n"
    )
    code, out, err = audit("", "--json", funnel=funnel)
    assert (code, err) == (0, "")
    found = {one["rule"]: one for one in json.loads(out)["findings"]}
    assert found["stages_out_of_order"]["count"] == 1
    assert found["blank_beside_placeholder"]["count"] == 60
    assert "2017-12-05" in found["recorded_only_from"]["remedy"]
    assert "has 4 records" in found["first_cohort_small"]["what"]


def test_tables_beside_the_leads_are_told_too(audit, tmp_path: Path) -> None:
    funnel = FUNNEL + "tables: {spend: spend.csv, subscriptions: subs.csv}\n"
    (tmp_path / "spend.csv").write_text("month,channel,amount\n2026-01,web,9\n,web,1\n", "utf-8")
    subs = "account,month,mrr\na,2026-01,5\na,2026-03,5\n"  # February lacks
    (tmp_path / "subs.csv").write_text(subs, "utf-8")
    code, out, _ = audit(SOUND, funnel=funnel)
    assert code == 1
    assert "Spend: 1 row of 2 read, 1 set aside." in out
    assert "error: 1 month has no row between 2026-01 and 2026-03." in out
    code, out, _ = audit(SOUND, "--json", funnel=funnel)
    said = json.loads(out, parse_constant=pytest.fail)
    assert said["tables"]["spend"]["findings"][0]["rule"] == "rows_set_aside"
