"""Effective numbers of leads where the leads of one account go together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from funnelkit._core import checks
from funnelkit._core.result import frozen

FloatArray = NDArray[np.float64]
Numbers = NDArray[Any]


@dataclass(frozen=True, eq=False, kw_only=True)
class ClusterSums:
    """Sums over the accounts of each cell, for a share that respects them.

    Parameters
    ----------
    accounts
        Number of accounts, m.
    nn, xn, xx
        Σ n², Σ x·n and Σ x² over accounts, with n leads and x conversions of an account; all
        four of one shape.
    """

    accounts: Numbers
    nn: Numbers
    xn: Numbers
    xx: Numbers

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("accounts", "nn", "xn", "xx"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    def summed(
        self, axis: int | tuple[int, ...], *, where: NDArray[np.bool_] | bool = True
    ) -> Self:
        """Return the sums over one or more axes, which stay with length 1.

        Parameters
        ----------
        axis
            Axis or axes to sum over.
        where
            Cells to count; default: all.
        """
        return replace(
            self,
            accounts=self.accounts.sum(axis=axis, where=where, keepdims=True),
            nn=self.nn.sum(axis=axis, where=where, keepdims=True),
            xn=self.xn.sum(axis=axis, where=where, keepdims=True),
            xx=self.xx.sum(axis=axis, where=where, keepdims=True),
        )

    def picked(self, rows: Sequence[int]) -> Self:
        """Return the sums of some rows of the first axis."""
        named = {"accounts": self.accounts, "nn": self.nn, "xn": self.xn, "xx": self.xx}
        return replace(self, **{name: values[rows] for name, values in named.items()})

    def effective(
        self, converted: ArrayLike, entered: ArrayLike, *, confidence_level: float | None = None
    ) -> FloatArray:
        """Return how many independent leads are worth as much as the leads of each cell.

        Parameters
        ----------
        converted, entered
            Σ x and Σ n, of the shape of the sums.
        confidence_level
            Level of the interval that is to be built on the number; with it, the number is
            lowered as the variance rests on few accounts only. ``None`` leaves that out.

        Returns
        -------
        ndarray
            At most ``entered``; 0 where nobody entered.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.

        Notes
        -----
        With p = Σ x / Σ n the linearised variance of p, a ratio of two sums over accounts, is
        V = (Σ x² - 2 p Σ x·n + p² Σ n²) · m / (m - 1) / (Σ n)², and the effective number is
        p (1 - p) / V. It is taken to be no more than the number of leads, as a variance below
        the binomial one is more often a matter of few accounts than of leads that shun each
        other. With a level it is multiplied by (z / t)², normal over Student quantile with m - 1
        degrees of freedom. Where all or none converted, V = 0 says nothing, and the leads of an
        account are taken to behave as one: (Σ n)² / Σ n²; so it is with a single account.

        References
        ----------
        Cochran (1977), Sampling Techniques, 3rd ed., section 3.12 (proportions in cluster
        sampling). Korn and Graubard (1998), Survey Methodology 24, 193-201, for the effective
        number and the degrees of freedom; Parker et al. (2017), Vital and Health Statistics 2
        (175), for the bound by the number of leads.

        Examples
        --------
        Ten accounts of two leads that act alike are worth ten leads (nine, with m / (m - 1)):

        >>> sums = ClusterSums(accounts=10, nn=40, xn=20, xx=20)
        >>> float(sums.effective(10, 20).round(6))
        9.0
        """
        x, n = np.asarray(converted, float), np.asarray(entered, float)
        safe = np.maximum(n, 1.0)
        share = x / safe
        several = np.maximum(self.accounts, 2.0)
        spread = np.maximum(self.xx - 2 * share * self.xn + share**2 * self.nn, 0.0)
        variance = spread * several / (several - 1) / safe**2
        binomial = share * (1 - share)
        estimated = np.where(variance * safe > binomial, binomial / np.maximum(variance, 1e-300), n)
        if confidence_level is not None:
            tail = (1 - checks.confidence(confidence_level)) / 2
            estimated = estimated * (stats.norm.isf(tail) / stats.t.isf(tail, several - 1)) ** 2
        unknown = (self.accounts < 2) | (x <= 0) | (x >= n)
        as_one = safe**2 / np.maximum(self.nn, 1.0)
        return np.where(n > 0, np.minimum(np.where(unknown, as_one, estimated), n), 0.0)
