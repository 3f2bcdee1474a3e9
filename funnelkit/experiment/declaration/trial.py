"""`Trial`: a declared experiment with its data, counted once and asked several times."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import display
from funnelkit._core.clusters import ClusterSums
from funnelkit._core.errors import EvidenceError
from funnelkit.experiment.adjustment import adjust_pvalues
from funnelkit.experiment.bayesian.answer import BayesianComparison
from funnelkit.experiment.bayesian.beating import compare_bayesian
from funnelkit.experiment.comparison import Comparison, Comparisons
from funnelkit.experiment.declaration.declared import Design
from funnelkit.experiment.declaration.gathering import (
    assigned,
    check_fits,
    counted_within,
    stage_windows,
)
from funnelkit.experiment.declaration.looking import look_days, looked
from funnelkit.experiment.declaration.measuring import Counted, compared, family, window_of
from funnelkit.experiment.declaration.metric import Metric
from funnelkit.experiment.families.staged import compare_stages
from funnelkit.experiment.lagged.comparing import compare_lagged
from funnelkit.experiment.sequential.anytime import confidence_sequence

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.counts.triangle import Triangle
    from funnelkit.counts.within import Window
    from funnelkit.data.assigning import Assignment
    from funnelkit.data.records import Leads
    from funnelkit.experiment.families.stages_result import StageComparisons
    from funnelkit.experiment.lagged.result import LaggedComparison
    from funnelkit.experiment.sequential.looked import SequentialTest
    from funnelkit.experiment.sequential.sequence import ConfidenceSequence


@dataclass(frozen=True, eq=False)
class Trial:
    """An experiment with its data: what is counted once, and asked several times.

    Parameters
    ----------
    design
        The declaration.
    assignment
        Leads with their variant as a segment.
    start
        Stage of entry.
    counted
        What came of each variant within the windows of all metrics and stages.
    """

    design: Design
    assignment: Assignment
    start: str
    counted: Counted

    @classmethod
    def of(
        cls,
        design: Design,
        leads: Leads,
        *,
        exchange: Mapping[str, float] | None = None,
        currency: str | None = None,
    ) -> Trial:
        """Return the experiment with its data.

        Raises
        ------
        ArgumentError
            If it does not fit the funnel or the variants that are there.
        EvidenceError
            If nobody of a variant has been followed for the horizon.
        """
        check_fits(design, leads)
        start = design.start or leads.funnel.stages[0]
        assignment = assigned(design, leads, start)
        counted = counted_within(design, assignment, start, exchange=exchange, currency=currency)
        made = cls(design, assignment, start, counted)
        made.refuse_nobody()
        return made

    @property
    def leads(self) -> Leads:
        """Leads with their variant."""
        return self.assignment.leads

    @property
    def last(self) -> str:
        """The stage of the win."""
        return self.leads.funnel.won

    @property
    def window(self) -> Window:
        """The transition of the primary metric."""
        return window_of(self.design.primary, self.design, self.start, self.last)

    @cached_property
    def arms(self) -> pd.DataFrame:
        """One row per variant: ``variant``, ``followed``, ``young``, and ``accounts`` or reps."""
        import pandas as pd

        rows = self.counted.found.of(self.window)
        by_arm = rows.groupby("arm")[["entered", "young"]].sum()
        by_arm = by_arm.reindex(list(self.design.variants), fill_value=0)
        frame = pd.DataFrame(
            {
                "variant": list(self.design.variants),
                "followed": by_arm["entered"].to_numpy(),
                "young": by_arm["young"].to_numpy(),
            }
        )
        if self.counted.cluster is not None:
            held = rows[rows["entered"] > 0].groupby("arm")["cluster"].nunique()
            noun = "accounts" if self.counted.cluster == "account" else "representatives"
            frame[noun] = held.reindex(list(self.design.variants), fill_value=0).to_numpy()
        return frame

    @cached_property
    def triangle(self) -> Triangle | None:
        """Counts of the primary transition by variant; ``None`` where it is of money."""
        from funnelkit.counts.build import triangle

        if self.design.primary.kind != "rate":
            return None
        return triangle(
            self.leads, self.window.start, self.window.target, by=self.assignment.column
        )

    @cached_property
    def segments(self) -> list[str]:
        """Segments of the leads as they were before, but for the variant itself."""
        own = {self.assignment.column, str(self.design.assignment)}
        return [name for name in self.leads.funnel.segments if name not in own]

    @cached_property
    def factors(self) -> list[str]:
        """What else may have changed with the variant: who owns the record."""
        return [] if self.counted.cluster == "rep" else self.owners

    @property
    def owners(self) -> list[str]:
        """The owner's column, where there is one beside the segments."""
        owner = self.leads.funnel.owner
        return [] if owner is None or owner in self.segments else [owner]

    @cached_property
    def sliced(self) -> pd.DataFrame:
        """Counts of the primary transition by variant, segment, owner, day and week of entry."""
        import pandas as pd

        from funnelkit.counts.within import within_windows

        columns = [*self.segments, *self.owners]
        found = within_windows(
            self.leads, [self.window], arm=self.assignment.column, by=columns, by_day=True
        )
        rows = found.of(self.window).rename(columns=dict(zip(found.columns, columns, strict=True)))
        days = pd.Series(pd.to_datetime(rows["day"]))
        weeks = self.leads.funnel.calendar.periods(days, "week")
        return rows.assign(
            week=[str(period.start_time.date()) for period in weeks],
            n=rows["entered"] + rows["young"],
        )

    def refuse_nobody(self) -> None:
        """Refuse variants of whom nobody has been followed, all at once.

        Raises
        ------
        EvidenceError
            With how many are too young.
        """
        empty = self.arms[self.arms["followed"] == 0]
        if len(empty):
            told = [
                f"{display.one_line(name)} ({display.count(young)} younger)"
                for name, young in zip(empty["variant"], empty["young"], strict=True)
            ]
            raise EvidenceError(
                f"nobody of {display.listed(told)} has been followed for {self.window.within} days "
                f"by {self.leads.as_of.isoformat()}: nothing can be compared yet. A shorter "
                "`within` can be read sooner."
            )

    def compared(self, metric: Metric, *, guardrail: bool = False) -> list[Comparison]:
        """Return one comparison per treatment."""
        return compared(metric, self.design, self.counted, guardrail=guardrail)

    def primary(self, looks: Mapping[str, SequentialTest | None]) -> Comparisons:
        """Return the primary comparisons: as the planned looks have them, where there are any."""
        plain = self.compared(self.design.primary)
        if not self.design.several_looks:
            return family(plain)
        told = []
        for one in plain:
            test = looks.get(one.treatment.name)
            if test is None:
                note = "No planned look has fallen due: this is to watch, and decides nothing."
                told.append(replace(one, notes=(*one.notes, note)))
            else:
                told.append(test.comparison())
        return Comparisons(comparisons=tuple(told))

    def looks(self, treatment: str) -> SequentialTest | None:
        """Return the planned looks that have fallen due, read beside their boundaries."""
        return looked(self.design, self.look_days, self._seen, treatment)

    @cached_property
    def look_days(self) -> list[dt.date]:
        """Day of each planned look that has fallen due, the same for all treatments."""
        return look_days(
            self.design, self.leads, self.assignment.column, self.window.start, self.window.within
        )

    def _seen(self, day: dt.date | None, last: dt.date, treatment: str) -> tuple[float, Comparison]:
        """Return the units followed by a day, of those entered up to another, and their rates."""
        known = self.leads if day is None else self.leads.at(day)
        narrowed = assigned(
            self.design, known, self.start, column=self.assignment.column, last=last
        )
        counted = counted_within(self.design, narrowed, self.start, only=[self.window])
        made = replace(self, assignment=narrowed, counted=counted)
        made.refuse_nobody()
        found = {one.treatment.name: one for one in made.compared(self.design.primary)}
        return float(made.arms["followed"].sum()), found[treatment]

    def stages(self) -> dict[str, StageComparisons]:
        """Return every stage down the funnel as one family, for each treatment."""
        windows = stage_windows(self.design, self.leads, self.start)
        if len(windows) < 2:
            return {}
        counts = {}
        for name in self.design.variants:
            reached = [self.counted.rows(window, name) for window in windows]
            counts[name] = {self.start: int(reached[0]["entered"].sum())} | {
                window.target: int(rows["converted"].sum())
                for window, rows in zip(windows, reached, strict=True)
            }
        found = {
            name: compare_stages(
                counts[self.design.control],
                counts[name],
                alternative=self.design.alternative,
                confidence_level=1 - self.design.alpha,
                within=self.design.within,
                names=(self.design.control, name),
                units=self.design.units,
                randomised=self.design.randomised,
            )
            for name in self.design.treatments
        }
        return found if self.by_itself else {k: self._together(one) for k, one in found.items()}

    @property
    def by_itself(self) -> bool:
        """Whether each record stands by itself: it shares its account, or its rep, with none."""
        rows = self.counted.found.of(self.window)
        return self.counted.cluster is None or not (rows["entered"] > 1).any()

    def _together(self, stages: StageComparisons) -> StageComparisons:
        """Return the same stages, compared as records that go together."""
        within, treatment = self.design.within, stages.comparisons[0].treatment.name
        told = []
        for stage in stages.stages[1:]:
            metric = Metric(stage=stage, start=self.start, within=within)
            family_of = {one.treatment.name: one for one in self.compared(metric)}
            told.append(family_of[treatment])
        adjusted = adjust_pvalues([one.pvalue for one in told], method="gatekeeping")
        return replace(
            stages,
            comparisons=tuple(told),
            metrics=tuple(one.metric for one in told),
            adjusted=tuple(float(p) for p in adjusted),
        )

    def lagged(self) -> dict[str, LaggedComparison]:
        """Return all leads by age, for each treatment: more told apart from faster.

        Nothing where whole reps were assigned: counts by age know accounts, and not reps.
        """
        if self.triangle is None or self.counted.cluster == "rep":
            return {}
        return {
            name: compare_lagged(
                self.triangle,
                control=self.design.control,
                treatment=name,
                by=self.assignment.column,
                within=self.window.within,
                alternative=self.design.alternative,
                confidence_level=1 - self.design.alpha,
                units=self.design.units,
                randomised=self.design.randomised,
            )
            for name in self.design.treatments
        }

    def anytime(self) -> dict[str, ConfidenceSequence]:
        """Return intervals that hold however often one has looked, week by week.

        For those who planned no size: of a rate, where each record stands by itself.
        """
        design = self.design
        if design.primary.kind != "rate" or design.planned is not None or not self.by_itself:
            return {}
        weeks = by_week(self.sliced)
        counts = {
            name: [tuple(pair) for pair in weeks[name].to_numpy(int)] for name in design.variants
        }
        return {
            name: confidence_sequence(
                counts[design.control],
                counts[name],
                alternative=design.alternative,
                confidence_level=1 - design.alpha / len(design.treatments),
                metric=design.primary.called(self.start, design.within),
                units=design.units,
                names=(design.control, name),
                randomised=design.randomised,
            )
            for name in design.treatments
        }

    def bayesian(self) -> dict[str, BayesianComparison]:
        """Return probabilities with a flat prior; records that depend count for what they tell."""
        if self.design.primary.kind != "rate":
            return {}
        counts = {name: self._effective(name) for name in self.design.variants}
        return {
            name: compare_bayesian(
                counts[self.design.control],
                counts[name],
                metric=self.design.primary.called(self.start, self.design.within),
                units=self.design.units,
                names=(self.design.control, name),
                randomised=self.design.randomised,
                confidence_level=1 - self.design.alpha,
            )
            for name in self.design.treatments
        }

    def _effective(self, name: str) -> tuple[float, float]:
        """Return converted and entered, as many as they are worth."""
        rows = self.counted.rows(self.window, name)
        x, n = rows["converted"].to_numpy(float), rows["entered"].to_numpy(float)
        if self.counted.cluster is None or (n <= 1).all():
            return float(x.sum()), float(n.sum())
        sums = ClusterSums(
            accounts=np.asarray(len(n)),
            nn=np.asarray((n * n).sum()),
            xn=np.asarray((x * n).sum()),
            xx=np.asarray((x * x).sum()),
        )
        worth = float(sums.effective(x.sum(), n.sum()))
        return worth * float(x.sum() / n.sum()), worth


def by_week(sliced: pd.DataFrame) -> pd.DataFrame:
    """Return (converted, entered) of each variant so far, by the week of entry of the youngest.

    Weeks before all variants have somebody are no look.
    """
    rows = sliced[sliced["entered"] > 0]
    table = rows.pivot_table(
        index="week", columns="arm", values=["converted", "entered"], aggfunc="sum", fill_value=0
    )
    table = table.sort_index().cumsum().swaplevel(axis="columns").sort_index(axis="columns")
    arms = list(dict.fromkeys(table.columns.get_level_values(0)))
    some = np.all([table[arm]["entered"] > 0 for arm in arms], axis=0)
    found: pd.DataFrame = table[some]
    return found
