"""Reports on a table of PostgreSQL and of Spark, named by a funnel.yml."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import funnelkit as fk
from funnelkit._core.errors import DataError
from funnelkit.report.config import load_config

STEPS = ["lead", "mql", "opportunity", "won", "lost"]
YML = """\
stages: [lead, mql, opportunity, won]
exits: [lost]
id: lead_id
value: amount
segments: [source]
as_of: 2026-06-30
data:
  connection: "{connection}"
  {what}
"""
SMALL = """\
spark.master local[1]
spark.driver.bindAddress 127.0.0.1
spark.driver.host 127.0.0.1
spark.sql.shuffle.partitions 1
spark.sql.adaptive.enabled false
spark.sql.codegen.factoryMode NO_CODEGEN
spark.sql.codegen.wholeStage false
spark.ui.enabled false
"""


@pytest.fixture(scope="module")
def export() -> Any:
    """Simulated leads as a table of Arrow."""
    made = fk.make_leads(n=3_000, rng=5).list("lead")
    made[STEPS] = made[STEPS].apply(lambda days: days.dt.date)
    return pa.Table.from_pandas(
        made[["lead_id", *STEPS, "source", "amount"]], preserve_index=False
    ).replace_schema_metadata(None)


def configured(folder: Path, connection: str, what: str) -> Path:
    path = folder / "funnel.yml"
    path.write_text(YML.format(connection=connection, what=what), encoding="utf-8")
    return path


def figures(leads: fk.Leads) -> tuple[str, str]:
    counts = fk.triangle(leads, "lead", "won", by="source")
    return counts.to_frame().to_csv(), fk.rates.flow(leads).to_frame().to_csv()


def test_a_report_on_postgresql(
    postgres: Any, postgres_socket: Path, put: Callable[..., Any], export: Any, tmp_path: Path
) -> None:
    put(postgres, export, "deals")
    pq.write_table(export, tmp_path / "deals.parquet")
    address = f"postgres://postgres@/postgres?host={postgres_socket}"
    path = configured(tmp_path, address, "table: public.deals")
    config = load_config(path)
    on_file = config.read(data=str(tmp_path / "deals.parquet"))
    assert figures(config.read()) == figures(on_file)
    made = fk.report.run("monthly", config=path, month="2026-05", out=tmp_path / "reports")
    told = json.loads(made.manifest.read_text(encoding="utf-8"))
    assert told["warehouse"]["table"] == "public.deals"
    assert told["facts"]


def test_a_report_on_spark(
    pyspark: Any, export: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "spark-defaults.conf").write_text(SMALL, encoding="utf-8")
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))  # of the session that the kernel starts
    pq.write_table(export, tmp_path / "deals.parquet")
    query = f"query: SELECT * FROM parquet.`{tmp_path / 'deals.parquet'}`"
    path = configured(tmp_path, "pyspark://", query)
    config = load_config(path)
    on_file = config.read(data=str(tmp_path / "deals.parquet"))
    assert figures(config.read()) == figures(on_file)
    made = fk.report.run("monthly", config=path, month="2026-05", out=tmp_path / "reports")
    assert "deals.parquet" in json.loads(made.manifest.read_text("utf-8"))["warehouse"]["query"]


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    path = configured(tmp_path, "postgres://me:hush@127.0.0.1:9/crm", "table: deals")
    with pytest.raises(DataError, match=r"me:\*\*\*@127.0.0.1:9/crm` cannot be reached") as told:
        load_config(path).read()
    assert "hush" not in str(told.value)
