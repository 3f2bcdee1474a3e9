"""Notebooks come into git without what they printed, whoever commits them."""

import json
from pathlib import Path

import pytest
import yaml

from tests.project.source import ROOT
from tools import strip_notebooks

RUN = {
    "cells": [
        {"cell_type": "markdown", "id": "a", "metadata": {"collapsed": True}, "source": ["# é"]},
        {
            "cell_type": "code",
            "execution_count": 3,
            "id": "b",
            "metadata": {"tags": ["parameters"], "execution": {"iopub.status.busy": "2026"}},
            "outputs": [{"name": "stdout", "output_type": "stream", "text": ["Ann\n"]}],
            "source": ["n = 1"],
        },
    ],
    "metadata": {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "version": "3.11.2"},
        "widgets": {"application/vnd.jupyter.widget-state+json": {}},
    },
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    path = tmp_path / "run.ipynb"
    path.write_text(json.dumps(RUN, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def test_what_ran_is_taken_out_and_said(notebook: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert strip_notebooks.main([str(notebook)]) == 1
    assert capsys.readouterr().out == f"{notebook}: outputs taken out; add it again\n"
    kept = json.loads(notebook.read_text(encoding="utf-8"))
    code = kept["cells"][1]
    assert (code["outputs"], code["execution_count"]) == ([], None)
    assert code["metadata"] == {"tags": ["parameters"]}
    assert code["source"] == ["n = 1"]
    assert kept["cells"][0]["source"] == ["# é"]
    assert kept["metadata"]["language_info"] == {"name": "python"}
    assert "widgets" not in kept["metadata"]
    assert strip_notebooks.main([str(notebook)]) == 0


def test_a_check_writes_nothing(notebook: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = notebook.read_bytes()
    assert strip_notebooks.main(["--check", str(notebook)]) == 1
    assert notebook.read_bytes() == before
    assert "has outputs" in capsys.readouterr().out


def test_those_in_git_are_stripped_to_the_byte() -> None:
    kept = [str(path) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    assert strip_notebooks.main(["--check", *kept]) == 0


def test_the_hook_runs_it_on_notebooks() -> None:
    told = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    [hook] = told["repos"][0]["hooks"]
    command, script = hook["entry"].split()
    assert (command, (ROOT / script).is_file()) == ("python", True)
    assert hook["files"] == r"^notebooks/.*\.ipynb$"
