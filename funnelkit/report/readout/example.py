"""The example: a simulated experiment in which the new page keeps leads that control loses."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from funnelkit.data.records import Leads
    from funnelkit.experiment import Design
    from funnelkit.report.page.source import Source

_LEADS, _MONTHS, _SEED = 14_000, 16, 12
_LOST = 0.4
"""Share of control's leads that go no further, which the new page would have kept."""


def simulated_trial() -> tuple[Leads, Design]:
    """Return simulated leads and the declaration of an experiment on their accounts.

    Examples
    --------
    >>> leads, design = simulated_trial()
    >>> leads.as_of, design.variants
    (datetime.date(2026, 6, 30), ('control', 'new page'))
    """
    import numpy as np
    import pandas as pd

    import funnelkit as fk
    from funnelkit.data.simulate import simulate_frame
    from funnelkit.report.example import last_day

    last = pd.Period(last_day(), freq="M")
    start = (last - (_MONTHS - 1)).start_time.date()
    made = simulate_frame(_LEADS, rng=_SEED, start=start, months=_MONTHS)
    rng = np.random.default_rng(3)
    accounts = made.frame["account_id"].drop_duplicates().dropna()
    variants = rng.choice(["control", "new page"], len(accounts))
    table = pd.DataFrame({"account_id": accounts, "variant": variants})
    assigned = made.frame["account_id"].map(table.set_index("account_id")["variant"])
    gone = (assigned == "control") & (rng.random(len(assigned)) < _LOST)
    later = [str(made.funnel.column_of(stage)) for stage in made.funnel.stages[1:]]
    frame = made.frame.copy()
    frame[later] = frame[later].mask(gone)
    design = fk.experiment.design(
        "Pricing page",
        ["control", "new page"],
        assignment=table,
        unit="account",
        within=120,
        secondary=["mql", "value"],
        guardrails=["sql"],
    )
    return fk.from_frame(frame, made.funnel, as_of=made.as_of), design


def simulated_source() -> Source:
    """Return what a readout is made from where nothing is named.

    Examples
    --------
    >>> [one.name for one in simulated_source().experiments]
    ['Pricing page']
    """
    from funnelkit.report.page.source import Source

    leads, design = simulated_trial()
    return Source(leads=leads, simulated=True, experiments=(design,))
