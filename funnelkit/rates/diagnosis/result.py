"""`Diagnosis`: steps, gaps, two periods and warnings, as frames and in a few sentences."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit._core import checks, display
from funnelkit._core.result import Result
from funnelkit.rates.diagnosis.concerns import Concern
from funnelkit.rates.diagnosis.gaps import Gap
from funnelkit.rates.diagnosis.moves import Move
from funnelkit.rates.diagnosis.steps import Lift, Step, lift_of

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 3
_CHANGES = (
    *("step", "within_days", "coverage", "entered_before", "entered_after", "converted_before"),
    *("converted_after", "rate_before", "rate_after", "change", "change_low", "change_high"),
    *("volume_ratio", "converted_ratio", "volume_effect", "rate_effect", "verdict"),
)
_AGAINST = {
    "range": "the low end of its range",
    "before": "its rate in the earlier period",
    "segments": "its best segment",
    "targets": "your reference",
}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Diagnosis(Result):
    """What holds a funnel back; see :func:`funnelkit.rates.diagnose`.

    Parameters
    ----------
    steps
        From each stage to the next.
    gaps
        Of each step, to what it is held against.
    reference
        By what the gaps go: ``"range"``, ``"before"``, ``"segments"``, ``"targets"``, or "" where
        there is nothing to go by.
    moves
        Each step in two periods; empty where none are compared.
    throughs
        Longer ways in the same two periods.
    concerns
        What looks better than it is.
    not_compared
        Why no two periods are compared; "" where they are.
    left_out
        A sentence on stages that are left out; "" where none is.
    as_of
        Last complete day.
    confidence_level
        Of the intervals.
    """

    steps: tuple[Step, ...]
    gaps: tuple[Gap, ...]
    reference: str
    moves: tuple[Move, ...]
    throughs: tuple[Move, ...]
    concerns: tuple[Concern, ...]
    not_compared: str
    left_out: str
    as_of: dt.date
    confidence_level: float = 0.95

    @property
    def lift(self) -> Lift:
        """What a tenth more at each step does."""
        return lift_of(self.steps)

    @property
    def bottleneck(self) -> Gap | None:
        """The clear gap that is worth most won deals; ``None`` where no gap is clear."""
        clear = [gap for gap in self.gaps if gap.clear and gap.won > 0]
        return max(clear, key=lambda gap: gap.won) if clear else None

    @property
    def lowest(self) -> Step | None:
        """The step with the lowest rate, which need not be the bottleneck."""
        rated = [step for step in self.steps if step.enough]
        return min(rated, key=lambda step: step.rate) if rated else None

    def step(self, start: str) -> Step:
        """Return the step from a stage.

        Raises
        ------
        ArgumentError
            If no step starts there.
        """
        checks.member("start", "stage", start, [step.start for step in self.steps])
        return next(step for step in self.steps if step.start == start)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per step.

        Returns
        -------
        DataFrame
            ``step``, ``start``, ``target``, ``entered``, ``converted``, ``rate``, ``rate_low``,
            ``rate_high``, ``maturity`` (NaN where not known), ``settled``, ``onward_rate`` (share
            of those who reach the target that is won), ``lift_won`` and ``point_won`` (won deals
            by a tenth and by one point more), ``capped`` (a tenth more would exceed 1), ``left``,
            ``leak_won`` (won deals that those who left would have been), ``leak_value``,
            ``against``, ``reference_rate``, ``gap_won``, ``gap_won_low``, ``gap_won_high``,
            ``gap_value``, ``clear``, ``caveat`` and ``bottleneck``.
        """
        import pandas as pd

        worst = self.bottleneck
        rows = [
            {
                "step": step.name,
                "start": step.start,
                "target": step.target,
                "entered": step.entered,
                "converted": step.converted,
                "rate": step.rate,
                "rate_low": step.low,
                "rate_high": step.high,
                "maturity": step.maturity,
                "settled": step.settled,
                "onward_rate": step.onward,
                "lift_won": step.lifted,
                "point_won": step.point,
                "capped": step.capped,
                "left": step.left,
                "leak_won": step.leaked,
                "leak_value": step.leaked * step.mean_value,
                "against": gap.against,
                "reference_rate": gap.reference,
                "gap_won": gap.won,
                "gap_won_low": gap.low,
                "gap_won_high": gap.high,
                "gap_value": gap.won * step.mean_value,
                "clear": gap.clear,
                "caveat": gap.caveat,
                "bottleneck": gap is worst,
            }
            for step, gap in zip(self.steps, self.gaps, strict=True)
        ]
        return pd.DataFrame(rows)

    def changes(self) -> pd.DataFrame:
        """Return one row per step and longer way in two periods.

        Returns
        -------
        DataFrame
            ``step``, ``within_days``, ``coverage`` (share of the conversions that come by then),
            ``entered_before``, ``entered_after``, ``converted_before``, ``converted_after``,
            ``rate_before``, ``rate_after``, ``change``, ``change_low``, ``change_high``,
            ``volume_ratio`` and ``converted_ratio`` (a day, after over before),
            ``volume_effect`` and ``rate_effect`` (on the number of conversions, which add up to
            its change) and ``verdict``.
        """
        import pandas as pd

        rows = []
        for move in (*self.moves, *self.throughs):
            low, high = move.interval
            rows.append(
                {
                    "step": move.name,
                    "within_days": move.within,
                    "coverage": move.coverage,
                    "entered_before": move.entered[0],
                    "entered_after": move.entered[1],
                    "converted_before": move.converted[0],
                    "converted_after": move.converted[1],
                    "rate_before": move.rates[0],
                    "rate_after": move.rates[1],
                    "change": move.change,
                    "change_low": low,
                    "change_high": high,
                    "volume_ratio": move.volume,
                    "converted_ratio": move.conversions,
                    "volume_effect": move.effects["volume"],
                    "rate_effect": move.effects["rate"],
                    "verdict": move.verdict,
                }
            )
        return pd.DataFrame(rows, columns=list(_CHANGES))

    def summary(self) -> str:
        """Return the bottleneck, what a tenth more does, and what only looks better."""
        if not any(step.entered for step in self.steps):
            return "Nobody has entered the funnel; there is nothing to diagnose."
        parts = [self._bottleneck(), self._tenth(), self._leak(), *self._periods(), self.left_out]
        return " ".join(part for part in parts if part)

    def _bottleneck(self) -> str:
        worst = self.bottleneck
        if not self.reference:
            return (
                "There is nothing to hold the steps against: name a `reference`, `own` ranges, or "
                "`stages` for the published ones."
            )
        if worst is None:
            text = f"No step is clearly under {_AGAINST[self.reference]}: no bottleneck by value."
            young = [
                step.name
                for step, gap in zip(self.steps, self.gaps, strict=True)
                if gap.caveat == "immature"
            ]
            if young:
                told = display.listed(young)
                text += f" {told} {'is' if len(young) == 1 else 'are'} immature, and not judged."
            return text
        step = self.step(worst.start)
        at = (
            f"{display.percent(step.rate)} "
            f"({display.percent_range(step.low, step.high, words=True)}; n "
            f"{display.count(step.entered)})"
        )
        if self.reference == "before":
            move = next(move for move in self.moves if move.start == worst.start)
            at = (
                f"{display.percent(move.rates[1])} of {display.count(move.entered[1])} in "
                f"{move.after} within {display.plural(move.within, 'day')}"
            )
        text = (
            f"The bottleneck by value is {step.name}, at {at}: at "
            f"{display.percent(worst.reference)}, "
            f"{worst.against}, about "
            f"{display.expected_between(worst.won, worst.low, worst.high)} more won deals"
        )
        money = worst.won * step.mean_value
        text += f", {display.count(money)} at the mean amount." if math.isfinite(money) else "."
        low = self.lowest
        if low is not None and low.start != worst.start:
            text += f" The lowest rate, {low.name} with {display.percent(low.rate)}, is not."
        return text

    def _tenth(self) -> str:
        lift = self.lift
        if not lift.steps:
            return ""
        number = len(lift.steps)
        where = "the one step" if number == 1 else f"each of {number} steps"
        return f"A tenth more at {where} multiplies won deals: {lift.said}."

    def _leak(self) -> str:
        """Return where most was let go."""
        leaks = [step for step in self.steps if step.enough and step.leaked > 0]
        if not leaks:
            return ""
        most = max(leaks, key=lambda step: step.leaked)
        return (
            f"Most is let go at {display.one_line(most.start)}: {display.count(most.left)} left, "
            f"worth about {display.expected(most.leaked)} won deals as they entered it."
        )

    def _periods(self) -> list[str]:
        if self.not_compared:
            return [f"No periods are compared: {self.not_compared}."]
        told = []
        if self.moves and not any(move.judged for move in self.moves):
            first = self.moves[0]
            told.append(
                f"From {first.before} to {first.after} no step can be judged at equal ages "
                f"({first.lacks})."
            )
        elif self.moves:
            first = self.moves[0]
            clear = [move for move in self.moves if move.rose or move.fell]
            said = [
                f"{move.name} {'rose' if move.rose else 'fell'} from "
                f"{display.percent(move.rates[0])} to {display.percent(move.rates[1])}"
                for move in clear[:_SHOWN]
            ]
            what = display.listed(said) if said else "no rate changed clearly"
            told.append(f"From {first.before} to {first.after}, at equal ages: {what}.")
            young = [move.name for move in self.moves if not move.judged]
            if young:
                told.append(f"Not judged: {display.listed(young)}.")
        told += [concern.sentence for concern in self.concerns[:_SHOWN]]
        more = len(self.concerns) - _SHOWN
        if more > 0:
            told.append(f"{display.plural(more, 'more warning')} in `concerns`.")
        return told
