"""`compare_clustered`: a rate or a mean per lead in two arms, by account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import ArrayLike

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.adjustment import holm_family
from funnelkit.experiment.clusters.answers import (
    METHODS,
    Asked,
    ClusteredMethod,
    by_permutation,
    by_t,
    counted,
    standing,
    untested,
)
from funnelkit.experiment.clusters.arms import Columns, SideBySide, side_by_side
from funnelkit.experiment.clusters.moments import AccountMoments
from funnelkit.experiment.clusters.shuffled import shuffled
from funnelkit.experiment.clusters.spread import Spread, from_moments, linearised, reduced
from funnelkit.experiment.clusters.student import filled
from funnelkit.experiment.comparison import (
    ALTERNATIVES,
    UNITS,
    Alternative,
    Comparison,
    Comparisons,
    Unit,
)

if TYPE_CHECKING:
    import pandas as pd

    ClusteredArm = pd.DataFrame | Sequence[ArrayLike] | AccountMoments
FEW_ACCOUNTS = 20
"""With fewer accounts in an arm, or degrees of freedom, no variance is relied on."""


def compare_clustered(
    control: ClusteredArm,
    treatment: ClusteredArm | Mapping[str, ClusteredArm],
    *,
    method: ClusteredMethod = "auto",
    alternative: Alternative = "two-sided",
    confidence_level: float = 0.95,
    numerator: str = "converted",
    denominator: str = "entered",
    account: str | None = None,
    metric: str = "rate",
    unit: Unit = "share",
    currency: str | None = None,
    units: str = "leads",
    groups: str = "accounts",
    names: tuple[str, str] = ("control", "treatment"),
    randomised: bool = True,
    draws: int = 9_999,
    rng: int | np.random.Generator = 0,
) -> Comparison | Comparisons:
    """Return the difference of a rate or of a mean per lead, where leads share accounts.

    Parameters
    ----------
    control, treatment
        Sums of each account in the arm, as a frame with a row per account and the columns
        ``numerator`` and ``denominator``; as a pair of arrays (numerators, denominators), each of
        shape ``(n_accounts,)``, or a triple with the accounts; or as :class:`AccountMoments`, the
        sums that an engine gives, for the linearised method. Rows of one account are added up.
        ``treatment`` may be a mapping from names to such arms, each compared with control.
    method
        ``"linearised"``, ``"cr2"``, ``"permutation"``, or ``"auto"``: see Notes.
    alternative
        Of the treatment against control.
    confidence_level
        Of the intervals in the frame and the summary.
    numerator, denominator
        Columns of a frame: what is counted or summed (conversions, money), and leads. Numbers
        from 0 on, the denominator a whole or an effective number of leads.
    account
        Column with the account; default: ``"account"`` where there is one. With it, accounts that
        stand in both arms are found, and that their two parts go together is taken into account.
        A row without an account is an account of its own. Without it no account is in both arms.
    metric, unit, currency
        What it is. With the unit ``"share"`` no account can convert more leads than it has.
    units, groups
        Plural nouns of what the denominator counts, and of what is behind a row.
    names
        Of the two arms; of a mapping, the first is that of control.
    randomised
        Whether chance chose the arm.
    draws
        Of a permutation that has more than 20 times as many arrangements; of fewer, all are gone
        through.
    rng
        Seed or generator of the draws.

    Returns
    -------
    Comparison
        Σ numerator / Σ denominator in the treatment, less that in control. Of a mapping,
        :class:`Comparisons` with p-values adjusted by Holm's method.

    Raises
    ------
    ArgumentError
        If an option is unknown, an arm has nobody, nothing varies in either arm, accounts that
        stand in both arms were to be permuted, or sums were given for another method than
        ``"linearised"``.
    DataError
        If numbers cannot be: more converted than entered, negative or missing ones.

    Notes
    -----
    Each rate is a ratio of two sums over accounts, p = Σ x / Σ n, and every account counts by the
    difference x - p n of what it has and what its leads would have on average.

    *linearised*: the variance of p is m / (m - 1) Σ (x - p n)² / (Σ n)² in an arm of m accounts;
    the difference has Student's t, m - 1 degrees of freedom in each arm, put together as Welch
    and Satterthwaite do.

    *cr2*: bias-reduced linearisation with the degrees of freedom of Bell and McCaffrey, which fall
    where few accounts hold most of the leads.

    *permutation*: the arms are given to the accounts in all ways, or in ``draws`` of them with
    p = (b + 1) / (draws + 1), whose standard error is noted. Two-sided p is twice the smaller
    tail. The interval holds the effects per lead that the same test does not reject. The test is
    exact if the assignment could have fallen on any accounts, as many in each arm; not where it
    was made within strata.

    *auto*: permutation where an arm has fewer than 20 accounts, or a few hold so many leads that
    CR2 has fewer than 20 degrees of freedom; CR2 otherwise and wherever accounts stand in both
    arms; and the linearised variance of sums, which is all they allow. Simulation
    (``benchmarks/cluster_sizes.py``: no effect, 10 accounts against 30) has the linearised variance
    reject in 8 % of tests at a level of 5 %, CR2 in 6 % and the permutation in 5 %; with 30 against
    30 it is 5.4, 4.8 and 4.2 %; and where one of 40 accounts has a third of the leads, 13 and 8 %
    of the first two.

    Accounts in both arms (leads were assigned, not accounts) add their covariance to the first two
    methods. The relative interval is Fieller's with the same variances and t, or that of the same
    permutations for a factor on what the treated accounts show. Where nobody or everybody in an
    arm converted, its accounts' leads are taken to act as one, and half a conversion and half a
    failure are added; where all of one arm and none of the other did, the interval beside a
    permutation is the one whose t test has its p-value.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., sections 3.12 and 6.3 (ratio of sums over
    clusters); Satterthwaite (1946), Biometrics Bulletin 2, 110-114. Bell and McCaffrey (2002),
    Survey Methodology 28, 169-181; Pustejovsky and Tipton (2018), Journal of Business & Economic
    Statistics 36, 672-683; Kolesár, vignette of the R package dfadjust, "Degrees of freedom
    correction" (the form used here). Ernst (2004), Statistical Science 19, 676-685 (intervals by
    permutation); Phipson and Smyth (2010), Statistical Applications in Genetics and Molecular
    Biology 9, 39 (the p-value of draws). Fieller (1954), Journal of the Royal Statistical Society
    B 16, 175-185.

    Examples
    --------
    Ten accounts, five of them treated; the smallest two-sided p of 252 arrangements is .008.

    >>> found = compare_clustered(
    ...     ([1, 0, 2, 1, 0], [4, 2, 9, 6, 3]), ([3, 2, 4, 1, 5], [5, 3, 8, 2, 10])
    ... )
    >>> round(found.effect, 4), round(found.pvalue, 4), found.method
    (0.369, 0.0079, 'permutation of accounts, all 252 arrangements')
    """
    checks.one_of("method", method, METHODS)
    checks.one_of("alternative", alternative, ALTERNATIVES)
    checks.one_of("unit", unit, UNITS)
    checks.confidence(confidence_level)
    checks.positive_whole("draws", draws)
    if isinstance(rng, bool) or not isinstance(rng, (int, np.random.Generator)):
        raise ArgumentError(f"`rng` must be a whole number or a numpy Generator; got {rng!r:.80}.")
    if isinstance(rng, int) and rng < 0:
        raise ArgumentError(f"`rng` must be a seed from 0 on; got {rng}.")
    asked = Asked(
        method=method,
        alternative=alternative,
        confidence_level=confidence_level,
        columns=Columns(
            numerator=numerator, denominator=denominator, account=account, share=unit == "share"
        ),
        metric=metric,
        unit=unit,
        currency=currency,
        units=units,
        groups=groups,
        randomised=randomised,
        draws=draws,
        rng=rng,
    )
    if not isinstance(treatment, Mapping):
        return _compared(asked, control, treatment, names)
    if not treatment:
        raise ArgumentError("`treatment` must name at least one arm; got none.")
    return holm_family(
        [_compared(asked, control, arm, (names[0], str(name))) for name, arm in treatment.items()]
    )


def _compared(
    asked: Asked, control: ClusteredArm, treatment: ClusteredArm, names: tuple[str, str]
) -> Comparison:
    """Return one treatment against control."""
    summed = [isinstance(arm, AccountMoments) for arm in (control, treatment)]
    if any(summed):
        if not all(summed):
            raise ArgumentError("give both arms as AccountMoments, or both by account.")
        return _of_sums(
            asked, cast("AccountMoments", control), cast("AccountMoments", treatment), names
        )
    pair = side_by_side(control, treatment, columns=asked.columns, names=names)
    chosen = _chosen(asked, pair)
    spread = linearised(pair) if chosen == "linearised" else reduced(pair)
    worth = [(float(n.sum()), float(n.sum() ** 2 / (n**2).sum())) for n in pair.n]
    spread = _varying(asked, spread, (worth[0], worth[1]))
    notes = standing(asked, pair)
    totals = (pair.n[0].sum(), pair.n[1].sum()), (pair.x[0].sum(), pair.x[1].sum())
    base = untested(asked, spread, totals, names)
    if chosen == "permutation" and not (all(spread.still) and spread.effect == 0):
        moved = shuffled(pair, draws=asked.draws, rng=np.random.default_rng(asked.rng))
        return by_permutation(asked, base, spread, moved, notes)
    return by_t(asked, base, spread, chosen, notes)


def _of_sums(
    asked: Asked, control: AccountMoments, treatment: AccountMoments, names: tuple[str, str]
) -> Comparison:
    """Return a comparison of arms that are given as sums."""
    if asked.method not in {"auto", "linearised"}:
        raise ArgumentError(
            f'`method="{asked.method}"` needs each account; sums over accounts suffice for '
            '"linearised" only.'
        )
    arms = (control, treatment)
    if asked.columns.share:
        for argument, arm in zip(("control", "treatment"), arms, strict=True):
            if not 0 <= arm.x <= arm.n:
                raise ArgumentError(
                    f"`{argument}`: {arm.x:g} converted of {arm.n:g} who entered cannot be; for "
                    'money and other sums say `unit="money"` or `unit="number"`.'
                )
    worth = [(arm.n, arm.n**2 / arm.nn) for arm in arms]
    spread = _varying(asked, from_moments(control, treatment), (worth[0], worth[1]))
    notes = [f"{counted(asked, control.accounts, treatment.accounts)}."]
    if asked.method == "auto" and min(control.accounts, treatment.accounts) < FEW_ACCOUNTS:
        notes.append(
            f"These are few {asked.groups} for the linearised variance; with a row for each, "
            "a permutation test holds its level."
        )
    base = untested(asked, spread, ((control.n, treatment.n), (control.x, treatment.x)), names)
    return by_t(asked, base, spread, "linearised", notes)


def _chosen(asked: Asked, pair: SideBySide) -> ClusteredMethod:
    """Return the method, chosen where it is left open."""
    movable = not pair.shared and bool((pair.n.sum(axis=0) > 0).all())
    if asked.method == "permutation" and not movable:
        raise ArgumentError(
            f"{display.plural(pair.shared, 'account')} of {display.count(pair.either)} stand in "
            'both arms, so that whole accounts cannot be permuted; use `method="cr2"`, or first '
            "set them right (see `find_contaminated`)."
            if pair.shared
            else 'accounts without any leads cannot be permuted; use `method="cr2"`.'
        )
    if asked.method != "auto":
        return asked.method
    few = min(pair.accounts) < FEW_ACCOUNTS or reduced(pair).df < FEW_ACCOUNTS
    return "permutation" if movable and few else "cr2"


def _varying(
    asked: Asked, spread: Spread, worth: tuple[tuple[float, float], tuple[float, float]]
) -> Spread:
    """Return the spread, with a variance of shares where nothing varies.

    Raises
    ------
    ArgumentError
        If something other than a share is the same in all accounts of both arms.
    """
    if asked.columns.share:
        return filled(spread, worth)
    if all(spread.still):
        raise ArgumentError(
            f"`{asked.columns.numerator}` per `{asked.columns.denominator}` is the same in all "
            f"{asked.groups} of each arm ({spread.means[0]:g} and {spread.means[1]:g}); where "
            "nothing varies nothing can be tested."
        )
    return spread
