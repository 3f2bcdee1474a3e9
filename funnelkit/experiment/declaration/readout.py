"""`Readout`: the one answer to an experiment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit._core.result import Result
from funnelkit.experiment.comparison import Comparisons
from funnelkit.experiment.declaration.deciding import Decision
from funnelkit.experiment.declaration.declared import Design

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.experiment.bayesian.answer import BayesianComparison
    from funnelkit.experiment.families.stages_result import StageComparisons
    from funnelkit.experiment.guards.result import Guards
    from funnelkit.experiment.lagged.result import LaggedComparison
    from funnelkit.experiment.sequential.looked import SequentialTest
    from funnelkit.experiment.sequential.sequence import ConfidenceSequence

_INSTEAD = (
    "Chance did not choose who was in which. With figures from before, "
    "`fk.experiment.difference_in_differences` takes off what the groups differed by anyway; it "
    "assumes that they would have moved alike otherwise, and that nothing else began then."
)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Readout(Result):
    """Every metric of an experiment with its effect, the guards, and what to do.

    Parameters
    ----------
    design
        The declaration.
    as_of
        Last complete day of the data; ``None`` where counts were given.
    arms
        One row per variant: ``variant``, ``followed`` (units followed for the whole horizon of
        the primary metric), ``young`` (entered later), and ``accounts`` where they are known.
    primary, secondary, guardrails
        Comparisons of each role; p-values of several treatments, and of several secondary
        metrics, are adjusted by Holm's method.
    stages
        Treatment -> every stage, tested down the funnel as one family.
    lagged
        Treatment -> all leads by age: more told apart from faster.
    looks
        Treatment -> planned looks that have fallen due; blank where one look was planned.
    anytime
        Treatment -> intervals that hold however often one looks; where no size was planned and
        each record stands by itself.
    bayesian
        Treatment -> probabilities, with a flat prior.
    guards
        What may be wrong with it, worst first.
    decision
        What to do.
    """

    design: Design
    as_of: dt.date | None
    arms: pd.DataFrame
    primary: Comparisons
    secondary: Comparisons
    guardrails: Comparisons
    stages: Mapping[str, StageComparisons]
    lagged: Mapping[str, LaggedComparison]
    looks: Mapping[str, SequentialTest]
    anytime: Mapping[str, ConfidenceSequence]
    bayesian: Mapping[str, BayesianComparison]
    guards: Guards
    decision: Decision

    def to_frame(self) -> pd.DataFrame:
        """Return one row per metric and treatment.

        Returns
        -------
        DataFrame
            ``role`` (primary, secondary, guardrail), and the columns of
            :meth:`Comparisons.to_frame`.
        """
        import pandas as pd

        parts = []
        roles = {
            "primary": self.primary,
            "secondary": self.secondary,
            "guardrail": self.guardrails,
        }
        for role, family in roles.items():
            if len(family):
                part = family.to_frame()
                part.insert(0, "role", role)
                parts.append(part)
        return pd.concat(parts, ignore_index=True)

    @property
    def comparisons(self) -> Comparisons:
        """All comparisons, the primary ones first."""
        return Comparisons(comparisons=(*self.primary, *self.secondary, *self.guardrails))

    @property
    def findings(self) -> list[str]:
        """More, or only sooner (nothing while planned looks are ahead); what chance did not do."""
        ahead = self.design.several_looks and self.decision.kind == "go on"
        found = [] if ahead else [one.finding for one in self.lagged.values()]
        return found if self.design.randomised else [*found, _INSTEAD]

    def summary(self) -> str:
        """Return one plain paragraph: what to do, how sure, on how many, and what to beware of."""
        name = display.one_line(self.design.name)
        known = "" if self.as_of is None else f", as known on {day_name(self.as_of)}"
        parts = [f"{name}{known}.", *self.decision.sentences]
        parts += [one.summary() for one in self.primary]
        parts += [test.latest.sentence for test in self.looks.values()]
        parts += [_however_often(one) for one in self.anytime.values()]
        parts += self.findings
        if young := int(self.arms["young"].sum()):
            parts.append(
                f"{display.plural(young, self.design.units.removesuffix('s'))} "
                f"{'is' if young == 1 else 'are'} too young to count yet."
            )
        parts += [guard.summary() for guard in self.guards.notes]
        return " ".join(parts)


def _however_often(sequence: ConfidenceSequence) -> str:
    one = sequence.comparison()
    low, high = (float(end) for end in one.confidence_interval())
    ends = f"{display.signed(100 * low)} to {display.signed(100 * high)} points"
    return (
        "No looks were planned, so p-values hold for one look at a time fixed beforehand; however "
        f"often one has looked, the {one.word} lies within {ends}."
    )
