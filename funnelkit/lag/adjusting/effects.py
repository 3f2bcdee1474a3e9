"""Segment and cohort effects on the logit of the eventual rate, and the counts they explain."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit.lag.adjusting import exposure
from funnelkit.lag.adjusting.penalised import Slope

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
LEVEL_SD = 5.0
"""Prior standard deviation of the logit of the rate of the first cohort, all segments alike."""
SLOPE_SD = 0.05
"""Prior standard deviation of the drift of the logit per month, which all cohorts share."""
SCALES = {"segments": 1.0, "cohorts": 0.2, "interaction": 0.3, "pace": 0.3}
"""Scales of the half-normal priors of the standard deviations, on the logit or log scale.

That of cohorts is of a step of one month.
"""
_MONTHS = {"D": 12 / 365.25, "W": 84 / 365.25, "M": 1.0, "Q": 3.0, "Y": 12.0}
"""Length of a cohort, by the first letter of its frequency."""


@dataclass(frozen=True, eq=False)
class Design:
    """Which parameters make the logit of each cell's rate, and which share a standard deviation.

    Parameters
    ----------
    base
        What segments and cohorts add to each cell's logit, shape ``(n_cells, n_base)``.
    apart
        Whether each cell has a parameter of its own beside these.
    fixed
        Precisions of the parameters whose prior is given; 0 for all others.
    amount
        Position in ``names`` of the standard deviation of each parameter; -1 where it is given.
    names
        What varies by an estimated amount.
    scales
        Scale of the half-normal prior of each of these.
    """

    base: FloatArray
    apart: bool
    fixed: FloatArray
    amount: NDArray[np.int64]
    names: tuple[str, ...]
    scales: tuple[float, ...]

    @property
    def n_effects(self) -> int:
        """Number of parameters that logits depend on; those of months come after them."""
        return int(self.base.shape[1]) + (len(self.base) if self.apart else 0)

    @property
    def matrix(self) -> FloatArray:
        """Logits are ``matrix @ parameters``, shape ``(n_cells, n_parameters)``."""
        parts = [self.base, *([np.eye(len(self.base))] if self.apart else [])]
        parts.append(np.zeros((len(self.base), len(self.amount) - self.n_effects)))
        return np.concatenate(parts, axis=1)

    def logits(self, at: FloatArray) -> FloatArray:
        """Return the logit of each cell's rate."""
        n_base = self.base.shape[1]
        found = self.base @ at[:n_base]
        return np.asarray(found + at[n_base : self.n_effects] if self.apart else found)

    def back(self, of_cells: FloatArray) -> FloatArray:
        """Return the transposed matrix, without months, times values of the cells."""
        summed = self.base.T @ of_cells
        return np.concatenate([summed, of_cells]) if self.apart else np.asarray(summed)

    def squares(self, weights: FloatArray) -> FloatArray:
        """Return the transposed matrix times weights of the cells times the matrix."""
        scaled = weights[:, None] * self.base
        inner = self.base.T @ scaled
        if not self.apart:
            return np.asarray(inner)
        return np.block([[inner, scaled.T], [scaled, np.diag(weights)]])

    def precision(self, sds: FloatArray) -> FloatArray:
        """Return the prior precision of each parameter for given standard deviations."""
        of = np.concatenate([np.asarray(sds, float) ** -2, [0.0]])
        return np.asarray(np.where(self.amount < 0, self.fixed, of[self.amount]))


def design(
    shape: tuple[int, int],
    cohorts: pd.PeriodIndex,
    *,
    segments: bool,
    walk: bool,
    n_months: int,
    slope_sd: float = SLOPE_SD,
    step_scale: float = SCALES["cohorts"],
) -> Design:
    """Return the design of logit p = μ + u_s + v_c + w_sc, and of log pace by month.

    Parameters
    ----------
    shape
        Segments and cohorts.
    cohorts
        Their periods: a step over k months has k times the variance of one over a month.
    segments, walk
        Whether segments, and cohorts, differ.
    n_months
        Months with a pace of their own; 0 for none.
    slope_sd, step_scale
        Prior standard deviation of the drift per month, and scale of the prior of the standard
        deviation of a step of one month.

    Notes
    -----
    v is a random walk with a drift: v_c = Σ_{j<=c} δ_j + β (t_c - t̄).
    """
    rows, columns = (index.ravel() for index in np.indices(shape))
    blocks = [np.ones((len(rows), 1))]
    fixed, amount, names, apart = [LEVEL_SD**-2], [-1], [], False

    def add(block: FloatArray, name: str) -> None:
        names.append(name)
        blocks.append(block)
        fixed.extend([0.0] * block.shape[1])
        amount.extend([len(names) - 1] * block.shape[1])

    if segments and shape[0] > 1:
        add(np.eye(shape[0])[rows], "segments")
    if walk and shape[1] > 1:
        time = np.array([period.ordinal for period in cohorts], float)
        time = time * _MONTHS.get(cohorts.freqstr[0], 1.0)
        blocks.append((time - time.mean())[columns, None])
        fixed.append(slope_sd**-2)
        amount.append(-1)
        steps = np.tril(np.ones((shape[1], shape[1])))[:, 1:] * np.sqrt(np.diff(time))
        add(steps[columns], "cohorts")
        if segments and shape[0] > 1:
            apart = True
            names.append("interaction")
            fixed.extend([0.0] * len(rows))
            amount.extend([len(names) - 1] * len(rows))
    if n_months:
        names.append("pace")
        fixed.extend([0.0] * n_months)
        amount.extend([len(names) - 1] * n_months)
    return Design(
        base=np.concatenate(blocks, axis=1),
        apart=apart,
        fixed=np.array(fixed),
        amount=np.array(amount, np.int64),
        names=tuple(names),
        scales=tuple(step_scale if name == "cohorts" else SCALES[name] for name in names),
    )


@dataclass(frozen=True, eq=False)
class Counts:
    """What is known of each cell.

    Parameters
    ----------
    entered, converted
        Leads, and those that converted by the horizon, shape ``(n_cells,)``; 0 for cells that
        tell nothing of their rate.
    by_month
        The dated ones among them by civil month; ``None`` where pace is held at the usual.
    """

    entered: FloatArray
    converted: FloatArray
    by_month: FloatArray | None


@dataclass(frozen=True, eq=False)
class Joint:
    """Log-likelihood of the rates of all cells, and of the pace of all months.

    Notes
    -----
    Of n leads of a cell X converted: binomial with probability p Σ F / n. Those with a date
    did so in months that are multinomial, with shares in proportion to Σ (F_m - F_{m-1}).
    """

    design: Design
    shares: exposure.Shares
    counts: Counts

    @cached_property
    def usual(self) -> exposure.Expected:
        """Shares by month at the usual pace."""
        return self.shares.expected(np.zeros(self.shares.size[1]))

    @property
    def size(self) -> int:
        """Number of parameters."""
        return len(self.design.amount)

    def own_information(self, at: FloatArray) -> FloatArray:
        """Return what each cell's own total tells of its logit."""
        n = np.maximum(self.counts.entered, 1.0)
        mature = exposure.floored(self._expected(at).leads, n).sum(axis=1) / n
        p = special.expit(self.design.logits(at))
        share = np.clip(p * mature, 1e-12, 1 - 1e-12)
        return np.asarray(self.counts.entered * share * (1 - p) ** 2 / (1 - share))

    def _expected(self, at: FloatArray) -> exposure.Expected:
        n_effects = self.design.n_effects
        return self.usual if len(at) == n_effects else self.shares.expected(at[n_effects:])

    def __call__(self, at: FloatArray) -> Slope:
        """Return the log-likelihood and its derivatives."""
        n, x = self.counts.entered, self.counts.converted
        found, safe = self._expected(at), np.maximum(self.counts.entered, 1.0)
        leads = exposure.floored(found.leads, n)
        total = leads.sum(axis=1)
        p = special.expit(self.design.logits(at))
        share = np.clip(p * total / safe, 1e-300, 1 - 1e-12)
        by_logit = p * (1 - p) * total / safe
        slope = x / share - (n - x) / (1 - share)
        value = float(x @ np.log(share) + (n - x) @ np.log1p(-share))
        # minus the second derivative by the share, as observed and as expected
        bent = x / share**2 + (n - x) / (1 - share) ** 2, n / (share * (1 - share))
        extra = slope * by_logit * (1 - 2 * p), np.zeros_like(p)
        gradient = self.design.back(slope * by_logit)
        if self.counts.by_month is None:
            return Slope(
                value=value,
                gradient=gradient,
                information=lambda: self.design.squares(bent[0] * by_logit**2 - extra[0]),
                expected=lambda: self.design.squares(bent[1] * by_logit**2),
            )
        b, dated = at[self.design.n_effects :], self.counts.by_month
        all_of = dated.sum(axis=1)
        summed = found.slopes.sum(axis=1)
        pull = dated / leads + (slope * p / safe - all_of / total)[:, None]
        of_share = summed * (p / safe)[:, None]
        flat = found.slopes.reshape(-1, len(b))
        weights = dated / leads**2, (all_of / total)[:, None] / leads

        def information(k: int) -> FloatArray:
            crossed = (bent[k] * by_logit)[:, None] * of_share
            months = flat.T @ (weights[k].reshape(-1, 1) * flat)
            months -= summed.T @ ((all_of / total**2)[:, None] * summed)
            months += of_share.T @ (bent[k][:, None] * of_share)
            if k == 0:
                crossed = crossed - (slope * p * (1 - p) / safe)[:, None] * summed
                months = months - self.shares.bend(b, pull)
            across = self.design.back(crossed)
            effects = self.design.squares(bent[k] * by_logit**2 - extra[k])
            return np.block([[effects, across], [across.T, months]])

        return Slope(
            value=value + float((dated * np.log(leads)).sum() - all_of @ np.log(total)),
            gradient=np.concatenate([gradient, (pull[..., None] * found.slopes).sum(axis=(0, 1))]),
            information=lambda: information(0),
            expected=lambda: information(1),
        )
