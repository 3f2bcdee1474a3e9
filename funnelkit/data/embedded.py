"""The embedded engine: its memory, where it spills, its progress bar, and Ctrl-C.

A query runs in a thread of its own while the main thread waits for it, so that Ctrl-C stops it at
once (DuckDB by itself looks for it now and then, and turns it into an error) and a progress bar
can be drawn meanwhile.
"""

from __future__ import annotations

import contextlib
import contextvars
import os
import re
import shutil
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import ibis
from ibis.backends.duckdb import Backend

from funnelkit._core.cores import CORES, MEMORY_LIMIT, cores
from funnelkit._core.errors import ArgumentError, CapacityError, DataError
from funnelkit.data.arrow_frames import frame_of

_SIZE = r"\d+(\.\d+)?\s*([KMGT]i?B)"
_TICK = 0.1
_PATIENCE = 2.0
_WIDTH = 30
_FULL = ("No space left", "not enough space", "max_temp_directory_size")

T = TypeVar("T")


def connect() -> Embedded:
    """Return a private engine in memory, in UTC.

    It spills to a folder of its own in the system's folder for temporary files (``TMPDIR``),
    which goes away with it.

    Raises
    ------
    ArgumentError
        If ``FUNNELKIT_MEMORY_LIMIT`` is no size, or ``FUNNELKIT_CORES`` no number.
    """
    limit = _memory_limit()
    engine: Embedded = Embedded().connect()
    folder = tempfile.mkdtemp(prefix="funnelkit-")
    weakref.finalize(engine, _gone, engine.con, folder, os.getpid())
    told: dict[str, object] = {"TimeZone": "UTC", "temp_directory": folder}
    if limit is not None:
        told["memory_limit"] = limit
    if CORES in os.environ:
        told["threads"] = cores()
    for name, value in told.items():
        engine.con.execute(f"SET {name} = '{str(value).replace(chr(39), chr(39) * 2)}'")
    with contextlib.suppress(duckdb.InvalidInputException):  # in Jupyter without ipywidgets
        engine.con.execute("SET enable_progress_bar_print = false")  # it would go to stdout
        engine.con.execute("SET progress_bar_time = 0")  # this switches it on
        engine.con.execute(f"SET enable_progress_bar = {_on_terminal()}")
    return engine


def tried() -> str:
    """Return the version of the embedded engine, once it has answered a question.

    Raises
    ------
    ArgumentError
        If ``FUNNELKIT_MEMORY_LIMIT`` is no size, or ``FUNNELKIT_CORES`` no number.
    DataError
        If it does not answer, or wrongly.

    Examples
    --------
    >>> tried().split(".")[0] in {"1", "2"}
    True
    """
    try:
        engine = connect()
        answer = engine.con.execute("SELECT 40 + 2").fetchall()
    except duckdb.Error as error:
        words = str(error).partition("\n")[0]
        raise DataError(f"DuckDB does not run: {words}") from None
    if answer != [(42,)]:
        raise DataError(f"DuckDB answers {answer!r} where 42 is right.")
    return str(duckdb.__version__)


class Embedded(Backend):  # type: ignore[misc]
    """Ibis' DuckDB engine, whose queries can be interrupted and watched."""

    scanned: str | None = None  # Parquet files that are scanned where they lie

    def raw_sql(self, query: Any, **kwargs: Any) -> Any:
        """Run a statement."""
        return _watched(self, lambda: super(Embedded, self).raw_sql(query, **kwargs))

    def create_table(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Create a table."""
        return _watched(self, lambda: super(Embedded, self).create_table(name, *args, **kwargs))

    def execute(self, expr: Any, /, **kwargs: Any) -> Any:
        """Return the result of an expression for pandas."""
        if not isinstance(expr, ibis.Table):
            return _watched(self, lambda: super(Embedded, self).execute(expr, **kwargs))
        return frame_of(self.to_pyarrow(expr, **kwargs), expr.schema())

    def to_pyarrow(self, expr: Any, /, **kwargs: Any) -> Any:
        """Return the result of an expression as an Arrow table."""
        return _watched(self, lambda: super(Embedded, self).to_pyarrow(expr, **kwargs))


def _watched(engine: Embedded, work: Callable[[], T]) -> T:
    """Return the result of some work on an engine, which Ctrl-C ends at once."""
    if threading.current_thread() is not threading.main_thread():  # no Ctrl-C arrives there
        return _translated(engine, work)
    outcome: Future[T] = Future()
    inside = contextvars.copy_context()

    def run() -> None:
        try:
            outcome.set_result(inside.run(_translated, engine, work))
        except BaseException as error:  # noqa: BLE001  raised again by `result`
            outcome.set_exception(error)

    worker = threading.Thread(target=run, name="funnelkit query", daemon=True)
    bar = _Bar(engine)
    try:
        worker.start()
        while not wait([outcome], timeout=_TICK).done:
            bar.draw()
        return outcome.result()
    finally:
        while worker.is_alive() and not outcome.done():
            engine.con.interrupt()
            worker.join(_TICK)
        bar.clear()


def _translated(engine: Embedded, work: Callable[..., T]) -> T:
    """Return the result of some work; where memory, disk or a damaged file is at fault, say so."""
    try:
        with _in_steps():
            return work()
    except duckdb.OutOfMemoryException:
        raise CapacityError(_does_not_suffice(engine)) from None
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException):
        raise  # a mistake of funnelkit's own
    except (duckdb.Error, RuntimeError) as error:
        words = str(error)
        if any(sign in words for sign in _FULL):
            raise CapacityError(_does_not_suffice(engine)) from None
        if engine.scanned is None or "CSV Error" in words:
            raise
        why = (words.splitlines() or ["damaged"])[0]
        raise DataError(f"`{engine.scanned}` cannot be read as Parquet: {why}") from None


def _does_not_suffice(engine: Embedded) -> str:
    limit, folder = engine.con.execute(
        "SELECT current_setting('memory_limit'), current_setting('temp_directory')"
    ).fetchall()[0]
    place = Path(folder).parent
    free = shutil.disk_usage(place).free / 2**30
    return (
        f"memory does not suffice: the engine may use {limit}, and cannot write enough of what "
        f"does not fit to `{place}` ({free:,.1f} GiB free). Allow more with the environment "
        f"variable {MEMORY_LIMIT} (such as 8GB), name a larger disk with TMPDIR, or read fewer "
        "columns and segments."
    )


@contextlib.contextmanager
def _in_steps() -> Iterator[None]:
    """Have Ibis write one query inside the other as they are, not fused into one.

    DuckDB fuses them by itself, in no time; Ibis takes longer for that than for all the rest.
    """
    told = ibis.options.sql.fuse_selects
    ibis.options.sql.fuse_selects = False
    try:
        yield
    finally:
        ibis.options.sql.fuse_selects = told


def _memory_limit() -> str | None:
    """Return the limit that the environment names."""
    given = os.environ.get(MEMORY_LIMIT, "").strip()
    if given and not re.fullmatch(_SIZE, given, flags=re.IGNORECASE):
        raise ArgumentError(
            f"the environment variable `{MEMORY_LIMIT}` must be a size such as 4GB or 500MB; got "
            f"{given!r}."
        )
    return given or None


def _gone(connection: duckdb.DuckDBPyConnection, folder: str, process: int) -> None:
    """Close an engine and remove what it spilled, but not from a forked process."""
    if os.getpid() == process:
        connection.close()
        shutil.rmtree(folder, ignore_errors=True)


def _on_terminal() -> bool:
    """Whether somebody watches: not in a notebook, a pipe, a log or a cron job."""
    stream = sys.stderr
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


class _Bar:
    """A line on stderr that says how far a long query has come."""

    def __init__(self, engine: Embedded) -> None:
        self._engine, self._started, self._drawn = engine, time.perf_counter(), False
        self._shown = _on_terminal()

    def draw(self) -> None:
        """Draw the line anew, once the query has taken a while."""
        took = time.perf_counter() - self._started
        if not self._shown or took < _PATIENCE:
            return
        percent = self._engine.con.query_progress()
        line = f"funnelkit: reading and counting, {took:.0f} s"
        if percent > 0:
            full = round(percent / 100 * _WIDTH)
            line += f" [{'#' * full}{' ' * (_WIDTH - full)}] {percent:3.0f} %"
        self._write(f"\r{line}")

    def clear(self) -> None:
        """Take the line away."""
        if self._drawn:
            self._write(f"\r{' ' * 79}\r")

    def _write(self, text: str) -> None:
        self._drawn = True
        sys.stderr.write(text)
        sys.stderr.flush()
