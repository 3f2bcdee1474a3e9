"""`choose`: which family of lags the counts support, and the fit that carries the doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import Interval
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import Triangle
from funnelkit.lag.base import Verdict
from funnelkit.lag.choosing.candidates import refitted
from funnelkit.lag.choosing.chosen import MARGIN, ChosenFit
from funnelkit.lag.choosing.competing_choice import CompetingChoice, chosen_of
from funnelkit.lag.choosing.held_out import FEWEST, parts, score
from funnelkit.lag.cure.families import FamilyName
from funnelkit.lag.cure.grouped import Axis, fit_cure
from funnelkit.lag.cure.result import CureFit

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
Criterion = Literal["held-out", "aic"]
FAILED = 10.0
"""Families further behind than this in held-out log score have failed."""
FAMILIES: tuple[FamilyName, ...] = get_args(FamilyName)


def choose(
    triangle: Triangle,
    *,
    families: FamilyName | Sequence[FamilyName] = FAMILIES,
    rates: Axis | Sequence[Axis] = ("segments",),
    latency: Literal["shared", "segments"] = "shared",
    criterion: Criterion = "held-out",
    folds: int = 5,
    rng: int = 0,
    starts: int = 2,
) -> Choice | CompetingChoice:
    """Return the family of lags that foretells held-out leads best, beside all the others.

    Parameters
    ----------
    triangle
        As in :func:`fit_cure`; where leads left by exits, as in :func:`fit_cure_competing`.
    families
        Candidates; default: all six of :func:`fit_cure`.
    rates, latency
        As in :func:`fit_cure`, for each candidate.
    criterion
        What decides: ``"held-out"``, the log probability of leads that the fit has not seen, or
        ``"aic"``.
    folds
        Number of parts into which the leads are dealt; each is foretold by the others.
    rng
        Seed by which they are dealt: the same counts and seed give the same choice.
    starts
        From how many points the top of each likelihood is climbed.

    Returns
    -------
    Choice
        ``fit`` is the chosen one; its interval and its draws carry the doubt about the family.
        Where leads left by exits, a :class:`CompetingChoice`: ``families`` holds one for each
        outcome, and ``fit`` is a :class:`CompetingCureFit`.

    Raises
    ------
    EvidenceError, ArgumentError
        As :func:`fit_cure`; also if no family is named.

    Notes
    -----
    Leads of one cell of the counts are alike, so that dealing counts at random is dealing leads,
    and the held-out score is that of cross-validation by leads, exact for triangles of any
    cohorts (rewinding the calendar would not be, except for daily ones). With fewer than 10
    conversions, and with delayed entry, where counts do not say which lead came late, the
    candidates go by AIC; the column ``held_out`` is then missing.

    Neither score sees what lies beyond the oldest lead: families may agree on all that was seen
    and yet disagree about the rest. The interval of ``fit`` therefore averages over the
    families as far as the counts support them: see :class:`ChosenFit`. Their weights are taken
    from AIC, half of its difference, which estimates the same as the held-out score (Stone 1977)
    without the chance of the deal; but a family more than 10 behind in the held-out score counts
    by that: it has learnt its leads by heart.

    It takes the time of six fits, and of as many again for the held-out score.

    Where leads left by exits, each outcome has a family of its own, and AIC decides whatever
    ``criterion`` says: first one family for all, then one outcome after the other takes each
    other family and keeps the best. With one exit these are some 15 fits; with more, outcomes
    are passed over once there are 18.

    References
    ----------
    Stone (1974), JRSS B 36, 111-147 (cross-validation); Stone (1977), JRSS B 39, 44-47 (AIC);
    Burnham and Anderson (2002), Model Selection and Multimodel Inference, 2nd ed., section 2.9
    (weights).

    Examples
    --------
    1,000 leads of each age up to 120 days, of which 20 % convert ever after an exponential time
    of mean 20 days:

    >>> import datetime as dt
    >>> import pandas as pd
    >>> share = 1 - 20 * (1 - np.exp(-1 / 20)) * np.exp(-np.arange(121) / 20)
    >>> by_age = np.rint(200 * np.diff(share, prepend=0) * np.arange(121, 0, -1)).astype(int)
    >>> still = np.rint(1000 - 200 * share).astype(int)
    >>> still[0] += 121_000 - by_age.sum() - still.sum()
    >>> counts = Triangle(
    ...     start="lead",
    ...     target="won",
    ...     cohorts=pd.period_range("2026", periods=1, freq="Y"),
    ...     as_of=dt.date(2026, 12, 31),
    ...     entered=[[121_000]],
    ...     events={"won": [[by_age]]},
    ...     censored=[[still]],
    ...     followed=[[np.full(121, 1000)]],
    ... )
    >>> choice = choose(counts, families=("exponential", "log-normal"))
    >>> choice.family, choice.verdict, choice.ultimate.round(3).tolist()
    ('exponential', 'measured', [[0.2]])
    """
    names = (families,) if isinstance(families, str) else tuple(dict.fromkeys(families))
    if not names:
        raise ArgumentError("`families` must name at least one family; got none.")
    for name in names:
        checks.one_of("families", name, FAMILIES)
    checks.one_of("criterion", criterion, get_args(Criterion))
    if checks.positive_whole("folds", folds) < 2:
        raise ArgumentError(f"`folds` must be at least 2; got {folds}.")
    if any(triangle.reached(name).any() for name in triangle.exits):
        return chosen_of(triangle, names, rates=rates, latency=latency, starts=starts)
    first = "weibull" if "weibull" in names else names[0]
    fit = fit_cure(triangle, family=first, rates=rates, latency=latency, starts=starts)
    fits = refitted(fit, names, starts=starts)
    aic = np.array([fit.aic for fit in fits])
    held_out = None
    late = triangle.late is not None and bool(triangle.late.any())
    if criterion == "held-out" and triangle.converted.sum() >= FEWEST and not late:
        whole, dealt = parts(triangle, fits[0], folds=folds, seed=rng)
        held_out = np.array([score(fit, whole, dealt) for fit in fits])
    sound = np.array([fit.converged for fit in fits])
    behind = _behind(-aic / 2, sound)
    if held_out is None:
        best = int(np.argmin(behind))
    else:
        missed = _behind(held_out, sound)
        best = int(np.argmin(missed))
        behind = np.where(missed > FAILED, np.maximum(missed, behind), behind)
        behind = behind - behind.min()
    chosen = ChosenFit(
        **{field.name: getattr(fits[best], field.name) for field in fields(CureFit)},
        candidates=tuple(fits),
        behind=behind,
    )
    return Choice(fit=chosen, criterion=criterion, aic=aic, held_out=held_out)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Choice(Result):
    """Candidates for the family of lags, and the one that was chosen.

    Parameters
    ----------
    fit
        The chosen fit, with intervals over all candidates: the :class:`LagFit` to go on with.
    criterion
        What was asked to decide.
    aic
        Akaike's criterion of each candidate; smaller is better.
    held_out
        Log probability of held-out leads, larger is better; ``None`` where none could be held
        out.
    """

    fit: ChosenFit
    criterion: Criterion
    aic: FloatArray
    held_out: FloatArray | None = None

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        object.__setattr__(self, "aic", frozen(self.aic, np.float64))
        if self.held_out is not None:
            object.__setattr__(self, "held_out", frozen(self.held_out, np.float64))

    @property
    def candidates(self) -> tuple[CureFit, ...]:
        """The fits of all families."""
        return self.fit.candidates

    @property
    def family(self) -> FamilyName:
        """The chosen family."""
        return self.fit.family

    @property
    def families(self) -> Mapping[str, FamilyName]:
        """The target and the chosen family, as in :class:`CompetingChoice`."""
        return MappingProxyType({self.fit.target: self.family})

    @property
    def verdict(self) -> Verdict:
        """Verdict of the chosen fit, in the light of the others."""
        return self.fit.verdict

    @property
    def ultimate(self) -> FloatArray:
        """Share that converts ever by the chosen fit, ``(n_segments, n_cohorts)``."""
        return self.fit.ultimate

    def confidence_interval(self, *, confidence_level: float = 0.95) -> Interval:
        """Return the interval of ``ultimate`` over all families: see :class:`ChosenFit`."""
        return self.fit.confidence_interval(confidence_level=confidence_level)

    def to_frame(self, *, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row per candidate, the best first.

        Returns
        -------
        DataFrame
            ``family``, ``held_out`` (log probability of held-out leads; where known), ``aic``,
            ``delta_aic`` (to the smallest), ``weight`` (in draws), ``ultimate``, ``low``,
            ``high`` (its own interval; all three are means over the leads where there are
            several rates), ``median_days``, ``verdict``, ``converged`` and ``chosen``.
        """
        import pandas as pd

        checks.confidence(confidence_level)
        rows = []
        for k, fit in enumerate(self.candidates):
            low, high = CureFit.confidence_interval(fit, confidence_level=confidence_level)
            rows.append(
                {
                    "family": fit.family,
                    **({} if self.held_out is None else {"held_out": self.held_out[k]}),
                    "aic": self.aic[k],
                    "delta_aic": self.aic[k] - self.aic.min(),
                    "weight": self.fit.weights[k],
                    "ultimate": _mean(fit, fit.ultimate),
                    "low": _mean(fit, low),
                    "high": _mean(fit, high),
                    "median_days": _mean(fit, fit.median_days()),
                    "verdict": fit.verdict,
                    "converged": fit.converged,
                    "chosen": fit.family == self.family,
                }
            )
        scores = -self.aic if self.held_out is None else self.held_out
        order = np.argsort(-scores, kind="stable")
        return pd.DataFrame([rows[k] for k in order])

    def summary(self) -> str:
        """Return which family was chosen, how clearly, and what it says."""
        by = "foretells held-out leads best" if self.held_out is not None else "has the best AIC"
        others = len(self.candidates) - 1
        text = f"Of {display.plural(others + 1, 'lag curve')}, {self.family} {by}"
        near: list[str] = [
            fit.family
            for fit, behind in zip(self.candidates, self.fit.behind, strict=True)
            if fit.family != self.family and behind <= MARGIN
        ]
        if near:
            text += f" ({display.listed(near)} {'is' if len(near) == 1 else 'are'} as good)"
        return f"{text}. {self.fit.summary()}"


def _behind(scores: FloatArray, sound: NDArray[np.bool_]) -> FloatArray:
    """Return how far each score is behind the best of the fits that converged, if any did."""
    kept = np.where(sound | ~sound.any(), scores, -np.inf)
    return np.asarray(kept.max() - kept)


def _mean(fit: CureFit, values: FloatArray | float) -> float:
    """Return the mean over the leads."""
    return float(np.average(np.asarray(values), weights=np.maximum(fit.entered, 1e-9)))
