"""`AccountMoments`: what an engine adds up over the accounts of one arm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from funnelkit._core.errors import ArgumentError


@dataclass(frozen=True, kw_only=True)
class AccountMoments:
    """Sums over the accounts of one arm, enough for the linearised variance of a ratio.

    Each account has n leads and x of what is measured: conversions, money, replies. No account
    may stand in both arms (see :func:`find_contaminated`), as its two parts go together.

    Parameters
    ----------
    accounts
        Number of accounts, m, with at least one lead.
    x, n
        Σ x and Σ n.
    xx, xn, nn
        Σ x², Σ x·n and Σ n².

    Raises
    ------
    ArgumentError
        If the sums cannot be those of any accounts.

    Examples
    --------
    >>> AccountMoments.of([1, 0, 2], [2, 3, 4])
    AccountMoments(accounts=3, x=3.0, n=9.0, xx=5.0, xn=10.0, nn=29.0)
    """

    accounts: float
    x: float
    n: float
    xx: float
    xn: float
    nn: float

    def __post_init__(self) -> None:
        """Check that there can be such accounts."""
        numbers = (self.accounts, self.x, self.n, self.xx, self.xn, self.nn)
        if not all(np.isfinite(float(one)) for one in numbers):
            raise ArgumentError(f"sums over accounts must be numbers; got {self}.")
        if self.accounts < 1 or self.accounts % 1 or self.n <= 0:
            raise ArgumentError(
                "sums over accounts need at least one account, a whole number of them, and a lead; "
                f"got {self.accounts:g} accounts and {self.n:g} leads."
            )
        object.__setattr__(self, "accounts", int(self.accounts))
        slack = 1 + 1e-9
        if (
            self.x**2 > self.accounts * self.xx * slack
            or self.n**2 > self.accounts * self.nn * slack
            or self.xn**2 > self.xx * self.nn * slack
        ):
            raise ArgumentError(
                "no accounts have such sums: with m accounts (Σ x)² is at most m·Σ x², (Σ n)² at "
                f"most m·Σ n² and (Σ x·n)² at most Σ x²·Σ n²; got {self}."
            )

    @classmethod
    def of(cls, x: ArrayLike, n: ArrayLike) -> Self:
        """Return the sums of accounts that are at hand; those without a lead are left out.

        Parameters
        ----------
        x, n
            What is measured, and leads, of each account; shape ``(n_accounts,)``.
        """
        own_x, own_n = np.asarray(x, float), np.asarray(n, float)
        kept = (own_n > 0) | (own_x != 0)
        own_x, own_n = own_x[kept], own_n[kept]
        return cls(
            accounts=int(kept.sum()),
            x=float(own_x.sum()),
            n=float(own_n.sum()),
            xx=float(own_x @ own_x),
            xn=float(own_x @ own_n),
            nn=float(own_n @ own_n),
        )

    @classmethod
    def from_means(cls, accounts: float, means: ArrayLike, covariance: ArrayLike) -> Self:
        """Return the sums that belong to means and covariances over the accounts of an arm.

        Parameters
        ----------
        accounts
            Number of accounts.
        means
            Of x and n, per account; shape ``(2,)``.
        covariance
            Of x and n over accounts, with m - 1 below; shape ``(2, 2)``.

        Raises
        ------
        ArgumentError
            If they have other shapes, or cannot be those of any accounts.

        Examples
        --------
        In one scan of a table with a row per account, where it lies:

        >>> import pandas as pd
        >>> from funnelkit.counts.arms import arm_moments
        >>> table = pd.DataFrame({"arm": "A", "converted": [1, 0, 2], "entered": [2, 3, 4]})
        >>> arms = arm_moments(table, "arm", ["converted", "entered"])
        >>> AccountMoments.from_means(*arms.of("A", "converted", "entered"))
        AccountMoments(accounts=3, x=3.0, n=9.0, xx=5.0, xn=10.0, nn=29.0)
        """
        centre, spread = np.asarray(means, float), np.asarray(covariance, float)
        if centre.shape != (2,) or spread.shape != (2, 2):
            raise ArgumentError(
                "`means` must be those of two columns, and `covariance` theirs, 2 x 2; got shapes "
                f"{centre.shape} and {spread.shape}."
            )
        products = (accounts - 1) * spread + accounts * np.outer(centre, centre)
        return cls(
            accounts=accounts,
            x=float(accounts * centre[0]),
            n=float(accounts * centre[1]),
            xx=float(products[0, 0]),
            xn=float(products[0, 1]),
            nn=float(products[1, 1]),
        )

    @property
    def mean(self) -> float:
        """Σ x / Σ n."""
        return self.x / self.n

    @property
    def squares(self) -> float:
        """Σ (x - mean·n)², at least 0."""
        found = self.xx - 2 * self.mean * self.xn + self.mean**2 * self.nn
        return max(found, 0.0) if found > 1e-12 * max(self.xx, 1e-300) else 0.0
