"""`compare_bayesian`: the probability to beat control, with a prior from history."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, overload

import numpy as np

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.bayesian.answer import BayesianComparison, BayesianComparisons
from funnelkit.experiment.bayesian.posteriors import (
    Pair,
    Posterior,
    expected_highest,
    probability_best,
)
from funnelkit.experiment.bayesian.priors import (
    Counts,
    counts_of,
    known_names,
    prior_of,
    surprises,
)
from funnelkit.experiment.comparison import Arm

Prior = Counts | Mapping[str, Counts]
"""Two numbers for all arms, or by the name of an arm."""


@overload
def compare_bayesian(
    control: Counts,
    treatment: Counts,
    *,
    prior: Prior = ...,
    history: Prior | None = ...,
    discount: float | None = ...,
    rope: float | tuple[float, float] | None = ...,
    metric: str = ...,
    units: str = ...,
    names: Sequence[str] = ...,
    randomised: bool = ...,
    confidence_level: float = ...,
) -> BayesianComparison: ...
@overload
def compare_bayesian(
    control: Counts,
    treatment: Mapping[str, Counts],
    *,
    prior: Prior = ...,
    history: Prior | None = ...,
    discount: float | None = ...,
    rope: float | tuple[float, float] | None = ...,
    metric: str = ...,
    units: str = ...,
    names: Sequence[str] = ...,
    randomised: bool = ...,
    confidence_level: float = ...,
) -> BayesianComparisons: ...
def compare_bayesian(
    control: Counts,
    treatment: Counts | Mapping[str, Counts],
    *,
    prior: Prior = (1.0, 1.0),
    history: Prior | None = None,
    discount: float | None = None,
    rope: float | tuple[float, float] | None = None,
    metric: str = "rate",
    units: str = "leads",
    names: Sequence[str] = ("control", "treatment"),
    randomised: bool = True,
    confidence_level: float = 0.95,
) -> BayesianComparison | BayesianComparisons:
    """Return what is believed of two rates: probability to beat control, and expected loss.

    Parameters
    ----------
    control
        (converted, entered); ``entered`` may be an effective number of leads.
    treatment
        The same, or a mapping from names to it for several treatments.
    prior
        (a, b) of a beta distribution for every arm, or by name: a conversions among a + b leads
        seen before. The default is flat.
    history
        (converted, entered) of earlier leads, for every arm or by name (an arm that is not named
        has none), added to the prior after its discount.
    discount
        How much of a lead each of the earlier leads counts, from 0 to 1. There is no default.
    rope
        Region of practical equivalence of the difference, as shares: 0.01 is one point either way,
        or both ends.
    metric, units, names
        What to call the rate, what is counted, and the arms.
    randomised
        Whether chance chose the arm; without it nothing is called an effect.
    confidence_level
        Of the credible intervals.

    Returns
    -------
    BayesianComparison
        ``BayesianComparisons`` with probabilities to be the best where several treatments are
        given.

    Raises
    ------
    ArgumentError
        If counts, prior, history or names cannot be used.

    Notes
    -----
    Posterior: Beta(a + converted, b + entered - converted). P(B > A) is the integral of F_A(x)
    f_B(x), over the quantiles of the narrower posterior in panels of Gauss and Legendre; the
    expected loss follows in closed form from such probabilities: E[(A - B)+] = E[A] P(A' > B) -
    E[B] P(A > B'), where a prime adds one conversion. Nothing is drawn. History enters as a power
    prior. A posterior probability is no p-value, and looking until it is high misleads whoever
    reads it as one.

    References
    ----------
    Gelman et al. (2013), Bayesian Data Analysis, section 2.4; Ibrahim and Chen (2000), Statistical
    Science 15, 46-60 (power prior); Kruschke (2018), AMPPS 1, 270-280 (practical equivalence).

    Examples
    --------
    >>> found = compare_bayesian((28, 180), (47, 190))
    >>> round(found.probability_to_beat, 4)
    0.9857
    """
    checks.confidence(confidence_level)
    called = _names(names, treatment)
    for argument, given in (("prior", prior), ("history", history)):
        known_names(argument, given, called)
    region = _rope(rope)
    several = isinstance(treatment, Mapping)
    given_counts = [
        control,
        *(treatment.values() if isinstance(treatment, Mapping) else [treatment]),
    ]
    labels = ["control", *(called[1:] if several else ["treatment"])]
    counts = [counts_of(label, one) for label, one in zip(labels, given_counts, strict=True)]
    priors = [prior_of(name, prior, history, discount)[0] for name in called]
    posteriors = [
        Posterior(a=own.a + x, b=own.b + n - x) for own, (x, n) in zip(priors, counts, strict=True)
    ]
    arms = [
        Arm(name=name, n=n, mean=x / n, converted=x)
        for name, (x, n) in zip(called, counts, strict=True)
    ]
    told = [surprises(*one) for one in zip(called, priors, counts, strict=True)]
    found = []
    for k in range(1, len(arms)):
        pair = Pair(posteriors[0], posteriors[k])
        found.append(
            BayesianComparison(
                metric=metric,
                control=arms[0],
                treatment=arms[k],
                control_prior=priors[0],
                treatment_prior=priors[k],
                control_posterior=posteriors[0],
                treatment_posterior=posteriors[k],
                probability_to_beat=pair.beats(),
                loss_of_treatment=pair.shortfall(),
                loss_of_control=Pair(posteriors[k], posteriors[0]).shortfall(),
                difference=posteriors[k].mean - posteriors[0].mean,
                rope=region,
                units=units,
                randomised=randomised,
                notes=(*told[0], *told[k]),
                confidence_level=confidence_level,
            )
        )
    if not several:
        return found[0]
    highest = expected_highest(posteriors)
    best = dict(zip(called, probability_best(posteriors), strict=True))
    loss = {
        name: max(highest - own.mean, 0.0) for name, own in zip(called, posteriors, strict=True)
    }
    return BayesianComparisons(
        comparisons=tuple(found),
        probability_best=MappingProxyType(best),
        expected_loss=MappingProxyType(loss),
    )


def _names(names: Any, treatment: Any) -> list[str]:
    """Return the names of all arms, control first."""
    if isinstance(names, str) or len(names) != 2:
        raise ArgumentError(f"`names` must be those of control and treatment; got {names!r:.60}.")
    called = [str(one) for one in names]
    if isinstance(treatment, Mapping):
        if not treatment:
            raise ArgumentError("`treatment` must hold at least one treatment; got none.")
        called = [called[0], *map(str, treatment)]
    if len(set(called)) < len(called):
        raise ArgumentError(f"`names` must differ; got {', '.join(called)}.")
    return called


def _rope(given: Any) -> tuple[float, float] | None:
    """Return the region of practical equivalence."""
    if given is None:
        return None
    single = isinstance(given, (int, float, np.number)) and not isinstance(given, bool)
    ends = (-abs(float(given)), abs(float(given))) if single else given
    wrong = ArgumentError(
        "`rope` must be a share such as 0.01 for one point either way, or two ends such as "
        f"(-0.01, 0.02); got {given!r:.60}."
    )
    if isinstance(ends, (str, bytes)) or not isinstance(ends, Sequence) or len(ends) != 2:
        raise wrong
    low, high = (
        float(one) if isinstance(one, (int, float, np.number)) else math.nan for one in ends
    )
    if not low < high or max(abs(low), abs(high)) >= 1:
        hint = f" Did you mean {high / 100:g}?" if single and 1 <= high < 100 else ""
        raise ArgumentError(f"{wrong}{hint}")
    return low, high
