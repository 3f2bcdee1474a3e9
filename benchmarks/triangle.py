"""From a file on disk to a triangle: seconds and memory beside the best query written by hand.

    python benchmarks/triangle.py [--leads 1000000 10000000] [--memory 4GB] [--keep FOLDER]

An event log (about two events a lead, in the order of time, with stages skipped, entered again,
out of order and after `as_of`, and lost records that came back or were won after all) and the same
leads with one row each are written as Parquet files by DuckDB. Every contender then counts the
same triangle (lead to won, beside lost, by month of entry), each in a process of its own on two
cores:

- funnelkit on the log (`from_events`, `triangle`) and on the wide file (`read_parquet`);
- the best DuckDB query that we could write by hand for this one question, and for the log the same
  after a scan that counts what funnelkit counts before it counts on a file: blank and padded ids,
  unknown stages, missing times, times of day, ids that a spreadsheet has rounded;
- Polars, streaming; pandas (up to ten million leads);
- two floors: a scan of the columns, and `GROUP BY id` with nothing but a count.

The counts of all of them must be equal, down to the last lead, or the script stops. Seconds are
those of the work, without the imports (of funnelkit's, also without those of Ibis); of funnelkit's,
those of the counting (all after the file was opened and checked) stand below. Memory is the peak of
the whole process.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

AS_OF = dt.date(2025, 12, 31)
STAGES = ["lead", "mql", "opportunity", "won"]
CORES = 2
MOST_FOR_PANDAS = 10_000_000

LEADS = """
CREATE MACRO u(i, k) AS (hash(i * 16 + k) >> 11) / 9007199254740992.0;
CREATE MACRO after(i, k, day, mean) AS day + to_seconds((-ln(1 - u(i, k)) * mean * 86400)::BIGINT);
COPY (
  WITH entered AS (
    SELECT i,
      '00Q' || lpad(upper(to_base((hash(i) >> 4)::BIGINT, 32)), 15, '0') AS id,
      TIMESTAMP '2023-01-01' + to_seconds(floor(i * (1095.0 * 86400 / {leads}))::BIGINT) AS lead
    FROM range({leads}) AS numbers(i)),
  qualified AS (
    SELECT *, CASE WHEN u(i, 1) < .45 THEN after(i, 2, lead, 20) END AS mql FROM entered),
  offered AS (
    SELECT *, CASE WHEN u(i, 3) < .5 THEN after(i, 4, mql, 30) END AS opportunity FROM qualified),
  decided AS (
    SELECT *, CASE WHEN u(i, 5) < .4 THEN after(i, 6, opportunity, 60) END AS won FROM offered),
  done AS (
    SELECT *, CASE WHEN won IS NULL AND u(i, 7) < .28
      THEN after(i, 8, coalesce(opportunity, mql, lead), 45) END AS lost FROM decided)
  SELECT id,
    CASE WHEN u(i, 9) < .99 OR mql IS NULL THEN lead END AS lead,
    CASE WHEN u(i, 10) < .97 THEN mql END AS mql,
    CASE WHEN u(i, 11) < .95 THEN
      CASE WHEN u(i, 12) < .02 THEN opportunity - INTERVAL 40 DAY ELSE opportunity END
    END AS opportunity,
    won,
    CASE WHEN u(i, 13) < .02 THEN coalesce(lost, opportunity + INTERVAL 9 DAY)
      ELSE lost END AS lost,
    CASE WHEN u(i, 14) < .03 THEN mql + INTERVAL 50 DAY END AS again,
    CASE WHEN u(i, 15) < .5 THEN 'web' WHEN u(i, 15) < .8 THEN 'event' ELSE 'partner' END AS source
  FROM done
) TO '{folder}/leads.parquet' (FORMAT parquet);
COPY (
  SELECT id, lead::DATE AS lead, mql::DATE AS mql, opportunity::DATE AS opportunity,
    won::DATE AS won, lost::DATE AS lost, source
  FROM '{folder}/leads.parquet'
) TO '{folder}/wide.parquet' (FORMAT parquet);
COPY (
  SELECT id, stage, time, source
  FROM (
    UNPIVOT (FROM '{folder}/leads.parquet') ON lead, mql, opportunity, won, lost, again
    INTO NAME stage VALUE time)
  ORDER BY time
) TO '{folder}/unnamed.parquet' (FORMAT parquet);
COPY (
  SELECT id, CASE stage WHEN 'again' THEN 'mql' ELSE stage END AS stage, time, source
  FROM '{folder}/unnamed.parquet'
) TO '{folder}/log.parquet' (FORMAT parquet);
"""

# Four days for each lead and one number: its newest day, and what came on it (a win outranks a loss
# of the same day, a loss any other stage). The days of entry and of the outcome are grouped first,
# once, and both counts are read off that.
BY_HAND = """
WITH days AS (
  SELECT id,
    CASE WHEN stage = 'lead' THEN day END AS lead,
    CASE WHEN stage = 'mql' THEN day END AS mql,
    CASE WHEN stage = 'opportunity' THEN day END AS opportunity,
    CASE WHEN stage = 'won' THEN day END AS won,
    (date_diff('day', DATE '1970-01-01', day) * 4
      + CASE stage WHEN 'won' THEN 2 WHEN 'lost' THEN 1 ELSE 0 END)::INT AS newest
  FROM (
    SELECT id, stage, time::DATE AS day FROM '{folder}/log.parquet'
    WHERE time < TIMESTAMP '2026-01-01')),
leads AS (
  SELECT lead, mql, opportunity, won,
    CASE WHEN newest & 3 = 1 THEN DATE '1970-01-01' + (newest >> 2) END AS lost
  FROM (
    SELECT min(lead) AS lead, min(mql) AS mql, min(opportunity) AS opportunity, min(won) AS won,
      max(newest) AS newest
    FROM days GROUP BY id)),
{rest}
"""
REST = """
ends AS (
  SELECT lead,
    CASE WHEN lost IS NOT NULL THEN 'lost' WHEN won IS NOT NULL THEN 'won' ELSE '' END AS outcome,
    outcome = 'won' AND coalesce(won < lead OR won < mql OR won < opportunity, false) AS undated,
    CASE outcome WHEN 'won' THEN greatest(lead, mql, opportunity, won) WHEN 'lost' THEN lost
      ELSE DATE '2025-12-31' END AS ended
  FROM leads WHERE lead IS NOT NULL),
counts AS MATERIALIZED (
  SELECT lead, outcome, undated, greatest(lead, ended) AS ended, count(*) AS n FROM ends
  GROUP BY ALL)
SELECT 'outcome' AS kind, strftime(lead, '%Y-%m') AS cohort, outcome, undated,
  ended - lead AS age, sum(n)::BIGINT AS n
FROM counts GROUP BY ALL
UNION ALL
SELECT 'followed', strftime(lead, '%Y-%m'), '', false, DATE '2025-12-31' - lead, sum(n)::BIGINT
FROM counts GROUP BY ALL
"""
CHECKS = r"""
SELECT stage, id IS NULL, time IS NULL, count(*), min(time), max(time),
  count_if(id < '!' OR right(id, 1) <= ' '),
  count_if(contains(id, '+') AND regexp_matches(id, '^\d([.,]\d+)?[eE]\+\d+$')),
  count_if(time::TIME <> TIME '00:00')
FROM '{folder}/log.parquet' GROUP BY ALL
"""
WIDE_BY_HAND = """
WITH leads AS (
  SELECT lead, mql, opportunity, won,
    CASE WHEN lost >= greatest(lead, mql, opportunity, won) AND (won IS NULL OR lost > won)
      THEN lost END AS lost
  FROM (
    SELECT * REPLACE (
      CASE WHEN lead <= DATE '2025-12-31' THEN lead END AS lead,
      CASE WHEN mql <= DATE '2025-12-31' THEN mql END AS mql,
      CASE WHEN opportunity <= DATE '2025-12-31' THEN opportunity END AS opportunity,
      CASE WHEN won <= DATE '2025-12-31' THEN won END AS won,
      CASE WHEN lost <= DATE '2025-12-31' THEN lost END AS lost)
    FROM '{folder}/wide.parquet')),
{rest}
"""

Count = tuple[str, str, str, bool, int, int]


def funnelkit_log(folder: Path) -> Iterable[Count]:
    import funnelkit as fk

    funnel = fk.Funnel(STAGES, exits=["lost"], id="id")
    leads = fk.from_events(
        folder / "log.parquet", funnel, id="id", stage="stage", time="time", as_of=AS_OF
    )
    opened()
    return of_triangle(fk.triangle(leads, "lead", "won"))


def funnelkit_wide(folder: Path) -> Iterable[Count]:
    import funnelkit as fk

    funnel = fk.Funnel(STAGES, exits=["lost"], id="id")
    leads = fk.read_parquet(folder / "wide.parquet", funnel, as_of=AS_OF)
    opened()
    return of_triangle(fk.triangle(leads, "lead", "won"))


_opened_at: list[float] = []


def opened() -> None:
    """Note that the file is open, and that what follows is counting."""
    _opened_at.append(time.process_time())


def of_triangle(triangle) -> Iterable[Count]:
    for row in triangle.to_frame().itertuples(index=False):
        yield ("outcome", row.cohort, row.outcome, bool(row.undated), int(row.age), int(row.n))
    for cohort, ages in zip(triangle.cohorts, triangle.followed[0], strict=True):
        for age in ages.nonzero()[0]:
            yield ("followed", str(cohort), "", False, int(age), int(ages[age]))


def duckdb_log(folder: Path) -> Iterable[Count]:
    return duckdb_rows(BY_HAND.format(folder=folder, rest=REST), folder)


def duckdb_checked(folder: Path) -> Iterable[Count]:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"SET threads = {CORES}")
        connection.execute(CHECKS.format(folder=folder)).fetchall()
    return duckdb_log(folder)


def duckdb_wide(folder: Path) -> Iterable[Count]:
    return duckdb_rows(WIDE_BY_HAND.format(folder=folder, rest=REST), folder)


def duckdb_rows(query: str, folder: Path) -> list:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(f"SET temp_directory = '{folder}/spilled'")
        if limit := os.environ.get("FUNNELKIT_MEMORY_LIMIT"):
            connection.execute(f"SET memory_limit = '{limit}'")
        return connection.execute(query).fetchall()


def scan(folder: Path) -> Iterable[Count]:
    columns = "max(length(id)), max(stage), max(time)"
    duckdb_rows(f"SELECT {columns} FROM '{folder}/log.parquet'", folder)
    return []


def grouped(folder: Path) -> Iterable[Count]:
    query = f"SELECT id, count(*) AS n FROM '{folder}/log.parquet' GROUP BY id"
    duckdb_rows(f"SELECT count(*), max(n) FROM ({query})", folder)
    return []


def polars_log(folder: Path) -> Iterable[Count]:
    import polars as pl

    day = pl.col("day")

    def of(stage: str) -> pl.Expr:
        return pl.when(pl.col("stage") == stage).then(day)

    log = pl.scan_parquet(folder / "log.parquet").select("id", "stage", "time")
    log = log.filter(pl.col("time") < dt.datetime(2026, 1, 1)).select(
        "id",
        pl.col("time").dt.date().alias("day"),
        stage="stage",
    )
    days = log.select(
        "id",
        *(of(stage).alias(stage) for stage in [*STAGES, "lost"]),
        pl.when(pl.col("stage") != "lost").then(day).alias("any_stage"),
    )
    leads = days.group_by("id").agg(
        *(pl.col(stage).min() for stage in STAGES),
        pl.col("won").max().alias("last_won"),
        pl.col("lost").max(),
        pl.col("any_stage").max().alias("latest"),
    )
    lead, won, lost = pl.col("lead"), pl.col("won"), pl.col("lost")
    stands = (lost >= pl.col("latest")).fill_null(False)
    is_won = won.is_not_null() & ~(stands & (lost > pl.col("last_won")).fill_null(False))
    before = [(won < pl.col(stage)).fill_null(False) for stage in STAGES[:-1]]
    outcome = pl.when(is_won).then(pl.lit("won"))
    outcome = outcome.when(stands).then(pl.lit("lost")).otherwise(pl.lit(""))
    ended = pl.when(is_won).then(pl.max_horizontal(*STAGES)).when(stands).then(lost)
    ends = leads.filter(lead.is_not_null()).select(
        "lead",
        outcome=outcome,
        undated=is_won & pl.any_horizontal(before),
        ended=pl.max_horizontal(ended.otherwise(pl.lit(AS_OF)), lead),
    )
    counts = ends.group_by("lead", "outcome", "undated", "ended").agg(n=pl.len())
    found = counts.collect(engine="streaming")
    month = pl.col("lead").dt.strftime("%Y-%m").alias("cohort")
    age = (pl.col("ended") - lead).dt.total_days().alias("age")
    keys = ["cohort", "outcome", "undated", "age"]
    outcomes = found.select(month, "outcome", "undated", age, "n")
    for row in outcomes.group_by(keys).agg(pl.col("n").sum()).iter_rows():
        yield ("outcome", *row)
    followed = found.select(month, (AS_OF - lead).dt.total_days().alias("age"), "n")
    for cohort, days_, n in followed.group_by("cohort", "age").agg(pl.col("n").sum()).iter_rows():
        yield ("followed", cohort, "", False, days_, n)


def pandas_log(folder: Path) -> Iterable[Count]:
    import numpy as np
    import pandas as pd

    log = pd.read_parquet(folder / "log.parquet", columns=["id", "stage", "time"])
    log = log[log["time"] < "2026-01-01"]
    log["day"] = log["time"].dt.normalize()
    log = log.drop(columns="time")
    leads = pd.DataFrame(
        {
            stage: log[log["stage"] == stage].groupby("id", sort=False)["day"].min()
            for stage in STAGES
        }
    )
    last = log.groupby("id", sort=False)["day"]
    leads["last_won"] = log[log["stage"] == "won"].groupby("id", sort=False)["day"].max()
    leads["lost"] = log[log["stage"] == "lost"].groupby("id", sort=False)["day"].max()
    leads["latest"] = log[log["stage"] != "lost"].groupby("id", sort=False)["day"].max()
    del last
    leads = leads[leads["lead"].notna()]
    stands = leads["lost"] >= leads["latest"]
    is_won = leads["won"].notna() & ~(stands & (leads["lost"] > leads["last_won"]))
    early = np.zeros(len(leads), dtype=bool)
    for stage in STAGES[:-1]:
        early |= (leads["won"] < leads[stage]).to_numpy()
    ended = leads["lost"].where(stands, pd.Timestamp(AS_OF))
    ended = ended.where(~is_won, leads[STAGES].max(axis=1))
    table = pd.DataFrame(
        {
            "lead": leads["lead"],
            "outcome": np.where(is_won, "won", np.where(stands, "lost", "")),
            "undated": is_won & early,
            "ended": ended.where(ended >= leads["lead"], leads["lead"]),
        }
    )
    keys = ["lead", "outcome", "undated", "ended"]
    counts = table.groupby(keys, sort=False).size().rename("n").reset_index()
    counts["cohort"] = counts["lead"].dt.strftime("%Y-%m")
    counts["age"] = (counts["ended"] - counts["lead"]).dt.days
    counts["followed"] = (pd.Timestamp(AS_OF) - counts["lead"]).dt.days
    outcomes = counts.groupby(["cohort", "outcome", "undated", "age"])["n"].sum()
    for (cohort, outcome, undated, age), n in outcomes.items():
        yield ("outcome", cohort, outcome, bool(undated), int(age), int(n))
    for (cohort, age), n in counts.groupby(["cohort", "followed"])["n"].sum().items():
        yield ("followed", cohort, "", False, int(age), int(n))


CONTENDERS: dict[str, Callable[[Path], Iterable[Count]]] = {
    "DuckDB by hand, event log": duckdb_log,
    "DuckDB by hand, checked log": duckdb_checked,
    "funnelkit, event log": funnelkit_log,
    "Polars streaming, event log": polars_log,
    "pandas, event log": pandas_log,
    "floor: GROUP BY id": grouped,
    "floor: scan of the columns": scan,
    "DuckDB by hand, wide": duckdb_wide,
    "funnelkit, wide": funnelkit_wide,
}


def one(name: str, folder: Path) -> None:
    """Run one contender in this process, and print what it took and what it counted."""
    for module in ("duckdb", "numpy", "pandas", name.split(maxsplit=1)[0].lower().rstrip(",")):
        if module in ("funnelkit", "duckdb", "polars", "pandas", "numpy"):
            __import__(module)
    if name.startswith("funnelkit"):
        import ibis.backends.duckdb  # noqa: F401

        import funnelkit.data.embedded  # noqa: F401
        from funnelkit import from_events, read_parquet, triangle  # noqa: F401
    before, cpu = time.perf_counter(), time.process_time()
    counts = sorted(CONTENDERS[name](folder))
    told = {"wall": time.perf_counter() - before, "cpu": time.process_time() - cpu}
    if _opened_at:
        told["counting"] = cpu + told["cpu"] - _opened_at[0]
    told["leads"] = sum(count[-1] for count in counts if count[0] == "outcome")
    plain = [[*count[:3], bool(count[3]), *map(int, count[4:])] for count in counts]
    told["digest"] = hashlib.sha256(json.dumps(plain).encode()).hexdigest()
    print(json.dumps(told))


def measured(name: str, folder: Path, limit: str | None) -> dict[str, float | str]:
    """Run one contender in a process of its own, and return what it took."""
    environment = os.environ | {"POLARS_MAX_THREADS": str(CORES)}
    if limit is not None:
        environment["FUNNELKIT_MEMORY_LIMIT"] = limit
    command = [sys.executable, __file__, "--one", name, "--folder", str(folder)]
    child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        return {"failed": child.returncode, "peak": usage.ru_maxrss / 2**20}
    return json.loads(output.splitlines()[-1]) | {"peak": usage.ru_maxrss / 2**20}


def write(leads: int, folder: Path) -> None:
    """Write the data in a process of its own, whose memory is not that of the contenders."""
    command = [sys.executable, __file__, "--write", str(leads), "--folder", str(folder)]
    subprocess.run(command, check=True)


def written(leads: int, folder: Path) -> None:
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "log.parquet").exists():
        return
    with duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = true")
        connection.execute(f"SET temp_directory = '{folder}/spilled'")
        connection.execute("SET memory_limit = '6GB'")
        connection.execute(LEADS.format(leads=leads, folder=folder))
    (folder / "unnamed.parquet").unlink()


def compare(leads: int, folder: Path, limit: str | None, names: list[str]) -> float | None:
    write(leads, folder)
    print(f"\n{leads:,} leads" + (f", memory limit {limit}" if limit else ""))
    print(f"  {'':30}{'wall s':>8}{'CPU s':>8}{'peak GB':>9}{'CPU, by hand = 1':>18}")
    found = {}
    for name in names:
        if name.startswith("pandas") and leads > MOST_FOR_PANDAS:
            continue
        found[name] = told = measured(name, folder, limit)
        if "failed" in told:
            print(f"  {name:30} failed ({told['failed']}) at {told['peak']:.2f} GB")
            continue
        form = "wide" if name.endswith("wide") else "event log"
        by_hand = found.get(f"DuckDB by hand, {form}")
        ratio = f"{told['cpu'] / by_hand['cpu']:.2f}" if by_hand and "cpu" in by_hand else ""
        print(f"  {name:30}{told['wall']:8.2f}{told['cpu']:8.2f}{told['peak']:9.2f}{ratio:>18}")
        if "counting" in told:
            ratio = f"{told['counting'] / by_hand['cpu']:.2f}" if by_hand else ""
            print(f"  {'  of it, counting':38}{told['counting']:8.2f}{ratio:>27}")
    for form in ("event log", "wide"):
        digests = {t["digest"] for n, t in found.items() if n.endswith(form) and "digest" in t}
        if len(digests) > 1:
            sys.exit(f"The counts of the {form} differ between contenders.")
    ours = found.get("funnelkit, event log", {})
    told = {
        "the query by hand": found.get("DuckDB by hand, event log"),
        "that with checks": found.get("DuckDB by hand, checked log"),
        "the GROUP BY": found.get("floor: GROUP BY id"),
        "the scan": found.get("floor: scan of the columns"),
    }
    if "cpu" in ours:
        ratios = [
            f"{ours['cpu'] / other['cpu']:.2f} x {name}"
            for name, other in told.items()
            if other and "cpu" in other
        ]
        print(f"  funnelkit on the log: {', '.join(ratios)} (CPU).", end="")
        wide = found.get("funnelkit, wide", {})
        if "cpu" in wide:
            print(f" Wide: {wide['cpu'] / ours['cpu']:.2f} of the log.", end="")
        print()
    return ours.get("cpu")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--leads", type=int, nargs="+", default=[1_000_000, 10_000_000, 50_000_000])
    parser.add_argument("--memory", help="limit of the engine, such as 3GB")
    parser.add_argument("--only", nargs="+", default=list(CONTENDERS), choices=CONTENDERS)
    parser.add_argument("--keep", type=Path, help="folder for the data, used again if it is there")
    parser.add_argument("--one", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--write", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write:
        written(given.write, given.folder)
        return
    if given.one:
        one(given.one, given.folder)
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    with tempfile.TemporaryDirectory() as scratch:
        home = given.keep or Path(scratch)
        took = {
            leads: compare(leads, home / str(leads), given.memory, given.only)
            for leads in given.leads
        }
    each = [f"{took[n] / n * 1e6:.2f} at {n:,}" for n in given.leads if took[n]]
    print(f"\nCPU seconds for a million leads, funnelkit on the log: {', '.join(each)}.")


if __name__ == "__main__":
    main()
