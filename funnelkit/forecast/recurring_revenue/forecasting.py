"""`recurring`: monthly recurring revenue to come, from what moves it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.data.ledgers import as_ledger
from funnelkit.forecast.recurring_revenue import arriving, remarks
from funnelkit.forecast.recurring_revenue.age_hazard import AgeHazard
from funnelkit.forecast.recurring_revenue.chances import DrawnChances, fitted
from funnelkit.forecast.recurring_revenue.effects import UNKNOWN
from funnelkit.forecast.recurring_revenue.exposure import Exposure, exposure
from funnelkit.forecast.recurring_revenue.hazards import Hazards
from funnelkit.forecast.recurring_revenue.recurring_forecast import (
    LargeAccount,
    RecurringForecast,
)
from funnelkit.forecast.recurring_revenue.simulating import Accounts, Rules, simulated
from funnelkit.forecast.recurring_revenue.sizes import Resampled
from funnelkit.forecast.result import Forecast
from funnelkit.metrics.recurring.revenue import MOVES
from funnelkit.metrics.recurring.subscribed import Book, book_of

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.ledgers import Ledger

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
LARGE = 0.1
"""Share of the revenue from which an account is told apart."""
_SCALE = 10_000
_MOST = 2.0**50
_SHARES = (np.arange(20) + 0.5) / 20
_UNSEEN = {"expansion": 1 + _SHARES, "contraction": _SHARES, "reactivation": np.ones(1)}
_REASON = (
    "who leaves depends on how old the account is, and revenue on few large accounts: a series of "
    "totals tells neither"
)


def recurring(
    subscriptions: Ledger | pd.DataFrame,
    horizon: int = 12,
    *,
    new: Forecast | Mapping[Any, Any] | Sequence[float] | float | None = None,
    contract_months: float | None = None,
    by: str | None = None,
    as_of: dt.date | str | None = None,
    n_draws: int = 2000,
    rng: int | np.random.Generator = 0,
) -> RecurringForecast:
    """Return monthly recurring revenue (MRR) to come, and each movement of it.

    Parameters
    ----------
    subscriptions
        As :func:`funnelkit.read_subscriptions` returns them, or a frame with its columns. With
        starts and ends, ages of all accounts are known; a table of months does not tell when
        those began that pay in its first one.
    horizon
        Months to come, from the one after the last complete month.
    new
        Revenue of new accounts. ``None``: numbers of new accounts as in the past, by the ensemble
        of :func:`funnelkit.forecast.volume`, with sizes as in the last two years. A
        :class:`Forecast` of bookings by month: its draws. Numbers: a plan, as one for all
        months, one for each, or months with theirs (``{"2026-11": 2000, …}``); with ``by``, a
        mapping from each value to one of these. A plan has no doubt in it.
    contract_months
        Over how many months amounts of ``new`` are paid: 12 where bookings are values of a year.
        Must be said of a forecast (1 where it is of monthly revenue); unsaid, a plan is of MRR.
    by
        Column to split by; each account counts under its value in its first row.
    as_of
        Last day on which the table is complete. Where rows have a start and an end it must be
        given.
    n_draws
        Number of joint draws.
    rng
        Seed, or a NumPy generator.

    Returns
    -------
    RecurringForecast
        Draws of MRR at the end of each month to come, in money a month, by segment, with draws of
        new, expansion, contraction, churn and reactivation that add up to its change.

    Raises
    ------
    ArgumentError
        If an argument cannot be used, or ``new`` does not fit the months, segments or currency.
    EvidenceError
        If there is but one complete month, none, or months lack between others.

    Notes
    -----
    Each month an account that pays leaves, or pays more, or pays less, or stays; one that left
    may return. Each of these has a hazard, of those that did none of the ones before it, with a
    logit that adds up: a level; age in months since the account began, or returned (for
    returning, months since it left), as a random walk in log age, an effect of whole years
    (annual renewals) and one of each age alone; segment; quartile of what the account pays; and
    calendar month, which all accounts share: what each month has alone, what the same month has
    each year, and a slow drift that makes doubt grow. How much each of these varies is estimated
    and averaged over, so that ages and segments with few accounts go by the others; an account
    that has not reached an age says nothing of it. Where nothing happened yet, hazards are
    bounded by how long it did not, about a prior guess of 2 % a month (contraction and return
    1 %), a factor of 20 either way.

    How much more or less an account pays is drawn from the movements seen, weighted by what the
    account paid, with weights of the Bayesian bootstrap (to more than its double an account goes
    only by as much money as one did); where none was seen, any change up to the account's own
    size is as likely. Doubt about hazards and sizes is the same in all months of a draw; the luck
    of single accounts is not. Accounts are simulated one by one, so that a large one shows in the
    interval. Moves last: where amounts swing every month with usage, intervals are wider than
    need be.

    References
    ----------
    Efron (1988), JASA 83, 414-425 (logistic hazards); Rubin (1981), Annals of Statistics 9,
    130-134 (Bayesian bootstrap); Fader and Hardie (2007), Journal of Interactive Marketing 21(1),
    76-90, on why a retention rate that ignores age misleads.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame(
    ...     {
    ...         "account": [f"a{i}" for i in range(20)],
    ...         "start": ["2025-01-01"] * 10 + ["2025-06-01"] * 10,
    ...         "end": ["2025-12-31"] * 4 + [None] * 16,
    ...         "mrr": [100] * 20,
    ...     }
    ... )
    >>> found = recurring(rows, 6, new=0, as_of="2026-03-31", n_draws=500)
    >>> float(found.opening.sum()), len(found.periods)
    (1600.0, 6)

    Accounts that began in June 2025 renew in June 2026, the third month to come; at the first
    renewals 4 of 10 left.

    >>> churn = found.movements["churn"].mean(axis=(0, 1))
    >>> int(churn.argmax())
    2

    Movements add up to the change in every draw:

    >>> bool(abs(found.change - found.net_new).max() < 1e-9)
    True
    >>> found.probability(1_600) <= found.probability(800)
    True
    """
    horizon = checks.positive_whole("horizon", horizon)
    n_draws = checks.positive_whole("n_draws", n_draws)
    ledger = as_ledger("subscriptions", subscriptions, argument="subscriptions")
    book = book_of(ledger, by=by, as_of=as_of)
    n_months = len(book.months)
    if n_months < 2:
        raise EvidenceError(
            f"`subscriptions` tells of {book.labels[0]} only: nothing has moved yet. Two months "
            "are needed at least."
        )
    if not book.amounts.any():
        raise EvidenceError("`subscriptions`: no account has paid in any month.")
    generator = np.random.default_rng(rng)
    amounts, unit = _whole(book)
    seen = exposure(amounts, book.rows, whole=book.whole)
    months = _months(book, horizon)
    notes = [*book.notes, *remarks.of_terms(ledger, book), *remarks.of_accounts(seen)]
    hazards = fitted(
        seen,
        n_months=n_months,
        horizon=horizon,
        n_segments=len(book.segments),
        n_draws=n_draws,
        rng=generator,
    )
    arrivals, told = _arrivals(
        new, contract_months, book, seen, months, unit=unit, n_draws=n_draws, rng=generator
    )
    notes += told[1:]
    names = _names(ledger)
    large = _large(seen)
    rules = Rules(
        chances=DrawnChances(hazards=hazards, start=n_months, n_classes=len(seen.edges) + 1),
        sizes={
            name: Resampled(seen.sizes[name], unseen=unseen, n_draws=n_draws, rng=generator).after
            for name, unseen in _UNSEEN.items()
        },
        arrivals=arrivals,
        edges=seen.edges,
        n_segments=len(book.segments),
        n_named=len(large),
        coming=arrivals.coming,
    )
    path = simulated(
        *_standing(book, seen, large),
        rules,
        start=n_months,
        horizon=horizon,
        n_draws=n_draws,
        rng=generator,
    )
    apart = tuple(
        LargeAccount(
            name=names[account],
            segment=int(book.rows[account]),
            amount=float(seen.last[account]) / unit,
            share=float(seen.last[account]) / float(amounts[:, -1].sum()),
            observed=amounts[account] / unit,
            revenue=path.revenue[:, at] / unit,
            moves={move: path.moves[move][:, at] / unit for move in MOVES},
            paying=path.paying[:, at],
            kept_gross=path.kept_gross[:, at] / unit,
        )
        for at, account in enumerate(large, start=len(book.segments))
    )
    notes += [one.note for one in apart]
    size = len(book.segments)
    draws = path.revenue[:, :size] / unit
    return RecurringForecast(
        what="MRR",
        unit="value",
        by=book.by,
        segments=book.segments,
        periods=months,
        draws=draws,
        expected=draws.mean(axis=0),
        gone=book.months,
        observed=book.summed(amounts).astype(float) / unit,
        so_far=np.zeros(size),
        as_of=book.as_of,
        method=f"movements of accounts, each with its own hazard, and new accounts {told[0]}",
        reason=_REASON,
        n=int((amounts > 0).any(axis=1).sum()),
        currency=book.currency,
        notes=tuple(notes),
        opening=book.summed(amounts[:, -1]).astype(float) / unit,
        movements={name: path.moves[name][:, :size] / unit for name in MOVES},
        paying=path.paying[:, :size],
        kept=path.kept[:, :size] / unit,
        kept_gross=path.kept_gross[:, :size] / unit,
        churn_by_age=_by_age(seen, hazards["churn"], n_months + horizon),
        large=apart,
    )


def _whole(book: Book) -> tuple[IntArray, int]:
    """Return the amounts in whole numbers that floats hold, and how many make the currency's unit.

    Raises
    ------
    ArgumentError
        If amounts are beyond that.
    """
    largest = int(book.amounts.sum(axis=0).max())
    if largest < _MOST:
        return book.amounts.astype(np.int64), _SCALE
    if largest // _SCALE < _MOST:
        rounded = [[int(one) // _SCALE for one in row] for row in book.amounts]
        return np.array(rounded, dtype=np.int64), 1
    raise ArgumentError("`subscriptions`: amounts are too large; give them in thousands.")


def _months(book: Book, horizon: int) -> pd.PeriodIndex:
    import pandas as pd

    return pd.period_range(book.months[-1] + 1, periods=horizon, freq="M")


def _names(ledger: Ledger) -> list[str]:
    """Return the names of accounts in the order of the book."""
    import pandas as pd

    return [str(name) for name in pd.factorize(ledger.frame["account"])[1]]


def _large(seen: Exposure) -> IntArray:
    """Return the accounts of more than a tenth of the revenue, the largest first."""
    now = np.where(seen.paying, seen.last, 0)
    found = np.flatnonzero(now > LARGE * now.sum())
    return np.asarray(found[np.argsort(-now[found], kind="stable")])


def _standing(book: Book, seen: Exposure, large: IntArray) -> tuple[Accounts, Accounts]:
    """Return accounts that pay, and those that left."""
    number = len(seen.last)
    named = np.zeros(number, dtype=np.int64)
    named[large] = np.arange(len(large)) + 1
    every = Accounts(
        draw=np.zeros(number, dtype=np.int64),
        segment=book.rows,
        since=np.where(seen.paying, seen.began, seen.ended),
        amount=seen.last,
        base=np.where(seen.paying, seen.last, 0),
        named=named,
    )
    return every.take(seen.paying), every.take(~seen.paying & (seen.last > 0))


def _arrivals(
    new: Any,
    contract_months: float | None,
    book: Book,
    seen: Exposure,
    months: pd.PeriodIndex,
    *,
    unit: int,
    n_draws: int,
    rng: np.random.Generator,
) -> tuple[arriving.ByNumber | arriving.ByMoney, list[str]]:
    """Return what draws new accounts; how, in words; and what else is to be said."""
    size, n_months = len(book.segments), len(book.months)
    if contract_months is not None:
        number = isinstance(contract_months, (int, float)) and not isinstance(contract_months, bool)
        if not number or not np.isfinite(contract_months) or contract_months <= 0:
            raise ArgumentError(
                f"`contract_months` must be a number above 0; got {contract_months!r}."
            )
        if new is None:
            raise ArgumentError("`contract_months` goes with `new`; leave it out.")
    paid = np.sort(seen.last[seen.last > 0])
    sampled = arriving.Sampled(
        seen.new,
        n_segments=size,
        n_months=n_months,
        n_draws=n_draws,
        rng=rng,
        instead=paid if len(paid) else np.array([unit]),
    )
    if new is None:
        numbers, method = arriving.past_numbers(
            seen.new,
            n_segments=size,
            n_months=n_months,
            horizon=len(months),
            n_draws=n_draws,
            rng=rng,
        )
        told = [f"as in the past ({method})"]
        if not seen.new.shape[1]:
            told.append(
                f"No account began after {book.labels[0]}, so none is forecast to; give `new`."
            )
        return arriving.ByNumber(numbers, sampled), told
    if isinstance(new, Forecast):
        money = arriving.of_forecast(
            new, book, months, contract_months=contract_months, n_draws=n_draws, rng=rng
        )
        told = [f"from a forecast of {new.what}"]
    else:
        plan = arriving.of_plan(new, book, months) / (contract_months or 1.0)
        money = np.broadcast_to(plan, (n_draws, *plan.shape))
        told = ["as planned", "New revenue is a plan: intervals hold no doubt about it."]
    if money.max(initial=0.0) * unit >= _MOST:
        raise ArgumentError(f"`new`: {money.max():g} is too large; give all amounts in thousands.")
    return arriving.ByMoney(np.rint(money * unit).astype(np.int64), sampled), told


def _by_age(seen: Exposure, hazards: Hazards, until: int) -> AgeHazard:
    """Return the chance to leave by age, of an account like those seen."""
    counts = seen.counts["churn"]
    ages = np.arange(1, until)
    clock = counts.places["age"]
    known = clock != UNKNOWN
    logits = hazards.base + hazards.draws["level"] + hazards.draws["age"][:, ages]
    for name in ("segment", "size"):
        if name in hazards.draws:
            own = hazards.draws[name]
            mix = np.bincount(counts.places[name], counts.exposed, own.shape[1])
            logits = logits + (own @ (mix / max(mix.sum(), 1.0)))[:, None]
    return AgeHazard(
        ages=ages,
        exposed=np.bincount(clock[known], counts.exposed[known], until)[1:until].astype(float),
        churned=np.bincount(clock[known], counts.events[known], until)[1:until].astype(float),
        draws=special.expit(logits),
    )
