"""What `funnelkit doctor` looks at: the installation, what is optional, and the configuration."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from funnelkit._core import display
from funnelkit._core.errors import FunnelError, FunnelWarning

Level = Literal["ok", "note", "problem"]
_OLDEST = (3, 11)
_ROOM = 500 * 2**20
_NEEDED = re.compile(r"(?P<name>[\w.-]+)(\[.*?\])?\s*(?P<range>[^;]*)(?P<marker>;.*)?")
_OPTIONAL = {
    "psycopg": ("PostgreSQL", "postgres"),
    "pyspark": ("Spark", "spark"),
    "polars": ("Polars", "polars"),
    "pptx": ("slides (--pptx)", "slides"),
}


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was looked at.

    Parameters
    ----------
    what
        Its name.
    level
        ``"ok"``, ``"note"`` (something optional is not there) or ``"problem"``.
    found
        What was found, as a short sentence.
    remedy
        What to do; blank where nothing is to be done.
    """

    what: str
    level: Level
    found: str
    remedy: str = ""


def installation() -> Iterator[Check]:
    """Yield what is there of all that reports need."""
    yield _python()
    yield _dependencies()
    yield _engine()
    yield _notebooks()
    yield _kernel()
    yield _folder("temporary files", Path(tempfile.gettempdir()))
    yield _folder("this folder", Path.cwd())


def options() -> Iterator[Check]:
    """Yield what is there of what is optional: a browser, engines, slides."""
    yield _browser()
    for module, (name, extra) in _OPTIONAL.items():
        if importlib.util.find_spec(module) is not None:
            yield Check(what=name, level="ok", found="is installed.")
        elif extra in _extras():
            yield Check(
                what=name,
                level="note",
                found="is not installed; only needed if you use it.",
                remedy=f"pip install 'funnelkit[{extra}]'",
            )


def configuration(path: Path) -> Iterator[Check]:
    """Yield whether a funnel.yml is right, its files are there, and they can be read by it.

    Parameters
    ----------
    path
        The file, or a folder that holds one.
    """
    from funnelkit.report.config import FILE_NAME, load_config

    file = path / FILE_NAME if path.is_dir() else path
    if not file.is_file():
        yield Check(
            what=file.name,
            level="note",
            found="is not here.",
            remedy="`funnelkit init EXPORT` drafts one; `funnelkit try EXPORT` needs none.",
        )
        return
    try:
        config = load_config(file)
    except FunnelError as error:
        for words in _problems(error):
            yield Check(what=file.name, level="problem", found=words)
        return
    yield Check(what=file.name, level="ok", found="every key is right and every file is there.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FunnelWarning)
            leads = config.read()
            config.tables.read()
            from funnelkit.data.quality import audit

            found = audit(leads, known=config.known)
    except FunnelError as error:
        for words in _problems(error):
            yield Check(what="exports", level="problem", found=words)
        return
    yield Check(what="exports", level="ok", found=leads.summary())
    if errors := len(found.errors):
        yield Check(
            what="audit",
            level="problem",
            found=f"{display.plural(errors, 'error')}: {found.errors[0].what}",
            remedy="`funnelkit audit` lists them all, with what to do.",
        )
    else:
        yield Check(what="audit", level="ok", found="no error in the data.")


def _problems(error: FunnelError) -> tuple[str, ...]:
    return tuple(str(one) for one in getattr(error, "problems", (str(error),)))


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] >= _OLDEST:
        return Check(what="Python", level="ok", found=f"{version}.")
    oldest = ".".join(map(str, _OLDEST))
    return Check(
        what="Python",
        level="problem",
        found=f"{version} is older than {oldest}.",
        remedy=f"install Python {oldest} or later, and funnelkit again with it.",
    )


def _dependencies() -> Check:
    lines = importlib.metadata.requires("funnelkit") or ()
    needed = [found for line in lines if (found := _NEEDED.match(line)) and not found["marker"]]
    wrong = [words for found in needed if (words := _wrong(found["name"], found["range"]))]
    if wrong:
        return Check(
            what="packages",
            level="problem",
            found=f"{display.listed(wrong)}.",
            remedy="pip install --upgrade funnelkit, in an environment of its own.",
        )
    return Check(what="packages", level="ok", found=f"all {len(needed)} are there and fit.")


def _wrong(name: str, wanted: str) -> str:
    """Return what is wrong with a package; blank where it is there and fits."""
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return f"{name} is missing"
    own = _parts(version)
    for clause in (each.strip() for each in wanted.split(",") if each.strip()):
        limit = _parts(clause.lstrip("<>=!~ "))
        if (clause[0] == ">" and own < limit) or (clause[0] == "<" and own >= limit):
            return f"{name} {version} is not {clause}"
    return ""


def _parts(version: str) -> tuple[int, ...]:
    """Return the numbers of a release, without zeros at its end.

    Examples
    --------
    >>> _parts("2.10.0") > _parts("2.9"), _parts("3.0") == _parts("3")
    (True, True)
    """
    found = re.match(r"\d+(\.\d+)*", version)
    parts = [int(one) for one in found[0].split(".")] if found else []
    while parts and not parts[-1]:
        parts.pop()
    return tuple(parts)


def _engine() -> Check:
    from funnelkit.data.embedded import tried

    try:
        found = f"DuckDB {tried()} runs."
    except FunnelError as error:
        remedy = "pip install --force-reinstall duckdb, or a FUNNELKIT_MEMORY_LIMIT such as 4GB"
        return Check(what="engine", level="problem", found=str(error), remedy=remedy)
    return Check(what="engine", level="ok", found=found)


def _notebooks() -> Check:
    from funnelkit.report.parameters import REPORTS
    from funnelkit.report.runner import notebook_of

    lacking = []
    for name in REPORTS:
        try:
            notebook_of(name)
        except FunnelError:
            lacking.append(name)
    if lacking:
        return Check(
            what="notebooks",
            level="problem",
            found=f"those of {display.listed(lacking)} are missing.",
            remedy="pip install --force-reinstall funnelkit",
        )
    return Check(what="notebooks", level="ok", found=f"of {display.listed(list(REPORTS))}.")


def _kernel() -> Check:
    missing = [
        name for name in ("ipykernel", "jupyter_client", "nbclient", "papermill")
        if importlib.util.find_spec(name) is None
    ]  # fmt: skip
    if missing:
        return Check(
            what="kernel",
            level="problem",
            found=f"{display.listed(missing)} cannot be found.",
            remedy=f"pip install {' '.join(missing)}",
        )
    return Check(what="kernel", level="ok", found="notebooks run in this Python.")


def _folder(what: str, folder: Path) -> Check:
    try:
        with tempfile.TemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as error:
        why = error.strerror or type(error).__name__
        return Check(
            what=what,
            level="problem",
            found=f"cannot be written to: {why}.",
            remedy="choose another folder with --out, or another TMPDIR.",
        )
    if free < _ROOM:
        return Check(
            what=what,
            level="problem",
            found=f"has only {free / 2**20:,.0f} MB left.",
            remedy="make room: large exports spill to the disk.",
        )
    return Check(what=what, level="ok", found=f"{free / 2**30:,.0f} GB free.")


def _browser() -> Check:
    try:
        from funnelkit.report.delivery.browsers import find_browser

        found: Callable[[], Path] = find_browser
        return Check(what="PDF (--pdf)", level="ok", found=f"{found().stem} prints it.")
    except FunnelError as error:
        return Check(
            what="PDF (--pdf)",
            level="note",
            found="no browser was found; only needed for PDF.",
            remedy=str(error),
        )


def _extras() -> set[str]:
    found = importlib.metadata.metadata("funnelkit").get_all("Provides-Extra") or ()
    return {str(one) for one in found}


def settings() -> Iterator[Check]:
    """Yield the environment variables that change what funnelkit does."""
    for name in ("FUNNELKIT_MEMORY_LIMIT", "FUNNELKIT_CORES"):
        if given := os.environ.get(name):
            yield Check(what=name, level="ok", found=f"{given}.")
