"""`compare_peers`: representatives, campaigns or sources compared at the same mix of leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.interval import Interval, share_interval
from funnelkit._core.result import Result, frozen
from funnelkit.monitor.peers.counts import COUNTS, gathered
from funnelkit.monitor.peers.intercepts import Cells, fit_intercepts

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_DRAWS = 4000


def compare_peers(
    counts: Leads | pd.DataFrame,
    among: str,
    *,
    mix: str | Sequence[str] = (),
    start: str | None = None,
    target: str | None = None,
    within: int | None = None,
    confidence_level: float = 0.95,
    rng: int | np.random.Generator = 0,
) -> Peers:
    """Return how peers convert once each has the same mix of leads and luck is allowed for.

    Parameters
    ----------
    counts
        Leads, or a table with the columns of ``among`` and ``mix``, ``entered`` and ``converted``
        (equally mature).
    among
        Column of the peers: the funnel's owner or a segment, such as source or campaign.
    mix
        Segment columns that make a lead easy or hard to win, each as categories.
    start, target
        Of leads: stages, default the first and the last.
    within
        Of leads: days after entry up to which a conversion counts; records that are younger are
        left out, so that peers with new leads are not behind for that. Default: the age by which
        nine in ten of the conversions that come are in.
    confidence_level
        Level of the intervals in the frame and the summary.
    rng
        Seed of the draws.

    Returns
    -------
    Peers
        For each peer the rate as it stands, and the rate at the mix of all leads with its interval
        and the interval of its rank.

    Raises
    ------
    ArgumentError
        For an unknown column, stage or level.
    DataError
        If counts of a table cannot be: negative, not numbers, or more converted than entered.
    EvidenceError
        If there are fewer than two peers, or none or all of the records converted.

    Notes
    -----
    The logit of a record's chance is the sum of an effect for each category of ``mix`` and of an
    intercept of its peer. The intercepts are normal around a common mean; how far apart is
    estimated (its doubt is in the intervals), so a peer with few records is drawn to the mean, and
    the best of thirty is not simply the luckiest. The adjusted rate of a peer is the mean chance,
    with its intercept, of all records of all peers (direct standardisation). Effects do not differ
    between peers: somebody who is good at one kind of lead only is not told apart. Owners are those
    at entry to ``start`` where the source has their history. Records of one account count as fewer
    where they go together. It is an association: mix that is not in ``mix`` stays in it.

    References
    ----------
    Goldstein and Spiegelhalter (1996), Journal of the Royal Statistical Society A 159, 385-443
    (league tables: adjustment, shrinkage, intervals of ranks). Normand, Glickman and Gatsonis
    (1997), Journal of the American Statistical Association 92, 803-814.

    Examples
    --------
    Admissions to Berkeley in 1973 (Bickel et al., Science 187, table 1 by department): women were
    admitted less often, and not less often within departments.

    >>> import pandas as pd
    >>> men, women = (825, 560, 325, 417, 191, 373), (108, 25, 593, 375, 393, 341)
    >>> taken = (512, 353, 120, 138, 53, 22), (89, 17, 202, 131, 94, 24)
    >>> table = pd.DataFrame(
    ...     {
    ...         "sex": ["men"] * 6 + ["women"] * 6,
    ...         "department": list("ABCDEF") * 2,
    ...         "entered": [*men, *women],
    ...         "converted": [*taken[0], *taken[1]],
    ...     }
    ... )
    >>> peers = compare_peers(table, "sex", mix="department")
    >>> dict(zip(peers.names, peers.rate.round(2).tolist(), strict=True))
    {'men': 0.45, 'women': 0.3}
    >>> bool(peers.adjusted[1] > peers.adjusted[0])
    True
    """
    checks.confidence(confidence_level)
    names = (mix,) if isinstance(mix, str) else tuple(mix)
    if among in names:
        raise ArgumentError(f"`mix` must not hold `{among}` itself, which is compared.")
    told = gathered(counts, (among, *names), start=start, target=target, within=within)
    sizes = told.table.groupby(among, dropna=False, sort=False)["entered"].transform("sum")
    table = told.table.assign(size=-sizes).sort_values(["size", among], kind="stable")
    peers = list(dict.fromkeys(table[among]))
    if len(peers) < 2:
        raise EvidenceError(
            f"`{among}` holds {display.plural(len(peers), 'name')} with records to compare; it "
            "takes two."
        )
    entered, converted = (table[name].to_numpy(float) for name in COUNTS)
    if not 0 < converted.sum() < entered.sum():
        which = "none" if not converted.sum() else "all"
        raise EvidenceError(
            f"{which} of {display.count(entered.sum())} records converted: nobody is ahead."
        )
    design = _design(table, names)
    position = {name: k for k, name in enumerate(peers)}
    group = np.array([position[name] for name in table[among]])
    cells = Cells(
        design=design,
        entered=entered * told.worth,
        converted=converted * told.worth,
        group=group,
    )
    spread, effects, intercepts = fit_intercepts(cells).draws(
        _DRAWS, rng=np.random.default_rng(rng)
    )
    patterns, where = np.unique(design, axis=0, return_inverse=True)
    share = np.bincount(np.ravel(where), weights=entered) / entered.sum()
    base = effects @ patterns.T
    adjusted = np.column_stack(
        [special.expit(base + intercepts[:, [k]]) @ share for k in range(len(peers))]
    )
    average = special.expit(base)[:, np.ravel(where)].mean(axis=0)
    return Peers(
        among=among,
        mix=names,
        names=tuple(peers),
        entered=cells.by_group(entered),
        converted=cells.by_group(converted),
        expected=cells.by_group(entered * average),
        draws=adjusted,
        spread=spread,
        what=told.what,
        notes=told.notes,
        worth=told.worth,
        confidence_level=confidence_level,
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Peers(Result):
    """Peers at the same mix of leads; see :func:`compare_peers`.

    Parameters
    ----------
    among, mix
        Column of the peers, and the columns of the mix.
    names
        The peers, the one with the most records first, shape ``(n_peers,)``.
    entered, converted
        Their records, and those that converted; same shape.
    expected
        Conversions that an average peer would have had of the same records; same shape.
    draws
        Draws of the adjusted rates, shape ``(n_draws, n_peers)``.
    spread
        Draws of how far peers truly differ, standard deviation on the logit scale.
    what
        What was counted: ``"leads within 60 days"``.
    notes
        What belongs with it.
    worth
        Independent records that one record is worth, below 1 where those of an account go
        together.
    confidence_level
        Level of the intervals in the frame and the summary.
    """

    among: str
    mix: tuple[str, ...]
    names: tuple[str | None, ...]
    entered: FloatArray
    converted: FloatArray
    expected: FloatArray
    draws: FloatArray
    spread: FloatArray
    what: str = "records"
    notes: tuple[str, ...] = ()
    worth: float = 1.0
    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("entered", "converted", "expected", "draws", "spread"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def rate(self) -> FloatArray:
        """Converted over entered, as it stands, shape ``(n_peers,)``."""
        return np.asarray(self.converted / self.entered)

    @property
    def adjusted(self) -> FloatArray:
        """Rate at the mix of all, shape ``(n_peers,)``."""
        return np.asarray(self.draws.mean(axis=0))

    @property
    def overall(self) -> float:
        """Rate of all records."""
        return float(self.converted.sum() / self.entered.sum())

    @cached_property
    def ranks(self) -> IntArray:
        """Draws of the ranks, 1 for the highest rate, shape ``(n_draws, n_peers)``."""
        return np.asarray(stats.rankdata(-self.draws, axis=1, method="min"), dtype=np.int64)

    @cached_property
    def chance_above(self) -> FloatArray:
        """Chance that a peer is above the mean of all peers, weighted by records."""
        mean = self.draws @ (self.entered / self.entered.sum())
        return np.asarray((self.draws > mean[:, None]).mean(axis=0))

    def confidence_interval(self, confidence_level: float = 0.95) -> Interval:
        """Return the interval of :attr:`adjusted`, each end of shape ``(n_peers,)``.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        return self._ends(self.draws, confidence_level)

    def rank_interval(self, confidence_level: float = 0.95) -> Interval:
        """Return the interval of the rank of each peer, 1 for the highest rate.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        low, high = self._ends(self.ranks, confidence_level)
        return Interval(np.floor(low), np.ceil(high))

    def apart(self, confidence_level: float = 0.95) -> tuple[list[str], list[str]]:
        """Return the peers that are clearly above the mean of all, and those clearly below.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        tail = (1 - checks.confidence(confidence_level)) / 2
        named = [display.segment_name((name,)) for name in self.names]
        high = [named[k] for k in np.flatnonzero(self.chance_above > 1 - tail)]
        low = [named[k] for k in np.flatnonzero(self.chance_above < tail)]
        return high, low

    def to_frame(self) -> pd.DataFrame:
        """Return one row per peer, the one with the most records first.

        Returns
        -------
        DataFrame
            The column of the peers, ``entered``, ``converted``, ``rate`` with ``rate_low`` and
            ``rate_high`` (as it stands), ``expected_rate`` (of an average peer with the same
            records), ``adjusted_rate`` with ``_low`` and ``_high`` (at the mix of all, chance
            allowed for), ``rank_low``, ``rank_high`` and ``chance_above``.
        """
        import pandas as pd

        level = self.confidence_level
        low, high = share_interval(
            self.converted * self.worth, self.entered * self.worth, confidence_level=level
        )
        adjusted, rank = self.confidence_interval(level), self.rank_interval(level)
        return pd.DataFrame(
            {
                self.among: pd.Series(self.names, dtype=object),
                "entered": self.entered.astype(np.int64),
                "converted": self.converted.astype(np.int64),
                "rate": self.rate,
                "rate_low": low,
                "rate_high": high,
                "expected_rate": self.expected / self.entered,
                "adjusted_rate": self.adjusted,
                "adjusted_low": adjusted.low,
                "adjusted_high": adjusted.high,
                "rank_low": np.asarray(rank.low, dtype=np.int64),
                "rank_high": np.asarray(rank.high, dtype=np.int64),
                "chance_above": self.chance_above,
            }
        )

    def summary(self) -> str:
        """Return who can be told from the rest, and what remains of the best rate as it stands."""
        level = self.confidence_level
        high, low = self.apart(level)
        mix = (
            f"the same mix of {display.listed(list(self.mix))}"
            if self.mix
            else "chance allowed for"
        )
        total = display.count(self.entered.sum())
        text = f"With {mix}, of {display.plural(len(self.names), 'peer')} ({total} {self.what}) "
        if high or low:
            said = []
            if high:
                said.append(f"clearly above the rest: {_some(high)}")
            if low:
                said.append(f"clearly below: {_some(low)}")
            text += "; ".join(said) + "."
        else:
            text += "none can be told from the rest."
        best = int(np.argmax(np.where(self.entered >= min(20, self.entered.max()), self.rate, -1)))
        ends = self.confidence_interval(level)
        rank = self.rank_interval(level)
        low_end, high_end = (float(np.asarray(end)[best]) for end in ends)
        first, last = (int(np.asarray(end)[best]) for end in rank)
        where = f"rank {first}" if first == last else f"ranks {first} to {last}"
        text += (
            f" The highest rate as it stands is {display.percent(float(self.rate[best]))} "
            f"({display.segment_name((self.names[best],))}); adjusted it is "
            f"{display.estimate(float(self.adjusted[best]), low_end, high_end)}, {where} of "
            f"{len(self.names)}."
        )
        return " ".join([text, *self.notes])

    @staticmethod
    def _ends(draws: NDArray[Any], confidence_level: float) -> Interval:
        tail = (1 - checks.confidence(confidence_level)) / 2
        low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
        return Interval(low, high)


def _some(names: Sequence[str]) -> str:
    shown = [*names[:5], *([f"{len(names) - 5} more"] if len(names) > 5 else [])]
    return display.listed(shown)


def _design(table: pd.DataFrame, mix: Sequence[str]) -> FloatArray:
    """Return the design of the mix: an intercept, a column for each category but the largest."""
    columns = [np.ones(len(table))]
    for name in mix:
        sizes: dict[Any, float] = {}
        for kind, entered in zip(table[name], table["entered"], strict=True):
            sizes[kind] = sizes.get(kind, 0.0) + float(entered)
        kinds = sorted(sizes, key=lambda kind: -sizes[kind])
        columns += [np.array([one == kind for one in table[name]], float) for kind in kinds[1:]]
    return np.column_stack(columns)
