"""The stage table: what entered each stage, moved on, left, or is still there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks, display
from funnelkit._core.clusters import ClusterSums
from funnelkit._core.errors import EvidenceError
from funnelkit._core.frames import long_frame
from funnelkit._core.interval import Interval, ShareMethod, share_interval
from funnelkit._core.result import Result
from funnelkit.counts.flows import Stays
from funnelkit.rates.businesses import ENTERED_AT, appearing_by, stays_by_business, told_apart
from funnelkit.rates.labelled import LabelledRate

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def flow(
    leads: Leads | Stays,
    *,
    by: str | Sequence[str] | None = None,
    confidence_level: float = 0.95,
    method: ShareMethod = "wilson",
) -> StageRates:
    """Return the stage table: entered, moved on, left, still there, rates and median days.

    Parameters
    ----------
    leads
        The data, or stays counted from them (which then bring their own segments).
    by
        Segment column or columns.
    confidence_level
        Level of the intervals in the frames.
    method
        ``"wilson"`` or ``"exact"``.

    Returns
    -------
    StageRates
        One row per segment and stage; the denominator of a stage's rate is the leads that
        entered that stage. ``win_rate`` and ``opportunity_to_win`` say theirs in their labels.

    Raises
    ------
    ArgumentError
        If a segment, the level or the method cannot be used.

    Notes
    -----
    A stage that was filled in from a later one led on by construction: ``rate`` leaves such
    entries out, ``rate_with_filled`` keeps them. Rates include leads still open, and so rise as
    these are decided. Where no lead enters late and none is filled in, the product of the stage
    rates is the share of the first stage's leads that reached the last one.

    References
    ----------
    Wilson (1927), JASA 22, 209-212; with accounts, Cochran (1977), Sampling Techniques, 3rd ed.,
    section 3.12.

    Examples
    --------
    >>> import datetime as dt
    >>> stays = Stays(
    ...     stages=("opportunity", "won"),
    ...     exits=("lost",),
    ...     by=(),
    ...     segments=((),),
    ...     as_of=dt.date(2017, 12, 31),
    ...     entered=[[8800, 4238]],
    ...     filled=[[0, 0]],
    ...     moved_on=[[4238, 0]],
    ...     left={"lost": [[2473, 0]]},
    ...     still_there=[[2089, 4238]],
    ...     days=[[[0] * 9 + [4238], [0] * 10]],
    ... )
    >>> table = flow(stays)
    >>> for figure in (table.win_rate, table.opportunity_to_win):
    ...     print(figure.label, figure.numerator, figure.denominator, round(figure.rate, 6))
    won / entered opportunity 4238 8800 0.481591
    won / (won + lost) 4238 6711 0.631501
    """
    checks.confidence(confidence_level)
    checks.one_of("method", method, ("wilson", "exact"))
    if isinstance(leads, Stays):
        origins = leads if ENTERED_AT in leads.by else None
        return StageRates(
            stays=leads, origins=origins, confidence_level=confidence_level, method=method
        )
    from funnelkit.counts.build import stays as counted

    names = () if by is None else (by,) if isinstance(by, str) else tuple(by)
    table = counted(leads, by=names)
    split = table if ENTERED_AT in names else counted(leads, by=(*names, ENTERED_AT))
    return StageRates(
        stays=table,
        origins=split,
        strict=leads.funnel.skipped == "strict",
        apart=leads.funnel.apart,
        confidence_level=confidence_level,
        method=method,
    )


class _Passed(NamedTuple):
    """What became of the records that passed through a stage, each of shape ``(n_segments,)``."""

    entered: IntArray
    won: IntArray
    left: IntArray
    still_open: IntArray


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class StageRates(Result):
    """The stage table; see :func:`flow`.

    Shapes: ``(n_segments, n_stages)``. What has no meaning for the last stage is NaN there.

    Parameters
    ----------
    stays
        The counts.
    origins
        The same, split by the stage at which a record first appears, so that those that appear
        later are in no denominator of an earlier stage; ``None`` where that is not known.
    strict
        Whether stages without a day were left unfilled.
    apart
        Segment columns whose values are businesses of their own, of which no sentence makes one.
    method, confidence_level
        Of the intervals in the frames.
    """

    stays: Stays
    origins: Stays | None = None
    strict: bool = False
    apart: tuple[str, ...] = ()
    method: ShareMethod = "wilson"
    confidence_level: float = 0.95

    @property
    def rate(self) -> FloatArray:
        """Moved on over entered, filled entries left out of both; NaN where nobody entered."""
        return self._ratio(self._moved, self._entered)

    @property
    def rate_with_filled(self) -> FloatArray:
        """Moved on over entered, filled entries included."""
        return self._ratio(self.stays.moved_on, self.stays.entered)

    @property
    def leakage_rate(self) -> FloatArray:
        """Left by any exit over entered."""
        return self._ratio(self._left, self.stays.entered)

    @cached_property
    def cumulative_rate(self) -> FloatArray:
        """Share of the leads that entered the first stage and ever reached this one.

        Without ``origins``: the product of the earlier stages' rates, filled entries included,
        which is the same where nobody enters late.
        """
        if self.origins is None:
            steps = np.nan_to_num(self.rate_with_filled[:, :-1])
            entered = self.stays.entered[:, :1] > 0
            product = np.cumprod(np.column_stack([np.ones(len(steps)), steps]), axis=1)
            return np.where(entered, product, np.nan)
        reached = appearing_by(self.stays, self.origins, self.origins.entered, 0)
        some = reached[:, :1] > 0
        return np.where(some, reached / np.maximum(reached[:, :1], 1), np.nan)

    @cached_property
    def median_days(self) -> FloatArray:
        """Median days from entry among the leads that moved on; NaN where none is dated.

        Leads still open are not in it: it is short for a stage that many have only just entered.
        """
        seen = np.cumsum(self.stays.days, axis=-1)
        total = seen[..., -1:] if seen.shape[-1] else np.zeros((*seen.shape[:2], 1))
        middle = [
            (seen < np.maximum(rank, 1)).sum(axis=-1) for rank in ((total + 1) // 2, total // 2 + 1)
        ]
        return np.where(total[..., 0] > 0, (middle[0] + middle[1]) / 2, np.nan)

    @property
    def win_rate(self) -> LabelledRate:
        """Won over the opportunities that entered.

        The denominator is the stage whose name says opportunity, and the first stage where none
        does. See :meth:`won_of` for any other.
        """
        return self.won_of(self._opportunity)

    @property
    def opportunity_to_win(self) -> LabelledRate:
        """Won over won and left, among the opportunities: what many systems call win rate."""
        position = self._position(self._opportunity)
        passed = self._passed(position)
        ways = [self.stays.stages[-1], *self.stays.exits]
        label = f"{ways[0]} / ({' + '.join(ways)})" if len(ways) > 1 else f"{ways[0]} / {ways[0]}"
        return self._labelled("opportunity-to-win", label, passed, decided=True, stage=position)

    def won_of(self, stage: str) -> LabelledRate:
        """Return the share of the records that entered a stage and are won by ``as_of``.

        Parameters
        ----------
        stage
            Any stage but the last.

        Returns
        -------
        LabelledRate
            Named win rate for opportunities, close rate for any other stage.

        Raises
        ------
        ArgumentError
            If the stage is unknown or the last.
        EvidenceError
            If records that first appear after the stage cannot be told from those that passed
            it.
        """
        position = self._position(stage)
        name = "win rate" if stage == self._opportunity else "close rate"
        label = f"{self.stays.stages[-1]} / entered {stage}"
        return self._labelled(name, label, self._passed(position), decided=False, stage=position)

    def confidence_interval(self, confidence_level: float = 0.95) -> Interval:
        """Return the interval of ``rate``, inside [0, 1]; NaN where there is no rate.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        worth = self._entered / self._design(confidence_level)
        return self._share(self.rate, worth, confidence_level)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment and stage.

        Returns
        -------
        DataFrame
            ``stage``, the segment columns, ``entered``, ``filled``, ``moved_on``, one column of
            counts for each exit, ``still_there``, ``rate``, ``rate_low``, ``rate_high`` (moved
            on over entered without filled entries), ``rate_with_filled``, ``leakage_rate``,
            ``leakage_low``, ``leakage_high`` (left over entered), ``cumulative_rate``,
            ``cumulative_low``, ``cumulative_high`` (of the first stage's leads) and
            ``median_days`` (among those who moved on).
        """
        stays, level = self.stays, self.confidence_level
        low, high = self.confidence_interval(level)
        design = self._design(level)
        leaks = self._share(self.leakage_rate, stays.entered / design, level)
        first = np.broadcast_to(self._first[:, None] / design[:, :1], stays.entered.shape)
        ever = self._share(self.cumulative_rate, first, level)
        return long_frame(
            {
                "entered": stays.entered,
                "filled": stays.filled,
                "moved_on": stays.moved_on,
                **stays.left,
                "still_there": stays.still_there,
                "rate": self.rate,
                "rate_low": low,
                "rate_high": high,
                "rate_with_filled": self.rate_with_filled,
                "leakage_rate": self.leakage_rate,
                "leakage_low": leaks.low,
                "leakage_high": leaks.high,
                "cumulative_rate": self.cumulative_rate,
                "cumulative_low": _first_is_one(ever.low),
                "cumulative_high": _first_is_one(ever.high),
                "median_days": self.median_days,
            },
            shape=stays.entered.shape,
            by=stays.by,
            segments=stays.segments,
            periods=stays.stages,
            period="stage",
        )

    def summary(self) -> str:
        """Return the way from the first stage to the last, and the rate of each step.

        Of businesses that are kept apart, the way of each.
        """
        parts = stays_by_business(self.stays, self.origins, self.apart)
        if len(parts) < 2:
            return self._way(steps=True) + self.stays.left_out()
        said = []
        for values, stays, origins in parts:
            own = replace(self, stays=stays, origins=origins, apart=())
            said.append((values, int(own._first.sum()), own._way(steps=False)))
        return told_apart(said) + self.stays.left_out()

    def _way(self, *, steps: bool) -> str:
        stages = self.stays.stages
        first = int(self._first.sum())
        if not first:
            return f"Nobody entered {stages[0]}; there is no rate."
        shares = np.nan_to_num(self.cumulative_rate[:, -1])
        won = float((shares * self._first).sum())
        design = self._design(self.confidence_level)[:, 0]
        worth = first / (float((design * self._first).sum()) / first)
        low, high = share_interval(
            won / first * worth, worth, confidence_level=self.confidence_level, method=self.method
        )
        moved, entered = self._moved.sum(axis=0), self._entered.sum(axis=0)
        rates = [
            f"{before} to {after} {display.percent(moved[k] / max(entered[k], 1))}"
            for k, (before, after) in enumerate(pairwise(stages))
        ]
        text = (
            f"Of {display.plural(first, 'lead')} that entered {stages[0]}, {display.count(won)} "
            f"({display.percent(won / first)}, "
            f"{display.percent_range(float(low), float(high), words=True)}) reached {stages[-1]} "
            f"by {self.stays.as_of.isoformat()}."
        )
        if steps and len(rates) > 1:
            text += f" Step by step: {display.listed(rates)}."
        return text

    @property
    def _moved(self) -> IntArray:
        return np.asarray(self.stays.moved_on - self.stays.filled)

    @property
    def _entered(self) -> IntArray:
        return np.asarray(self.stays.entered - self.stays.filled)

    @property
    def _left(self) -> IntArray:
        return np.asarray(sum(self.stays.left.values(), np.zeros_like(self.stays.entered)))

    @property
    def _first(self) -> IntArray:
        """Records that entered the first stage, shape ``(n_segments,)``."""
        return np.asarray(self.stays.entered[:, 0])

    @property
    def _opportunity(self) -> str:
        named = [stage for stage in self.stays.stages[:-1] if "opportunit" in stage.lower()]
        return (named or self.stays.stages)[0]

    def _position(self, stage: str) -> int:
        known = self.stays.stages[:-1]
        return known.index(checks.member("stage", "stage", stage, known))

    def _ratio(self, part: IntArray, whole: IntArray) -> FloatArray:
        """Return a ratio by stage, NaN where nobody entered and for the last stage."""
        found = np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
        found[:, -1] = np.nan
        return found

    def _design(self, confidence_level: float | None) -> FloatArray:
        """Design effect of accounts at each stage."""
        entered = self._entered
        if self.stays.accounts is None:
            return np.ones(entered.shape)
        accounts, nn, xn, xx = self.stays.accounts
        sums = ClusterSums(accounts=accounts, nn=nn, xn=xn, xx=xx)
        worth = sums.effective(self._moved, entered, confidence_level=confidence_level)
        return np.where(worth > 0, entered / np.where(worth > 0, worth, 1.0), 1.0)

    def _share(self, rate: FloatArray, worth: FloatArray, confidence_level: float) -> Interval:
        """Return the interval of rates that rest on an effective number of leads."""
        found = share_interval(
            np.nan_to_num(rate) * worth,
            worth,
            confidence_level=confidence_level,
            method=self.method,
        )
        return Interval(*(np.where(np.isnan(rate), np.nan, end) for end in found))

    def _labelled(
        self, name: str, label: str, passed: _Passed, *, decided: bool, stage: int
    ) -> LabelledRate:
        return LabelledRate(
            name=name, label=label,
            by=self.stays.by, segments=self.stays.segments, as_of=self.stays.as_of,
            counts=passed.won,
            bases=passed.won + passed.left if decided else passed.entered,
            still_open=0 * passed.still_open if decided else passed.still_open,
            apart=self.apart,
            design=self._design(None)[:, stage],
            method=self.method,
            confidence_level=self.confidence_level,
            start=self.stays.stages[stage], target=self.stays.stages[-1],
        )  # fmt: skip

    def _passed(self, position: int) -> _Passed:
        """Return what became of the records that entered a stage, and did so themselves."""
        stays, last = self.stays, len(self.stays.stages) - 1
        if position == last - 1:
            return _Passed(
                entered=self._entered[:, position],
                won=self._moved[:, position],
                left=self._left[:, position],
                still_open=stays.still_there[:, position],
            )
        late = (stays.entered[:, position + 1 :] != stays.moved_on[:, position:-1]).any()
        if (self.origins is None and late) or (self.strict and position):
            raise EvidenceError(
                f"`stage`: some records reached {stays.stages[-1]} without passing "
                f"`{stays.stages[position]}`, and these counts do not tell which. Count from the "
                "leads, with stages filled in, or ask for the first stage or the one before "
                f"{stays.stages[-1]}."
            )
        source = self.origins or stays
        split = self.origins is not None

        def of(cube: IntArray) -> IntArray:
            return appearing_by(stays, source, cube, position) if split else cube

        left = sum((of(cube) for cube in source.left.values()), np.zeros_like(stays.entered))
        entered = of(source.entered)
        return _Passed(
            entered=entered[:, position],
            won=entered[:, last],
            left=np.asarray(left)[:, position:].sum(axis=1),
            still_open=of(source.still_there)[:, position:last].sum(axis=1),
        )


def _first_is_one(ends: ArrayLike) -> FloatArray:
    """Return ends of intervals by stage with those of the first, which all reach, set to 1."""
    found = np.array(ends, float)
    found[:, 0] = np.where(np.isnan(found[:, 0]), np.nan, 1.0)
    return found
