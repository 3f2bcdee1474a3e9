"""`Program`: what leads cost and which are allowed, as one linear program."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from funnelkit.plan.allocate.limits import Limits

FloatArray = NDArray[np.float64]
EVEN = 1e-4
"""Share of a lead's cost that each lead of change between two months is charged: breaks ties."""
_MISSING = 3.0
"""What a lead that is missing from an even course counts, over its cost."""
_SUM_OF_CREDIT = 1 - 1e-5
"""No lead is quite free, so that none is bought that brings nothing."""


class Row(NamedTuple):
    """One limit on sums: what kind, of what, where among its like, and in which month."""

    kind: str
    label: str
    place: int
    month: int = -1


class Found(NamedTuple):
    """What a linear program came to.

    ``x`` and ``value`` are ``None`` and NaN where there is no solution; ``status`` is that of
    HiGHS: 0 solved, 1 stopped by a limit, 2 infeasible, 3 unbounded. ``rows`` and ``cuts`` are
    what the objective changes by for one more on the right hand side, ``low`` and ``high`` for one
    more at the bounds.
    """

    status: int
    x: FloatArray | None
    value: float
    rows: FloatArray
    cuts: FloatArray
    low: FloatArray
    high: FloatArray


class Cuts(NamedTuple):
    """Further rows over leads alone: ``slopes @ leads >= levels``; shapes ``(K, C * H), (K,)``."""

    slopes: FloatArray
    levels: FloatArray

    def with_one(self, slope: FloatArray, level: float) -> Cuts:
        """Return these and one more."""
        return Cuts(np.vstack([self.slopes, slope]), np.append(self.levels, level))


@dataclass(frozen=True, eq=False)
class Program:
    """Variables, limits and costs.

    The first ``C * H`` variables are leads, by channel and then month. After them: leads beyond
    each step of cost, changes from month to month, and leads missing from an even course.

    Parameters
    ----------
    limits
        What is allowed, and what it costs.
    within
        Share of the won who are won within the horizon, by channel and month of entry, ``(C, H)``.
    after_horizon
        Share of what is won after the horizon whose cost is credited.
    steady
        Least share of the channel's average month that each month should have.
    by_budget
        Whether the least factor on all budgets is sought, in place of the least cost; it is the
        last variable then.
    """

    limits: Limits
    within: FloatArray
    after_horizon: float
    steady: float
    by_budget: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """Channels and months."""
        channels, months = self.limits.ceilings.shape
        return channels, months

    @property
    def leads(self) -> int:
        """Number of variables that are leads."""
        return int(self.limits.ceilings.size)

    @cached_property
    def charged(self) -> FloatArray:
        """Share of the cost of a lead that this horizon bears, shape ``(C, H)``."""
        credit = self.after_horizon * _SUM_OF_CREDIT
        return np.asarray(1 - credit * (1 - np.clip(self.within, 0.0, 1.0)))

    @cached_property
    def _steps(self) -> list[tuple[int, float, float]]:
        """Place of the lead, leads up to the step, and what one costs more beyond it."""
        _, months = self.shape
        return [
            (c * months + m, up_to, after - before)
            for c, steps in enumerate(self.limits.steps)
            for (up_to, before), (_, after) in itertools.pairwise(steps)
            for m in range(months)
        ]

    @cached_property
    def _changes(self) -> list[tuple[int, int]]:
        """Places of two months that follow each other and both can have leads."""
        _, months = self.shape
        shape = self.limits.course.ravel()
        return [
            (k - 1, k)
            for k in range(self.leads)
            if k % months and shape[k - 1] > 0 and shape[k] > 0
        ]

    @property
    def size(self) -> int:
        """Number of variables."""
        missing = self.leads if self.steady > 0 else 0
        return self.leads + len(self._steps) + len(self._changes) + missing + self.by_budget

    @property
    def _missing(self) -> slice:
        """Where the leads that are missing from an even course stand."""
        start = self.leads + len(self._steps) + len(self._changes)
        return slice(start, start + (self.leads if self.steady > 0 else 0))

    @cached_property
    def first_costs(self) -> FloatArray:
        """Cost of the first lead of each channel and month, flat."""
        return np.repeat([steps[0][1] for steps in self.limits.steps], self.shape[1]).astype(float)

    @cached_property
    def gross(self) -> FloatArray:
        """What each variable costs in money."""
        found = np.zeros(self.size)
        found[: self.leads] = self.first_costs
        for k, (_, _, more) in enumerate(self._steps):
            found[self.leads + k] = more
        return found

    @cached_property
    def objective(self) -> FloatArray:
        """What is made least: cost less credit, and a little for unevenness."""
        found = self.gross.copy()
        charged = self.charged.ravel()
        found[: self.leads] *= charged
        for k, (place, _, _) in enumerate(self._steps):
            found[self.leads + k] *= charged[place]
        if self.by_budget:
            found *= EVEN
        start = self.leads + len(self._steps)
        for k, (_, place) in enumerate(self._changes):
            found[start + k] = EVEN * self.first_costs[place]
        if self.steady > 0:
            found[self._missing] = _MISSING * self.first_costs
        if self.by_budget:
            found /= sum(one.amount for one in self.limits.budgets)
            found[-1] = 1.0
        return found

    def complete(self, leads: FloatArray) -> FloatArray:
        """Return all variables from the leads, flat, the others as cheap as can be."""
        flat = np.asarray(leads, float).ravel()
        found = np.zeros(self.size)
        found[: self.leads] = flat
        for k, (place, up_to, _) in enumerate(self._steps):
            found[self.leads + k] = max(flat[place] - up_to, 0.0)
        start = self.leads + len(self._steps)
        course = self.limits.course.ravel()
        for k, (before, after) in enumerate(self._changes):
            found[start + k] = abs(flat[after] / course[after] - flat[before] / course[before])
        if self.steady > 0:
            found[self._missing] = np.maximum(self._even @ flat, 0.0)
        if self.by_budget:
            spent = [self._of_budget(k) @ found for k in range(len(self.limits.budgets))]
            amounts = [one.amount for one in self.limits.budgets]
            found[-1] = max(a / b for a, b in zip(spent, amounts, strict=True))
        return found

    def _of_budget(self, place: int) -> FloatArray:
        """Return what each variable costs of one budget."""
        months = self.limits.budgets[place].months
        line = self.gross.copy()
        line[: self.leads] *= np.tile(months, self.shape[0])
        for k, (at, _, _) in enumerate(self._steps):
            line[self.leads + k] *= months[at % self.shape[1]]
        return line

    def net(self, leads: FloatArray) -> float:
        """Return what is made least, at some leads."""
        return float(self.objective @ self.complete(leads))

    def spend(self, leads: FloatArray) -> FloatArray:
        """Return the money by channel and month, shape ``(C, H)``."""
        flat = self.complete(leads)
        found = self.first_costs * flat[: self.leads]
        for k, (place, _, more) in enumerate(self._steps):
            found[place] += more * flat[self.leads + k]
        return np.asarray(found.reshape(self.shape))

    @cached_property
    def _even(self) -> FloatArray:
        """Matrix of what is missing from an even course, by leads, shape ``(C * H, C * H)``."""
        channels, months = self.shape
        found = -np.eye(self.leads)
        for c in range(channels):
            course = self.limits.course[c]
            if course.sum() > 0:
                own = slice(c * months, (c + 1) * months)
                found[own, own] += self.steady * course[:, None] / course.sum()
        return found

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """What each limit of :attr:`matrix` is; rows without a kind only tie variables."""
        return self._built[0]

    @cached_property
    def matrix(self) -> Any:
        """Left hand side of the limits, sparse, shape ``(R, size)``."""
        return self._built[1]

    @cached_property
    def right(self) -> FloatArray:
        """Right hand side of the limits, shape ``(R,)``."""
        return self._built[2]

    @cached_property
    def _built(self) -> tuple[tuple[Row, ...], Any, FloatArray]:
        rows: list[Row] = []
        lines: list[FloatArray] = []
        right: list[float] = []

        def add(row: Row, line: FloatArray, most: float) -> None:
            rows.append(row)
            lines.append(line)
            right.append(most)

        self._add_ties(add)
        self._add_ramps(add)
        for place, budget in enumerate(self.limits.budgets):
            line, most = self._of_budget(place), budget.amount
            if self.by_budget:
                line[-1], most = -most, 0.0
            kind = "" if self.by_budget else "budget"
            add(Row(kind, f"budget of {budget.label}", place), line, most)
        for place, load in enumerate(self.limits.loads):
            for month in np.flatnonzero(np.isfinite(load.most)).tolist():
                line = np.zeros(self.size)
                line[: self.leads] = load.of_lead[month]
                label = f"capacity of {load.what} in {self.limits.periods[month]}"
                add(
                    Row("capacity", label, place, month),
                    line,
                    load.most[month] - load.already[month],
                )
        matrix = sparse.csr_matrix(np.array(lines) if lines else np.zeros((0, self.size)))
        return tuple(rows), matrix, np.array(right)

    def _add_ties(self, add: Any) -> None:
        """Tie the further variables to the leads."""
        start = self.leads
        for k, (place, up_to, _) in enumerate(self._steps):
            line = np.zeros(self.size)
            line[place], line[start + k] = 1, -1
            add(Row("", "", k), line, up_to)
        start += len(self._steps)
        course = self.limits.course.ravel()
        for k, (before, after) in enumerate(self._changes):
            for sign in (1, -1):
                line = np.zeros(self.size)
                line[after], line[before] = sign / course[after], -sign / course[before]
                line[start + k] = -1
                add(Row("", "", k), line, 0.0)
        if self.steady > 0:
            start += len(self._changes)
            for k, own in enumerate(self._even):
                line = np.zeros(self.size)
                line[: self.leads] = own
                line[start + k] = -1
                add(Row("", "", k), line, 0.0)

    def _add_ramps(self, add: Any) -> None:
        """Add the limits on growth from month to month."""
        _, months = self.shape
        for c, ramp in self.limits.ramps.items():
            for m in range(months):
                if m == 0 and ramp.before is None:
                    continue
                line = np.zeros(self.size)
                line[c * months + m] = 1
                most = ramp.step
                if m:
                    line[c * months + m - 1] = -(1 + ramp.growth)
                else:
                    most += (1 + ramp.growth) * float(ramp.before or 0.0)
                label = f"growth of {self.limits.channels[c]} in {self.limits.periods[m]}"
                add(Row("ramp", label, c, m), line, most)

    def bounds(self) -> FloatArray:
        """Return the least and most of each variable, shape ``(size, 2)``."""
        found = np.zeros((self.size, 2))
        found[:, 1] = np.inf
        found[: self.leads, 0] = self.limits.floors.ravel()
        found[: self.leads, 1] = self.limits.ceilings.ravel()
        return found

    def solve(
        self,
        *,
        objective: FloatArray | None = None,
        cuts: Cuts | None = None,
        box: FloatArray | None = None,
    ) -> Found:
        """Return the least of the objective, by the dual simplex method of HiGHS.

        Parameters
        ----------
        objective
            Of all variables; cost less credit where it is not given.
        cuts
            Further rows.
        box
            Least and most of the leads, shape ``(C * H, 2)``, within their bounds.
        """
        matrix, right = self._with(cuts)
        bounds = self.bounds()
        if box is not None:
            bounds[: self.leads, 0] = np.maximum(bounds[: self.leads, 0], box[:, 0])
            bounds[: self.leads, 1] = np.minimum(bounds[: self.leads, 1], box[:, 1])
        wanted = self.objective if objective is None else objective
        scale = float(np.abs(wanted).max()) or 1.0
        done = optimize.linprog(
            wanted / scale, A_ub=matrix, b_ub=right, bounds=bounds, method="highs-ds"
        )
        if done.x is None or done.status != 0:
            none = np.zeros(0)
            return Found(int(done.status), None, np.nan, none, none, none, none)
        prices = done.ineqlin.marginals * scale
        own = len(self.rows)
        x = np.clip(done.x, bounds[:, 0], bounds[:, 1])
        return Found(
            0,
            np.asarray(x) + 0.0,
            float(done.fun) * scale,
            prices[:own],
            prices[own:],
            done.lower.marginals[: self.leads] * scale,
            done.upper.marginals[: self.leads] * scale,
        )

    def whole(
        self,
        *,
        cuts: Cuts | None,
        box: FloatArray,
        nodes: int = 30,
        gap: float = 1e-4,
        objective: FloatArray | None = None,
    ) -> FloatArray | None:
        """Return the cheapest whole leads in a box, or ``None`` where none was found.

        Parameters
        ----------
        cuts, objective
            As in :meth:`solve`.
        box
            Least and most of the leads, whole, shape ``(C * H, 2)``.
        nodes, gap
            When the search stops: after so many nodes, or that close to the best, as a share.
        """
        matrix, right = self._with(cuts)
        bounds = self.bounds()
        low = np.maximum(np.ceil(bounds[: self.leads, 0] - 1e-9), box[:, 0])
        high = np.minimum(np.floor(bounds[: self.leads, 1] + 1e-9), box[:, 1])
        if (low > high).any():
            return None
        bounds[: self.leads, 0], bounds[: self.leads, 1] = low, high
        integral = np.zeros(self.size)
        integral[: self.leads] = 1
        wanted = self.objective if objective is None else objective
        scale = float(np.abs(wanted).max()) or 1.0
        done = optimize.milp(
            wanted / scale,
            constraints=optimize.LinearConstraint(matrix, -np.inf, right),
            bounds=optimize.Bounds(bounds[:, 0], bounds[:, 1]),
            integrality=integral,
            options={"node_limit": nodes, "mip_rel_gap": gap},
        )
        if done.x is None:
            return None
        return np.asarray(np.round(done.x[: self.leads])) + 0.0

    def _with(self, cuts: Cuts | None) -> tuple[Any, FloatArray]:
        """Return the limits with further rows."""
        if cuts is None or not len(cuts.levels):
            return self.matrix, self.right
        wide = np.zeros((len(cuts.levels), self.size))
        wide[:, : self.leads] = -cuts.slopes
        matrix = sparse.vstack([self.matrix, sparse.csr_matrix(wide)], format="csr")
        return matrix, np.concatenate([self.right, -cuts.levels])

    def broken(self, leads: FloatArray, *, slack: float = 1e-6) -> list[Row]:
        """Return the limits on sums that some leads break."""
        x = self.complete(leads)
        over = self.matrix @ x - self.right
        return [
            row
            for row, by, most in zip(self.rows, over, self.right, strict=True)
            if row.kind and by > slack * max(1.0, abs(most))
        ]
