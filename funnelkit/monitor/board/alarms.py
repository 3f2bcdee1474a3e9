"""`alerts`: many metrics of many segments watched at once, within one budget of false alarms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError
from funnelkit.counts.daily import filling
from funnelkit.data.records import Leads
from funnelkit.model import FunnelModel
from funnelkit.monitor.board import asked
from funnelkit.monitor.board.alerting import Alerts
from funnelkit.monitor.board.asked import Threshold
from funnelkit.monitor.board.building import board_of, share_names
from funnelkit.monitor.board.data_or_world import signs
from funnelkit.monitor.board.folding import folded
from funnelkit.monitor.board.telling import Background, told, told_low
from funnelkit.monitor.board.watching import ALL_LEADS, standing_out


def alerts(
    leads: Leads | FunnelModel,
    *,
    by: str | Sequence[str] | None = None,
    false_alarms: float = 0.05,
    recent: int = 6,
    changes: Mapping[Any, str] | Iterable[Any] = (),
    thresholds: Mapping[str, Threshold] | None = None,
    archived: Leads | None = None,
) -> Alerts:
    """Return what left its usual level lately, ranked; and what the data may have to do with it.

    Parameters
    ----------
    leads
        The data; or a model fitted to them. A model's own curves are not read: they hold the rate
        that is to be judged, so each series is given a timing that knows of no rate.
    by
        Segment column or columns whose values are watched one by one, beside all leads; default:
        those of the model, or all of the funnel's segments.
    false_alarms
        Largest chance that a report on which nothing changed holds any alert: the budget of the
        whole board.
    recent
        How many months back a change may have begun that is looked for.
    changes
        Dated changes of the world: a mapping of days to words, pairs of both, or the ``changes``
        of a read funnel.yml. A step there is named as the likely cause, and levels are learned
        anew from that month on.
    thresholds
        Metric, such as ``"lead to mql"`` or ``"opportunity-to-win"``, -> the least rate that is
        well, or a pair of it and where it comes from, such as ``(0.3, "benchmark")``.
    archived
        The same leads as exported on an earlier day: entries that it did not hold were entered
        late.

    Returns
    -------
    Alerts
        Its ``data`` first: what in the records could look like a change. Its ``alerts``: first
        those that the data may explain, then falls by the wins they cost, then rises.

    Raises
    ------
    ArgumentError
        If it is not given leads, or an argument cannot be used.
    EvidenceError
        If nobody entered the funnel.

    Notes
    -----
    Watched are, for all leads and each value of ``by``: the conversion of each transition and of
    the whole funnel by month of entry, adjusted for lag; entries to each stage by month; the win
    rate of what closed in a month; and how quick each transition is. Each series is held against
    its own history: what its last 1 to ``recent`` months brought is compared with what the months
    before them make expect, with the doubt about level, trend, season, timing and pace, and with
    as much variation from month to month beyond chance as the series, and those like it, have
    shown (see :func:`funnelkit.monitor.board.scores.windows`). A cohort of n leads of mean maturity
    m is due n m times the usual rate, so that young cohorts count for what they can tell.

    The most striking window of a series gets the chance of any such window (Hunter's bound), and
    all series of the board share the budget by Holm's test, which holds it whatever the
    dependence between metrics and segments. Each report by itself keeps the budget; as successive
    reports share their months, a false alarm may stand in several of them, so that false alarms
    come in runs, not more often.

    A change lies between two months: the most likely one is told, and the range of those whose
    likelihood is not clearly less (by 1.92 on the log scale). Months of the year are told apart
    where there are 14 months before what is judged, months of the quarter where there are 6;
    entries are given a season of 10 % where it is not known yet.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70; Hunter (1976), Journal of Applied
    Probability 13, 597-603; Woodall (2006), Journal of Quality Technology 38, 89-104 (surveillance
    of counts by time of origin).

    Examples
    --------
    >>> import funnelkit as fk
    >>> found = fk.monitor.alerts(fk.make_leads(3000, rng=1), by="source")
    >>> len(found), found.watched > 30
    (0, True)
    """
    if isinstance(leads, FunnelModel):
        leads, by = _of_model(leads, by)
    if not isinstance(leads, Leads):
        raise ArgumentError(f"`leads` must be Leads or a FunnelModel; got {type(leads).__name__}.")
    if archived is not None and not isinstance(archived, Leads):
        raise ArgumentError(f"`archived` must be Leads; got {type(archived).__name__}.")
    names = asked.columns(leads.funnel, by)
    share = isinstance(false_alarms, (int, float)) and not isinstance(false_alarms, bool)
    if not share or not 0 < false_alarms < 1:
        raise ArgumentError(
            f"`false_alarms` must be between 0 and 1, per report over the board; got "
            f"{false_alarms!r}."
        )
    checks.positive_whole("recent", recent)
    dated = asked.dated(changes)
    limits = asked.limits(thresholds, share_names(leads.funnel))
    board = board_of(leads, names, [day for day, _ in dated])
    found = signs(leads, board, filling(leads), archived=archived, changes=dated)
    standing = standing_out(
        board,
        limits=limits,
        budget=false_alarms,
        recent=recent,
        fiscal_year_start=leads.funnel.calendar.fiscal_year_start,
    )
    stages = leads.funnel.stages
    about = Background(board, found, dated, leads.funnel)
    shown = [told(one, about) for one in folded(standing.alarms, standing.parents, stages)]
    shown += [told_low(low, about) for low in standing.lows]
    shown.sort(key=lambda one: (not one.check, one.direction == "rose", -abs(one.worth)))
    return Alerts(
        alerts=tuple(shown),
        data=found,
        watched=standing.watched,
        missed=(*board.missed, *standing.missed),
        smallest=standing.smallest,
        seasons=standing.seasons,
        budget=float(false_alarms),
        as_of=leads.as_of,
        n=int(board.whole.of(stages[0]).sum()),
        rates=board.rates,
        speeds=board.speeds,
        whole=_largest(standing.smallest),
    )


def _largest(smallest: Mapping[tuple[str, str], float]) -> str:
    """Return the segment of which drops are told: all leads, or the first business."""
    return next((where for _, where in smallest), ALL_LEADS)


def _of_model(
    model: FunnelModel, by: str | Sequence[str] | None
) -> tuple[Leads, str | Sequence[str] | None]:
    """Return the leads that a model was fitted to, and by which columns they are watched."""
    if model.leads is None:
        raise ArgumentError("`leads`: this model keeps no leads; pass them in its place.")
    return model.leads, (by if by is not None or not model.by else model.by)
