"""`analysed`: the one answer to an experiment, from leads or from counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from funnelkit.experiment.declaration import guarding
from funnelkit.experiment.declaration.answering import answered
from funnelkit.experiment.declaration.declared import Design
from funnelkit.experiment.declaration.readout import Readout
from funnelkit.experiment.declaration.trial import Trial

if TYPE_CHECKING:
    from funnelkit.data.records import Leads


def analysed(
    design: Design,
    leads: Leads,
    *,
    exchange: Mapping[str, float] | None = None,
    currency: str | None = None,
) -> Readout:
    """Return the answer to an experiment from leads; see :meth:`Design.analyse`."""
    trial = Trial.of(design, leads, exchange=exchange, currency=currency)
    looks = {name: trial.looks(name) for name in design.treatments} if design.several_looks else {}
    primary = trial.primary(looks)
    return answered(
        design,
        trial.arms,
        primary=primary,
        secondary=[trial.compared(metric) for metric in design.secondary],
        guardrails=[trial.compared(metric, guardrail=True) for metric in design.guardrails],
        guards=guarding.guards_of(trial),
        bayesian=trial.bayesian(),
        as_of=trial.leads.as_of,
        stages=trial.stages(),
        lagged=trial.lagged(),
        looks=looks,
        anytime=trial.anytime(),
    )
