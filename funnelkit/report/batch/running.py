"""`run_many`: many reports, side by side, each whole or not at all, and an index of them."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from funnelkit._core import checks, display
from funnelkit._core.cores import cores
from funnelkit._core.errors import ArgumentError, FunnelError, FunnelWarning
from funnelkit.report.batch import memory as capacity
from funnelkit.report.batch.index import write_index
from funnelkit.report.batch.jobs import Job, jobs_of
from funnelkit.report.batch.months import months_of
from funnelkit.report.batch.pool import KEPT, Answer, Pool
from funnelkit.report.delivery.asked import DeliveryParameters, is_folder
from funnelkit.report.delivery.delivering import asked_of, delivered
from funnelkit.report.parameters import model_of
from funnelkit.report.replacing import clean
from funnelkit.report.runner import inputs_of, is_ours, notebook_of

if TYPE_CHECKING:
    import pandas as pd

State = Literal["written", "there already", "failed"]
_WIDTH = 24


@dataclass(frozen=True, kw_only=True)
class Written:
    """What became of one report.

    Parameters
    ----------
    label
        What it is called, such as ``"2026-10, region EMEA"``.
    folder
        Its folder.
    state
        ``"written"``, ``"there already"`` or ``"failed"``.
    error
        Why it failed; blank where it did not.
    warnings
        What was said on the way.
    delivered
        Mail, slides and PDF, where they were asked for.
    """

    label: str
    folder: Path
    state: State
    error: str = ""
    warnings: tuple[str, ...] = ()
    delivered: tuple[Path, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class BatchRun:
    """Reports that were asked for at once.

    Parameters
    ----------
    reports
        What became of each, in the order of months and values.
    absent
        Labels of those for which there was no lead yet.
    index
        The page that lists all reports of the folder.
    """

    reports: tuple[Written, ...]
    absent: tuple[str, ...]
    index: Path

    @property
    def failed(self) -> tuple[Written, ...]:
        """Those that failed."""
        return tuple(one for one in self.reports if one.state == "failed")

    def summary(self) -> str:
        """Return how many were written, were there already and failed, and where the index is."""
        counts = dict.fromkeys(("written", "there already", "failed"), 0)
        for one in self.reports:
            counts[one.state] += 1
        parts = [f"{display.count(n)} {state}" for state, n in counts.items() if n]
        text = f"{display.plural(len(self.reports), 'report')}: {', '.join(parts)}."
        if self.absent:
            text += f" {display.count(len(self.absent))} left out, as no lead had entered yet."
        return f"{text} All reports: {self.index}"

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each report: ``label``, ``folder``, ``state``, ``error``."""
        import pandas as pd

        rows = [(one.label, one.folder.as_posix(), one.state, one.error) for one in self.reports]
        return pd.DataFrame(rows, columns=["label", "folder", "state", "error"])

    def __repr__(self) -> str:
        """Return the summary, and why each report failed that did."""
        return "\n".join([self.summary(), *(f"{one.label}: {one.error}" for one in self.failed)])

    def _repr_html_(self) -> str:
        from funnelkit.report.page.markup import el

        failed = [el("li", el("b", one.label), ": ", one.error) for one in self.failed]
        return str(el("div", el("p", self.summary()), el("ul", failed) if failed else None))


def run_many(
    report: str,
    *,
    months: str | Sequence[str] | None = None,
    for_each: str | None = None,
    jobs: int | None = None,
    memory: str | None = None,
    again: bool = False,
    progress: bool | None = None,
    out: str | os.PathLike[str] = "reports",
    email: str | os.PathLike[str] | None = None,
    pptx: str | os.PathLike[str] | None = None,
    pdf: str | os.PathLike[str] | None = None,
    template: str | os.PathLike[str] | None = None,
    paper: str = "A4",
    **parameters: Any,
) -> BatchRun:
    """Return what became of many reports that were asked for at once.

    Parameters
    ----------
    report
        Its name or that of its notebook: ``"monthly"``, ``"monthly_report"``.
    months
        ``"2026-01..2026-10"``, or a list of months: each report is of the world as it was known at
        that month's end. ``None``: the month that the parameters name.
    for_each
        Segment: each of its values gets reports of its own, on its leads alone.
    jobs
        Most reports to write at once; ``None``: as many as there are processors.
    memory
        What all together may take, such as ``"4GB"``; ``None``: four fifths of what is free. Fewer
        reports are then written at once, but always one.
    again
        Whether to write again what is there already.
    progress
        Whether to draw a progress bar; ``None``: on a terminal.
    out
        Folder of all reports. Those of a value go to a folder in it, such as ``region=EMEA``; names
        are made safe, and two values never share one.
    email, pptx, pdf
        Folders for the mail, slides and PDF of each report, those of a value in a folder of its own
        as under `out`; made for reports that are there already too.
    template, paper
        For the slides and the PDF, as :func:`funnelkit.report.deliver` takes them.
    **parameters
        The report's further parameters; see :func:`funnelkit.report.run`.

    Returns
    -------
    BatchRun
        ``reports`` with what became of each, ``failed``, ``index``.

    Raises
    ------
    ArgumentError, DefinitionError
        With what is wrong with the parameters or funnel.yml, before anything runs.
    DataError
        If `for_each` is given and the data cannot be read.
    ReportError
        If there is no browser for a PDF, or no python-pptx for slides, before anything runs.

    Notes
    -----
    A report is there already where its manifest names the same parameters, the same inputs byte for
    byte and the same versions, and its files are as the manifest says. So a run that was
    interrupted, in whatever way, goes on where it ended when it is started again. One report that
    fails does not stop the others. Several runs at once into one folder are safe: each report is
    put in place whole. ``index.html`` in the folder lists all reports that are in it.

    Where funnel.yml names `earlier_reports`, let that be another folder than `out`: a report that
    is replaced can no longer be held against today's figures.

    Examples
    --------
    >>> run_many("monthly", months="2026-10..2026-01", demo=True)
    Traceback (most recent call last):
    ...
    funnelkit._core.errors.ArgumentError: `months` must run forward; got '2026-10..2026-01'. \
Did you mean 2026-01..2026-10?
    """
    delivery = asked_of(
        {"email": email, "pptx": pptx, "pdf": pdf, "template": template, "paper": paper}
    )
    for name, given in delivery.files.items():
        if not is_folder(given):
            raise ArgumentError(
                f"`{name}` must be a folder where many reports are asked for, such as "
                f"{Path(given).stem}/; got {given!r}."
            )
    most = cores() if jobs is None else checks.positive_whole("jobs", jobs)
    budget = capacity.budget_of(memory)
    model = model_of(report)
    if for_each is not None and not isinstance(for_each, str):
        raise ArgumentError(f"`for_each` must be a segment of the funnel; got {for_each!r}.")
    asked, absent = jobs_of(
        model,
        {**parameters, "out": os.fspath(out)},
        months=None if months is None else months_of(months),
        for_each=for_each,
    )
    shown = sys.stderr.isatty() if progress is None else progress
    home = Path(out)
    for folder in {job.folder.parent for job in asked}:
        if folder.is_dir():
            clean(folder, is_ours)
    todo = [job for job in asked if again or not job.is_done()]
    ended: dict[Job, Answer] = {job: KEPT for job in asked if job not in todo}
    bar = _Bar(len(asked), shown=shown)
    bar.ended = len(ended)
    try:
        if todo:
            need = capacity.need_of(inputs_of(todo[0].settings, todo[0].setup))
            pool = Pool(most=min(most, len(todo)), budget=budget, need=need)
            for job, answer in pool.answers(todo, again=again, tick=bar.draw):
                ended[job] = answer
                bar.ended = len(ended)
    finally:
        bar.clear()
        index = write_index(home)
    made = tuple(_delivered(job, _written(job, ended[job]), delivery, home) for job in asked)
    return BatchRun(reports=made, absent=tuple(absent), index=index)


def _written(job: Job, answer: Answer) -> Written:
    if "error" in answer:
        state: State = "failed"
    else:
        state = "there already" if answer is KEPT else "written"
    return Written(
        label=job.label,
        folder=job.folder,
        state=state,
        error=str(answer.get("words", "")),
        warnings=tuple(answer.get("warnings", ())),
    )


def _delivered(job: Job, made: Written, asked: DeliveryParameters, home: Path) -> Written:
    """Return a report with its mail, slides and PDF; as failed where these cannot be made."""
    if made.state == "failed" or not asked.files:
        return made
    part = Path(job.settings.out).relative_to(home)
    folders = {kind: f"{(Path(given) / part).as_posix()}/" for kind, given in asked.files.items()}
    stem = notebook_of(job.settings.report).stem
    name = "-".join((stem, *Path(job.settings.folder).parts))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", FunnelWarning)
        try:
            page = (job.folder / f"{stem}.html").read_text(encoding="utf-8")
            files = delivered(page, replace(asked, **folders), name=name)
        except (FunnelError, OSError) as error:
            why = f"it was written, but could not be delivered: {error}"
            return replace(made, state="failed", error=why)
    heard = (str(one.message) for one in said if issubclass(one.category, FunnelWarning))
    return replace(made, warnings=(*made.warnings, *heard), delivered=files)


class _Bar:
    """A line on stderr that says how far the reports have come."""

    def __init__(self, total: int, *, shown: bool) -> None:
        self._total, self._shown, self._drawn = total, shown, ""
        self._started = time.perf_counter()
        self.ended = 0

    def draw(self, running: int) -> None:
        """Draw the line anew, where anything has changed."""
        full = round(self.ended / self._total * _WIDTH)
        took = time.perf_counter() - self._started
        line = (
            f"funnelkit: [{'#' * full}{' ' * (_WIDTH - full)}] {self.ended} of {self._total} "
            f"reports, {running} being written, {took:.0f} s"
        )
        if self._shown and line != self._drawn:
            sys.stderr.write(f"\r{line:<{len(self._drawn)}}")
            sys.stderr.flush()
            self._drawn = line

    def clear(self) -> None:
        """Take the line away."""
        if self._drawn:
            sys.stderr.write(f"\r{' ' * len(self._drawn)}\r")
            sys.stderr.flush()
            self._drawn = ""
