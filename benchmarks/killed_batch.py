"""Twelve months x four regions, killed with SIGKILL in the midst and started again, several times.

Afterwards the report folders are compared with those of an undisturbed run: the same ones, the same
page, workbook and CSV files byte for byte, the same manifests outside their timings, nothing half
written and nothing left over. Prints how often it was killed and what differs; ends with 1 if
anything does.

    python benchmarks/killed_batch.py [--months 2025-01..2025-12] [--leads 1200] [--kills 3]
"""

import argparse
import datetime as dt
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REGIONS = ("EMEA", "AMER", "APAC", "LATAM")
STAGES = ("lead", "mql", "opportunity", "won")
CONFIG = """\
stages: [lead, mql, opportunity, won]
id: id
segments: [region, source]
value: amount
as_of: 2025-12-31
data: leads.csv
"""


def write_funnel(folder: Path, leads: int) -> None:
    """Leads of a year, each stage reached by a part of them some days later."""
    draw = random.Random(1)
    last = dt.date(2025, 12, 31)
    rows = ["id," + ",".join(STAGES) + ",amount,region,source"]
    for number in range(leads):
        day = dt.date(2025, 1, 1) + dt.timedelta(days=draw.randrange(365))
        reached = [day.isoformat(), "", "", ""]
        for stage, share in enumerate((0.6, 0.5, 0.4), 1):
            day += dt.timedelta(days=draw.randrange(1, 25))
            if draw.random() > share or day > last:
                break
            reached[stage] = day.isoformat()
        amount = str(draw.randrange(1_000, 50_000)) if reached[-1] else ""
        parts = (draw.choice(REGIONS), draw.choice(("web", "webinar", "fair")))
        rows.append(",".join((str(number), *reached, amount, *parts)))
    (folder / "leads.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "funnel.yml").write_text(CONFIG, encoding="utf-8")


def start(folder: Path, months: str, out: str) -> subprocess.Popen[bytes]:
    words = ("report", "monthly", "--months", months, "--for-each", "region", "--out", out)
    return subprocess.Popen(
        [sys.executable, "-m", "funnelkit", *words],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def done(folder: Path) -> int:
    return sum(not one.parent.name.startswith(".") for one in folder.glob("*=*/*/manifest.json"))


def killed(folder: Path, months: str, out: str, *, after: int) -> bool:
    """Whether a run was killed once so many reports were there; otherwise it had ended."""
    process = start(folder, months, out)
    while process.poll() is None:
        if done(folder / out) >= after:
            time.sleep(1)  # in the midst of the next ones
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return True
        time.sleep(0.05)
    return False


def content(folder: Path) -> dict[str, object]:
    """Every file below a folder with its bytes; of a manifest, all but its timings."""
    found: dict[str, object] = {}
    for path in (one for one in folder.rglob("*") if one.is_file()):
        name = path.relative_to(folder).as_posix()
        found[name] = path.read_bytes()
        if path.name == "manifest.json":
            told = json.loads(path.read_text(encoding="utf-8"))
            del told["timings"]
            told["outputs"] = [one for one in told["outputs"] if not one["name"].endswith("ipynb")]
            found[name] = told
        elif path.suffix == ".ipynb":
            found[name] = "executed"
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--months", default="2025-01..2025-12")
    parser.add_argument("--leads", type=int, default=1_200)
    parser.add_argument("--kills", type=int, default=3)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_funnel(folder, told.leads)
        began = time.perf_counter()
        kills = 0
        for number in range(told.kills):
            wanted = 2 + 48 * number // told.kills
            kills += killed(folder, told.months, "resumed", after=wanted)
            left = [one.name for one in (folder / "resumed").rglob(".*.partial")]
            print(
                f"killed with {done(folder / 'resumed')} reports there, left: {len(left)} partial"
            )
        again = start(folder, told.months, "resumed").wait()
        print(f"resumed: exit {again}, {done(folder / 'resumed')} reports, "
              f"{time.perf_counter() - began:.0f} s with {kills} kills")  # fmt: skip
        began = time.perf_counter()
        whole = start(folder, told.months, "undisturbed").wait()
        print(f"undisturbed: exit {whole}, {done(folder / 'undisturbed')} reports, "
              f"{time.perf_counter() - began:.0f} s")  # fmt: skip
        one, other = content(folder / "resumed"), content(folder / "undisturbed")
        differ = sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
        print(f"{len(other)} files, {len(differ)} differ or are in one alone: {differ[:10]}")
    return int(bool(differ or again or whole or not kills))


if __name__ == "__main__":
    sys.exit(main())
