"""`run_plan`: a plan from a funnel.yml and targets to its folder, whole or not at all."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from funnelkit._core.errors import ArgumentError, DefinitionError
from funnelkit.report.config import FILE_NAME, Config, load_config
from funnelkit.report.parameters import checked
from funnelkit.report.planning.asked import PlanParameters
from funnelkit.report.replacing import beside

PAGE, WORKBOOK, LEDGER, RECORD = "plan.html", "plan.xlsx", "assumptions.yml", "plan.yml"
_OWN = re.compile(r"(plan|assumptions)( \(\d+\))?\.(html|xlsx|yml)")


@dataclass(frozen=True, kw_only=True)
class PlanRun:
    """A plan that was written.

    Parameters
    ----------
    folder
        Where it is.
    html, workbook, assumptions, record
        Its files: the page, the tables with live inputs, the assumptions to edit and feed back,
        and what is held against it when months have gone by.
    figures
        Goal, leads, cost and chance, by name.
    warnings
        What was said on the way.
    """

    folder: Path
    html: Path
    workbook: Path
    assumptions: Path
    record: Path
    figures: dict[str, float | None]
    said: str
    warnings: tuple[str, ...] = ()

    def summary(self) -> str:
        """Return the plan and where it is, in sentences."""
        return f"{self.said} The plan is {self.html}."

    def _repr_html_(self) -> str:
        link = html.escape(self.html.as_posix(), quote=True)
        return f'<p>{html.escape(self.said)} The plan is <a href="{link}">{link}</a>.</p>'


def run_plan(
    *,
    targets: str | os.PathLike[str] | None = None,
    config: str | os.PathLike[str] | None = None,
    month: str | None = None,
    probability: float = 0.8,
    segment: str | None = None,
    assumptions: str | os.PathLike[str] | None = None,
    limits: str | os.PathLike[str] | None = None,
    team: str | os.PathLike[str] | None = None,
    scenarios: str | os.PathLike[str] | None = None,
    last: str | os.PathLike[str] | None = None,
    margin: float | None = None,
    contract_months: float | None = None,
    data: str | Sequence[str] | None = None,
    join: str | Sequence[str] | None = None,
    demo: bool = False,
    out: str | os.PathLike[str] = "plans",
) -> PlanRun:
    """Return the plan that was written, and where.

    Parameters
    ----------
    targets
        CSV of ``period, segment, kind, amount``; see :func:`funnelkit.plan.read_targets`.
        ``None``: the one that funnel.yml names.
    config
        The funnel.yml; ``None``: the one in the working folder.
    month
        Month such as ``"2026-10"``, at whose end the plan is made; ``None``: all that is known.
    probability
        Chance of the goal that is asked for.
    segment
        Column that holds the channels. ``None``: that of the tables of spend, or the first
        segment of the funnel.
    assumptions
        The ``assumptions.yml`` of a plan, edited: its values take the place of those that were
        learned.
    limits
        YAML of what channels can bring (``ceilings``, ``floors``, ``budget``): the leads then are
        the cheapest within them.
    team
        YAML of the people. ``None``: the one that funnel.yml names, if any.
    scenarios
        YAML of scenarios, as :func:`funnelkit.plan.read_scenarios` takes it.
    last
        ``plan.yml`` of the last plan, to be held against what came.
    margin, contract_months
        As :func:`funnelkit.plan.board` takes them.
    data, join
        Exports to read in place of those that funnel.yml names.
    demo
        Plan on simulated data, with a target of its own.
    out
        Folder of all plans; this one goes to a folder in it that bears the month.

    Returns
    -------
    PlanRun
        ``folder``, ``html``, ``workbook``, ``assumptions`` and ``record``.

    Raises
    ------
    ArgumentError, DefinitionError
        With everything that is wrong with the parameters or funnel.yml, before anything runs.
    DataError
        With everything that is wrong with targets, assumptions or other files.

    Notes
    -----
    The plan is written beside its place and renamed into it, so that it is there whole or not at
    all. The same inputs give the same page.
    """
    given: dict[str, Any] = {
        "targets": targets, "config": config, "month": month, "probability": probability,
        "segment": segment, "assumptions": assumptions, "limits": limits, "team": team,
        "scenarios": scenarios, "last": last, "margin": margin,
        "contract_months": contract_months, "data": data, "join": join, "demo": demo, "out": out,
    }  # fmt: skip
    settings, setup = prepared(given)
    from funnelkit.report.planning.making import made
    from funnelkit.report.planning.writing import written

    facts = made(settings, setup)
    target = Path(settings.out) / f"{facts.as_of:%Y-%m}"
    with beside(target, is_ours) as partial:
        written(facts, partial.folder)
        names = partial.publish()
    place = {name: target / names[name] for name in names}
    return PlanRun(
        folder=target,
        html=place[PAGE],
        workbook=place[WORKBOOK],
        assumptions=place[LEDGER],
        record=place[RECORD],
        figures=facts.figures(),
        said=facts.board.summary(),
        warnings=tuple(facts.plan.notes),
    )


def prepared(given: dict[str, Any]) -> tuple[PlanParameters, Config | None]:
    """Return the parameters and the configuration of a plan, both checked.

    Raises
    ------
    ArgumentError, DefinitionError
        With everything that is wrong.
    """
    if not given.get("demo") and not given.get("config") and Path(FILE_NAME).is_file():
        given = {**given, "config": FILE_NAME}
    settings = checked(PlanParameters, given)
    _refuse_missing(settings)
    if settings.demo:
        return settings, None
    if settings.config is None:
        raise DefinitionError(
            f"`config` is missing, and there is no {FILE_NAME} here: name it, or ask for a plan "
            "on simulated data with `demo=True` (on the command line: funnelkit plan --demo)."
        )
    setup = load_config(settings.config, check_files=settings.data is None)
    setup.inputs(data=settings.data, join=settings.join)
    if settings.targets is None and setup.targets is None:
        raise ArgumentError(
            "`targets` is missing: a CSV of period and amount (and of segment and kind, where "
            f"they are told apart), here or as `targets` in {setup.path.name}."
        )
    return settings, setup


def _refuse_missing(settings: PlanParameters) -> None:
    """Refuse files that are not there, all at once."""
    from funnelkit.report.exports import matching

    problems = []
    for name in ("targets", "assumptions", "limits", "team", "scenarios", "last"):
        given = getattr(settings, name)
        if given is not None:
            files, problem = matching(given, Path())
            if problem or len(files) != 1:
                problems.append(f"`{name}` {problem or f'names {len(files)} files; name one'}")
    if problems:
        from funnelkit._core.errors import numbered

        raise ArgumentError(numbered(problems))


def is_ours(name: str) -> bool:
    """Whether a file in a plan's folder is one that a run writes."""
    return _OWN.fullmatch(name) is not None
