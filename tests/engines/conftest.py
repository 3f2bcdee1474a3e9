"""A real PostgreSQL and a real local Spark for the tests of this folder, each started once.

Where an extra or a server is missing the tests skip and say so; with FUNNELKIT_REQUIRE_ENGINES in
the environment they fail instead. Nothing listens beyond this machine.
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ibis
import pytest

ENGINES = ("duckdb", "postgres", "polars", "pyspark")


def _lacking(reason: str) -> None:
    if os.environ.get("FUNNELKIT_REQUIRE_ENGINES"):
        pytest.fail(reason)
    pytest.skip(reason)


def _driver(module: str, extra: str) -> None:
    try:
        importlib.import_module(module)
    except ImportError:
        _lacking(f"{module} is not installed: pip install 'funnelkit[{extra}]'")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
        found = str(installed[-1]) if installed else None
    if found is None:
        _lacking(f"no `{name}` on this machine: PostgreSQL is not installed")
    return str(found)


def _ordinary_user() -> dict[str, Any]:
    """Return who runs the server where we are root, whom it refuses."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return {}
    import pwd

    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@pytest.fixture(scope="session")
def postgres_socket() -> Iterator[Path]:
    """The folder of the socket of a PostgreSQL of our own, which sorts texts as people do."""
    _driver("psycopg", "postgres")
    initdb, control = _program("initdb"), _program("pg_ctl")
    somebody = _ordinary_user()
    # Not pytest's own folder: the server must be able to reach it, and a socket's path is short.
    with tempfile.TemporaryDirectory(prefix="fkpg", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if somebody:
            shutil.chown(folder, somebody["user"], somebody["group"])

        def run(*command: str) -> None:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, encoding="utf-8", check=False, **somebody
            )
            log = folder / "log"
            told = log.read_text(encoding="utf-8") if log.exists() else ""
            assert done.returncode == 0, done.stdout + done.stderr + told

        data = str(folder / "data")
        sorting = ("--locale-provider=icu", "--icu-locale=en-US", "--locale=C", "-E", "UTF8")
        run(initdb, "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", *sorting)
        quiet = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        run(control, "-D", data, "-l", str(folder / "log"), "-o", quiet, "-w", "start")
        try:
            yield folder
        finally:
            run(control, "-D", data, "-m", "immediate", "-w", "stop")


@pytest.fixture(scope="session")
def postgres(postgres_socket: Path) -> Iterator[Any]:
    """A connection to it."""
    connection = ibis.postgres.connect(
        host=str(postgres_socket), user="postgres", database="postgres"
    )
    yield connection
    connection.disconnect()


@pytest.fixture(scope="session")
def pyspark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A connection to a Spark of one thread in a process of its own."""
    _driver("pyspark", "spark")
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        _lacking("no `java` on this machine, which Spark needs (17 or later)")
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.memory", "1g")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse")))
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")  # a few rows: compiling costs more
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    yield ibis.pyspark.connect(session)
    session.stop()


@pytest.fixture(scope="session")
def polars() -> Any:
    """A connection to Polars."""
    _driver("polars", "polars")
    return ibis.polars.connect()


@pytest.fixture(scope="session")
def duckdb(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A connection to a database file of DuckDB, in a session whose zone is none of ours."""
    connection = ibis.duckdb.connect(tmp_path_factory.mktemp("duckdb") / "crm.duckdb")
    connection.raw_sql("SET TimeZone = 'Asia/Kolkata'")
    return connection


@pytest.fixture(params=ENGINES)
def connection(request: pytest.FixtureRequest) -> Any:
    """Each engine in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def put(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Return a table of a connection made of an Arrow table, types and all; dropped afterwards."""
    made: list[tuple[Any, str]] = []

    def to(connection: Any, table: Any, name: str = "golden") -> Any:
        made.append((connection, name))
        if connection.name != "pyspark":
            return connection.create_table(name, table, overwrite=True)
        import pyarrow.parquet as pq

        pq.write_table(table, tmp_path / f"{name}.parquet")
        return connection.read_parquet(tmp_path / f"{name}.parquet", table_name=name)

    yield to
    for connection, name in made:
        drop = connection.drop_view if connection.name == "pyspark" else connection.drop_table
        drop(name, force=True)
