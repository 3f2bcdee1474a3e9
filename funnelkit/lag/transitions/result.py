"""`StageLags`: rates and days of every transition, and where leads wait longest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.result import Result
from funnelkit.counts.triangle import Segment, Triangle
from funnelkit.lag.base import LagFit
from funnelkit.lag.transitions import spells

if TYPE_CHECKING:
    import pandas as pd

Pair = tuple[str, str]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class StageLags(Result):
    """Fits of every transition of a funnel.

    Parameters
    ----------
    stages
        Stages in order.
    fits
        (start, target) -> its :class:`~funnelkit.lag.LagFit`, for any stage and any later one.
    triangles
        (start, target) -> the counts behind it.
    unfitted
        (start, target) -> why there is no fit.
    horizon
        Days at a stage within which waiting is compared.
    whole
        The same for all segments together, where there are segments.
    """

    stages: tuple[str, ...]
    fits: Mapping[Pair, LagFit]
    triangles: Mapping[Pair, Triangle]
    unfitted: Mapping[Pair, str]
    horizon: int
    whole: StageLags | None

    @property
    def by(self) -> tuple[str, ...]:
        """Names of the segment columns."""
        return next(iter(self.triangles.values())).by

    @property
    def as_of(self) -> dt.date:
        """Last day that is known."""
        return next(iter(self.triangles.values())).as_of

    @property
    def n(self) -> int:
        """Leads that entered the first stage that has a fit."""
        return self.triangles[self.steps[0]].n

    @property
    def steps(self) -> tuple[Pair, ...]:
        """The transitions to the next stage that have a fit, in order."""
        return tuple(pair for pair in pairwise(self.stages) if pair in self.fits)

    @property
    def waiting_days(self) -> Mapping[str, float]:
        """Stage -> mean of the days that leads spend there, none above ``horizon``.

        Leads that wait still, or for good, are in it.
        """
        of = self.whole or self
        found = {pair[0]: spells.mean_days(of.fits[pair], self.horizon) for pair in of.steps}
        return {stage: float(days[0]) for stage, days in found.items()}

    @property
    def longest(self) -> str:
        """The stage at which leads wait longest, by :attr:`waiting_days`."""
        waits = self.waiting_days
        return max(waits, key=lambda stage: waits[stage])

    def between(self, start: str, target: str) -> LagFit:
        """Return the fit of a stage and any later one.

        Raises
        ------
        ArgumentError
            If a stage is unknown, or the target does not follow the start.
        EvidenceError
            If the data cannot support a fit; with the reason.
        """
        for argument, stage in (("start", start), ("target", target)):
            checks.member(argument, "stage", stage, self.stages)
        if self.stages.index(target) <= self.stages.index(start):
            raise ArgumentError(
                f"`target` must come after `start`; got `{start}` -> `{target}` in "
                f"{' -> '.join(self.stages)}."
            )
        if (start, target) in self.unfitted:
            raise EvidenceError(f"`{start}` -> `{target}`: {self.unfitted[start, target]}")
        return self.fits[start, target]

    def end_to_end(self, *, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return the rate from the first stage to the last beside that of stage after stage.

        Parameters
        ----------
        confidence_level
            Level of the interval of the direct rate.

        Returns
        -------
        DataFrame
            One row per segment: ``start``, ``target``, the segment columns, ``entered`` (leads),
            ``within_days`` (blank for ever), ``direct_rate``, ``direct_low``, ``direct_high``
            (the headline), ``stages_rate`` (all stages passed one after the other) and
            ``difference`` (of the latter from the former). Empty where a transition has no fit.

        Notes
        -----
        Without a tail both are shares within the same days, so that stage by stage the days are
        added up, too; with a tail they are eventual shares, and ``stages_rate`` is the product.
        They differ as leads that enter at a later stage count in its rate only, and as a lead
        that is quick or likely at one stage often is at the next.
        """
        import pandas as pd

        ends = (self.stages[0], self.stages[-1])
        rows = []
        if ends in self.fits and len(self.steps) == len(self.stages) - 1:
            for segment in self.triangles[ends].segments:
                row = self._through(ends, segment, confidence_level)
                rows += [row] if row else []
        names = ["entered", "within_days", "direct_rate", "direct_low", "direct_high"]
        names += ["stages_rate", "difference"]
        return pd.DataFrame(rows, columns=["start", "target", *self.by, *names])

    def to_frame(self, *, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row per transition to the next stage, and per segment.

        Returns
        -------
        DataFrame
            ``start``, ``target``, the segment columns, ``entered``, ``moved_on``, ``left`` and
            ``open`` (leads so far: reached the target, left by an exit, still there);
            ``within_days`` (the fit's horizon, blank for ever) and ``rate``, ``rate_low``,
            ``rate_high`` by then; ``quartile_1_days``, ``median_days`` and ``quartile_3_days`` of
            those who move on by then (blank where nobody has); ``waiting_days``,
            ``waiting_low_days`` and ``waiting_high_days``, the mean of the days that leads spend
            at the start, none above ``horizon``; and ``verdict``.
        """
        import pandas as pd

        parts = [self._rows(pair, confidence_level) for pair in self.steps]
        return pd.concat(parts, ignore_index=True)

    def summary(self) -> str:
        """Return where leads wait longest, and what stage after stage makes of the whole way."""
        of = self.whole or self
        stage = self.longest
        pair = next(pair for pair in of.steps if pair[0] == stage)
        counts, median = of.triangles[pair], spells.days_by(of.fits[pair], [0.5])[0, 0]
        pace = (
            f"half of those who move on do so by day {median:.0f}"
            if np.isfinite(median)
            else "nobody has moved on yet"
        )
        text = (
            f"Leads wait longest at {stage}: {pace}. Those who wait still included, "
            f"{display.plural(counts.n, 'lead')} spend {self.waiting_days[stage]:.0f} of the first "
            f"{display.plural(self.horizon, 'day')} there on average; "
            f"{display.plural(counts.open.sum(), 'lead')} "
            f"{'is' if counts.open.sum() == 1 else 'are'} there now."
        )
        rows = of.end_to_end()
        if len(rows) and len(self.stages) > 2:
            row = rows.iloc[0]
            within = f" within {row['within_days']:.0f} days" if row["within_days"] else ""
            text += (
                f" Of {display.plural(row['entered'], 'lead')} that entered {row['start']}, "
                f"{display.percent(row['direct_rate'])} "
                f"({display.percent_range(row['direct_low'], row['direct_high'], words=True)}) "
                f"reach {row['target']}{within}; stage by stage it would be "
                f"{display.percent(row['stages_rate'])} "
                f"({display.signed(100 * row['difference'])} points)."
            )
        if missing := [f"{a} to {b}" for a, b in pairwise(self.stages) if (a, b) in self.unfitted]:
            text += f" There is no fit of {display.listed(missing)}."
        return text

    def _rows(self, pair: Pair, confidence_level: float) -> pd.DataFrame:
        """Return the rows of one transition."""
        import pandas as pd

        fit, counts = self.fits[pair], self.triangles[pair]
        low, high = fit.confidence_interval(confidence_level=confidence_level)
        tail = (1 - checks.confidence(confidence_level)) / 2
        drawn = spells.mean_days_drawn(fit, self.horizon)
        waits = np.quantile(drawn, [tail, 1 - tail], axis=0)
        quartiles = spells.days_by(fit, [0.25, 0.5, 0.75])
        left = sum(counts.reached(name) for name in counts.exits)
        labels = {
            name: [segment[k] for segment in counts.segments] for k, name in enumerate(counts.by)
        }
        mean = spells.mean_days(fit, self.horizon)
        return pd.DataFrame(
            {"start": pair[0], "target": pair[1]}
            | labels
            | {
                "entered": counts.entered.sum(axis=1),
                "moved_on": counts.converted.sum(axis=1),
                "left": np.broadcast_to(left, counts.entered.shape).sum(axis=1),
                "open": counts.open.sum(axis=1),
                "within_days": pd.array([fit.horizon] * len(counts.segments), dtype="Int64"),
                "rate": fit.ultimate[:, 0],
                "rate_low": np.asarray(low)[:, 0],
                "rate_high": np.asarray(high)[:, 0],
                "quartile_1_days": quartiles[:, 0],
                "median_days": quartiles[:, 1],
                "quartile_3_days": quartiles[:, 2],
                "waiting_days": mean,
                "waiting_low_days": np.minimum(waits[0], mean),
                "waiting_high_days": np.maximum(waits[1], mean),
                "verdict": fit.verdicts[:, 0],
            }
        )

    def _through(
        self, ends: Pair, segment: Segment, confidence_level: float
    ) -> dict[str, object] | None:
        """Return the direct rate of a segment and that of stage after stage."""
        place = {pair: self._position(pair, segment) for pair in (ends, *self.steps)}
        if None in place.values():
            return None
        direct, i = self.fits[ends], place[ends]
        known = [fit.horizon for fit in self.fits.values() if fit.horizon is not None]
        within = min(known) if known else None
        if within is None:
            rate = direct.ultimate[i, 0]
            ends_of = direct.confidence_interval(confidence_level=confidence_level)
            low, high = (float(np.asarray(end)[i, 0]) for end in ends_of)
            steps = float(np.prod([self.fits[p].ultimate[place[p], 0] for p in self.steps]))
        else:
            ages = np.arange(within + 1)
            rate = direct.rate_at([within])[i, 0, 0]
            ends_of = direct.confidence_interval([within], confidence_level=confidence_level)
            low, high = (float(np.asarray(end)[i, 0, 0]) for end in ends_of)
            curves = [self.fits[p].rate_at(ages)[place[p], 0] for p in self.steps]
            steps = float(spells.one_after_the_other(curves)[-1])
        names = dict(zip(self.by, segment, strict=True))
        return {"start": ends[0], "target": ends[1], **names} | {
            "entered": int(self.triangles[ends].entered[i].sum()),
            "within_days": within,
            "direct_rate": float(rate),
            "direct_low": low,
            "direct_high": high,
            "stages_rate": steps,
            "difference": steps - float(rate),
        }

    def _position(self, pair: Pair, segment: Segment) -> int | None:
        segments = self.fits[pair].segments
        return segments.index(segment) if segment in segments else None
