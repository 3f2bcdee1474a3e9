"""`RecurringForecast`: recurring revenue of the months to come, and what moves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import period_label, period_name
from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import Interval
from funnelkit._core.measure import Measure, Measures
from funnelkit._core.result import frozen, frozen_mapping
from funnelkit.forecast.recurring_revenue.age_hazard import AgeHazard
from funnelkit.forecast.result import Forecast
from funnelkit.metrics.recurring.revenue import LOWERING, MOVES

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
Move = Literal["new", "reactivation", "expansion", "contraction", "churn"]


@dataclass(frozen=True, eq=False, kw_only=True)
class LargeAccount:
    """One account with a large share of the revenue, and what comes of it in each draw.

    Parameters
    ----------
    name
        As the table has it.
    segment
        Position of its segment.
    amount, share
        What it pays in the last month, and its share of all.
    observed
        What it paid in each month gone by, shape ``(T,)``.
    revenue, moves, paying, kept_gross
        As in :class:`RecurringForecast`, of this account, shape ``(n_draws, H)``.
    """

    name: str
    segment: int
    amount: float
    share: float
    observed: FloatArray
    revenue: FloatArray
    moves: Mapping[str, FloatArray]
    paying: FloatArray
    kept_gross: FloatArray

    @property
    def note(self) -> str:
        """What share it has, and in how many draws it stays."""
        stays = display.percent(float(self.paying[:, -1].mean()), decimals=0)
        return (
            f"{display.one_line(self.name)} has {display.percent(self.share)} of the revenue, and "
            f"still pays at the end in {stays} of the draws; `without()` shows the forecast "
            "without it."
        )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class RecurringForecast(Forecast):
    """Recurring revenue (MRR) at the end of each month to come; see :func:`recurring`.

    A level, not a flow: ``draws`` is what accounts pay in the month, by segment, and a sum over
    months is the revenue of these months. Shapes as in :class:`Forecast`.

    Parameters
    ----------
    opening
        Revenue of the last month known, shape ``(S,)``.
    movements
        ``"new"``, ``"reactivation"``, ``"expansion"``, ``"contraction"``, ``"churn"`` -> draws of
        the amounts, from 0 upwards, shape ``(n_draws, S, H)``. In every draw the first three less
        the last two are the change of revenue since the month before, exact to the
        ten-thousandth of the currency's unit.
    paying
        Accounts that pay, same shape.
    kept, kept_gross
        What the accounts of the last month known pay, and the same with each account at most at
        what it paid then, same shape.
    churn_by_age
        Chance to leave at each age of an account.
    large
        Accounts of more than a tenth of the revenue, the largest first.

    Raises
    ------
    ArgumentError
        If arrays do not fit, or movements do not add up to the change of revenue.
    """

    opening: FloatArray
    movements: Mapping[str, FloatArray]
    paying: FloatArray
    kept: FloatArray
    kept_gross: FloatArray
    churn_by_age: AgeHazard
    large: tuple[LargeAccount, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the arrays, and hold that they add up."""
        super().__post_init__()
        for name in ("opening", "paying", "kept", "kept_gross"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        moves = {name: self.movements[name] for name in MOVES}
        object.__setattr__(self, "movements", frozen_mapping(moves, np.float64))
        shapes = {values.shape for values in self.movements.values()}
        shapes |= {self.paying.shape, self.kept.shape, self.kept_gross.shape}
        if shapes != {self.draws.shape} or self.opening.shape != (len(self.segments),):
            raise ArgumentError("A forecast's movements must be of the shape of its draws.")
        largest = max(float(self.draws.max(initial=0.0)), float(self.opening.max(initial=0.0)), 1.0)
        if np.abs(self.change - self.net_new).max(initial=0.0) > 1e-12 * largest + 1e-9:
            raise ArgumentError("`movements` do not add up to the change of `draws`.")

    @property
    def change(self) -> FloatArray:
        """Revenue less that of the month before, in each draw, shape ``(n_draws, S, H)``."""
        opening = np.broadcast_to(
            self.opening[None, :, None], (len(self.draws), *self.opening.shape, 1)
        )
        return np.diff(np.concatenate([opening, self.draws], axis=2), axis=2)

    @property
    def net_new(self) -> FloatArray:
        """New, reactivation and expansion less contraction and churn, ``(n_draws, S, H)``."""
        return np.asarray(
            sum(
                -self.movements[name] if name in LOWERING else self.movements[name]
                for name in MOVES
            )
        )

    def movement_interval(self, move: Move, confidence_level: float = 0.95) -> Interval:
        """Return the interval of a movement of all segments together, shape ``(H,)``.

        Raises
        ------
        ArgumentError
            If there is no such movement, or the level is not between 0 and 1.
        """
        checks.one_of("move", move, MOVES)
        return self._ends(self.movements[move].sum(axis=1), confidence_level)

    def probability(
        self, target: float, *, until: str | pd.Period | None = None, ever: bool = False
    ) -> float:
        """Return the chance that the revenue of all segments stands at a target or above.

        Parameters
        ----------
        target
            Monthly recurring revenue.
        until
            Month at the end of which it counts, such as ``"2026-12"``. Default: the last one.
        ever
            Whether it is enough to stand there at the end of any month up to it.

        Returns
        -------
        float
            Share of the draws, from 0 to 1.

        Raises
        ------
        ArgumentError
            If the month is not forecast, or the target is no number.
        """
        number = isinstance(target, (int, float, np.number)) and not isinstance(target, bool)
        if not number or not np.isfinite(target):
            raise ArgumentError(f"`target` must be a number; got {target!r}.")
        end = self._position(until)
        stands = self.drawn(per="all")[:, (0 if ever else end) : end + 1]
        return float((stands >= target).any(axis=1).mean())

    def retention(self, *, confidence_level: float = 0.95) -> Measures:
        """Return net and gross revenue retention from the last month known to each to come.

        Parameters
        ----------
        confidence_level
            Level of the intervals.

        Returns
        -------
        Measures
            ``"net revenue retention"``, a ratio, and ``"gross revenue retention"``, a share; the
            denominator is the revenue of the last month known. The figure of the twelfth month
            is that of a year. New accounts do not count; those that leave and return do. No
            figure where nobody pays.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        tail = (1 - checks.confidence(confidence_level)) / 2
        base = np.broadcast_to(self.opening[:, None], self.expected.shape)
        some = base > 0
        measures = []
        for name, draws, unit, what in (
            ("net", self.kept, "ratio", "what the accounts of the last month known pay then"),
            (
                "gross",
                self.kept_gross,
                "share",
                "the same, each account at most at what it paid at first,",
            ),
        ):
            low, high = np.quantile(draws, [tail, 1 - tail], axis=0) / np.where(some, base, 1.0)
            shared: dict[str, Any] = {"unit": unit}
            measures.append(
                Measure(
                    name=f"{name} revenue retention",
                    definition=f"{what} / what they pay in the last month known",
                    numerator=draws.mean(axis=0),
                    denominator=base,
                    numerator_name="revenue of the same accounts to come",
                    denominator_name=f"revenue of {period_label(self.periods[0] - 1)}",
                    by=self.by,
                    segments=self.segments,
                    periods=tuple(period_label(month) for month in self.periods),
                    low=np.where(some, low, np.nan),
                    high=np.where(some, high, np.nan),
                    currency=self.currency,
                    notes=self.notes,
                    as_of=self.as_of,
                    confidence_level=confidence_level,
                    **shared,
                )
            )
        return Measures(measures=tuple(measures))

    def without(self, *accounts: str) -> RecurringForecast:
        """Return the forecast without some of the large accounts.

        Parameters
        ----------
        accounts
            Names in :attr:`large`. Default: all of them.

        Returns
        -------
        RecurringForecast
            The same draws, and the same past, less what these accounts pay. Hazards are those of
            all.

        Raises
        ------
        ArgumentError
            If an account is not among the large ones, or there is none.
        """
        known = [one.name for one in self.large]
        for name in accounts:
            checks.member("accounts", "large account", name, known)
        if not known:
            raise ArgumentError("No account has more than a tenth of the revenue.")
        left = [one for one in self.large if not accounts or one.name in accounts]
        opening = self.opening.copy()
        arrays = {
            name: getattr(self, name).copy() for name in ("draws", "paying", "kept", "kept_gross")
        }
        moves = {name: self.movements[name].copy() for name in MOVES}
        observed = self.observed.copy()
        for one in left:
            opening[one.segment] -= one.amount
            observed[one.segment] -= one.observed
            for name, own in (
                ("draws", one.revenue),
                ("paying", one.paying),
                ("kept", one.revenue),
                ("kept_gross", one.kept_gross),
            ):
                arrays[name][:, one.segment] -= own
            for name in MOVES:
                moves[name][:, one.segment] -= one.moves[name]
        # Ten-thousandths are whole: what is left of a difference of two of them is rounded away.
        arrays = {name: np.round(values, 4) for name, values in arrays.items()}
        moves = {name: np.round(values, 4) for name, values in moves.items()}
        names = display.listed([display.one_line(one.name) for one in left])
        return replace(
            self,
            **arrays,
            opening=np.round(opening, 4),
            movements=moves,
            expected=arrays["draws"].mean(axis=0),
            observed=np.round(observed, 4),
            large=tuple(one for one in self.large if one not in left),
            notes=(
                f"Without {names}.",
                *(note for note in self.notes if note not in {one.note for one in left}),
            ),
        )

    def to_frame(self, *, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row per segment and month to come; with several, the total as well.

        Returns
        -------
        DataFrame
            ``period``, the labels (blank in the rows of the total), ``opening_value``, means of
            the movements (``new_value``, ``reactivation_value``, ``expansion_value``,
            ``contraction_value``, ``churn_value``), ``expected_value``, ``low_value`` and
            ``high_value`` of the revenue of the month, and ``accounts``, the mean number that
            pays.
        """
        import pandas as pd

        parts = []
        if len(self.segments) != 1:
            parts.append(self._moved((None,) * len(self.by), None, confidence_level))
        for i, segment in enumerate(self.segments):
            parts.append(self._moved(segment, i, confidence_level))
        return pd.concat(parts, ignore_index=True)

    def summary(self) -> str:
        """Return the revenue of the last month to come, its interval, and what moves it."""
        draws = self.drawn(per="all")
        low, high = self._ends(draws[:, -1], 0.95)
        shown = self.shown(draws[:, -1].mean(), float(low), float(high))
        moved = [
            f"{display.MINUS if name in LOWERING else '+'}"
            f"{self.movements[name].sum(axis=(1, 2)).mean():,.0f} {name}"
            for name in MOVES
        ]
        text = (
            f"MRR goes from {self.opening.sum():,.0f} in {period_name(self.periods[0] - 1)} to "
            f"about {shown} in {period_name(self.periods[-1])}: {', '.join(moved)}; from "
            f"{display.plural(self.n, 'account')}, by {self.method}."
        )
        return " ".join([text, *self.notes])

    def _moved(
        self, segment: tuple[str | None, ...], row: int | None, confidence_level: float
    ) -> pd.DataFrame:
        """Return the rows of one segment, or of all."""
        import pandas as pd

        def of(values: FloatArray) -> FloatArray:
            return np.asarray(values.sum(axis=1) if row is None else values[:, row])

        revenue = of(self.draws)
        opening = self.opening.sum() if row is None else self.opening[row]
        low, high = self._ends(revenue, confidence_level)
        means = revenue.mean(axis=0)
        columns: dict[str, Any] = {"period": [period_label(one) for one in self.periods]}
        columns |= {name: segment[k] for k, name in enumerate(self.by)}
        columns["opening_value"] = np.concatenate([[opening], means[:-1]])
        columns |= {f"{name}_value": of(self.movements[name]).mean(axis=0) for name in MOVES}
        columns |= {"expected_value": means, "low_value": low, "high_value": high}
        columns["accounts"] = of(self.paying).mean(axis=0)
        return pd.DataFrame(columns)
