"""What a plan may be told: one typed model for the command line and its checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from funnelkit._core.errors import ArgumentError
from funnelkit.report.kinds import AMOUNT, FLAG, MONTH, PATH, PATHS, SHARE, TEXT
from funnelkit.report.parameters import Asked


@dataclass(frozen=True, kw_only=True)
class PlanParameters(Asked):
    """What a plan may be told.

    Raises
    ------
    ArgumentError
        If the values contradict each other.
    """

    report: ClassVar[str] = "plan"

    config: Annotated[str | None, PATH, "funnel.yml of the funnel; none: the one here"] = None
    targets: Annotated[str | None, PATH, "CSV of period, segment, kind and amount"] = None
    month: Annotated[str | None, MONTH, "plan from what was known at its end; none: all"] = None
    probability: Annotated[float, SHARE, "chance of the goal that is asked for"] = 0.8
    segment: Annotated[str | None, TEXT, "column of the channels; none: the funnel's first"] = None
    assumptions: Annotated[str | None, PATH, "assumptions.yml of a plan, edited"] = None
    limits: Annotated[str | None, PATH, "YAML of what each channel can bring at most"] = None
    team: Annotated[str | None, PATH, "YAML of the people"] = None
    scenarios: Annotated[str | None, PATH, "YAML of scenarios"] = None
    last: Annotated[str | None, PATH, "plan.yml of the last plan, to be held against it"] = None
    margin: Annotated[float | None, SHARE, "share of revenue left after cost of goods"] = None
    contract_months: Annotated[float | None, AMOUNT, "months of revenue in a deal's value"] = None
    data: Annotated[list[str] | None, PATHS, "exports to read, not those in funnel.yml"] = None
    join: Annotated[list[str] | None, PATHS, "further exports that share the id"] = None
    demo: Annotated[bool, FLAG, "simulated data and targets"] = False
    out: Annotated[str, PATH, "folder of all plans"] = "plans"

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.demo and (self.config or self.data or self.join):
            raise ArgumentError(
                "`demo` plans on simulated data, so it takes no `config`, `data` or `join`; leave "
                "one or the other out."
            )
        if self.probability == 1:
            raise ArgumentError(
                "`probability` must be below 1: no number of leads makes a goal certain."
            )
