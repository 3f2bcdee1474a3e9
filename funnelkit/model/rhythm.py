"""`Rhythm`: how quick months are by their place in the quarter, and how much they differ else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.result import Result, frozen

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.lag import Pace

FloatArray = NDArray[np.float64]
PRIOR_SCALE = 0.3
"""Scale of the half-normal priors of both standard deviations, on the scale of logarithms."""
_GRID = np.concatenate([[0.01], np.linspace(0.04, 1.2, 18)])
_PLACES = 3


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Rhythm(Result):
    """How quick the months to come may be in winning what stands open.

    Parameters
    ----------
    first
        Month, 1 to 12, in which fiscal quarters start.
    months
        Months that tell, whole ones.
    points, weights
        Likely standard deviations of the three places in the quarter, and of months beside them,
        ``(n_points, 2)``, and how likely they are.
    means, roots
        At each point: mean log pace of first, second and third months of a quarter,
        ``(n_points, 3)``, and a root of its covariance, ``(n_points, 3, 3)``.
    given_back
        Variance of log pace from month to month that the fit of days and rates took for its own.
    """

    first: int
    months: pd.PeriodIndex
    points: FloatArray
    weights: FloatArray
    means: FloatArray
    roots: FloatArray
    given_back: float = 0.0

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("points", "weights", "means", "roots"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def factor(self) -> FloatArray:
        """Pace of first, second and third months of a quarter; 1 is the usual one."""
        return np.asarray(np.exp(self.weights @ self.means))

    @property
    def sd(self) -> float:
        """Standard deviation of log pace from month to month, beside their place."""
        return float(np.sqrt(self.weights @ self.points[:, 1] ** 2 + self.given_back))

    def places(self, months: pd.PeriodIndex) -> NDArray[np.int64]:
        """Return the place of months in their quarter: 0, 1 or 2."""
        return np.asarray((np.asarray(months.month) - self.first) % _PLACES, np.int64)

    def sample_factors(
        self, n: int, months: pd.PeriodIndex, *, rng: np.random.Generator | int
    ) -> FloatArray:
        """Return joint draws of the pace of months to come.

        Parameters
        ----------
        n
            Number of draws.
        months
            Months to come.
        rng
            Generator or seed.

        Returns
        -------
        ndarray
            Factors on the hazard of those who will be won, shape ``(n, n_months)``.
        """
        generator = np.random.default_rng(rng)
        at = generator.choice(len(self.weights), n, p=self.weights)
        noise = generator.standard_normal((n, _PLACES))
        places = self.means[at] + np.einsum("nij,nj->ni", self.roots[at], noise)
        spread = np.sqrt(self.points[at, 1] ** 2 + self.given_back)
        own = spread[:, None] * generator.standard_normal((n, len(months)))
        return np.asarray(np.exp(places[:, self.places(months)] + own))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per place in the quarter: ``month_of_quarter`` and its ``pace``."""
        import pandas as pd

        return pd.DataFrame({"month_of_quarter": [1, 2, 3], "pace": self.factor})

    def summary(self) -> str:
        """Return how quick the last month of a quarter is beside the others."""
        first, second, third = (f"{value:.2f}" for value in self.factor)
        return (
            f"Months of a quarter are {first}, {second} and {third} times as quick as usual, from "
            f"{display.plural(len(self.months), 'month')}; beside that they differ by "
            f"{display.percent(self.sd, decimals=0)}."
        )


def rhythm_of(pace: Pace, *, first: int = 1) -> Rhythm | None:
    """Return how quick months are by their place in the quarter.

    Parameters
    ----------
    pace
        Wins of each month beside what a month of usual pace would have brought.
    first
        Month, 1 to 12, in which fiscal quarters start.

    Returns
    -------
    Rhythm or None
        ``None`` where there is no month, from the first win on, with anything to expect.

    Notes
    -----
    log((observed + 1/2) / (expected + 1/2)) is normal about the mean of its place, with variance
    τ² + 1 / (expected + 1/2); the three places are normal about 0 with standard deviation s. Both
    have half-normal priors of scale 0.3, and are averaged over a grid by their likelihood, so
    that a quarter's end counts as much as the months show it, and no more.

    Days and rates that were fitted as if months were alike have taken some of what differs between
    months for their own. :func:`~funnelkit.lag.fit_pace` reckons with that: where its variance of
    log pace is larger than that of places and months together, months have the rest as well.

    Examples
    --------
    >>> import funnelkit as fk
    >>> model = fk.fit_funnel(fk.make_leads(4000, rng=1))
    >>> [round(float(value), 1) for value in rhythm_of(model.pace).factor]
    [1.0, 1.0, 1.0]
    """
    begun = np.cumsum(pace.observed) > 0  # before the first win, wins were not recorded
    usable = (np.asarray(pace.expected) > 0.5) & begun
    if not usable.any():
        return None
    months = pace.months[usable]
    observed, expected = pace.observed[usable], pace.expected[usable]
    logs = np.log((observed + 0.5) / (expected + 0.5))
    chance = 1 / (expected + 0.5)
    places = (np.asarray(months.month) - first) % _PLACES
    columns = np.eye(_PLACES)[places]
    points, scores, means, roots = [], [], [], []
    for of_places in _GRID:
        for of_months in _GRID:
            score, mean, root = _given(logs, chance + of_months**2, columns, of_places)
            prior = -0.5 * (of_places**2 + of_months**2) / PRIOR_SCALE**2
            points.append((of_places, of_months))
            scores.append(score + prior)
            means.append(mean)
            roots.append(root)
    likely = np.exp(np.array(scores) - max(scores))
    weights = likely / likely.sum()
    seen = float(weights @ (np.array(points) ** 2).sum(axis=1))
    return Rhythm(
        first=first,
        months=months,
        points=np.array(points),
        weights=weights,
        means=np.stack(means),
        roots=np.stack(roots),
        given_back=max(pace.sd**2 - seen, 0.0),
    )


def _given(
    logs: FloatArray, variance: FloatArray, columns: FloatArray, of_places: float
) -> tuple[float, FloatArray, FloatArray]:
    """Return the log-likelihood of two standard deviations, and what places are, given them."""
    precision = columns.T @ (columns / variance[:, None]) + np.eye(_PLACES) / of_places**2
    pull = columns.T @ (logs / variance)
    mean = np.linalg.solve(precision, pull)
    # normal marginal likelihood, by the matrix determinant lemma
    _, determinant = np.linalg.slogdet(precision * of_places**2)
    score = -0.5 * (np.log(variance).sum() + determinant + (logs**2 / variance).sum() - pull @ mean)
    root = np.linalg.cholesky(np.linalg.inv(precision))
    return float(score), np.asarray(mean), np.asarray(root)
