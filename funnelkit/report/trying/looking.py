"""`look`: exports that nobody has described, read, counted and judged in seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit._core.errors import DataError, EvidenceError, FunnelError
from funnelkit.report.page.facts import Missing, Setting
from funnelkit.report.page.terms import Terms
from funnelkit.report.page.views import method, rates
from funnelkit.report.proposal import Drafted, undecided
from funnelkit.report.trying.business import one_business, where_lines
from funnelkit.report.trying.facts import TrialFacts
from funnelkit.report.trying.leaks import leaks_of
from funnelkit.report.trying.talking import deals_to_talk_about

if TYPE_CHECKING:
    from funnelkit.counts.triangle import Triangle
    from funnelkit.data.records import Leads
    from funnelkit.metrics import PipelineAgeing

STEPS = 6
_CALLED = {"salesforce": "Salesforce", "hubspot": "HubSpot"}


def look(
    exports: Sequence[str | Path],
    *,
    where: Mapping[str, Sequence[str | None]],
    pooled: bool,
    confidence_level: float,
    step: Callable[[str], None],
) -> TrialFacts:
    """Return what a first look at exports finds.

    Parameters
    ----------
    exports
        Files, patterns or folders.
    where
        Column -> values to look at; none: everything, or the largest of several businesses.
    pooled
        Whether to look at several businesses as one.
    confidence_level
        Level of every interval.
    step
        Called with the name of each of the steps as it begins.

    Raises
    ------
    DataError
        If the exports are no tables, or something has to be decided before they can be read.
    ArgumentError
        For an unknown column or value of ``where``.
    """
    step("reading the exports")
    drafted = Drafted.of(exports)
    leads, business = one_business(_read(drafted, exports), where, pooled=pooled)
    setting = _setting(leads, confidence_level)
    step("checking every row")
    from funnelkit.data.quality import audit

    findings = tuple(audit(leads).findings)
    step("counting months")
    base = rates.basis(_triangle(leads, setting.terms), setting)
    cohorts = base if isinstance(base, Missing) else rates.cohorts_view(base, setting, None)
    step("testing the method on earlier months")
    _, tested = method.tested_view(leads, setting, None)
    step("looking for leaks")
    ageing = _ageing(leads)
    leaks = leaks_of(leads, ageing)
    step("going through the open deals")
    deals = deals_to_talk_about(leads, ageing)
    text = drafted.written(Path.cwd(), ())
    return TrialFacts(
        setting=setting,
        guessed=f"the headers of {_CALLED[drafted.dialect]}"
        if drafted.dialect
        else "names and values of the columns",
        reached={name: len(leads.list(name)) for name in leads.funnel.steps},
        business=business,
        accounting=tuple(
            (str(file), str(reason), int(rows))
            for file, reason, rows in leads.accounting().itertuples(index=False)
        ),
        findings=findings,
        cohorts=cohorts,
        tested=tested,
        leaks=leaks,
        open=0 if ageing is None else int(ageing.book.n.sum()),
        deals=deals,
        config=_config(text, where_lines(where, business), pooled=pooled),
        notes=leads.notes,
    )


def _read(drafted: Drafted, exports: Sequence[str | Path]) -> Leads:
    """Return the leads as drafted.

    Raises
    ------
    DataError
        With what is to be decided first, and how.
    """
    if drafted.read is not None:
        return drafted.read
    try:
        return drafted.leads()
    except FunnelError as error:
        given = " ".join(str(one) for one in exports)
        _, *problems = undecided(error)
        way = (
            f"This cannot be guessed: `funnelkit init {given}` writes a funnel.yml to decide it "
            "in, and `funnelkit report monthly` reads that."
        )
        raise DataError([*problems, way]) from None


def _config(text: str, where: Sequence[str], *, pooled: bool) -> str:
    """Return the funnel.yml that was used: as drafted, and which records are looked at."""
    lines = text.rstrip("\n").split("\n")
    if pooled:
        together = "apart: []  # several businesses as one"
        lines = [together if line.startswith("apart:") else line for line in lines]
    return "\n".join([*lines, *where]) + "\n"


def _setting(leads: Leads, confidence_level: float) -> Setting:
    import pandas as pd

    funnel = leads.funnel
    return Setting(
        month=pd.Period(leads.as_of, freq="M"),
        as_of=leads.as_of,
        terms=Terms(funnel.stages[0], funnel.won, funnel.stages, funnel.exits),
        calendar=funnel.calendar,
        confidence_level=confidence_level,
        recorded_from=leads.recorded_from,
        files=tuple(display.one_line(name) for name in leads.rows.names),
    )


def _triangle(leads: Leads, terms: Terms) -> Triangle | None:
    from funnelkit.counts.build import triangle

    try:
        return triangle(leads, terms.start, terms.target)
    except EvidenceError:
        return None


def _ageing(leads: Leads) -> PipelineAgeing | None:
    from funnelkit.metrics import pipeline_ageing

    try:
        return pipeline_ageing(leads, beyond=0.99)
    except (EvidenceError, DataError):
        return None
