"""`cost_curve`: what certainty costs, from a coin toss to nearly sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import Result
from funnelkit.plan.allocate import arranging
from funnelkit.plan.allocate.allocation import Allocation
from funnelkit.plan.allocate.allowed import Asked
from funnelkit.plan.allocate.optimising import problem_of, solved
from funnelkit.plan.allocate.relaxing import contradictions, out_of_reach
from funnelkit.plan.allocate.surest import inside

if TYPE_CHECKING:
    import pandas as pd

_ASKED = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CostCurve(Result):
    """The cheapest plans of several chances; made by :func:`cost_curve`.

    Parameters
    ----------
    probabilities
        Chances that were asked for and can be had, rising.
    allocations
        Cheapest plan of each.
    out_of_reach
        Chances that no plan within the limits has.
    """

    probabilities: tuple[float, ...]
    allocations: tuple[Allocation, ...]
    out_of_reach: tuple[float, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row per chance.

        Columns: ``probability`` asked for, ``hit`` of the whole leads, ``leads``, ``expected`` in
        the unit of the target, ``cost``, ``net_cost`` (less credit) and ``cost_per_point``: what
        each point (0.01) more than in the row before costs, missing in the first.
        """
        import pandas as pd

        rows: list[dict[str, float]] = []
        for asked, one in zip(self.probabilities, self.allocations, strict=True):
            point = float("nan")
            if rows:
                points = 100 * (asked - rows[-1]["probability"])
                point = (one.net_cost - rows[-1]["net_cost"]) / points
            rows.append(
                {
                    "probability": asked,
                    "hit": one.hit,
                    "leads": float(one.leads.sum()),
                    "expected": one.expected,
                    "cost": one.cost,
                    "net_cost": one.net_cost,
                    "cost_per_point": point,
                }
            )
        return pd.DataFrame(rows)

    def summary(self) -> str:
        """Return what the least and the most certain of the plans cost."""
        first, last = self.allocations[0], self.allocations[-1]
        say = first.speech
        text = (
            f"A chance of {display.chance(self.probabilities[0])} of "
            f"{say.target(first.plan.targets.total)} costs {say.money(first.cost)}"
        )
        if len(self.allocations) > 1:
            text += (
                f"; one of {display.chance(self.probabilities[-1])} costs {say.money(last.cost)}, "
                f"{say.money(last.cost - first.cost)} more"
            )
        if self.out_of_reach:
            text += f"; {display.chance(self.out_of_reach[0])} is out of reach within the limits"
        return f"{text}."


def cost_curve(
    targets: Any, model: Any, *, probabilities: Sequence[float] = _ASKED, **given: Any
) -> CostCurve:
    """Return the cheapest plans of several chances under the same limits.

    Parameters
    ----------
    targets, model
        As in :func:`optimise`.
    probabilities
        Chances of the targets of all months together.
    **given
        Every other argument of :func:`optimise`.

    Returns
    -------
    CostCurve
        Chances that no plan within the limits has are named.

    Raises
    ------
    ArgumentError
        As :func:`optimise`; if not even the least chance can be had.

    Notes
    -----
    Certainty is dear: each further point costs more than the one before, and the last ones most.

    Examples
    --------
    >>> import funnelkit as fk
    >>> simple = fk.plan.stated([0.02], horizon=1, n_draws=50, cost=100)
    >>> curve = cost_curve(20, simple, probabilities=(0.5, 0.9))
    >>> curve.to_frame()[["probability", "cost"]].values.tolist()
    [[0.5, 98400.0], [0.9, 129200.0]]
    """
    problems: list[str] = []
    asked = [arranging.share("probabilities", one, problems) for one in probabilities]
    if not asked:
        problems.append("`probabilities` must hold a chance at least.")
    arranging.refuse(problems)
    if "probability" in given:
        raise ArgumentError("`probability` goes with optimise; here it is `probabilities`.")
    asked = sorted(set(asked))
    limits = {name: given.pop(name, None) for name in Asked._fields}
    about = {name: given.pop(name, None) for name in ("in_flight", "horizon", "value")}
    problem = problem_of(
        targets,
        model,
        probability=asked[0],
        interim=given.pop("interim", None),
        asked=Asked(**limits),
        after_horizon=given.pop("after_horizon", 0.5),
        steady=given.pop("steady", 0.5),
        rng=given.pop("rng", 0),
        about={**about, "fiscal_year_start": given.pop("fiscal_year_start", 1), "stating": given},
    )
    arranging.refuse(contradictions(problem.program(), problem.speech))
    found: dict[float, Allocation] = {}
    for chance in asked:
        rule = problem.rules[-1]._replace(probability=chance)
        one = replace(problem, rules=(*problem.rules[:-1], rule))
        if inside(one.program(), one.certainty) is None:
            if not found:
                arranging.refuse(out_of_reach(one.program(), one.certainty, one.speech))
            break
        found[chance] = solved(one)
    return CostCurve(
        probabilities=tuple(found),
        allocations=tuple(found.values()),
        out_of_reach=tuple(asked[len(found) :]),
    )
