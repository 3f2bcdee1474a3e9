"""Six fiscal quarters of leads with hostile names, targets, a team, and the review of the last."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

import funnelkit as fk
import funnelkit.model
from funnelkit.plan.basis import assuming
from funnelkit.report.page.source import Source
from funnelkit.report.quarter.gathering import gathered
from funnelkit.report.quarter.quarterly_page import QuarterlyPage

SCRIPT, FORMULA = "<script>alert(1)</script>", "=cmd|' /C calc'!A0"
EVE = "2026-04-30"
"""Last day before FY2027 Q2, the quarter of the review."""


@pytest.fixture(scope="session")
def leads() -> fk.Leads:
    """Leads from February 2025 to July 2026, of a business whose year starts in February."""
    drawn = fk.make_leads(4_000, rng=3, months=18, start="2025-02-01")
    frame = drawn.list("lead")[
        ["lead_id", "lead", "opportunity", "won", "lost", "source", "amount"]
    ]
    names = {"Organic search": SCRIPT, "Paid search": FORMULA}
    frame["source"] = frame["source"].map(lambda one: names.get(one, "Event"))
    frame["amount"] = pd.to_numeric(frame["amount"])
    funnel = fk.Funnel(
        ["lead", "opportunity", "won"],
        exits=["lost"],
        id="lead_id",
        value="amount",
        segments=["source"],
        calendar=fk.Calendar(fiscal_year_start=2),
    )
    return fk.from_frame(frame, funnel, as_of="2026-07-31")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that funnel.yml would name."""
    folder = tmp_path_factory.mktemp("quarter")
    (folder / "targets.csv").write_text(
        "period,amount\nFY2027-Q2,1200000\nFY2027-Q3,1500000\nFY2027-Q4,1500000\n",
        encoding="utf-8",
    )
    (folder / "team.yml").write_text(
        "roles:\n  - name: account executive\n    people: 4\n    quota: 100000\n"
        "    attainment: 0.9\n    ramp: [0, 0.5]\n    lead_time_days: 45\n    salary: 60000\n",
        encoding="utf-8",
    )
    return folder


FITTED: list[dt.date] = []
"""Days of which a model was fitted for the page."""
ASSUMED: list[dt.date] = []
"""Days of which a model was turned into what a plan stands on."""


@pytest.fixture(scope="session")
def page(leads: fk.Leads, folder: Path) -> QuarterlyPage:
    """The review with targets and a team, and no plan that was kept."""
    fit = funnelkit.model.fit_funnel

    def counted(known: fk.Leads, **told: object) -> fk.FunnelModel:
        FITTED.append(known.as_of)
        return fit(known, **told)  # type: ignore[arg-type]

    assume = assuming.assume

    def assumed(model: fk.FunnelModel, **told: object) -> fk.plan.Assumptions:
        ASSUMED.append(model.as_of)
        return assume(model, **told)  # type: ignore[arg-type]

    source = Source(
        leads=leads,
        simulated=False,
        title=SCRIPT,
        targets=folder / "targets.csv",
        team=folder / "team.yml",
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(funnelkit.model, "fit_funnel", counted)
        patched.setattr(assuming, "assume", assumed)
        patched.setattr(fk.plan, "assume", assumed)
        return QuarterlyPage(gathered(source, quarter="2027-Q2"))
