"""`answered`: from what was compared to the decision and the read-out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from funnelkit.experiment.comparison import Comparison, Comparisons
from funnelkit.experiment.declaration.deciding import Evidence, decide
from funnelkit.experiment.declaration.declared import Design
from funnelkit.experiment.declaration.measuring import family
from funnelkit.experiment.declaration.readout import Readout

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.experiment.bayesian.answer import BayesianComparison
    from funnelkit.experiment.families.stages_result import StageComparisons
    from funnelkit.experiment.guards.result import Guards
    from funnelkit.experiment.lagged.result import LaggedComparison
    from funnelkit.experiment.sequential.looked import SequentialTest
    from funnelkit.experiment.sequential.sequence import ConfidenceSequence

Found = Sequence[Sequence[Comparison]]
"""For each metric, one comparison per treatment."""


def answered(
    design: Design,
    arms: pd.DataFrame,
    *,
    primary: Comparisons,
    secondary: Found,
    guardrails: Found,
    guards: Guards,
    bayesian: Mapping[str, BayesianComparison],
    as_of: dt.date | None = None,
    stages: Mapping[str, StageComparisons] | None = None,
    lagged: Mapping[str, LaggedComparison] | None = None,
    looks: Mapping[str, SequentialTest | None] | None = None,
    anytime: Mapping[str, ConfidenceSequence] | None = None,
) -> Readout:
    """Return the read-out, with the decision that follows from it.

    Parameters
    ----------
    design
        The declaration.
    arms
        One row per variant; see :class:`Readout`.
    primary, secondary, guardrails
        Comparisons of each role, the latter two by metric.
    guards, bayesian, as_of, stages, lagged, anytime
        As the read-out has them.
    looks
        Treatment -> planned looks; ``None`` before the first one.
    """
    taken = {name: test for name, test in (looks or {}).items() if test is not None}
    crossed = {name: name in taken and taken[name].state == "crossed" for name in design.treatments}
    decision = decide(
        Evidence(
            primary=primary,
            metric=design.primary,
            alpha=design.alpha,
            guardrails=[
                (metric, Comparisons(comparisons=tuple(found)))
                for metric, found in zip(design.guardrails, guardrails, strict=True)
            ],
            warnings=[guard.summary() for guard in guards.warnings],
            followed=int(arms["followed"].sum()),
            young=int(arms["young"].sum()),
            planned=design.planned,
            crossed=crossed if design.several_looks else None,
            finished=any(test.state == "ended" for test in taken.values()),
            chances={name: one.probability_to_beat for name, one in bayesian.items()},
            units=design.units,
        )
    )
    return Readout(
        design=design,
        as_of=as_of,
        arms=arms,
        primary=primary,
        secondary=family([one for found in secondary for one in found]),
        guardrails=Comparisons(comparisons=tuple(one for found in guardrails for one in found)),
        stages=stages or {},
        lagged=lagged or {},
        looks=taken,
        anytime=anytime or {},
        bayesian=bayesian,
        guards=guards,
        decision=decision,
    )
