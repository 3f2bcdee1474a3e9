"""`BayesianComparison`: what is believed of two rates; `BayesianComparisons`: of several."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from funnelkit._core import checks, display
from funnelkit._core.interval import Interval
from funnelkit._core.result import Result
from funnelkit.experiment.bayesian.posteriors import Pair, Posterior
from funnelkit.experiment.comparison import Arm

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class BayesianComparison(Result):
    """What is believed of the rate of a treatment and of control; there is no p-value.

    Parameters
    ----------
    metric
        What was compared.
    control, treatment
        The two arms, as they were counted.
    control_prior, treatment_prior
        Beta distributions before the counts.
    control_posterior, treatment_posterior
        Beta distributions after them.
    probability_to_beat
        That the rate of the treatment is above that of control.
    loss_of_treatment
        Expected loss of choosing the treatment: how far its rate lies below that of control where
        it does, as a share, times the chance that it does.
    loss_of_control
        Expected loss of staying with control.
    difference
        Expected difference of the rates, treatment less control.
    rope
        Differences that make none in practice; ``None`` where none were said.
    units
        Plural noun of what is counted.
    randomised
        Whether chance chose the arm.
    notes
        Sentences that belong with the result.
    confidence_level
        Of the credible intervals in the frame and the summary.

    Notes
    -----
    Everything is integrated by quadrature or in closed form; nothing is drawn, so that there is no
    Monte-Carlo error.
    """

    metric: str
    control: Arm
    treatment: Arm
    control_prior: Posterior
    treatment_prior: Posterior
    control_posterior: Posterior
    treatment_posterior: Posterior
    probability_to_beat: float
    loss_of_treatment: float
    loss_of_control: float
    difference: float
    rope: tuple[float, float] | None = None
    units: str = "leads"
    randomised: bool = True
    notes: tuple[str, ...] = field(default=())
    confidence_level: float = 0.95

    @cached_property
    def _pair(self) -> Pair:
        return Pair(self.control_posterior, self.treatment_posterior)

    @property
    def word(self) -> str:
        """What the difference of two arms may be called."""
        return "effect" if self.randomised else "difference"

    @property
    def probability_in_rope(self) -> float:
        """Probability that the difference is none in practice; NaN where nothing was said."""
        if self.rope is None:
            return math.nan
        low, high = self.rope
        return max(self._pair.difference_below(high) - self._pair.difference_below(low), 0.0)

    @property
    def probability_above_rope(self) -> float:
        """Probability that the treatment is better in practice; NaN where nothing was said."""
        if self.rope is None:
            return math.nan
        return 1 - self._pair.difference_below(self.rope[1])

    def probability_above(self, difference: float) -> float:
        """Return the probability that treatment less control lies above a difference."""
        return 1 - self._pair.difference_below(difference)

    def difference_interval(self, confidence_level: float | None = None) -> Interval:
        """Return the credible interval of treatment less control, equal tails.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        tail = (1 - self._level(confidence_level)) / 2
        return Interval(self._pair.difference_at(tail), self._pair.difference_at(1 - tail))

    def ratio_interval(self, confidence_level: float | None = None) -> Interval:
        """Return the credible interval of treatment over control, equal tails.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        tail = (1 - self._level(confidence_level)) / 2
        return Interval(self._pair.ratio_at(tail), self._pair.ratio_at(1 - tail))

    def rate_interval(
        self, arm: str = "treatment", confidence_level: float | None = None
    ) -> Interval:
        """Return the credible interval of one rate, equal tails.

        Parameters
        ----------
        arm
            ``"treatment"`` or ``"control"``.
        confidence_level
            Default: that of the result.

        Raises
        ------
        ArgumentError
            If the arm is another, or the level is not between 0 and 1.
        """
        checks.one_of("arm", arm, ("control", "treatment"))
        own = self.control_posterior if arm == "control" else self.treatment_posterior
        return Interval(*own.interval(self._level(confidence_level)))

    def to_frame(self) -> pd.DataFrame:
        """Return one row.

        Returns
        -------
        DataFrame
            ``metric``, ``control``, ``treatment``, ``control_n``, ``control_rate``,
            ``treatment_n``, ``treatment_rate`` (posterior means), ``probability_to_beat``,
            ``difference``, ``difference_low``, ``difference_high``, ``ratio_low``, ``ratio_high``,
            ``loss_of_treatment``, ``loss_of_control``, ``probability_in_rope``.
        """
        import pandas as pd

        low, high = self.difference_interval()
        ratio_low, ratio_high = self.ratio_interval()
        row = {
            "metric": self.metric,
            "control": self.control.name,
            "treatment": self.treatment.name,
            "control_n": self.control.n,
            "control_rate": self.control_posterior.mean,
            "treatment_n": self.treatment.n,
            "treatment_rate": self.treatment_posterior.mean,
            "probability_to_beat": self.probability_to_beat,
            "difference": self.difference,
            "difference_low": low,
            "difference_high": high,
            "ratio_low": ratio_low,
            "ratio_high": ratio_high,
            "loss_of_treatment": self.loss_of_treatment,
            "loss_of_control": self.loss_of_control,
            "probability_in_rope": self.probability_in_rope,
        }
        return pd.DataFrame([row])

    def summary(self) -> str:
        """Return how probable it is that the treatment is better, and what a mistake costs."""
        name, other = (display.one_line(one.name) for one in (self.treatment, self.control))
        low, high = self.difference_interval()
        level = display.percent(self.confidence_level, decimals=0)
        arms = f"{self._arm(self.treatment)} against {self._arm(self.control)}"
        chance = f"{name} is better with probability {_chance(self.probability_to_beat)}"
        size = (
            f"{display.signed(100 * self.difference)} points ({level} credible: "
            f"{display.signed(100 * float(low))} to {display.signed(100 * float(high))})"
        )
        losses = f"{_points(self.loss_of_treatment)} points with {name}"
        said = [
            f"{self.metric[:1].upper()}{self.metric[1:]}: {arms}; {chance}.",
            f"The {self.word} is {size}.",
            f"Expected loss: {losses}, {_points(self.loss_of_control)} with {other}.",
        ]
        if self.rope is not None:
            ends = [display.signed(100 * end) for end in self.rope]
            said.append(
                f"That it makes no difference in practice ({ends[0]} to {ends[1]} points) has "
                f"probability {_chance(self.probability_in_rope)}."
            )
        return " ".join([*said, *self.notes])

    def _arm(self, arm: Arm) -> str:
        of = f"{display.count(arm.converted or 0)} of {display.count(arm.n)} {self.units}"
        return f"{display.one_line(arm.name)} {display.percent(arm.mean)} ({of})"

    def _level(self, given: float | None) -> float:
        return self.confidence_level if given is None else checks.confidence(given)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class BayesianComparisons(Result):
    """What is believed of several treatments and of control.

    Parameters
    ----------
    comparisons
        Each treatment against control, in the order given.
    probability_best
        By arm, control first: that its rate is the highest of all. They sum to 1.
    expected_loss
        By arm: how far its rate lies below the highest on average, as a share.
    """

    comparisons: tuple[BayesianComparison, ...]
    probability_best: Mapping[str, float]
    expected_loss: Mapping[str, float]

    def __iter__(self) -> Iterator[BayesianComparison]:
        """Iterate over the comparisons."""
        return iter(self.comparisons)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.comparisons)

    def __getitem__(self, name: str) -> BayesianComparison:
        """Return the comparison of a treatment.

        Raises
        ------
        ArgumentError
            If there is none of this name.
        """
        names = [one.treatment.name for one in self.comparisons]
        checks.member("treatment", "treatment", name, names)
        return self.comparisons[names.index(name)]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per treatment.

        Returns
        -------
        DataFrame
            The columns of :meth:`BayesianComparison.to_frame`, then ``probability_best`` and
            ``expected_loss`` among all arms.
        """
        import pandas as pd

        frame = pd.concat([one.to_frame() for one in self.comparisons], ignore_index=True)
        names = [one.treatment.name for one in self.comparisons]
        frame["probability_best"] = [self.probability_best[name] for name in names]
        frame["expected_loss"] = [self.expected_loss[name] for name in names]
        return frame

    def summary(self) -> str:
        """Return how probable each arm is the best, and then each treatment against control."""
        parts = [
            f"{display.one_line(name)} {_chance(value)} (expected loss "
            f"{_points(self.expected_loss[name])} points)"
            for name, value in self.probability_best.items()
        ]
        told = f"Probability to be the best: {display.listed(parts)}."
        return " ".join([told, *(one.summary() for one in self.comparisons)])


def _chance(value: float) -> str:
    """Return a probability that is never rounded to none or to certainty."""
    if value < 0.001:
        return f"below {display.percent(0.001)}"
    return f"above {display.percent(0.999)}" if value > 0.999 else display.percent(value)


def _points(value: float) -> str:
    return f"{100 * value:.2f}" if value >= 0.00005 else "less than 0.01"
