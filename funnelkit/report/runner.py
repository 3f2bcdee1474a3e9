"""`run`: one report from parameters to its folder, whole or not at all."""

from __future__ import annotations

import json
import os
import re
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import funnelkit
from funnelkit._core.errors import ArgumentError, DefinitionError, ReportError
from funnelkit.report import example, executed, kernel, manifest
from funnelkit.report.config import FILE_NAME, Config, load_config
from funnelkit.report.delivery.delivering import asked_of, delivered
from funnelkit.report.page.beside import process
from funnelkit.report.parameters import Parameters, checked, model_of
from funnelkit.report.replacing import Partial, beside, files_in, replace_file
from funnelkit.report.workbook import WorkbookWarning

TABLES, MANIFEST = "tables.xlsx", "manifest.json"
_OWN = re.compile(r"\w+_(report|pipeline|review|readout)( \(\d+\))?(\.failed)?\.(html|ipynb)"
                  r"|(tables|manifest)( \(\d+\))?\.(xlsx|json)"
                  r"|data/[a-z0-9-]+( \(\d+\))?\.csv")  # fmt: skip
_OWN_ERRORS = ("ArgumentError", "CapacityError", "DataError", "DefinitionError", "EvidenceError")


@dataclass(frozen=True, kw_only=True)
class ReportRun:
    """A report that was written.

    Parameters
    ----------
    folder
        Where it is.
    html, workbook, notebook, manifest
        Its files: the page, the tables, the executed notebook, what it was made from. The workbook
        is ``None`` where the report has no tables. The tables are also in ``data/*.csv``.
    warnings
        What was said on the way.
    delivered
        The mail, slides and PDF that were asked for.
    """

    folder: Path
    html: Path
    workbook: Path | None
    notebook: Path
    manifest: Path
    warnings: tuple[str, ...] = ()
    delivered: tuple[Path, ...] = ()

    def summary(self) -> str:
        """Return where the report is, in a sentence."""
        return f"The report is {self.html}."

    def _repr_html_(self) -> str:
        import html

        link = html.escape(self.html.as_posix(), quote=True)
        return f'<p>The report is <a href="{link}">{link}</a>.</p>'


def run(
    report: str,
    *,
    month: str | None = None,
    config: str | os.PathLike[str] | None = None,
    data: str | Sequence[str] | None = None,
    join: str | Sequence[str] | None = None,
    demo: bool = False,
    out: str | os.PathLike[str] = "reports",
    progress: bool | None = None,
    email: str | os.PathLike[str] | None = None,
    pptx: str | os.PathLike[str] | None = None,
    pdf: str | os.PathLike[str] | None = None,
    template: str | os.PathLike[str] | None = None,
    paper: str = "A4",
    **parameters: object,
) -> ReportRun:
    """Return the report that was written, and where.

    Parameters
    ----------
    report
        Its name or that of its notebook: ``"monthly"``, ``"monthly_report"``.
    month
        Month to report, as ``"2026-10"``; for reports on another period the month at whose end the
        world is looked at. ``None``: the last full period, where `config` says up to which day the
        data are complete.
    config
        The funnel.yml; ``None``: the one in the working folder.
    data, join
        Exports to read in place of those that funnel.yml names.
    demo
        Report on simulated data instead.
    out
        Folder of all reports; this one goes to a folder in it that bears its period.
    progress
        Whether to draw a progress bar; ``None``: on a terminal.
    email, pptx, pdf, template, paper
        Mail, slides and PDF to write beside the report, as :func:`deliver` takes them.
    **parameters
        The report's further parameters, such as `segment`, `confidence_level`, `week`, `quarter`.

    Returns
    -------
    ReportRun
        ``folder``, ``html``, ``workbook``, ``notebook``, ``manifest`` and ``delivered``.

    Raises
    ------
    ArgumentError
        With everything that is wrong with the parameters, before anything runs.
    DefinitionError
        With everything that is wrong with funnel.yml, before anything runs.
    ReportError
        If a cell fails; the executed notebook is kept as ``monthly_report.failed.ipynb``. If there
        is no browser for a PDF, or no python-pptx for slides, before anything runs.

    Warns
    -----
    AssumptionWarning
        If no PDF could be attached to the mail.
    WorkbookWarning
        If the workbook, or another file of an earlier report, is open in another program: the new
        one then is a second file, ``tables (2).xlsx``.

    Notes
    -----
    The report is written beside its place and renamed into it, so that it is there whole or not
    at all, and an earlier one stays until then. The same inputs give the same page and workbook,
    byte for byte.

    Examples
    --------
    >>> run("monthly", month="2026-13", demo=True)
    Traceback (most recent call last):
    ...
    funnelkit._core.errors.ArgumentError: `month` must be a month such as 2026-10; got '2026-13'.
    """
    given = {
        "month": month, "config": config, "data": data, "join": join, "demo": demo, "out": out,
        **parameters,
    }  # fmt: skip
    settings, setup = prepared(model_of(report), given)
    asked = asked_of(
        {"email": email, "pptx": pptx, "pdf": pdf, "template": template, "paper": paper}
    )
    shown = sys.stderr.isatty() if progress is None else progress
    made = _Run(settings, setup, progress=shown).write()
    if not asked.files:
        return made
    name = "-".join((made.html.stem, *Path(settings.folder).parts))
    page = made.html.read_text(encoding="utf-8")
    return replace(made, delivered=delivered(page, asked, name=name))


def prepared(model: type[Parameters], given: dict[str, Any]) -> tuple[Parameters, Config | None]:
    """Return the parameters and the configuration of a run, both checked.

    Raises
    ------
    ArgumentError, DefinitionError
        With everything that is wrong.
    """
    if "tables" in given:
        raise ArgumentError("`tables` is for the notebook alone; a run writes its own workbook.")
    if not given.get("demo") and not given.get("config") and Path(FILE_NAME).is_file():
        given = {**given, "config": FILE_NAME}
    settings = checked(model, given)
    if settings.demo:
        return settings.completed(example.last_day()), None
    if settings.config is None:
        raise DefinitionError(
            f"`config` is missing, and there is no {FILE_NAME} here: name it, or ask for the "
            "report on simulated data with `demo=True` (on the command line: funnelkit demo)."
        )
    setup = load_config(settings.config, check_files=settings.data is None)
    setup.inputs(data=settings.data, join=settings.join)
    return settings.completed(setup.as_of, setup.funnel.calendar), setup


def notebook_of(report: str) -> Path:
    """Return the notebook of a report: in the installed package, or in the checkout.

    Raises
    ------
    ArgumentError
        If there is no such report.
    ReportError
        If its notebook is in neither.
    """
    name = f"{model_of(report).notebook}.ipynb"
    package = Path(funnelkit.__file__).resolve().parent
    for folder in (package / "notebooks", package.parent / "notebooks"):
        if (folder / name).is_file():
            return folder / name
    raise ReportError(f"the notebook {name} is not in this installation; install funnelkit again.")


def inputs_of(settings: Parameters, setup: Config | None) -> list[Path]:
    """Return the files that a report is made from."""
    if setup is None:
        return []
    files, others = setup.inputs(data=settings.data, join=settings.join)
    book = None if setup.playbook is None else setup.playbook.path
    named = [one for one in (setup.targets, setup.team, book) if one is not None]
    named += [one.assignment for one in setup.experiments if isinstance(one.assignment, Path)]
    return [setup.path, *files, *others, *setup.tables.files, *setup.plans, *named]


def is_ours(name: str) -> bool:
    """Whether a file in a report's folder, such as ``"data/months.csv"``, is one of a run's."""
    return _OWN.fullmatch(name) is not None


class _Run:
    """One run of one report."""

    def __init__(self, settings: Parameters, setup: Config | None, *, progress: bool) -> None:
        self._settings, self._setup, self._progress = settings, setup, progress
        self._source = notebook_of(settings.report)
        self._stem = self._source.stem
        self._target = Path(settings.out) / settings.folder
        self._timings: dict[str, float] = {}

    def write(self) -> ReportRun:
        """Write the report and return where it is."""
        self._refuse_to_replace_real_by_simulated()
        with beside(self._target, is_ours) as partial:
            self._execute(partial)
            said = self._describe(partial)
            names = partial.publish()
            renamed = {old: new for old, new in names.items() if old != new}
            if renamed:
                self._manifest(self._target, names)
        for old, new in renamed.items():
            words = f"{old} is open in another program; the new one is {new}."
            warnings.warn(words, WorkbookWarning, stacklevel=3)
            said += (words,)
        place = {name: self._target / names[name] for name in names}
        return ReportRun(
            folder=self._target,
            html=place[f"{self._stem}.html"],
            workbook=place.get(TABLES),
            notebook=place[f"{self._stem}.ipynb"],
            manifest=place[MANIFEST],
            warnings=said,
        )

    def _refuse_to_replace_real_by_simulated(self) -> None:
        try:
            before = json.loads((self._target / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return
        if self._settings.demo and not before.get("parameters", {}).get("demo", True):
            raise ReportError(
                f"{self._target} holds a report on real data, which the simulated one would "
                "replace; name another folder as `out`."
            )

    def _execute(self, partial: Partial) -> None:
        path = partial.folder / f"{self._stem}.ipynb"
        told = self._settings.for_notebook()
        told["tables"] = (partial.folder.resolve() / TABLES).as_posix()
        started = time.perf_counter()
        try:
            kernel.execute(self._source, path, told, **self._ahead(), progress=self._progress)
        except kernel.CellError as error:
            executed.tidy(path, partial.folder)
            raise self._failed(path, error) from None
        self._timings["execute"] = time.perf_counter() - started
        executed.tidy(path, partial.folder)
        started = time.perf_counter()
        with kernel.without_grammar():
            from funnelkit.report.render import render
        page = render(path)
        (partial.folder / f"{self._stem}.html").write_text(page, encoding="utf-8", newline="\n")
        self._timings["render"] = time.perf_counter() - started

    def _ahead(self) -> dict[str, Any]:
        """Return what the kernel does, and has beside it, while the notebook tools still start."""
        page = self._settings.page
        if not self._settings.asks_beside:
            return {"preloads": [page]}
        return {"preloads": [f"{process.__name__}:ready", page], "companion": process.handed_over}

    def _failed(self, path: Path, error: kernel.CellError) -> ReportError:
        self._target.mkdir(exist_ok=True)
        kept = replace_file(self._target / f"{self._stem}.failed.ipynb", path.read_bytes())
        own = error.kind in _OWN_ERRORS
        words = error.message if own else f"{error.kind}: {(error.message or '-').splitlines()[0]}"
        return ReportError(
            f"the {self._settings.report} report stopped in cell {error.number}: {words}\n"
            f"The notebook with that cell is kept: {kept}"
        )

    def _describe(self, partial: Partial) -> tuple[str, ...]:
        cells = executed.cells_of(partial.folder / f"{self._stem}.ipynb")
        said = executed.warnings_in(cells)
        self._description = manifest.describe(
            self._settings,
            self._setup,
            inputs=inputs_of(self._settings, self._setup),
            notebook=self._source,
            facts=executed.facts_in(cells),
            warnings=said,
        )
        self._manifest(partial.folder, {name: name for name in files_in(partial.folder)})
        return said

    def _manifest(self, folder: Path, names: dict[str, str]) -> None:
        outputs = {new: folder / new for old, new in names.items() if old != MANIFEST}
        path = folder / names.get(MANIFEST, MANIFEST)
        manifest.write(path, self._description, outputs, self._timings)
