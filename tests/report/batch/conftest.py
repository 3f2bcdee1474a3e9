"""A funnel with regions whose reports are written by a stub in place of kernels."""

import sys
import types
from pathlib import Path

import pandas as pd
import pytest

from funnelkit._core.cores import CORES
from funnelkit.report import kernel, runner, verifying
from funnelkit.report.batch import jobs, pool, running
from tests.report.batch.stub import Local, Stub
from tests.report.stub_notebooks import notebook

CONFIG = (
    "stages: [lead, won]\nid: id\nsegments: [region, source]\ndata: leads.csv\nas_of: 2026-03-31\n"
)


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stub:
    made = Stub()
    (tmp_path / "notebooks").mkdir()
    source = notebook(tmp_path / "notebooks" / "monthly_report.ipynb", "page")
    for place in (runner, jobs, verifying, running):
        monkeypatch.setattr(place, "notebook_of", lambda report: source)
    monkeypatch.setenv(CORES, "1")
    monkeypatch.setattr(kernel, "execute", made.execute)
    real = sys.modules.get("funnelkit.report.render") or __import__(
        "funnelkit.report.render", fromlist=["render"]
    )
    render = types.ModuleType("funnelkit.report.render")
    render.render = lambda path: "<html>page</html>\n"
    render.page_html = real.page_html
    monkeypatch.setitem(sys.modules, "funnelkit.report.render", render)
    monkeypatch.setattr(pool, "_Worker", Local)
    folder = tmp_path / "sales"
    folder.mkdir()
    rows = [
        (1, "2026-01-05", "EMEA"), (2, "2026-01-09", "../../x"), (3, "2026-02-05", "EMEA"),
        (4, "2026-03-05", None), (5, "2026-03-06", "<b>&"), (6, "2026-01-06", "emea"),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["id", "lead", "region"]).assign(won=None, source="web")
    frame.to_csv(folder / "leads.csv", index=False)
    (folder / "funnel.yml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(folder)
    return made
