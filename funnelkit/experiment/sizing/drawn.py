"""A simulated test: leads with accounts, days of entry and ages at conversion, seen at a look."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.counts.triangle import Triangle

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
NEVER = -1
"""Age at conversion of a lead that has not converted."""
Pair = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Observed:
    """What is known of a simulated test at the end of a day; an analysis is handed this.

    Parameters
    ----------
    treatment
        Of each lead that has entered: whether it is in the treatment, shape ``(n,)``.
    account
        Number of its account; each lead has its own where there are none.
    followed
        Days since it entered.
    converted
        Age in days at which it converted, -1 where it has not so far.
    horizon
        Days after entry up to which a conversion counts; none is later.
    """

    treatment: NDArray[np.bool_]
    account: IntArray
    followed: IntArray
    converted: IntArray
    horizon: int

    @property
    def mature(self) -> NDArray[np.bool_]:
        """Of each lead: whether it has been followed for the horizon."""
        return np.asarray(self.followed >= self.horizon)

    def counts(self) -> Pair:
        """Return (converted, entered) of the mature leads of control, and of treatment."""
        mature = self.mature
        won = mature & (self.converted >= 0)
        treated, control = self.treatment, ~self.treatment
        return (
            (int((won & control).sum()), int((mature & control).sum())),
            (int((won & treated).sum()), int((mature & treated).sum())),
        )

    def accounts(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the mature leads by account, of control and of treatment.

        Returns
        -------
        DataFrame, DataFrame
            ``account``, ``entered``, ``converted``, one row per account: what
            ``compare_clustered`` takes.
        """
        import pandas as pd

        mature, frames = self.mature, []
        for arm in (~self.treatment, self.treatment):
            names, place = np.unique(self.account[mature & arm], return_inverse=True)
            won = self.converted[mature & arm] >= 0
            counts = {
                "account": names,
                "entered": np.bincount(place, minlength=len(names)),
                "converted": np.bincount(place, won, minlength=len(names)).astype(np.int64),
            }
            frames.append(pd.DataFrame(counts))
        return frames[0], frames[1]

    def triangles(self) -> tuple[Triangle, Triangle]:
        """Return all leads by age at conversion or so far, of control and of treatment.

        Returns
        -------
        Triangle, Triangle
            Of one cohort, ages up to the horizon: what ``compare_lagged`` takes.
        """
        import pandas as pd

        from funnelkit.counts.triangle import Triangle

        cohorts, found = pd.period_range("2000", periods=1, freq="Y"), []
        for arm in (~self.treatment, self.treatment):
            followed = np.minimum(self.followed[arm], self.horizon)
            won = self.converted[arm] >= 0
            each = [self.converted[arm][won], followed[~won], followed]
            events, censored, all_of = (
                np.bincount(ages, minlength=self.horizon + 1)[None, None, :] for ages in each
            )
            found.append(
                Triangle(
                    start="entered",
                    target="converted",
                    cohorts=cohorts,
                    as_of=dt.date(2000, 12, 31),
                    entered=np.array([[arm.sum()]], np.int64),
                    events={"converted": events},
                    censored=censored,
                    followed=all_of,
                )
            )
        return found[0], found[1]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per lead.

        Returns
        -------
        DataFrame
            ``account``, ``variant``, ``followed_days``, ``converted_days`` (NaN where it has not
            converted so far).
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "account": self.account,
                "variant": np.where(self.treatment, "treatment", "control"),
                "followed_days": self.followed,
                "converted_days": np.where(self.converted >= 0, self.converted, np.nan),
            }
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class World:
    """What tests are drawn from.

    Parameters
    ----------
    n
        Leads of control and of treatment.
    by_day
        Leads of both that enter in a day.
    horizon
        Days.
    maturity
        Of control and treatment by age, shape ``(2, horizon + 1)``.
    account_sizes, icc
        Sizes that accounts are drawn from, and the correlation within; ``None``: no accounts.
    """

    n: tuple[int, int]
    by_day: float
    horizon: int
    maturity: FloatArray
    account_sizes: IntArray | None
    icc: float

    @property
    def total(self) -> int:
        """Leads of both arms."""
        return sum(self.n)

    def day_of(self, leads: float) -> int:
        """Return the day, from 0, by whose end so many leads have entered."""
        return max(int(np.ceil(leads / self.by_day - 1e-9)) - 1, 0)

    def draw(self, rates: tuple[float, float], rng: np.random.Generator) -> Drawn:
        """Return one test: every lead with all that will come of it."""
        sizes = self._sizes(rng)
        n_accounts = len(sizes)
        treated = np.zeros(n_accounts, bool)
        share = self.n[1] / self.total
        # As many in the treatment as planned; a part of one by chance.
        number = int(np.floor(share * n_accounts + rng.random()))
        treated[rng.permutation(n_accounts)[:number]] = True
        chance = np.where(treated, rates[1], rates[0])
        if self.icc >= 1:
            chance = (rng.random(n_accounts) < chance).astype(float)
        elif self.icc > 0:
            spread = (1 - self.icc) / self.icc
            chance = rng.beta(chance * spread, (1 - chance) * spread)
        account = np.repeat(np.arange(n_accounts), sizes)
        treatment = treated[account]
        first = np.cumsum(sizes) - sizes
        by_account = np.floor(first / self.by_day + 1e-9).astype(np.int64)
        won = rng.random(len(account)) < chance[account]
        age = np.full(len(account), NEVER)
        for arm in (0, 1):
            mine = won & (treatment == bool(arm))
            age[mine] = np.searchsorted(self.maturity[arm], rng.random(int(mine.sum())))
        return Drawn(
            treatment=treatment,
            account=account,
            entry=by_account[account],
            converted=age,
            horizon=self.horizon,
        )

    def _sizes(self, rng: np.random.Generator) -> IntArray:
        """Return the sizes of accounts, in the order of entry, up to the planned leads."""
        if self.account_sizes is None:
            return np.ones(self.total, np.int64)
        mean = float(self.account_sizes.mean())
        drawn = rng.choice(self.account_sizes, max(round(self.total / mean), 2))
        return np.asarray(drawn, np.int64)


@dataclass(frozen=True, eq=False, kw_only=True)
class Drawn:
    """One simulated test, with what nobody knows yet."""

    treatment: NDArray[np.bool_]
    account: IntArray
    entry: IntArray
    converted: IntArray
    horizon: int

    def seen(self, day: int) -> Observed:
        """Return what is known at the end of a day."""
        there = self.entry <= day
        followed = day - self.entry[there]
        age = self.converted[there]
        return Observed(
            treatment=self.treatment[there],
            account=self.account[there],
            followed=followed,
            converted=np.where(age <= followed, age, NEVER),
            horizon=self.horizon,
        )
