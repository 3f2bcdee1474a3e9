"""A run from its parameters to its folder, with a small notebook in place of the report's."""

import json
import os
import sys
import types
from pathlib import Path

import pytest

import funnelkit.report
from funnelkit import FunnelError
from funnelkit._core.errors import ArgumentError, DefinitionError, ReportError
from funnelkit.report import kernel, runner
from funnelkit.report.kernel import CellError
from funnelkit.report.runner import ReportRun, is_ours, notebook_of, run
from funnelkit.report.workbook import WorkbookWarning
from tests.report.stub_notebooks import notebook

CANARY = "canary@example.org"
FILES = ["manifest.json", "monthly_report.html", "monthly_report.ipynb", "tables.xlsx"]


class Kernel:
    """Stands in for the kernel: writes what a notebook would leave."""

    def __init__(self) -> None:
        self.parameters: dict[str, object] = {}
        self.outputs: list[dict[str, object]] = []
        self.error: Exception | None = None
        self.text = "one"

    def execute(self, source, output, parameters, **_: object) -> None:
        self.parameters = dict(parameters)
        content = json.loads(source.read_text(encoding="utf-8"))
        tables = Path(str(parameters["tables"]))
        told = f'# Parameters\nmonth = "{parameters["month"]}"\ntables = "{tables.as_posix()}"\n'
        cell = {
            "cell_type": "code",
            "id": os.urandom(4).hex(),
            "metadata": {"tags": ["injected-parameters"], "papermill": {"duration": 1.5}},
            "execution_count": 2,
            "outputs": self.outputs,
            "source": told.splitlines(keepends=True),
        }
        content["cells"].insert(1, cell)
        content["metadata"]["papermill"] = {"output_path": str(output), "start_time": "now"}
        output.write_text(json.dumps(content), encoding="utf-8")
        if self.error:
            raise self.error
        tables.write_text(self.text, encoding="utf-8")


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    made = Kernel()
    folder = tmp_path / "notebooks"
    folder.mkdir()
    path = notebook(folder / "monthly_report.ipynb", "page")
    render = types.ModuleType("funnelkit.report.render")
    render.render = lambda path: f"<html>{made.text}\n</html>\n"
    monkeypatch.setattr(runner, "notebook_of", lambda report: path)
    monkeypatch.setattr(kernel, "execute", made.execute)
    monkeypatch.setitem(sys.modules, "funnelkit.report.render", render)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return made


@pytest.fixture
def config(fake: Kernel, tmp_path: Path) -> Path:
    folder = tmp_path / "sales"
    (folder / "exports").mkdir(parents=True)
    (folder / "exports" / "leads.csv").write_text(f"id,email\n1,{CANARY}\n", encoding="utf-8")
    (tmp_path / "elsewhere.csv").write_text("id\n1\n", encoding="utf-8")
    path = folder / "funnel.yml"
    path.write_text(
        "stages: [lead, won]\npersonal: [email]\ndata: {files: exports/leads.csv, "
        f"join: ../elsewhere.csv}}\nwhere: {{email: {CANARY}, region: north}}\nas_of: 2018-06-14\n",
        encoding="utf-8",
    )
    return path


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def manifest(made: ReportRun) -> dict:
    return json.loads(made.manifest.read_text(encoding="utf-8"))


def test_a_report_is_four_files_in_the_folder_of_its_month(fake: Kernel) -> None:
    made = run("monthly", month="2018-05", demo=True)
    assert made.folder == Path("reports/2018-05")
    assert names(made.folder) == FILES
    assert made.html.read_text(encoding="utf-8") == "<html>one\n</html>\n"
    assert (made.workbook, made.notebook, made.manifest) == tuple(
        made.folder / name for name in ("tables.xlsx", "monthly_report.ipynb", "manifest.json")
    )
    assert names(Path("reports")) == ["2018-05"]
    assert made.summary() == f"The report is {made.html}."
    assert 'href="reports/2018-05/monthly_report.html"' in made._repr_html_()


def test_the_notebook_gets_what_was_given(fake: Kernel, config: Path) -> None:
    run("monthly", month="2018-05", config=config, segment="region", confidence_level=0.8)
    told = fake.parameters
    assert Path(str(told.pop("tables"))).name == "tables.xlsx"
    assert told == {
        "month": "2018-05", "config": str(config), "data": None, "join": None, "demo": False,
        "only": None, "start": None, "target": None, "segment": "region", "confidence_level": 0.8,
        "horizon": None,
    }  # fmt: skip


def test_the_package_offers_it(fake: Kernel) -> None:
    assert funnelkit.report.run is run


def test_the_executed_notebook_names_no_place_and_no_moment(fake: Kernel, tmp_path: Path) -> None:
    fake.outputs = [
        {
            "output_type": "stream",
            "name": "stderr",
            "text": [f"{tmp_path}/ipykernel_1/2.py:3: AssumptionWarning: as_of is 2018-05-30\n"],
        }
    ]
    first = run("monthly", month="2018-05", demo=True)
    text = first.notebook.read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    assert 'tables = \\"tables.xlsx\\"' in text
    assert first.warnings == ("as_of is 2018-05-30",)
    assert run("monthly", month="2018-05", demo=True).notebook.read_text(encoding="utf-8") == text


def test_the_manifest_says_what_it_was_made_from(
    fake: Kernel, config: Path, tmp_path: Path
) -> None:
    from hashlib import sha256

    facts = {"as_of": "2018-05-31", "leads": 7}
    mime = "application/vnd.funnelkit.facts+json"
    fake.outputs = [{"output_type": "execute_result", "data": {mime: facts, "text/plain": "x"}}]
    made = run("monthly", month="2018-05", config=config)
    said = manifest(made)
    assert said["report"] == "monthly"
    assert said["parameters"]["config"] == "funnel.yml"
    assert said["parameters"]["month"] == "2018-05"
    assert (said["as_of"], said["facts"]) == ("2018-05-31", {"leads": 7})
    assert said["funnel"]["stages"] == ["lead", "won"]
    assert said["rows"] == {"where": {"email": "(personal)", "region": ["north"]}}
    assert [one["name"] for one in said["inputs"]] == [
        "funnel.yml",
        "exports/leads.csv",
        "elsewhere.csv",
    ]
    assert said["notebook"]["name"] == "monthly_report.ipynb"
    assert said["inputs"][0]["sha256"] == sha256(config.read_bytes()).hexdigest()
    assert {"python", "funnelkit", "pandas", "duckdb", "ibis-framework"} <= set(said["versions"])
    assert {one["name"] for one in said["outputs"]} == set(FILES) - {"manifest.json"}
    for one in said["outputs"]:
        assert one["sha256"] == sha256((made.folder / one["name"]).read_bytes()).hexdigest()
    text = made.manifest.read_text(encoding="utf-8")
    assert CANARY not in text
    assert str(tmp_path) not in text


def test_manifests_of_the_same_inputs_are_equal_outside_their_timings(fake: Kernel) -> None:
    first = manifest(run("monthly", month="2018-05", demo=True, out="a"))
    second = manifest(run("monthly", month="2018-05", demo=True, out="b"))
    assert set(first.pop("timings")) == set(second.pop("timings")) == {"execute", "render"}
    assert first == second


def test_data_given_in_place_are_hashed_and_named(fake: Kernel, config: Path) -> None:
    Path("mine.csv").write_text("id\n2\n", encoding="utf-8")
    (config.parent / "exports" / "leads.csv").unlink()
    said = manifest(run("monthly", month="2018-05", config=config, data="mine.csv"))
    assert [one["name"] for one in said["inputs"]][1] == "mine.csv"
    assert said["parameters"]["data"] == ["mine.csv"]


def test_an_earlier_report_is_replaced_whole(fake: Kernel) -> None:
    first = run("monthly", month="2018-05", demo=True)
    (first.folder / "monthly_report.failed.ipynb").write_text("old", encoding="utf-8")
    (first.folder / "comments.txt").write_text("mine", encoding="utf-8")
    fake.text = "two"
    second = run("monthly", month="2018-05", demo=True)
    assert "two" in second.html.read_text(encoding="utf-8")
    assert names(second.folder) == ["comments.txt", *FILES]


def test_a_workbook_that_is_open_yields_a_second_file_and_one_line(
    fake: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("monthly", month="2018-05", demo=True)
    real = os.replace

    def in_excel(source: object, target: object) -> None:
        if str(target).endswith("tables.xlsx"):
            raise PermissionError(13, "in use by another process", str(target))
        real(source, target)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "replace", in_excel)
    fake.text = "two"
    words = r"^tables.xlsx is open in another program; the new one is tables \(2\).xlsx.$"
    with pytest.warns(WorkbookWarning, match=words) as said:
        made = run("monthly", month="2018-05", demo=True)
    assert len(said) == 1
    assert made.workbook == made.folder / "tables (2).xlsx"
    assert made.workbook.read_text(encoding="utf-8") == "two"
    assert (made.folder / "tables.xlsx").read_text(encoding="utf-8") == "one"
    assert "two" in made.html.read_text(encoding="utf-8")
    assert {one["name"] for one in manifest(made)["outputs"]} == {
        "monthly_report.html",
        "monthly_report.ipynb",
        "tables (2).xlsx",
    }


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            CellError(4, "KeyError", "'x'\nmore"),
            "the monthly report stopped in cell 4: KeyError: 'x'",
        ),
        (CellError(4, "DataError", "no column `x`."), "the monthly report stopped in cell 4: no "),
        (CellError(4, "MemoryError", ""), "the monthly report stopped in cell 4: MemoryError: -"),
    ],
)
def test_a_cell_that_fails_keeps_its_notebook_and_the_earlier_report(
    fake: Kernel, error: CellError, words: str
) -> None:
    run("monthly", month="2018-05", demo=True)
    fake.text, fake.error = "two", error
    with pytest.raises(ReportError) as caught:
        run("monthly", month="2018-05", demo=True)
    first, way_out = str(caught.value).splitlines()
    assert first.startswith(words)
    kept = Path("reports/2018-05/monthly_report.failed.ipynb")
    assert way_out == f"The notebook with that cell is kept: {kept}"
    assert kept.is_file()
    assert names(kept.parent) == sorted([*FILES, kept.name])
    assert "one" in Path("reports/2018-05/monthly_report.html").read_text(encoding="utf-8")
    assert names(Path("reports")) == ["2018-05"]
    fake.error = None
    assert names(run("monthly", month="2018-05", demo=True).folder) == FILES


def test_a_kernel_that_dies_leaves_nothing_half_written(fake: Kernel) -> None:
    fake.error = ReportError("the notebook's kernel died")
    with pytest.raises(ReportError, match="died"):
        run("monthly", month="2018-05", demo=True)
    assert names(Path("reports")) == []


def test_simulated_data_do_not_replace_a_report_on_real_ones(fake: Kernel, config: Path) -> None:
    run("monthly", month="2018-05", config=config)
    with pytest.raises(ReportError, match="holds a report on real data"):
        run("monthly", month="2018-05", demo=True)
    run("monthly", month="2018-05", demo=True, out="elsewhere")
    run("monthly", month="2018-05", config=config)


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        ({"month": "2018-13", "demo": True}, ArgumentError, "`month` must be a month"),
        ({"mnth": "2018-05", "demo": True}, ArgumentError, "Did you mean `month`"),
        ({"demo": True, "data": 3}, ArgumentError, "`data` must be a path"),
        ({"demo": True, "tables": "x.xlsx"}, ArgumentError, "a run writes its own workbook"),
        ({"month": "2018-05"}, DefinitionError, "`config` is missing"),
        ({"month": "2018-05", "config": "no.yml"}, DefinitionError, "there is no file 'no.yml'"),
    ],
)
def test_what_cannot_run_is_refused_before_any_kernel(
    fake: Kernel, given: dict, kind: type, words: str
) -> None:
    with pytest.raises(kind, match=words):
        run("monthly", **given)
    assert fake.parameters == {}
    assert names(Path()) == []


def test_a_missing_export_is_refused_before_any_kernel(fake: Kernel, config: Path) -> None:
    (config.parent / "exports" / "leads.csv").unlink()
    with pytest.raises(DefinitionError, match=r"exports/leads.csv' does not exist"):
        run("monthly", month="2018-05", config=config)
    with pytest.raises(DefinitionError, match="`data` names no file"):
        run("monthly", month="2018-05", config=config, data="no.csv")
    assert fake.parameters == {}


def test_an_unknown_report_is_refused() -> None:
    with pytest.raises(FunnelError, match="Did you mean `monthly`"):
        run("montly", month="2018-05", demo=True)


def test_the_funnel_yml_of_the_working_folder_is_the_default(
    fake: Kernel, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(config.parent)
    run("monthly", month="2018-05")
    assert fake.parameters["config"] == "funnel.yml"
    run("monthly", month="2018-05", demo=True, out="demo")
    assert fake.parameters["config"] is None


def test_the_default_month_is_the_last_full_one(fake: Kernel, config: Path) -> None:
    """Data complete up to 14 June hold May in full; those up to 30 June hold June."""
    assert run("monthly", config=config).folder.name == "2018-05"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("2018-06-14", "2018-06-30"), encoding="utf-8")
    assert run("monthly", config=config).folder.name == "2018-06"
    config.write_text(text.replace("as_of: 2018-06-14", ""), encoding="utf-8")
    with pytest.raises(DefinitionError, match="`month` is missing"):
        run("monthly", config=config)
    assert run("monthly", demo=True).folder.name == "2026-06"


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("monthly_report.html", True),
        ("monthly_report.failed.ipynb", True),
        ("tables (2).xlsx", True),
        ("manifest.json", True),
        ("monthly_report.docx", False),
        ("my tables.xlsx", False),
        ("comments.txt", False),
    ],
)
def test_which_files_are_the_run_s_own(name: str, ours: bool) -> None:
    assert is_ours(name) is ours


def test_the_notebook_is_found_in_the_checkout_or_in_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "funnelkit"
    for folder in (package / "notebooks", tmp_path / "notebooks"):
        folder.mkdir(parents=True)
        (folder / "monthly_report.ipynb").touch()
    monkeypatch.setattr(funnelkit, "__file__", str(package / "__init__.py"))
    assert notebook_of("monthly") == package / "notebooks" / "monthly_report.ipynb"
    (package / "notebooks" / "monthly_report.ipynb").unlink()
    assert notebook_of("monthly") == tmp_path / "notebooks" / "monthly_report.ipynb"
    (tmp_path / "notebooks" / "monthly_report.ipynb").unlink()
    with pytest.raises(ReportError, match="is not in this installation"):
        notebook_of("monthly")
