"""`Coverage`: the open pipeline that a target needs, what there is, and what is still to create."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import period_label, period_name
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import Result, frozen

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan.goals.targets import Targets

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Coverage(Result):
    """The open pipeline that a target needs; made by :func:`coverage`.

    Shapes: ``M = len(months)`` months in which pipeline can be created.

    Parameters
    ----------
    targets
        Of the months of the period.
    months
        Months from the first day that is not known to the end of the period.
    stage
        Records at this stage and after it, but not won, are the pipeline.
    open_yield
        Share of the open pipeline that is won in the period.
    create_and_close
        Share of what is still to be won that pipeline brings which is yet to be created.
    yields
        Share of the pipeline created in each month that is won in the period, shape ``(M,)``; NaN
        where it is not known.
    open_pipeline
        What is open; NaN where it was not told.
    won
        Of the target, what is won already.
    usual
        Pipeline created in a month as of late; NaN where it is not known.
    shape
        Share of each month in what is still to be created, shape ``(M,)``.
    rule
        The rule of thumb: pipeline over target.
    known
        Whether months have names of their own.
    notes
        What a reader must know.
    """

    targets: Targets
    months: pd.PeriodIndex
    stage: str
    open_yield: float
    create_and_close: float
    yields: FloatArray
    shape: FloatArray
    open_pipeline: float = np.nan
    won: float = 0.0
    usual: float = np.nan
    rule: float = 3.0
    known: bool = True
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the arrays, and refuse what cannot be."""
        for name in ("yields", "shape"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
            if getattr(self, name).shape != (len(self.months),):
                raise ArgumentError(
                    f"`{name}` must be of shape ({len(self.months)},); got "
                    f"{getattr(self, name).shape}."
                )

    @property
    def target(self) -> float:
        """What is still to be won in the period."""
        return max(self.targets.total - self.won, 0.0)

    @property
    def ratio(self) -> float:
        """Open pipeline that is needed, over what is still to be won: (1 - s) / y."""
        return max(1 - self.create_and_close, 0.0) / self.open_yield

    @property
    def needed(self) -> float:
        """Open pipeline that is needed."""
        return self.target * self.ratio

    @property
    def there(self) -> float:
        """Open pipeline that there is, over what is still to be won; NaN where not known."""
        return self.open_pipeline / self.target if self.target > 0 else np.nan

    @property
    def by_rule(self) -> float:
        """Open pipeline that the rule of thumb asks for."""
        return self.rule * self.target

    @property
    def open_wins(self) -> float:
        """What the open pipeline is expected to bring in the period; NaN where not known."""
        return self.open_pipeline * self.open_yield

    @property
    def lacking(self) -> float:
        """What must come of pipeline that is yet to be created; NaN where not known."""
        return max(self.target - self.open_wins, 0.0) if np.isfinite(self.open_wins) else np.nan

    @property
    def to_create(self) -> FloatArray:
        """Pipeline to be created in each month so that the target is expected, shape ``(M,)``.

        NaN where the open pipeline, or how soon created pipeline is won, is not known; infinite
        where none that is created is won in time.
        """
        if self.lacking == 0:
            return np.zeros(len(self.months))
        worth = float(self.shape @ self.yields)
        whole = self.lacking / worth if worth != 0 else np.inf
        return np.where(self.shape > 0, self.shape * whole, 0.0)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per month in which pipeline can be created.

        Returns
        -------
        DataFrame
            ``period``, ``target`` of the month, ``won_of_created`` (share of the pipeline created
            in it that is won in the period), ``usual`` and ``to_create`` pipeline, and
            ``brings`` (what the latter is expected to bring in the period).
        """
        import pandas as pd

        targets = dict(zip(self.targets.periods, self.targets.amount.tolist(), strict=True))
        names = [period_label(one) for one in self.months]
        if not self.known:
            names = [f"month {k}" for k in range(1, len(self.months) + 1)]
        columns: dict[str, Any] = {
            "period": names,
            "target": [targets.get(month, 0.0) for month in self.months],
            "won_of_created": self.yields,
            "usual": self.usual,
            "to_create": self.to_create,
        }
        brings = self.to_create * self.yields
        columns["brings"] = np.where(np.isfinite(brings), brings, np.nan)
        return pd.DataFrame(columns)

    def summary(self) -> str:
        """Return the pipeline that is needed and there, beside the rule of thumb."""
        share = display.percent(self.create_and_close, decimals=0)
        text = (
            f"{self._span()}{self._number(self.target)} to win needs {self.ratio:.3g} times as "
            f"much open pipeline, {self._number(self.needed)}: {display.percent(self.open_yield)} "
            f"of what is open is won in the period, and {share} of the target comes of pipeline "
            f"that is created and closed within it. The rule of thumb says {self.rule:g} times."
        )
        return " ".join([text, *self._there(), *self.notes])

    def _there(self) -> list[str]:
        if not np.isfinite(self.open_pipeline):
            return []
        found = []
        times = f" ({self.there:.3g} times)" if np.isfinite(self.there) else ""
        found.append(
            f"There is {self._number(self.open_pipeline)}{times}, which brings "
            f"{self._number(self.open_wins)}."
        )
        to_create = self.to_create
        if np.isinf(to_create).any():
            found.append("What is lacking cannot come of pipeline created from now on.")
        elif self.lacking > 0 and np.isfinite(to_create).all():
            usual = (
                f"; {self._number(self.usual)} a month is usual" if np.isfinite(self.usual) else ""
            )
            found.append(
                f"{self._number(self.lacking)} is lacking: {self._number(float(to_create.sum()))} "
                f"is still to be created by the end of the period, "
                f"{self._number(float(to_create.mean()))} a month{usual}."
            )
        elif self.lacking == 0:
            found.append("Nothing more is expected to be needed.")
        return found

    def _span(self) -> str:
        if not self.known:
            return ""
        ends = period_name(self.targets.periods[0]), period_name(self.targets.periods[-1])
        return f"{ends[0]}: " if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}: "

    def _number(self, value: float) -> str:
        if self.targets.unit == "count":
            return f"{display.expected(value)} deals"
        code = self.targets.currency
        return (
            f"{display.one_line(code)} {display.expected(value)}"
            if code
            else (display.expected(value))
        )
