"""`boundaries`: a plan of looks, and what z must be crossed at each."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import Result, frozen
from funnelkit.experiment.comparison import ALTERNATIVES, Alternative
from funnelkit.experiment.sequential import limits
from funnelkit.experiment.sequential.given import MOST_LOOKS, number, rising, share
from funnelkit.experiment.sequential.limits import Stopping
from funnelkit.experiment.sequential.spent import SpendingFunction, as_spending

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
Method = Literal["lan-demets", "pocock", "obrien-fleming"]
METHODS: tuple[Method, ...] = ("lan-demets", "pocock", "obrien-fleming")
_SHAPES = {"pocock": 0.5, "obrien-fleming": 0.0}
_CLASSICAL = {"pocock": "Pocock's", "obrien-fleming": "O'Brien and Fleming's"}
_FEW_LOOKS = 8


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Boundaries(Result):
    """A plan of looks: the z to be crossed at each, and what is spent by it.

    Parameters
    ----------
    information
        At each look: matured leads, or shares of the whole, shape ``(n_looks,)``.
    planned
        Information in full.
    upper, lower
        z at or beyond which the experiment stops; infinite on the side that is not tested.
    futility
        z short of which (two-sided: between whose two signs) it may stop for futility; NaN where
        there is none. Non-binding: errors of the first kind hold though it be ignored.
    spent
        Error of the first kind spent by each look, both sides together.
    alpha, alternative
        Of the test.
    method
        ``"lan-demets"``, or the classical constant of ``"pocock"`` or ``"obrien-fleming"``.
    spending, futility_spending
        Spending functions of the errors of the first and of the second kind, where there are.
    power
        That the plan is made for.
    drift
        Expected z at full information at which the plan has that power.
    """

    information: FloatArray
    planned: float
    upper: FloatArray
    lower: FloatArray
    futility: FloatArray
    spent: FloatArray
    alpha: float
    alternative: Alternative
    method: Method
    spending: SpendingFunction | None
    futility_spending: SpendingFunction | None = None
    power: float = 0.8
    drift: float = field(default=math.nan)

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("information", "upper", "lower", "futility", "spent"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def fraction(self) -> FloatArray:
        """Share of the information that is in at each look."""
        return np.asarray(self.information / self.planned)

    @property
    def two_sided(self) -> bool:
        """Whether both sides are tested."""
        return self.alternative == "two-sided"

    @property
    def alpha_per_side(self) -> float:
        """Error of the first kind on one side: half of it in a two-sided test."""
        return self.alpha / 2 if self.two_sided else self.alpha

    @property
    def critical(self) -> FloatArray:
        """The boundary on the side of the alternative, as a positive z."""
        return self.upper if self.alternative != "less" else -self.lower

    @property
    def inflation(self) -> float:
        """How many times the leads of a test with one look this plan needs for the same power.

        Jennison and Turnbull (2000), tables 2.2 and 2.4.
        """
        fixed = -special.ndtri(self.alpha_per_side) + special.ndtri(self.power)
        return float((self.drift / fixed) ** 2)

    def stopping(self, drift: float | None = None, *, obey_futility: bool = True) -> Stopping:
        """Return the chances to stop at each look.

        Parameters
        ----------
        drift
            Expected z at full information, in favour of the treatment where positive; 0: no
            effect. Default: that of the plan.
        obey_futility
            Whether the boundary for futility is obeyed, where there is one.

        Returns
        -------
        Stopping
            ``upper``, ``lower``, ``futility``, each of shape ``(n_looks,)``.

        Raises
        ------
        ArgumentError
            If the drift is no number.

        Examples
        --------
        >>> plan = boundaries(5, method="obrien-fleming")
        >>> float(plan.stopping(0.0).upper.sum().round(6))
        0.025
        """
        own = number("drift", self.drift if drift is None else drift)
        if drift is None and self.alternative == "less":
            own = -own
        sign = -1.0 if self.alternative == "less" else 1.0
        found = limits.crossing(
            self.fraction,
            self.critical,
            sign * own,
            two_sided=self.two_sided,
            futility=sign * self.futility if obey_futility else None,
        )
        return found if sign > 0 else Stopping(found.lower, found.upper, found.futility)

    def power_at(self, drift: float, *, obey_futility: bool = True) -> float:
        """Return the chance to cross a boundary at any look, whichever side.

        Parameters
        ----------
        drift
            Expected z at full information.
        obey_futility
            Whether the boundary for futility is obeyed.

        Raises
        ------
        ArgumentError
            If the drift is no number.
        """
        found = self.stopping(drift, obey_futility=obey_futility)
        return float(found.upper.sum() + found.lower.sum())

    def expected_information(self, drift: float, *, obey_futility: bool = True) -> float:
        """Return the mean information at the stop, in the units of ``information``.

        Raises
        ------
        ArgumentError
            If the drift is no number.
        """
        found = self.stopping(drift, obey_futility=obey_futility)
        early = (found.upper + found.lower + found.futility)[:-1]
        last = self.information[-1]
        return float(last - early @ (last - self.information[:-1]))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per look.

        Returns
        -------
        DataFrame
            ``look``, ``information``, ``fraction``, ``lower``, ``upper``, ``futility``,
            ``nominal_pvalue`` (of a test at this look alone), ``spent``.
        """
        import pandas as pd

        sides = 2 if self.two_sided else 1
        return pd.DataFrame(
            {
                "look": np.arange(1, len(self.information) + 1),
                "information": self.information,
                "fraction": self.fraction,
                "lower": self.lower,
                "upper": self.upper,
                "futility": self.futility,
                "nominal_pvalue": sides * special.ndtr(-self.critical),
                "spent": self.spent,
            }
        )

    def summary(self) -> str:
        """Return what must be crossed when, and what that costs in leads."""
        sides = {"two-sided": "two-sided", "greater": "above only", "less": "below only"}
        shown = [f"{z:.2f}" for z in self.critical]
        values = display.listed(shown)
        if len(set(shown)) == 1:
            values = shown[0]
        elif len(shown) > _FEW_LOOKS:
            values = f"{shown[0]} at the first to {shown[-1]} at the last"
        many = display.plural(len(self.information), "look")
        said = (
            f"{many} by {self.said()}, alpha {self.alpha:g} {sides[self.alternative]}: stop at a "
            f"z of {values}. With power {self.power:g} that takes {self.inflation:.3f} times "
            "the leads of a test with one look."
        )
        if self.futility_spending is None:
            return said
        return f"{said} Futility by {self.futility_spending} spending is non-binding."

    def said(self) -> str:
        """Return the method as a sentence may carry it."""
        if self.spending is None:
            return f"{_CLASSICAL[self.method]} constant boundaries"
        return f"{self.spending} spending"


def boundaries(
    information: int | ArrayLike,
    *,
    planned: float | None = None,
    alpha: float = 0.05,
    spending: str | SpendingFunction = "obrien-fleming",
    alternative: Alternative = "two-sided",
    futility: str | SpendingFunction | None = None,
    power: float = 0.8,
    method: Method = "lan-demets",
) -> Boundaries:
    """Return a plan of looks: the z to be crossed at each so that all keep to one alpha.

    Parameters
    ----------
    information
        Number of looks at even distances, or the information at each, rising: leads that have
        matured, or shares of the whole.
    planned
        Information in full; default: that of the last look. With a number of looks this is what
        they divide, 1 unless given.
    alpha
        Error of the first kind over all looks; a two-sided plan spends half of it on each side.
    spending
        Name of a spending function, or what :func:`spending` returns.
    alternative
        Of the treatment against control.
    futility
        Spending function of the error of the second kind: boundaries short of which it may stop
        because little is to be hoped. They are non-binding; the plan may go on past them.
    power
        Chance to cross at the drift that the plan is made for.
    method
        ``"lan-demets"``, which spends by the information that has come and leaves the times of
        the looks free; ``"pocock"`` or ``"obrien-fleming"``, the classical constants for looks as
        planned.

    Returns
    -------
    Boundaries
        With the drift and the inflation at the power.

    Raises
    ------
    ArgumentError
        If an argument cannot be used.

    Notes
    -----
    The joint density of the statistics is integrated look by look (Gauss and Legendre in panels).

    References
    ----------
    Armitage, McPherson and Rowe (1969), JRSS A 132, 235-244; Lan and DeMets (1983), Biometrika 70,
    659-663; Jennison and Turnbull (2000), Group Sequential Methods, chapters 2, 7 and 19; of
    futility, Pampallona, Tsiatis and Kim (2001), Drug Information Journal 35, 1113-1121.

    Examples
    --------
    >>> boundaries(5).upper.round(3).tolist()
    [4.877, 3.357, 2.68, 2.29, 2.031]
    >>> boundaries(5, method="pocock").upper.round(3).tolist()
    [2.413, 2.413, 2.413, 2.413, 2.413]
    """
    values = _information(information, planned)
    whole = float(values[-1]) if planned is None else number("planned", planned, least=0.0)
    checks.one_of("alternative", alternative, ALTERNATIVES)
    checks.one_of("method", method, METHODS)
    share("alpha", alpha, most=0.5)
    share("power", power)
    if power <= alpha:
        raise ArgumentError(f"`power` must be above `alpha`; got {power:g} and {alpha:g}.")
    if method != "lan-demets" and futility is not None:
        raise ArgumentError('`futility` needs method="lan-demets", which spends an error.')
    if values[-1] > whole * (1 + 1e-9):
        raise ArgumentError(
            f"`planned` must be no less than the information at the last look; got {whole:g} and "
            f"{values[-1]:g}."
        )
    two_sided = alternative == "two-sided"
    side = alpha / 2 if two_sided else alpha
    fraction = values / whole
    own = as_spending("spending", spending) if method == "lan-demets" else None
    if own is not None:
        spent = own(fraction, side)
        critical = limits.efficacy(fraction, spent, two_sided=two_sided)
    else:
        if len(values) and fraction[-1] < 1 - 1e-9:
            raise ArgumentError(
                "`planned` must be the information at the last look of a classical design; got "
                f"{whole:g} and {values[-1]:g}."
            )
        shape = _SHAPES[method]
        level = limits.constant(fraction, shape, side, two_sided=two_sided)
        critical = level * fraction ** (shape - 0.5)
        spent = np.cumsum(limits.crossing(fraction, critical, 0.0, two_sided=two_sided).upper)
    other = None if futility is None else as_spending("futility", futility)
    drift, stops = _drift(fraction, critical, power, other, two_sided=two_sided)
    less = alternative == "less"
    return Boundaries(
        information=values,
        planned=whole,
        upper=np.full(len(values), math.inf) if less else critical,
        lower=-critical if less or two_sided else np.full(len(values), -math.inf),
        futility=-stops if less else stops,
        spent=spent * (2 if two_sided else 1),
        alpha=alpha,
        alternative=alternative,
        method=method,
        spending=own,
        futility_spending=other,
        power=power,
        drift=drift,
    )


def _drift(
    fraction: FloatArray,
    critical: FloatArray,
    power: float,
    futility: SpendingFunction | None,
    *,
    two_sided: bool,
) -> tuple[float, FloatArray]:
    """Return the drift at which a plan has its power, and its boundaries for futility."""
    none = np.full(len(fraction), math.nan)

    def missed(drift: float) -> float:
        if futility is None:
            found = limits.crossing(fraction, critical, drift, two_sided=two_sided)
            return 1 - float(found.upper.sum() + found.lower.sum()) - (1 - power)
        spent = futility(fraction, 1 - power)
        return limits.futile(fraction, critical, spent, drift, two_sided=two_sided)[1] - (1 - power)

    guess = float(critical[-1] * math.sqrt(fraction[-1]) + special.ndtri(power))
    drift = limits.root(missed, max(guess, 0.1), low=1e-6)
    if futility is None:
        return drift, none
    spent = futility(fraction, 1 - power)
    return drift, limits.futile(fraction, critical, spent, drift, two_sided=two_sided)[0]


def _information(given: Any, planned: float | None) -> FloatArray:
    """Return the information at each look."""
    if isinstance(given, (int, np.integer)) and not isinstance(given, bool):
        looks = checks.positive_whole("information", int(given))
        if looks > MOST_LOOKS:
            raise ArgumentError(f"`information`: at most {MOST_LOOKS} looks; got {looks:,}.")
        whole = 1.0 if planned is None else number("planned", planned, least=0.0)
        return np.asarray(whole * np.arange(1, looks + 1) / looks)
    if isinstance(given, (str, bytes, float, bool)) or given is None:
        raise ArgumentError(
            "`information` must be a number of looks or the information at each, such as "
            f"[400, 800, 1200]; got {given!r}."
        )
    return rising("information", given)
