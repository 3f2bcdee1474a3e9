"""`funnelkit plan`: a folder, whole or not at all, and one line where it cannot be."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import openpyxl
import pytest
import yaml

import funnelkit as fk
from funnelkit.cli import main

FUNNEL = (
    "stages: [lead, won]\nid: id\nvalue: amount\nsegments: [source]\nas_of: 2026-06-30\n"
    "data: leads.csv\ntables:\n  channel: source\n  spend: {path: spend.csv, currency: EUR}\n"
)
TARGETS = (
    "period,kind,amount\n2026-Q3,new,60000\n2026-Q4,new,90000\n"
    "2026-Q3,renewal,0\n2026-Q4,renewal,5000\n"
)


def rows() -> str:
    """Forty leads a month for eighteen months; one in ten is won, after 20 to 64 days."""
    lines = ["id,source,lead,won,amount"]
    for month in range(18):
        for k in range(40):
            day = dt.date(2025 + month // 12, month % 12 + 1, 1 + k % 27)
            won = day + dt.timedelta(days=20 + (7 * k + 5 * month) % 45)
            done = k % 10 == month % 10 and won <= dt.date(2026, 6, 30)
            source = ("web", "=fair")[k % 3 == 0]
            amount = 3000 + 100 * (k % 7)
            lines.append(
                f"{month}-{k},{source},{day},{won if done else ''},{amount if done else ''}"
            )
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    months = [f"{2025 + k // 12}-{k % 12 + 1:02d}" for k in range(18)]
    spend = "".join(f"{month},{name},2600\n" for month in months for name in ("web", "=fair"))
    for name, text in (
        ("leads.csv", rows()),
        ("funnel.yml", FUNNEL),
        ("targets.csv", TARGETS),
        ("spend.csv", f"month,channel,amount\n{spend}"),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def run(project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """A function that plans in the project, and returns the code and what was said."""
    monkeypatch.chdir(project)

    def call(*words: str) -> tuple[int, str, str]:
        code = main(["plan", *words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def test_a_plan_is_written_and_can_be_fed_back(run, project: Path) -> None:
    code, out, err = run("--targets", "targets.csv", "--json")
    assert (code, err) == (0, ""), out
    said = json.loads(out, parse_constant=pytest.fail)
    folder = project / "plans" / "2026-06"
    assert {one.name for one in folder.iterdir()} == {
        "assumptions.yml", "plan.html", "plan.xlsx", "plan.yml",
    }  # fmt: skip
    assert [one.name for one in folder.parent.iterdir()] == ["2026-06"]
    assert said["figures"]["goal"] == pytest.approx(150_000)
    assert said["figures"]["cost_of_leads"] == pytest.approx(said["figures"]["total_cost"])
    assert "=fair" in openpyxl.load_workbook(folder / "plan.xlsx")["Inputs"]["A5"].value
    record = fk.plan.read_plan(folder / "plan.yml")
    assert record.leads.sum() == said["figures"]["leads"]
    assert record.by == ("source",)

    edited = yaml.safe_load((folder / "assumptions.yml").read_text(encoding="utf-8"))
    place = edited["inputs"]["web: lead to won"]
    place["value"] = place["value"] / 2
    (project / "edited.yml").write_text(yaml.safe_dump(edited), encoding="utf-8")
    code, out, _ = run(
        "--targets", "targets.csv", "--assumptions", "edited.yml", "--out", "other", "--json"
    )
    assert code == 0
    assert json.loads(out)["figures"]["leads"] > 1.2 * said["figures"]["leads"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--targets", "target.csv"), 2, "`targets` names no file: 'target.csv' does not exist."),
        ((), 2, "`targets` is missing"),
        (("--targets", "targets.csv", "--probability", "80"), 2, "Did you mean 0.8?"),
        (("--targets", "targets.csv", "--probability", "1"), 2, "must be below 1"),
        (("--demo", "--config", "funnel.yml"), 2, "takes no `config`"),
        (("--target", "targets.csv"), 2, "Did you mean `--targets`?"),
        (("--targets", "targets.csv", "--month", "2030-01"), 1, "must have ended in the data"),
        (("--targets", "targets.csv", "--segment", "sorce"), 2, "Did you mean `source`?"),
        (("--targets", "odd.csv"), 1, "odd.csv: "),
    ],
)
def test_what_cannot_be_is_told_and_leaves_nothing(
    run, project: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    (project / "odd.csv").write_text("period,amount\nsoon,many\n", encoding="utf-8")
    found, out, err = run("--out", "nothing", *words)
    assert (found, out) == (code, "")
    assert said in err
    assert "Traceback" not in err
    assert not (project / "nothing").exists()


def test_targets_that_are_over_are_told(run, project: Path) -> None:
    (project / "past.csv").write_text("period,amount\n2026-01,5000\n", encoding="utf-8")
    code, _, err = run("--targets", "past.csv")
    assert code == 2
    assert "end with 2026-01, and the data are known up to 2026-06-30" in err
