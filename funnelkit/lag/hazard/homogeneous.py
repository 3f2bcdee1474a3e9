"""`homogeneity`: whether one pooled curve holds for all cohorts, or for all segments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError, EvidenceError, unknown
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import Triangle
from funnelkit.lag.hazard.fits import design_effect
from funnelkit.lag.hazard.log_rank import ChiSquare, log_rank, quadratic
from funnelkit.lag.hazard.model import Factor, fitted, starts_of

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Across = Literal["cohorts", "segments"]
ALPHA = 0.05


def homogeneity(
    triangle: Triangle, *, outcome: str | None = None, across: Across = "cohorts"
) -> Homogeneity:
    """Return whether cohorts (or segments) convert alike, so that one pooled curve holds for all.

    Parameters
    ----------
    triangle
        Counts of one transition and its exits.
    outcome
        The target (default) or an exit; other outcomes count as the end of observation.
    across
        ``"cohorts"``: cohorts are compared within each segment; ``"segments"``: segments within
        each cohort.

    Returns
    -------
    Homogeneity
        A test of equal hazards, one of a trend over cohorts, and one of equal pace where levels
        may differ. Where there is nothing to compare, the p-values are 1.

    Raises
    ------
    EvidenceError
        If nobody entered.
    ArgumentError
        If an argument cannot be used.

    Notes
    -----
    ``statistic`` is the log-rank test, stratified; it answers to a difference in rate or in pace.
    ``trend`` gives it one degree of freedom along the order of the cohorts, where a drift shows
    first. ``pace`` is the score test of an interaction of group and age in the model of
    :func:`fit_hazard`, with F(age), the pooled share by then, as the scale of age: levels may
    differ by any factor, but is that factor the same at all ages? (Where rates are large, equal
    times to conversion make it slightly less than the same.) With accounts, the statistics are
    divided by the design effect.

    A change that reaches all open leads in one month shows as a difference of cohorts: the
    calendar is not told apart from them.

    References
    ----------
    Mantel (1966), Cancer Chemotherapy Reports 50, 163-170; Tarone (1975), Biometrika 62, 679-682
    (trend); Grambsch and Therneau (1994), Biometrika 81, 515-526 (factors that change with time);
    Rao and Scott (1984), Annals of Statistics 12, 46-60 (design effect).

    Examples
    --------
    Of 100 leads of each of two days, all followed for a day, 30 and 10 convert at once:

    >>> import datetime as dt
    >>> import pandas as pd
    >>> counts = Triangle(
    ...     start="lead",
    ...     target="won",
    ...     cohorts=pd.period_range("2026-01-01", periods=2, freq="D"),
    ...     as_of=dt.date(2026, 1, 3),
    ...     entered=[[100, 100]],
    ...     events={"won": [[[30, 0, 0], [10, 0, 0]]]},
    ...     censored=[[[0, 0, 70], [0, 90, 0]]],
    ...     followed=[[[0, 0, 100], [0, 100, 0]]],
    ... )
    >>> found = homogeneity(counts)
    >>> round(found.statistic, 4), found.df  # 10² / (200 · .2 · .8 · .25 · 200/199)
    (12.4375, 1)
    """
    checks.one_of("across", across, ("cohorts", "segments"))
    name = triangle.target if outcome is None else outcome
    if name not in triangle.outcomes:
        raise ArgumentError(f"`outcome`: {unknown('outcome', name, triangle.outcomes)}")
    if not triangle.n:
        raise EvidenceError(
            f"`triangle` holds no leads that entered {triangle.start}; there is nothing to compare."
        )
    order = (0, 1, 2) if across == "cohorts" else (1, 0, 2)
    events = np.transpose(triangle.by_age(name), order).astype(float)
    at_risk = np.transpose(triangle.at_risk, order).astype(float)
    design = design_effect(triangle, triangle.n_ages - 1)
    compared = log_rank(events, at_risk)
    scores = np.arange(events.shape[1], dtype=float)
    drift = compared.along(scores, design) if across == "cohorts" else ChiSquare(0.0, 0)
    labels = [display.segment_name(segment) for segment in triangle.segments]
    if across == "cohorts":
        labels = [period_label(cohort) for cohort in triangle.cohorts]
    return Homogeneity(
        start=triangle.start,
        outcome=name,
        across=across,
        groups=tuple(labels),
        entered=triangle.entered.sum(axis=0 if across == "cohorts" else 1),
        observed=compared.observed,
        expected=compared.expected,
        equal=compared.among_all(design),
        trend=drift,
        pace=_pace(events, at_risk, design),
        design=design,
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Homogeneity(Result):
    """Whether groups of leads convert alike.

    Parameters
    ----------
    start, outcome
        The transition.
    across
        ``"cohorts"`` or ``"segments"``: what the groups are.
    groups
        Their names.
    entered, observed, expected
        Leads; those with the outcome; and those if all groups had the same hazards, by group.
    equal, trend, pace
        Tests (``statistic``, ``df``, ``pvalue``) of equal hazards, of a trend over cohorts, and of
        equal pace.
    design
        Design effect of accounts by which the statistics are divided; 1 without accounts.
    """

    start: str
    outcome: str
    across: Across
    groups: tuple[str, ...]
    entered: IntArray
    observed: FloatArray
    expected: FloatArray
    equal: ChiSquare
    trend: ChiSquare
    pace: ChiSquare
    design: float

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        object.__setattr__(self, "entered", frozen(self.entered, np.int64))
        for name in ("observed", "expected"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def statistic(self) -> float:
        """Log-rank statistic of equal hazards."""
        return self.equal.statistic

    @property
    def df(self) -> int:
        """Its degrees of freedom."""
        return self.equal.df

    @property
    def pvalue(self) -> float:
        """Probability of as large a statistic if all groups convert alike."""
        return self.equal.pvalue

    @property
    def differ(self) -> bool:
        """Whether equal hazards, or over cohorts no trend, are refused at the level of .05.

        Of two tests the smaller p-value is doubled.
        """
        if not self.trend.df:
            return self.pvalue < ALPHA
        return 2 * min(self.pvalue, self.trend.pvalue) < ALPHA

    @property
    def n(self) -> int:
        """Leads that entered."""
        return int(self.entered.sum())

    def to_frame(self) -> pd.DataFrame:
        """Return one row per group.

        Returns
        -------
        DataFrame
            ``cohort`` or ``segment``, ``entered``, ``observed`` (leads with the outcome),
            ``expected`` (if all had the same hazards) and ``ratio``, observed over expected (1
            where nothing is expected).
        """
        import pandas as pd

        some = self.expected > 0
        return pd.DataFrame(
            {
                self.across.removesuffix("s"): self.groups,
                "entered": self.entered,
                "observed": self.observed.astype(np.int64),
                "expected": self.expected,
                "ratio": np.where(some, self.observed / np.where(some, self.expected, 1.0), 1.0),
            }
        )

    def summary(self) -> str:
        """Return whether groups differ, with the statistic, and whether their pace does."""
        leads = display.plural(self.n, "lead")
        if not self.df:
            return (
                f"Nothing to compare among {self.across}: {leads}, and "
                f"{display.plural(self.observed.sum(), 'record')} reached {self.outcome}."
            )
        kind = self.across.capitalize()
        said = f"log-rank {_test(self.equal)}"
        if self.trend.df:
            said += f"; trend {_test(self.trend)}"
        another = self.pace.df > 0 and self.pace.pvalue < ALPHA
        pace = f" ({_test(self.pace)})." if self.pace.df else ""
        if self.differ:
            drifts = self.trend.df > 0 and 2 * self.trend.pvalue < ALPHA
            text = f"{kind} differ ({said}; {leads}): a pooled curve is biased"
            text += " by the drift." if drifts else "."
            if pace:
                text += f" Their pace {'differs too' if another else 'may be the same'}{pace}"
        elif another:
            text = (
                f"No sign that {self.across} differ in level ({said}; {leads}), but their pace "
                f"does{pace[:-1]}: a pooled curve is biased where leads are young."
            )
        else:
            text = f"No sign that {self.across} differ ({said}; {leads})"
            text += f", nor their pace{pace}" if pace else "."
            text += " A pooled curve will do."
        return text


def _test(found: ChiSquare) -> str:
    return f"χ² {found.statistic:.1f} on {found.df}, {display.pvalue(found.pvalue)}"


def _pace(events: FloatArray, at_risk: FloatArray, design: float) -> ChiSquare:
    """Return the score test of group by age, given effects of age, group and stratum."""
    strata = np.flatnonzero(events.any(axis=(1, 2)))
    groups = np.flatnonzero(events.any(axis=(0, 2)))
    if len(groups) < 2:
        return ChiSquare(0.0, 0)
    events, at_risk = events[np.ix_(strata, groups)], at_risk[np.ix_(strata, groups)]
    last = int(np.flatnonzero(at_risk.any(axis=(0, 1)))[-1])
    by_age = events[..., : last + 1].sum(axis=(0, 1)).astype(np.int64)
    starts = starts_of(None, by_age, horizon=last)
    shape = (len(strata) * len(groups), len(starts))
    d = np.add.reduceat(events[..., : last + 1], starts, axis=2).reshape(shape)
    n = np.add.reduceat(at_risk[..., : last + 1], starts, axis=2).reshape(shape)
    stratum, group = (each.ravel() for each in np.indices((len(strata), len(groups))))
    factors = (
        Factor(np.eye(len(strata))[stratum][:, 1:], stratum, len(strata)),
        Factor(np.eye(len(groups))[group][:, 1:], group, len(groups)),
    )
    try:
        model = fitted(d, n, starts=starts, factors=factors, link="cloglog")
    except EvidenceError:
        return ChiSquare(0.0, 0)
    free = model.free
    hazard, slope = model.hazards(model.coefficients)[:, free], model.slopes()[:, free]
    d, n = d[:, free], n[:, free]
    noise = hazard * (1 - hazard)
    ok = (noise > 0) & (n > 0)
    safe = np.where(ok, noise, 1.0)
    residual = np.where(ok, (d - n * hazard) * slope / safe, 0.0)
    weight = np.where(ok, n * slope**2 / safe, 0.0)
    reached = np.cumsum(d.sum(axis=0)) - d.sum(axis=0) / 2
    scale = reached / d.sum()
    cell, column = np.nonzero(ok)
    null = np.concatenate([np.eye(len(free))[column], model.effects[cell]], axis=1)
    more = np.eye(len(groups))[group][cell] * scale[column, None]
    weighted = weight[cell, column, None]
    cross = more.T @ (weighted * null)
    explained = cross @ np.linalg.pinv(null.T @ (weighted * null), hermitian=True) @ cross.T
    score = more.T @ residual[cell, column]
    plain = more.T @ (weighted * more)
    return quadratic(score, plain - explained, design, size=float(np.trace(plain)))
