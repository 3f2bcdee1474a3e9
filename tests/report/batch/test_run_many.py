"""Many reports at once, with a stub in place of kernels: what is done, resumed, failed, listed."""

import json
from pathlib import Path
from urllib.parse import unquote

import pytest

import funnelkit as fk
from funnelkit import FunnelError
from funnelkit._core.errors import ReportError
from funnelkit.cli import main
from funnelkit.report import runner
from funnelkit.report.batch import jobs, running
from funnelkit.report.batch.index import write_index
from funnelkit.report.batch.months import months_of
from funnelkit.report.batch.running import run_many
from funnelkit.report.delivery.asked import DeliveryParameters
from funnelkit.report.parameters import MonthlyParameters
from tests.report.batch.stub import Stub


def below(folder: Path) -> list[str]:
    return sorted(one.relative_to(folder).as_posix() for one in folder.glob("**/manifest.json"))


def test_each_month_and_value_gets_a_folder_once_it_has_leads(stub: Stub) -> None:
    made = run_many("monthly", months="2026-01..2026-03", for_each="region")
    written = {(one.label, one.state) for one in made.reports}
    assert len(written) == len(made.reports) == 3 * 5 - 2 * 2
    assert {state for _, state in written} == {"written"}
    assert made.absent == (
        "2026-01, region <b>&", "2026-01, region (blank)",
        "2026-02, region <b>&", "2026-02, region (blank)",
    )  # fmt: skip
    folders = {Path(one).parts[0] for one in below(Path("reports"))}
    assert len({one.casefold() for one in folders}) == 5
    assert all(one.startswith("region=") for one in folders)
    assert {one.name for one in Path().iterdir()} == {"funnel.yml", "leads.csv", "reports"}
    assert not (Path.cwd().parent / "x").exists()
    assert sorted(stub.written)[:3] == [
        "2026-01 region=../../x", "2026-01 region=EMEA", "2026-01 region=emea",
    ]  # fmt: skip
    summary = "11 reports: 11 written. 4 left out, as no lead had entered yet. All reports: "
    assert made.summary() == summary + str(Path("reports/index.html"))


def test_a_report_of_a_value_is_split_by_the_next_segment(stub: Stub) -> None:
    def made(**given: object) -> list[jobs.Job]:
        return jobs.jobs_of(MonthlyParameters, given, months=None, for_each="region")[0]

    assert {job.settings.segment for job in made()} == {"source"}
    assert {job.settings.segment for job in made(segment="region")} == {"region"}
    assert {job.settings.month for job in made()} == {"2026-03"}


def test_what_is_done_is_not_redone(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    run_many("monthly", months=["2026-01", "2026-02"])
    stub.written.clear()
    made = run_many("monthly", months="2026-01..2026-03")
    assert [one.state for one in made.reports] == ["there already", "there already", "written"]
    assert stub.written == ["2026-03"]

    for change in (
        lambda: Path("reports/2026-01/monthly_report.html").write_text("edited", encoding="utf-8"),
        lambda: Path("reports/2026-01/tables.xlsx").unlink(),
        lambda: Path("reports/2026-01/manifest.json").write_text("{", encoding="utf-8"),
    ):
        stub.written.clear()
        change()
        run_many("monthly", months="2026-01..2026-03")
        assert stub.written == ["2026-01"]

    stub.written.clear()
    run_many("monthly", months="2026-01..2026-03", confidence_level=0.9)
    assert len(stub.written) == 3
    stub.written.clear()
    text = Path("leads.csv").read_text(encoding="utf-8")
    Path("leads.csv").write_text(text.replace("2026-02-05", "2026-02-06"), encoding="utf-8")
    run_many("monthly", months="2026-01..2026-03", confidence_level=0.9)
    assert len(stub.written) == 3
    stub.written.clear()
    monkeypatch.setattr(fk, "__version__", "9.9.9")
    run_many("monthly", months="2026-01..2026-03", confidence_level=0.9)
    assert len(stub.written) == 3
    stub.written.clear()
    run_many("monthly", months="2026-01", confidence_level=0.9, again=True)
    assert stub.written == ["2026-01"]


def test_one_failure_stops_no_other_and_is_told_at_the_end(stub: Stub, capsys) -> None:
    stub.fails = {"2026-02"}
    assert main(["report", "monthly", "--months", "2026-01..2026-03"]) == 1
    told = capsys.readouterr()
    assert stub.written == ["2026-01", "2026-02", "2026-03"]
    assert told.out == (
        "3 reports: 2 written, 1 failed. All reports: " + str(Path("reports/index.html")) + "\n"
    )
    lines = told.err.splitlines()
    assert lines[0] == ("failed: 2026-02: the monthly report stopped in cell 3: no <i>won</i> date")
    assert Path("reports/2026-02/monthly_report.failed.ipynb").is_file()
    assert below(Path("reports")) == ["2026-01/manifest.json", "2026-03/manifest.json"]
    stub.fails.clear()
    stub.written.clear()
    assert main(["report", "monthly", "--months", "2026-01..2026-03"]) == 0
    assert stub.written == ["2026-02"]


def test_each_is_delivered_to_a_folder_of_its_value(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    asked = []

    def delivered(page: str, wanted: DeliveryParameters, *, name: str) -> tuple[Path, ...]:
        asked.append((wanted.email, name))
        if name.endswith("2026-02"):
            raise ReportError("the disk is full.")
        return (Path(str(wanted.email)) / f"{name}.eml",)

    monkeypatch.setattr(running, "delivered", delivered)
    stub.fails = {"2026-01"}
    words = ["report", "monthly", "--months", "2026-01..2026-03", "--email", "mails/", "--json"]
    assert main(words) == 1
    reports = json.loads(capsys.readouterr().out)["reports"]
    assert [one.get("delivered") for one in reports] == [
        None, None, ["mails/monthly_report-2026-03.eml"],
    ]  # fmt: skip
    assert reports[1]["error"] == "it was written, but could not be delivered: the disk is full."
    asked.clear()
    run_many("monthly", months="2026-03", for_each="region", email="mails/")
    assert len(asked) == 5
    assert len({folder.casefold() for folder, _ in asked}) == 5
    assert {Path(folder).parts[0] for folder, _ in asked} == {"mails"}
    assert not any(".." in folder for folder, _ in asked)
    assert {name for _, name in asked} == {"monthly_report-2026-03"}


def test_many_are_not_delivered_to_one_file(stub: Stub, capsys) -> None:
    words = ["report", "monthly", "--months", "2026-01..2026-02", "--email", "june.eml"]
    assert main(words) == 2
    said = "`email` must be a folder where many reports are asked for, such as june/; got"
    assert said in capsys.readouterr().err
    assert stub.written == []


def test_machines_get_json(stub: Stub, capsys) -> None:
    stub.fails = {"2026-02"}
    assert main(["report", "monthly", "--months", "2026-01..2026-02", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert [one["state"] for one in said["reports"]] == ["written", "failed"]
    assert said["index"] == "reports/index.html"


def test_the_index_lists_every_report_and_no_markup_of_the_data(stub: Stub) -> None:
    run_many("monthly", months="2026-01..2026-03")
    made = run_many("monthly", months="2026-03", for_each="region")
    page = made.index.read_text(encoding="utf-8")
    assert page.count('href="') == 3 + 5
    hrefs = [one.split('"')[0] for one in page.split('href="')[1:]]
    assert "2026-01/monthly_report.html" in hrefs
    assert all((made.index.parent / unquote(one)).is_file() for one in hrefs)
    assert "<b>2026" not in page
    assert "&lt;b&gt;2026-01&lt;/b&gt;" in page
    assert "<script" not in page.lower()
    assert "http:" not in page
    assert "https:" not in page
    assert page.count(">immature<") == 1 + 5
    assert page.count("8 to 17") == 8
    again = run_many("monthly", months="2026-03", for_each="region")
    assert again.index.read_text(encoding="utf-8") == page


def test_the_index_names_parts_as_the_data_have_them(tmp_path: Path) -> None:
    for number, only in enumerate((["region=a=b"], ["source="], ["region=x", "source=<b>"])):
        folder = tmp_path / f"part={number}" / "2026-01"
        folder.mkdir(parents=True)
        content = {"report": "monthly", "parameters": {"only": only}, "facts": {"cards": []},
                   "outputs": [{"name": "page.html"}]}  # fmt: skip
        (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
        (folder / "page.html").write_text("page", encoding="utf-8")
    page = write_index(tmp_path).read_text(encoding="utf-8")
    for heading in ("region a=b", "source (blank)", "region x, source &lt;b&gt;"):
        assert f">{heading}</h2>" in page


def test_the_index_passes_over_what_is_no_manifest(stub: Stub, tmp_path: Path) -> None:
    for name, text in {
        "a": "[]",
        "b": '{"outputs": 3}',
        "c": "\x00",
        ".2026-01.x.partial": "{}",
    }.items():
        folder = tmp_path / "sales" / "reports" / name
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(text, encoding="utf-8")
    made = run_many("monthly", months="2026-01")
    assert made.index.read_text(encoding="utf-8").count('href="') == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"months": "2026-03..2026-01"}, "Did you mean 2026-01..2026-03"),
        ({"months": "2026-1..2026-02"}, "Did you mean 2026-01"),
        ({"months": []}, "empty list"),
        ({"months": "1900-01..2026-01"}, "240 at most"),
        ({"months": "2026-01", "month": "2026-01"}, "exclude each other"),
        ({"months": "2026-01", "for_each": "regin"}, "Did you mean `region`"),
        ({"months": "2026-01", "for_each": "id"}, "The funnel has region and source"),
        ({"months": "2026-01", "jobs": 0}, "`jobs` must be"),
        ({"months": "2026-01", "memory": "lots"}, "such as 4GB or 500MB; got 'lots'"),
        ({"months": "2026-01", "mnth": 3}, "has no parameter `mnth`"),
        ({"months": "2026-01", "only": "region=EMAE", "for_each": "source"}, "no record has"),
    ],
)
def test_what_cannot_run_is_refused_before_anything_runs(stub: Stub, given, words: str) -> None:
    with pytest.raises(FunnelError, match=words):
        run_many("monthly", **given)
    assert stub.written == []
    assert not Path("reports").exists()


def test_months_are_named_singly_or_as_spans() -> None:
    assert months_of(["2025-12..2026-01", "2025-06"]) == ["2025-06", "2025-12", "2026-01"]


def test_the_package_offers_it() -> None:
    assert fk.report.run_many is run_many
    assert runner.run is fk.report.run


def test_a_plan_that_changed_is_an_input_that_changed(stub: Stub) -> None:
    from funnelkit.report.config import load_config

    Path("plan.json").write_text("{}", encoding="utf-8")
    text = Path("funnel.yml").read_text(encoding="utf-8")
    Path("funnel.yml").write_text(text + "plans: plan.json\n", encoding="utf-8")
    settings = MonthlyParameters(config="funnel.yml", month="2026-01")
    named = [one.name for one in runner.inputs_of(settings, load_config("funnel.yml"))]
    assert named == ["funnel.yml", "leads.csv", "plan.json"]
