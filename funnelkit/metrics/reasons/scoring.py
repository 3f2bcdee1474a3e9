"""Does a score predict? Bands of a score against what they closed, all followed equally long."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, DataError, EvidenceError, unknown
from funnelkit._core.measure import FloatArray
from funnelkit.data.journeys import group_names
from funnelkit.data.records import Leads
from funnelkit.data.returning import changed_after
from funnelkit.data.rules.reading import is_mail
from funnelkit.metrics.cells import cells
from funnelkit.metrics.people.activity_kinds import texts
from funnelkit.metrics.plain import chosen, frame_of, mapping_of, names_of, times
from funnelkit.metrics.reasons.roc import area
from funnelkit.metrics.reasons.scored import ScoreBands

if TYPE_CHECKING:
    import pandas as pd

Bools = NDArray[np.bool_]
Days = NDArray[np.datetime64]
_FEW_VALUES, _BANDS = 7, 5
AS_EXPORTED = (
    "Scores are as exported: one that was updated after entry knows what came of the lead, and "
    "looks better than it was. Keep the score of the day of entry in a column of its own."
)


def score_bands(
    records: Leads | pd.DataFrame,
    score: str = "score",
    *,
    within: int = 90,
    start: str | None = None,
    target: str | None = None,
    edges: Sequence[float] | None = None,
    order: Sequence[str] | None = None,
    probability: bool = False,
    by: str | Sequence[str] | None = None,
    columns: Mapping[str, str] | None = None,
    as_of: dt.date | str | None = None,
    confidence_level: float = 0.95,
) -> ScoreBands:
    """Return what each band of a score closed, and whether the score predicts.

    Parameters
    ----------
    records
        Leads that keep the score; or a frame with it, ``entered`` and ``won`` (days, ISO).
    score
        Kept column or segment; column of a frame. Numbers, or names of bands such as A, B, C.
    within
        Days that every lead is followed; younger ones are left out and counted.
    start, target
        Stages of leads; default: the first and the last.
    edges
        Inner ends of the bands of a number, each the lowest score of the next band; default: each
        value by itself where there are few, else fifths.
    order
        Names of bands from the least to the most promising.
    probability
        Whether the score is a probability of winning within these days; it is then calibrated.
    by
        Segments, or columns of the frame.
    columns
        Our name -> theirs, for frames: ``entered``, ``won``.
    as_of
        Last complete day of a frame; default: its latest day.
    confidence_level
        Of the intervals.

    Returns
    -------
    ScoreBands
        Rates of the bands with their intervals, the area under the ROC curve with its interval,
        whether rates rise with the score, and a verdict in words.

    Raises
    ------
    ArgumentError
        If the score is not there, or bands have no order.
    DataError
        If a probability is outside 0 to 1.
    EvidenceError
        If no lead has been followed so long.

    Notes
    -----
    The area is the chance that of a lead that was won and one that was not, the former has the
    higher score, ties counted half; .5 is no better than a coin, and twice the area less 1 is the
    rank correlation of Somers. Its variance is that of DeLong,
    its interval symmetric on the logit scale; where the two do not overlap at all, the bound is
    that of the smaller group.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44, 837-845. Logit interval: Pepe (2003),
    The Statistical Evaluation of Medical Tests for Classification and Prediction, section 5.2.

    Examples
    --------
    >>> import pandas as pd
    >>> leads = pd.DataFrame(
    ...     {
    ...         "score": [10, 10, 10, 90, 90, 90],
    ...         "entered": "2026-01-05",
    ...         "won": [None, None, "2026-02-01", "2026-02-01", "2026-02-01", None],
    ...     }
    ... )
    >>> found = score_bands(leads, within=30, as_of="2026-03-31")
    >>> found.rates.round(3).tolist(), round(float(found.area[0]), 3)
    ([[0.333, 0.667]], 0.667)
    """
    checks.confidence(confidence_level)
    checks.positive_whole("within", within)
    given = (
        _of_leads(records, score, start, target, by)
        if isinstance(records, Leads)
        else _of_frame(records, score, by, columns, as_of)
    )
    length = given.end - given.entered
    mature = np.asarray(length >= np.timedelta64(within, "D"))
    if not mature.any():
        raise EvidenceError(
            f"no lead has been followed for {within} days; choose a smaller `within`."
        )
    took = given.won - given.entered
    hit = np.asarray(took <= np.timedelta64(within, "D")) & mature
    names, band, worth = _banded(given.scores, score, mature, edges=edges, order=order)
    if probability:
        _refuse_no_probability(worth[mature], score)
    place = cells(given.rows, given.by)
    n = (len(place.segments), len(names))
    entered, won, mean = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64), np.zeros(n)
    for k in range(len(names)):
        here = mature & (band == k)
        entered[:, k], won[:, k] = place.count(here)[:, 0], place.count(here & hit)[:, 0]
        mean[:, k] = place.count(here, np.nan_to_num(worth))[:, 0]
    known = mature & np.isfinite(worth)
    own = [known & (place.row == i) for i in range(n[0])]
    areas = [area(worth[here], hit[here]) for here in own]
    blank = np.isnan(worth)
    return ScoreBands(
        score=score,
        by=given.by,
        segments=place.segments,
        bands=tuple(names),
        entered=entered,
        won=won,
        mean_score=np.where(entered > 0, mean / np.maximum(entered, 1), np.nan),
        area=np.array([one[0] for one in areas]),
        area_variance=np.array([one[1] for one in areas]),
        smaller=np.array([one[2] for one in areas]),
        brier=_brier(worth, hit, own) if probability else None,
        within=within,
        left_out=int((~mature).sum()),
        unscored=int((mature & blank).sum()),
        apart=given.apart,
        as_of=given.as_of,
        notes=given.notes,
        confidence_level=confidence_level,
    )


@dataclass(frozen=True, kw_only=True)
class _Scored:
    """Leads with their scores as texts, days of entry and win, and the day after the last."""

    rows: pd.DataFrame
    scores: list[str | None]
    entered: Days
    won: Days
    end: np.datetime64
    by: tuple[str, ...]
    apart: tuple[str, ...]
    as_of: dt.date
    notes: tuple[str, ...]


def _of_leads(leads: Leads, score: str, start: Any, target: Any, by: Any) -> _Scored:
    funnel = leads.funnel
    if score not in (*funnel.keep, *funnel.segments):
        known = [*funnel.keep, *funnel.segments]
        raise ArgumentError(
            f"`score`: {unknown('kept column or segment', str(score), known)} Keep it, such as "
            'fk.Funnel([…], keep=["score"]).'
        )
    begin, end = start or funnel.stages[0], target or funnel.won
    if funnel.stage("start", begin) >= funnel.stage("target", end):
        raise ArgumentError(f"`target` must come after `start`; got `{begin}` -> `{end}`.")
    names = group_names(funnel, names_of("by", by))
    listed = leads.list(begin, start=begin)
    ever = set(leads.list(end, start=begin)[funnel.id])
    lacking = listed[funnel.id].isin(ever) & listed[end].isna()
    listed = listed[~lacking].reset_index(drop=True)
    notes = [AS_EXPORTED]
    moved = changed_after(leads, score, begin)
    if moved:
        many = display.plural(moved, "lead")
        notes.insert(0, f"{many} had the score changed after entering {begin}.")
    if moved == 0:
        notes = [f"The history of the score tells of no change after entering {begin}."]
    if lacking.any():
        notes.append(f"{display.plural(int(lacking.sum()), 'win')} on an unknown day left out.")
    if funnel.account is not None:
        notes.append("Leads of one account are taken as independent of each other.")
    return _Scored(
        rows=listed[list(names)],
        scores=texts(listed[score]),
        entered=_days(listed[begin]),
        won=_days(listed[end]),
        end=np.datetime64(leads.as_of, "D"),
        by=names,
        apart=funnel.apart,
        as_of=leads.as_of,
        notes=tuple(notes),
    )


def _of_frame(records: Any, score: str, by: Any, columns: Any, as_of: Any) -> _Scored:
    frame = frame_of("records", records)
    names = names_of("by", by)
    given = {**mapping_of(columns), "score": score}
    rows = chosen("records", frame, given, needed=("score", "entered", "won"))
    labelled = frame.set_axis([str(name) for name in frame.columns], axis="columns")
    for name in names:
        checks.member("by", "column", name, list(labelled.columns))
    read = {name: times("records", name, rows[name], "UTC") for name in ("entered", "won")}
    days = {name: one.moments.astype("datetime64[D]") for name, one in read.items()}
    every = np.concatenate(list(days.values()))
    every = every[~np.isnat(every)]
    if not len(every):
        raise EvidenceError("`records`: not one lead has a day; there is nothing to count.")
    last = np.datetime64(checks.day("as_of", as_of), "D") if as_of is not None else every.max()
    usable = days["entered"] <= last
    early = usable & (days["won"] < days["entered"])
    notes = [AS_EXPORTED]
    for number, why in (
        ((~usable).sum(), "with no day of entry up to the last"),
        (early.sum(), "won before they entered"),
    ):
        if number:
            notes.append(f"{display.plural(int(number), 'lead')} {why} left out.")
    usable &= ~early
    won = np.where(days["won"] <= last, days["won"], np.datetime64("NaT"))
    scores = texts(rows["score"])
    return _Scored(
        rows=labelled[list(names)].reset_index(drop=True)[usable].reset_index(drop=True),
        scores=[value for value, use in zip(scores, usable, strict=True) if use],
        entered=days["entered"][usable],
        won=won[usable],
        end=last,
        by=names,
        apart=(),
        as_of=last.astype(dt.date),
        notes=tuple(notes),
    )


def _banded(
    scores: list[str | None],
    name: str,
    mature: Bools,
    *,
    edges: Sequence[float] | None,
    order: Sequence[str] | None,
) -> tuple[list[str], NDArray[np.int64], FloatArray]:
    """Return the names of the bands, the band of each lead, and its score as a number."""
    spoken = [value for value in scores if value is not None]
    if not spoken:
        raise EvidenceError(f"not one lead has a `{name}`; there is nothing to compare.")
    if order is not None:
        if edges is not None:
            raise ArgumentError("`edges` are for numbers and `order` for names; give one.")
        return _named(scores, order)
    numbers = [_number(value) for value in scores]
    odd = sorted(
        {str(v) for v, x in zip(scores, numbers, strict=True) if v is not None and x is None}
    )
    if odd:
        shown = display.listed(
            [display.one_line(value)[:40] for value in odd[:5] if not is_mail(value)]
        )
        raise ArgumentError(
            f"`{name}` holds names ({shown}), and nothing says which are promising: give `order`, "
            'from the least to the most, such as order=["C", "B", "A"].'
        )
    worth = np.array([np.nan if x is None else x for x in numbers], dtype=float)
    known = worth[np.isfinite(worth) & mature]
    values = np.unique(known)
    if edges is None and len(values) <= _FEW_VALUES:
        cuts, names = values[1:], [f"{value:g}" for value in values]
    else:
        cuts = _cuts(known, edges)
        ends = [f"{value:g}" for value in cuts]
        names = [f"below {ends[0]}"] if ends else ["all"]
        names += [f"{a} to below {b}" for a, b in pairwise(ends)]
        names += [f"{ends[-1]} and above"] if ends else []
    band = np.searchsorted(cuts, worth, side="right")
    return _with_blank(names, band, worth)


def _cuts(known: FloatArray, edges: Sequence[float] | None) -> FloatArray:
    if edges is None:
        shares = np.arange(1, _BANDS) / _BANDS
        cuts = np.unique(np.quantile(known, shares, method="higher")) if len(known) else known
        return np.asarray(cuts[cuts > known.min()] if len(known) else cuts)
    try:
        cuts = np.array(list(edges), dtype=float)
    except (TypeError, ValueError):
        cuts = np.array([np.nan])
    if not np.isfinite(cuts).all() or (np.diff(cuts) <= 0).any() or not len(cuts):
        raise ArgumentError(f"`edges` must be numbers in rising order; got {edges!r}.")
    return cuts


def _named(
    scores: list[str | None], order: Sequence[str]
) -> tuple[list[str], NDArray[np.int64], FloatArray]:
    names = [str(value) for value in ([] if isinstance(order, str) else order)]
    if len(names) < 2 or len(set(names)) < len(names):
        raise ArgumentError(f"`order` must name at least two bands, each once; got {order!r}.")
    place = {value: k for k, value in enumerate(names)}
    for value in sorted({value for value in scores if value is not None}):
        checks.member("order", "band", value, names)
    worth = np.array([np.nan if v is None else place[v] for v in scores], dtype=float)
    return _with_blank(names, np.nan_to_num(worth, nan=len(names)).astype(np.int64), worth)


def _with_blank(
    names: list[str], band: NDArray[Any], worth: FloatArray
) -> tuple[list[str], NDArray[np.int64], FloatArray]:
    blank = np.isnan(worth)
    if blank.any():
        band, names = np.where(blank, len(names), band), [*names, display.BLANK]
    return names, np.asarray(band, dtype=np.int64), worth


def _number(value: str | None) -> float | None:
    try:
        found = float(value) if value is not None else None
    except ValueError:
        return None
    return found if found is not None and np.isfinite(found) else None


def _refuse_no_probability(worth: FloatArray, name: str) -> None:
    known = worth[np.isfinite(worth)]
    outside = int(((known < 0) | (known > 1)).sum())
    if outside:
        percent = " Divide percentages by 100." if known.max() <= 100 and known.min() >= 0 else ""
        raise DataError(
            f"`{name}`: {display.plural(outside, 'score')} outside 0 to 1 cannot be a "
            f"`probability`.{percent}"
        )


def _brier(worth: FloatArray, hit: Bools, own: Sequence[Bools]) -> FloatArray:
    found = [((worth[here] - hit[here]) ** 2).mean() if here.any() else np.nan for here in own]
    return np.array(found, dtype=float)


def _days(values: Any) -> Days:
    return np.asarray(values.to_numpy().astype("datetime64[D]"))
