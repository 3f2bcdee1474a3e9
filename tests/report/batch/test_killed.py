"""Two months of two regions, killed with SIGKILL in the midst, and started again.

The run of twelve months and four regions, compared with an undisturbed one, is
benchmarks/killed_batch.py.
"""

import json
import os
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest

from funnelkit.report.verifying import verify

pytestmark = [
    pytest.mark.notebook,
    pytest.mark.skipif(os.name == "nt", reason="signals of Unix"),
]

REGIONS = ("EMEA", "../../up")
ASKED = ("report", "monthly", "--months", "2026-05..2026-06", "--for-each", "region", "--json")


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sales")
    rows = ["id,lead,won,region"]
    for number in range(120):
        day = f"2026-{1 + number % 6:02d}-{1 + number % 28:02d}"
        won = day if number % 5 == 0 else ""
        rows.append(f"{number},{day},{won},{REGIONS[number // 6 % 2]}")
    (folder / "leads.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "funnel.yml").write_text(
        "stages: [lead, won]\nid: id\nsegments: [region]\nas_of: 2026-06-30\ndata: leads.csv\n",
        encoding="utf-8",
    )
    return folder


def start(folder: Path, root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "funnelkit", *ASKED],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )


def manifests(folder: Path) -> list[Path]:
    return sorted(one for one in folder.glob("*=*/*/manifest.json") if "/." not in str(one))


@pytest.fixture(scope="module")
def resumed(sales: Path, root: Path) -> dict:
    """What a run says that follows on a killed one."""
    process = start(sales, root)
    end = time.monotonic() + 300
    while not manifests(sales / "reports"):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)  # its workers too; kernels are groups of their own
    process.communicate()
    before = [one.parent for one in manifests(sales / "reports")]
    assert 1 <= len(before) < 4
    out, err = start(sales, root).communicate(timeout=600)
    assert err == ""
    return {"before": before, "said": json.loads(out)}


def test_what_was_whole_stays_and_the_rest_is_written(sales: Path, resumed: dict) -> None:
    states = [one["state"] for one in resumed["said"]["reports"]]
    assert sorted(set(states)) == ["there already", "written"]
    assert states.count("there already") == len(resumed["before"])
    assert len(states) == len(manifests(sales / "reports")) == 4


def test_no_report_is_half_written_and_nothing_else_is_left(sales: Path, resumed: dict) -> None:
    for one in manifests(sales / "reports"):
        listed = json.loads(one.read_text(encoding="utf-8"))["outputs"]
        for output in listed:
            content = (one.parent / output["name"]).read_bytes()
            assert sha256(content).hexdigest() == output["sha256"]
    entries = {one.name for one in (sales / "reports").iterdir()}
    assert len(entries) == 3
    assert {"index.html", "region=EMEA"} < entries
    for folder in (sales / "reports").glob("*=*"):
        assert sorted(one.name for one in folder.iterdir()) == ["2026-05", "2026-06"]
    assert sorted(one.name for one in sales.iterdir()) == ["funnel.yml", "leads.csv", "reports"]
    assert not (sales.parent / "up").exists()


def test_the_index_lists_them_with_their_figures(sales: Path, resumed: dict) -> None:
    page = (sales / "reports" / "index.html").read_text(encoding="utf-8")
    assert page.count("monthly_report.html") == 4
    assert page.count(">New leads</th>") == 2
    assert ">10<" in page  # of 120 leads, 20 a month, half of them in each region


def test_verify_names_a_changed_input_and_what_comes_out_different(
    sales: Path, resumed: dict
) -> None:
    manifest = sales / "reports" / "region=EMEA" / "2026-06" / "manifest.json"
    data = sales / "leads.csv"
    text = data.read_text(encoding="utf-8")
    data.write_text(text + "120,2026-06-01,,EMEA\n", encoding="utf-8")
    try:
        found = verify(manifest, progress=False)
    finally:
        data.write_text(text, encoding="utf-8")
    assert not found.same
    assert found.inputs[0].startswith("input leads.csv has changed: ")
    words = " ".join(found.outputs)
    assert "monthly_report.html differs" in words
    assert "data/months.csv differs: " in words
    assert "tables.xlsx differs" in words
    assert found.kept == found.versions == ()
