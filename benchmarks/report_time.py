"""The monthly report against papermill and nbconvert, and a million leads against 20,000.

1. `funnelkit report monthly` on 20,000 leads, against `papermill` and `jupyter nbconvert --to html`
   of a notebook that does nothing but make the same imports: at most 2.0 times as long.
2. The report on 1,000,000 leads: at most 10 s longer than that on 20,000.

Commands are run in turn, and medians are compared, by the clock (what is promised) and in time of
the processors (which a busy machine disturbs less). Exports are CSV files of simulated leads.

    python benchmarks/report_time.py [--runs 3] [--many 1000000]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from funnelkit.data.simulate import simulate_frame

FEW = 20_000
CONFIG = """\
stages: [lead, mql, sql, opportunity, won]
exits: [lost, disqualified]
id: lead_id
columns:
  lead: created_at
  mql: mql_at
  sql: sql_at
  opportunity: opportunity_at
  won: won_at
  lost: lost_at
  disqualified: disqualified_at
value: amount
owner: owner
account: account_id
segments: [source, region, size]
as_of: 2026-06-30
data: leads.csv
"""
LOADED = """
import json, sys, funnelkit as fk
before = set(sys.modules)
page = fk.report.monthly(month="2026-06", config="funnel.yml")
page.to_html()
page.write_tables("tables.xlsx")
print(json.dumps(sorted(name for name in sys.modules if name.split(".")[0] != "__main__")))
"""


def export(folder: Path, leads: int) -> Path:
    folder.mkdir()
    made = simulate_frame(leads, rng=1, start="2025-01-01", months=18)
    made.frame.to_csv(folder / "leads.csv", index=False)
    (folder / "funnel.yml").write_text(CONFIG, encoding="utf-8")
    return folder


def seconds(folder: Path, *commands: list[str]) -> tuple[float, float]:
    """By the clock, and of the processors, kernels included."""
    began, used = time.perf_counter(), os.times()
    for words in commands:
        told = {**os.environ, "PYTHONWARNINGS": "ignore"}
        subprocess.run(words, cwd=folder, check=True, env=told, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)  # fmt: skip
    now = os.times()
    busy = now.children_user + now.children_system - used.children_user - used.children_system
    return time.perf_counter() - began, busy


def imports_only(folder: Path) -> Path:
    """A notebook that imports what the report imports, and nothing else."""
    said = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=folder, check=True, capture_output=True, text=True
    )
    names = json.loads(said.stdout.splitlines()[-1])
    source = (
        "import contextlib, importlib\n"
        f"for name in {names!r}:\n"
        "    with contextlib.suppress(Exception):\n"
        "        importlib.import_module(name)\n"
    )
    cell = {"cell_type": "code", "id": "a", "execution_count": None, "metadata": {},
            "outputs": [], "source": source}  # fmt: skip
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    about = {"kernelspec": kernel, "language_info": {"name": "python"}}
    content = {"cells": [cell], "metadata": about, "nbformat": 4, "nbformat_minor": 5}
    path = folder / "imports.ipynb"
    path.write_text(json.dumps(content), encoding="utf-8")
    print(f"the report imports {len(names)} modules")
    return path


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--many", type=int, default=1_000_000)
    told = parser.parse_args()
    python = sys.executable
    report = [python, "-m", "funnelkit", "report", "monthly", "--month", "2026-06"]
    stock = [
        [python, "-m", "papermill", "imports.ipynb", "out.ipynb", "-k", "python3"],
        [python, "-m", "nbconvert", "--to", "html", "out.ipynb"],
    ]
    with tempfile.TemporaryDirectory() as name:
        few = export(Path(name, "few"), FEW)
        many = export(Path(name, "many"), told.many) if told.many else None
        imports_only(few)
        times: dict[str, list[tuple[float, float]]] = {}
        for _ in range(told.runs):
            times.setdefault("papermill + nbconvert, imports only", []).append(seconds(few, *stock))
            times.setdefault(f"report, {FEW:,} leads", []).append(seconds(few, report))
            if many:
                times.setdefault(f"report, {told.many:,} leads", []).append(seconds(many, report))
    missed = False
    for place, what in enumerate(("by the clock", "of the processors")):
        medians = {k: statistics.median(one[place] for one in v) for k, v in times.items()}
        print(f"\n{what}")
        for label, median in medians.items():
            print(f"  {label:<38}{median:8.2f} s")
        base, here, *more = medians.values()
        print(f"  report / papermill + nbconvert: {here / base:.2f} (at most 2.0)")
        late = more[0] - here if more else 0.0
        print(f"  {told.many:,} leads: {late:+.2f} s (at most +10)" if more else "")
        missed |= place == 0 and (here / base > 2.0 or late > 10)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
