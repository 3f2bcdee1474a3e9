"""Timing of a transition from its triangle, whatever its cohorts came to: how mature each is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funnelkit.counts.triangle import Triangle

FloatArray = NDArray[np.float64]
_ROUNDS = 30
_BORROWED = 50.0
_REACHED = 0.95
_FOLLOWED = 0.3
_FEWEST_MONTH = 10.0
_FEWEST_RANKED, _LEAST_MOVED = 8, 0.02


@dataclass(frozen=True, eq=False, kw_only=True)
class Timing:
    """When the leads of a transition convert, among those who do within the horizon.

    Parameters
    ----------
    horizon
        Age in days up to which conversions count.
    shape
        Share of the conversions at each age up to the horizon, shape
        ``(n_segments, horizon + 1)``; sums to 1.
    followed
        Leads followed to each age at least, shape ``(n_segments, n_cohorts, horizon + 1)``.
    events
        Conversions at each age; same shape.
    worth
        Conversions behind each segment's shape, those of all that it borrows included, shape
        ``(n_segments,)``.
    pace
        Standard deviation of the pace of civil months, relative, as all leads together show it.
    whole
        Share of all conversions at each age, not cut at the horizon, of all leads together.
    """

    horizon: int
    shape: FloatArray
    followed: FloatArray
    events: FloatArray
    worth: FloatArray
    pace: float
    whole: FloatArray

    @property
    def mature(self) -> FloatArray:
        """Σ maturity over each cohort's leads, shape ``(n_segments, n_cohorts)``."""
        return np.asarray(np.einsum("sca,sa->sc", self.followed, self.shape))

    @property
    def converted(self) -> FloatArray:
        """Conversions up to the horizon; same shape."""
        return np.asarray(self.events.sum(axis=-1))

    def common(self, maturity: FloatArray) -> FloatArray:
        """Return the relative covariance of cohorts by doubt about timing and by pace.

        Parameters
        ----------
        maturity
            Mean maturity of each cohort, shape ``(n_segments, n_cohorts)``.

        Notes
        -----
        The log of a maturity m known from D conversions has variance (1 - m) / (m D), and that of
        two cohorts has the variance of the older in common. A civil month that is exp(b) times as
        quick moves the log maturity of a cohort by (1 - m) (-log(1 - m)) / m times b.
        """
        m = np.clip(maturity, 1e-3, 1 - 1e-9)
        doubt = (1 - m) / (m * np.maximum(self.worth, 1.0)[:, None])
        shared = np.minimum(doubt[:, :, None], doubt[:, None, :])
        moved = -(1 - m) * np.log1p(-m) / m * self.pace
        n = maturity.shape[1]
        near = 0.5 ** np.abs(np.arange(n)[:, None] - np.arange(n)[None, :])
        return np.asarray(shared + moved[:, :, None] * moved[:, None, :] * near)


def timing_of(split: Triangle, whole: Triangle) -> Timing:
    """Return the timing of each segment, which borrows from that of all leads.

    Parameters
    ----------
    split
        Counts by segment and cohort.
    whole
        Counts of the same transition over all segments, for the same cohorts.

    Notes
    -----
    Conversions at age j of cohort c are taken as Poisson with mean r_c n_cj f_j: a rate of its own
    for each cohort, the leads followed to that age, and one shape f. Its maximum is that of the
    chain ladder with partly followed cohorts; unlike a curve of one rate for all cohorts it is not
    bent by a rate that fell lately. Exits need nothing more: f is the incidence among all leads.
    A segment's shape is its own, with that of all leads counted as 50 conversions of its own.

    References
    ----------
    Mack (1991), ASTIN Bulletin 21, 93-109 (the Poisson model behind the chain ladder).
    """
    all_followed, all_events = _by_age(whole)
    full = _shape(all_events, all_followed)[0]
    horizon = _horizon(full, all_followed[0])
    followed, events = _by_age(split)
    followed, events = followed[..., : horizon + 1], events[..., : horizon + 1]
    common = _shape(all_events[..., : horizon + 1], all_followed[..., : horizon + 1])[0]
    own_worth = events.sum(axis=(1, 2))
    shape = np.repeat(common[None], len(events), axis=0)
    rich = own_worth >= _BORROWED
    if rich.any() and split.n_segments > 1:
        own = _shape(events[rich], followed[rich])
        weight = (own_worth[rich] / (own_worth[rich] + _BORROWED))[:, None]
        shape[rich] = weight * own + (1 - weight) * common
    worth = own_worth + min(_BORROWED, float(all_events.sum()))
    return Timing(
        horizon=horizon,
        shape=shape,
        followed=followed,
        events=events,
        worth=worth,
        pace=_pace(whole, full),
        whole=full,
    )


def speed_of(timing: Timing) -> tuple[FloatArray, FloatArray]:
    """Return how much quicker each cohort converted than usual, and the variance of that.

    Returns
    -------
    tuple of ndarray
        Log of the ratio of usual to own days, above 0 where quicker, and its variance; both of
        shape ``(n_segments, n_cohorts)``, NaN where ages tell too little.

    Notes
    -----
    Given how many of a cohort have converted, their ages are multinomial with probabilities
    n_cj f_j, whatever its rate and however far it has been followed. The mean rank of the ages
    (the share of usual lags that are shorter) is compared with its expectation, and divided by
    what stretching all lags by 10 % would do to it. Ranks are bounded, so that a few conversions
    on the first day do not look like proof.
    """
    rank = np.cumsum(timing.shape, axis=1) - timing.shape / 2
    usual, centre, spread = _scored(timing.followed, timing.shape, rank)
    slow = _stretched(timing.shape, 1.1)
    moved = (_scored(timing.followed, slow, rank)[1] - centre) / np.log(1.1)
    n = timing.converted
    mean = np.einsum("sca,sa->sc", timing.events, rank) / np.maximum(n, 1.0)
    told = (n >= _FEWEST_RANKED) & (moved > _LEAST_MOVED) & (usual > 0)
    safe = np.where(told, moved, 1.0)
    ratio = np.where(told, -(mean - centre) / safe, np.nan)
    variance = np.where(told, spread / (np.maximum(n, 1.0) * safe**2), np.nan)
    return ratio, np.maximum(variance, 1e-6)


def reaching(shapes: list[FloatArray], share: float = 0.9) -> int:
    """Return by how many days most of those who pass several transitions have passed them all."""
    whole = np.array([1.0])
    for shape in shapes:
        whole = np.convolve(whole, shape)
    passed = np.cumsum(whole)
    return int(np.searchsorted(passed, share * passed[-1]))


def _by_age(triangle: Triangle) -> tuple[FloatArray, FloatArray]:
    """Return leads followed to each age at least, and conversions at each age."""
    followed = np.cumsum(triangle.followed[..., ::-1], axis=-1)[..., ::-1].astype(float)
    return followed, triangle.by_age(triangle.target).astype(float)


def _shape(events: FloatArray, followed: FloatArray) -> FloatArray:
    """Return the share of the conversions at each age, shape ``(n_segments, n_ages)``."""
    came = events.sum(axis=-1)
    by_age = events.sum(axis=1)
    shape = by_age / np.maximum(by_age.sum(axis=-1, keepdims=True), 1.0)
    for _ in range(_ROUNDS):
        exposed = np.einsum("sca,sa->sc", followed, shape)
        rate = came / np.where(exposed > 0, exposed, np.inf)
        due = np.einsum("sc,sca->sa", rate, followed)
        shape = np.where(due > 0, by_age / np.where(due > 0, due, 1.0), 0.0)
        total = shape.sum(axis=-1, keepdims=True)
        shape = shape / np.where(total > 0, total, 1.0)
    none = shape.sum(axis=-1) <= 0
    shape[none, 0] = 1.0
    return np.asarray(shape)


def _horizon(shape: FloatArray, followed: FloatArray) -> int:
    """Return the age by which most have converted, as far as enough leads are followed."""
    leads = followed.sum(axis=0)
    limit = int(np.flatnonzero(leads >= _FOLLOWED * leads[0])[-1]) if leads[0] else 0
    within = np.cumsum(shape[: limit + 1])
    if within[-1] <= 0:
        return max(limit, 1)
    return max(int(np.searchsorted(within, _REACHED * within[-1])), 1)


def _pace(whole: Triangle, shape: FloatArray) -> float:
    """Return the standard deviation of the pace of civil months beyond chance."""
    if whole.calendar is None:
        return 0.0
    months = whole.calendar.months
    came = whole.calendar.converted.sum(axis=0).astype(float)
    ends = [(whole.as_of - month.end_time.date()).days for month in months]
    passed = np.cumsum(shape)
    followed = whole.followed.sum(axis=0).astype(float)
    n_ages = followed.shape[1]
    by_then = np.zeros((followed.shape[0], len(months) + 1))
    for place, after in enumerate(ends):
        shift = max(after, 0)
        if shift < n_ages:
            by_then[:, place + 1] = followed[:, shift:] @ passed[: n_ages - shift]
    due = np.diff(by_then, axis=1)
    total = due.sum(axis=1)
    rate = came.sum(axis=1) / np.where(total > 0, total, np.inf)
    expected = (rate[:, None] * due).sum(axis=0)
    seen = expected >= _FEWEST_MONTH
    if seen.sum() < 3:
        return 0.0
    apart = (came.sum(axis=0)[seen] - expected[seen]) ** 2 - expected[seen]
    return float(np.sqrt(max(apart.sum() / (expected[seen] ** 2).sum(), 0.0)))


def _scored(
    followed: FloatArray, shape: FloatArray, score: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the total, and the mean and variance of the score among those seen to convert."""
    weight = followed * shape[:, None, :]
    total = weight.sum(axis=-1)
    part = weight / np.where(total > 0, total, 1.0)[..., None]
    centre = np.einsum("sca,sa->sc", part, score)
    square = np.einsum("sca,sa->sc", part, score**2)
    return total, centre, np.maximum(square - centre**2, 0.0)


def _stretched(shape: FloatArray, factor: float) -> FloatArray:
    """Return the shape with all lags longer by a factor."""
    ends = np.arange(shape.shape[1]) + 1.0
    out = np.empty_like(shape)
    for i, one in enumerate(np.cumsum(shape, axis=1)):
        passed = np.interp(ends / factor, np.append(0.0, ends), np.append(0.0, one))
        out[i] = np.diff(passed, prepend=0.0)
    return out


def known_shape(triangle: Triangle, first: int) -> tuple[FloatArray, float]:
    """Return the shape and the rate of the cohorts from one on, of all leads together.

    Parameters
    ----------
    triangle
        Counts of one segment.
    first
        Position of the first cohort.
    """
    followed, events = (cube[:, first:] for cube in _by_age(triangle))
    shape = _shape(events, followed)[0]
    mature = np.einsum("sca,a->", followed, shape)
    return shape, float(events.sum() / max(float(mature), 1e-9))
