"""Each notebook runs, is kept without outputs, and holds calls instead of logic."""

import ast
import json
from pathlib import Path

import nbformat
import pytest

from funnelkit.report.kernel import execute
from tests.notebooks import own_funnel

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = [path.stem for path in NOTEBOOKS]
NUMBERED = [path for path in NOTEBOOKS if path.stem[0].isdigit()]
LONGEST_CELL = 10
SWITCH = "config = None  # path of your funnel.yml; none: simulated leads"


def code_of(path: Path) -> list[dict]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def test_there_are_notebooks() -> None:
    assert {"00_quickstart", "02_time_lag", "monthly_report"} <= set(NAMES)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_it_is_valid_and_names_its_cells(path: Path) -> None:
    content = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(content)
    assert (content.nbformat, content.nbformat_minor) == (4, 5)
    ids = [cell.id for cell in content.cells]
    assert len(set(ids)) == len(ids)
    assert content.metadata.kernelspec.name == "python3"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_it_is_kept_without_outputs(path: Path) -> None:
    for cell in code_of(path):
        assert (cell["outputs"], cell["execution_count"]) == ([], None)
        assert set(cell["metadata"]) <= {"tags"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_it_holds_calls_and_no_logic(path: Path) -> None:
    for cell in code_of(path):
        source = "".join(cell["source"])
        lines = [line for line in source.splitlines() if line.strip()]
        assert len(lines) <= LONGEST_CELL or "parameters" in cell["metadata"].get("tags", ())
        logic = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.Try, ast.Lambda)
        assert not [node for node in ast.walk(ast.parse(source)) if isinstance(node, logic)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_it_has_one_parameters_cell(path: Path) -> None:
    tagged = [cell for cell in code_of(path) if "parameters" in cell["metadata"].get("tags", ())]
    assert len(tagged) == 1


@pytest.mark.parametrize("path", NUMBERED, ids=lambda path: path.stem)
def test_one_line_switches_to_a_funnel_of_one_s_own(path: Path) -> None:
    sources = ["".join(cell["source"]) for cell in code_of(path)]
    assert sources[0].splitlines()[0] == SWITCH
    assert [one for one in sources if "fk.report.load_config(config)" in one]


@pytest.mark.notebook
def test_the_quickstart_takes_a_funnel_of_one_s_own(
    tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = (shared_data / "olist").as_posix()
    (tmp_path / "funnel.yml").write_text(
        "stages: [mql, won]\nid: mql_id\n"
        "columns: {mql: first_contact_date, won: won_date}\nas_of: 2018-11-14\n"
        f"data:\n  files: {folder}/olist_marketing_qualified_leads_dataset.csv\n"
        f"  join: {folder}/olist_closed_deals_dataset.csv\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    executed = tmp_path / "executed.ipynb"
    execute(ROOT / "notebooks" / "00_quickstart.ipynb", executed, {"config": "funnel.yml"})
    shown = [output.get("data", {}) for cell in code_of(executed) for output in cell["outputs"]]
    assert sum("image/png" in one for one in shown) == 2
    assert any("842 of 8,000" in "".join(one.get("text/plain", "")) for one in shown)


# Those that do more than read other leads where they are one's own; all: `tests.notebooks.every`.
@pytest.mark.notebook
@pytest.mark.parametrize("name", ["02_time_lag", "04_experiment", "06_capacity_plan"])
def test_it_runs_on_a_funnel_of_one_s_own(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = own_funnel.written(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONWARNINGS", "error::FutureWarning,error::DeprecationWarning:funnelkit")
    executed = tmp_path / "executed.ipynb"
    execute(ROOT / "notebooks" / f"{name}.ipynb", executed, {"config": str(config)})
    outputs = [output for cell in code_of(executed) for output in cell["outputs"]]
    assert [one for one in outputs if one["output_type"] == "stream"] == []
    printed = "".join("".join(one.get("data", {}).get("text/plain", "")) for one in outputs)
    assert "3,000" in printed or "Two regions" in printed  # of the export and its experiment
