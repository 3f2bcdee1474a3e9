"""`manifest.json`: what a report was made from, so that it can be made again and compared."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import funnelkit

if TYPE_CHECKING:
    from funnelkit.data.definition import Funnel
    from funnelkit.report.config import Config
    from funnelkit.report.parameters import Parameters

FACTS = "application/vnd.funnelkit.facts+json"
"""MIME type under which a notebook hands facts of its run to the manifest."""

ARCHIVED = "archive/"
"""What the names of archived exports begin with, among what a page read of the past."""

_PACKAGES = (
    "duckdb", "ibis-framework", "matplotlib", "nbconvert", "numpy", "pandas", "papermill",
    "pyarrow", "scipy", "sqlglot", "statsmodels", "xlsxwriter",
)  # fmt: skip
_PATHS = ("config", "data", "join")


class Facts:
    """Facts of a run that only its notebook knows, such as the last day of the data.

    Shown as the last value of a cell, it reaches the manifest and leaves one line on the page.
    """

    def __init__(self, words: str, **facts: object) -> None:
        self.words, self.facts = words, facts

    def __repr__(self) -> str:
        """Return the line."""
        return self.words

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return {"text/plain": self.words, FACTS: _plain(self.facts)}


def describe(
    parameters: Parameters,
    config: Config | None,
    *,
    inputs: Iterable[Path],
    notebook: Path,
    facts: Mapping[str, Any],
    warnings: Iterable[str],
) -> dict[str, Any]:
    """Return what a run is made from and what it found, without its outputs and timings."""
    made = made_from(parameters, config, inputs=inputs, notebook=notebook)
    return {
        "report": made.pop("report"),
        "parameters": made.pop("parameters"),
        "as_of": facts.get("as_of"),
        "facts": {key: value for key, value in facts.items() if key != "as_of"},
        **made,
        "warnings": list(warnings),
    }


def made_from(
    parameters: Parameters, config: Config | None, *, inputs: Iterable[Path], notebook: Path
) -> dict[str, Any]:
    """Return what a run is made from: as far as this is the same, the report is the same.

    Paths are relative to the folder of funnel.yml, or mere names outside it; no value of a record
    is among them.
    """
    folder = config.path.parent if config else Path()
    values = {key: value for key, value in dataclasses.asdict(parameters).items() if key != "out"}
    del values["tables"]
    for key in _PATHS:
        given = values[key]
        if isinstance(given, str):
            values[key] = Path(given).name
        elif given is not None:
            values[key] = [_name(Path(one), folder) for one in given]
    return {
        "report": parameters.report,
        "parameters": values,
        "funnel": _funnel(config.funnel) if config else "simulated",
        "rows": _plain(_rows(config)) if config else {},
        "inputs": [_fingerprint(path, _name(path, folder)) for path in inputs],
        **_warehouse(config, parameters),
        "notebook": _fingerprint(notebook, notebook.name),
        "versions": versions(),
    }


def _warehouse(config: Config | None, parameters: Parameters) -> dict[str, Any]:
    """Return the tables that were read where they lie, if any were."""
    source = config.data.warehouse if config and not parameters.data else None
    if source is None:
        return {}
    read: dict[str, Any] = {
        "connection": source.place,
        "table": source.table,
        "query": source.query,
    }
    read |= {"join": list(source.join)}
    return {"warehouse": {key: value for key, value in read.items() if value}}


def write(
    path: Path,
    description: Mapping[str, Any],
    outputs: Mapping[str, Path],
    timings: Mapping[str, float],
) -> None:
    """Write the manifest: a description, the hash of each output by its name, the timings."""
    content = {
        **description,
        "outputs": [_fingerprint(file, name) for name, file in outputs.items()],
        "timings": {name: round(seconds, 2) for name, seconds in timings.items()},
    }
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits; read again only once it has changed."""
    known = path.stat()
    return _digest(path.resolve(), known.st_size, known.st_mtime_ns)


@cache
def _digest(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def fingerprint(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what a manifest says, but for how long things took."""
    said = {key: value for key, value in content.items() if key != "timings"}
    text = json.dumps(said, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of Python, funnelkit and what it computes with."""
    found = {"python": platform.python_version(), "funnelkit": funnelkit.__version__}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "absent"
    return found


def sources(config: Config, *, data: Any = None, join: Any = None) -> dict[str, str]:
    """Return the hash of funnel.yml and of each export, by its name; none for a warehouse."""
    files, others = config.inputs(data=data, join=join)
    folder = config.path.parent
    given = [config.path, *files, *others] if files else []
    return {_name(path, folder): sha256(path) for path in given}


def defined(config: Config) -> dict[str, Any]:
    """Return the funnel and which of its rows are read, as a manifest keeps them."""
    kept = {"funnel": _funnel(config.funnel), "rows": _plain(_rows(config))}
    content: dict[str, Any] = json.loads(json.dumps(kept, default=str))
    return content


def _fingerprint(path: Path, name: str) -> dict[str, Any]:
    return {"name": name, "bytes": path.stat().st_size, "sha256": sha256(path)}


def _name(path: Path, folder: Path) -> str:
    try:
        return path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return path.name


def _funnel(funnel: Funnel) -> dict[str, Any]:
    known = {one.name: getattr(funnel, one.name) for one in dataclasses.fields(funnel)}
    return {name: _plain(value) for name, value in known.items() if value not in (None, (), {})}


def _rows(config: Config) -> dict[str, Any]:
    """Return which rows are read; of a personal column, that it matters and not its values."""
    personal = set(config.funnel.personal)
    return {
        key: {
            column: "(personal)" if column in personal else values
            for column, values in getattr(config, key).items()
        }
        for key in ("where", "exclude")
        if getattr(config, key)
    }


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain({one.name: getattr(value, one.name) for one in dataclasses.fields(value)})
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, dt.date) else value
