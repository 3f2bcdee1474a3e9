"""`Question`: what is asked of the leads, and the steps that answer it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

from funnelkit._core import checks
from funnelkit._core.dates import UNITS, Unit
from funnelkit.exploring.steps import Name, Shown, Step

if TYPE_CHECKING:
    from funnelkit.data.definition import Funnel

View = Literal["cohorts", "segments", "ages", "funnel"]
VIEWS: tuple[View, ...] = get_args(View)


@dataclass(frozen=True, kw_only=True)
class Question:
    """One state of the panel.

    Parameters
    ----------
    view
        ``"cohorts"``: a row for each; ``"segments"``: their cohorts taken together; ``"ages"``: the
        share converted by each age; ``"funnel"``: all stages.
    start, target
        Stages, the target after the start.
    by
        Column to split by.
    cohort
        Unit of the period of entry.
    first, last
        First and last cohort that are shown; ``None``: from the first, to the last there is.
    adjusted
        Whether rates are corrected for the age of the leads; otherwise they are told as seen so
        far.

    Examples
    --------
    >>> asked = Question(start="lead", target="won", adjusted=False)
    >>> [step.code() for step in asked.steps("leads")][0]
    'counts = fk.triangle(leads, "lead", "won", cohort="month")'
    """

    view: View = "cohorts"
    start: str
    target: str
    by: str | None = None
    cohort: Unit = "month"
    first: str | None = None
    last: str | None = None
    adjusted: bool = True

    def checked(self, funnel: Funnel) -> Question:
        """Return the question as the funnel can answer it: a target that follows the start.

        Raises
        ------
        ArgumentError
            For a view, stage, column or unit that is not there.
        """
        checks.one_of("view", self.view, VIEWS)
        checks.one_of("cohort", self.cohort, UNITS)
        checks.member("start", "stage", self.start, funnel.stages[:-1])
        checks.member("target", "stage", self.target, later(funnel, self.start))
        if self.by is not None:
            checks.member("by", "segment", self.by, columns(funnel))
        return self

    def leading_to(self, funnel: Funnel) -> Question:
        """Return the question with its target, or the last stage where that comes earlier now."""
        follow = later(funnel, self.start)
        return self if self.target in follow else replace(self, target=follow[-1])

    @property
    def is_of_pair(self) -> bool:
        """Whether stages, periods and adjusting matter to what is shown."""
        return self.view != "funnel"

    def steps(self, leads: str) -> list[Step | Shown]:
        """Return the steps, from the variable of the leads to a picture and a table."""
        if self.view == "funnel":
            flow = Step(call="fk.rates.flow", given=(Name(leads),), told={"by": self.by}, to="flow")
            return [flow, *_shown("funnel", "flow", "flow")]
        counts = Step(
            call="fk.triangle",
            given=(Name(leads), self.start, self.target),
            told={"cohort": self.cohort, "by": self.by},
            to="counts",
        )
        if self.view == "ages":
            return [counts, *self._chosen("counts"), *self._by_age()]
        table = "cohorts" if self.adjusted else "rates"
        return [counts, *self._rates(), *_shown(self._plot, "rates", table)]

    @property
    def _plot(self) -> str:
        """Rows, or a panel for each segment where its cohorts stand one after the other."""
        panels = self.adjusted and self.by is not None and self.view == "cohorts"
        return "adjusted_series" if panels else "cohorts"

    def _rates(self) -> list[Step]:
        """Return rates of cohorts or segments, adjusted by the timing of all leads."""
        pool = ["cohorts", "segments"] if self.by else None
        timing = Step(
            call="fk.lag.fit_competing", given=(Name("counts"),), told={"pool": pool}, to="timing"
        )
        chosen = self._chosen("shown")
        shown = "shown" if chosen else "counts"
        if self.view == "segments":
            together = {"cohorts": True}
            chosen.append(Step(call=f"{shown}.collapse", told=together, to="shown"))
            shown = "shown"
        if self.adjusted:
            given = (Name(shown), Name("timing"))
            return [timing, *chosen, Step(call="fk.lag.adjust", given=given, to="rates")]
        return [*chosen, Step(call="fk.rates.cohort", given=(Name(shown),), to="rates")]

    def _chosen(self, to: str) -> list[Step]:
        if self.first is None and self.last is None:
            return []
        told = {"first": self.first, "last": self.last}
        return [Step(call="counts.select", told=told, to=to)]

    def _by_age(self) -> list[Step | Shown]:
        if not self.adjusted:
            rates = Step(call="fk.rates.cohort", given=(Name("counts"),), to="rates")
            picture = Step(call="fk.plot.triangle", given=(Name("counts"),))
            return [rates, picture, _table("rates", "rates")]
        fit = Step(call="fk.lag.fit_competing", given=(Name("counts"),), to="timing")
        picture = Step(call="fk.plot.lag", given=(Name("timing"),))
        return [fit, picture, Shown("timing")]


def _shown(plot: str, what: str, table: str) -> list[Step]:
    return [Step(call=f"fk.plot.{plot}", given=(Name(what),)), _table(table, what)]


def _table(table: str, what: str) -> Step:
    return Step(call=f"fk.table.{table}", given=(Name(what),))


def later(funnel: Funnel, start: str) -> tuple[str, ...]:
    """Return the stages that follow one."""
    return funnel.stages[funnel.stages.index(start) + 1 :]


def columns(funnel: Funnel) -> tuple[str, ...]:
    """Return the columns to split by: segments, and the owner where there is one."""
    owner = (funnel.owner,) if funnel.owner else ()
    return tuple(dict.fromkeys([*funnel.segments, *owner]))
