"""`adjust_pvalues`: p-values of a family, adjusted so that one rule holds for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.comparison import Comparison, Comparisons

FloatArray = NDArray[np.float64]
Adjustment = Literal[
    "holm",
    "hochberg",
    "bonferroni",
    "benjamini-hochberg",
    "benjamini-yekutieli",
    "gatekeeping",
]
"""How the p-values of a family are adjusted."""


def adjust_pvalues(
    pvalues: Sequence[float] | FloatArray, *, method: Adjustment = "holm"
) -> FloatArray:
    """Return the p-values of a family, adjusted: each may be compared with alpha as it is.

    Parameters
    ----------
    pvalues
        One for each comparison, in the order in which they are read; NaN where nothing can be
        tested.
    method
        ``"holm"``, ``"hochberg"``, ``"bonferroni"`` and ``"gatekeeping"`` hold the chance of even
        one false finding (the family-wise error rate) at alpha; ``"benjamini-hochberg"`` and
        ``"benjamini-yekutieli"`` hold the expected share of false findings among the findings
        (the false discovery rate), a weaker promise. Hochberg's and Benjamini and Hochberg's
        need comparisons that are independent or positively dependent; the others need nothing.
        ``"gatekeeping"`` is a fixed sequence: each comparison is looked at only if all before it
        are significant, so that the order must have been settled beforehand.

    Returns
    -------
    ndarray
        Adjusted p-values, shape ``(n,)``, from the plain one to 1. NaN stays NaN, and counts as a
        member of the family that is never significant: it makes no other smaller, and ends a
        fixed sequence.

    Raises
    ------
    ArgumentError
        If a p-value is not between 0 and 1, or the method is unknown.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70; Hochberg (1988), Biometrika 75,
    800-802; Benjamini and Hochberg (1995), JRSS B 57, 289-300; Benjamini and Yekutieli (2001),
    Annals of Statistics 29, 1165-1188; Maurer, Hothorn and Lehmacher (1995), Biometrie in der
    chemisch-pharmazeutischen Industrie 6, 3-18 (fixed sequence).

    Examples
    --------
    >>> adjust_pvalues([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    >>> adjust_pvalues([0.01, 0.04, 0.03], method="gatekeeping").tolist()
    [0.01, 0.04, 0.04]
    """
    checks.one_of("method", method, get_args(Adjustment))
    given = _checked(pvalues)
    known = ~np.isnan(given)
    if not known.any():
        return given
    adjusted = np.minimum(_METHODS[method](np.where(known, given, 1.0)), 1.0)
    return np.where(known, adjusted, np.nan)


def holm_family(comparisons: Sequence[Comparison]) -> Comparisons:
    """Return comparisons as a family, with p-values adjusted by Holm's method."""
    adjusted = adjust_pvalues([one.pvalue for one in comparisons], method="holm")
    return Comparisons(
        comparisons=tuple(comparisons),
        adjusted=tuple(float(p) for p in adjusted),
        adjustment="Holm",
    )


def _checked(pvalues: Sequence[float] | FloatArray) -> FloatArray:
    """Return the p-values as one row of numbers."""
    try:
        given = np.array(pvalues, dtype=float)
    except (TypeError, ValueError):
        raise ArgumentError(
            f"`pvalues` must be numbers between 0 and 1; got {pvalues!r:.80}."
        ) from None
    if given.ndim != 1:
        raise ArgumentError(f"`pvalues` must be one row of numbers; got {given.ndim} dimensions.")
    wrong = given[(given < 0) | (given > 1)]
    if len(wrong):
        shown = display.listed([f"{value:g}" for value in wrong[:5]])
        raise ArgumentError(
            f"`pvalues` must be between 0 and 1; {display.count(len(wrong))} of "
            f"{display.count(len(given))} "
            f"{'is' if len(wrong) == 1 else 'are'} not, such as {shown}."
        )
    return given


def _from_small(p: FloatArray, factors: FloatArray) -> FloatArray:
    """Return p times factors in rising order of p, never below an earlier one."""
    order = np.argsort(p, kind="stable")
    found = np.empty_like(p)
    found[order] = np.maximum.accumulate(p[order] * factors)
    return found


def _from_large(p: FloatArray, factors: FloatArray) -> FloatArray:
    """Return p times factors in rising order of p, never above a later one."""
    order = np.argsort(p, kind="stable")
    found = np.empty_like(p)
    found[order] = np.minimum.accumulate((p[order] * factors)[::-1])[::-1]
    return found


def _holm(p: FloatArray) -> FloatArray:
    return _from_small(p, np.arange(len(p), 0, -1.0))


def _hochberg(p: FloatArray) -> FloatArray:
    return _from_large(p, np.arange(len(p), 0, -1.0))


def _bonferroni(p: FloatArray) -> FloatArray:
    return p * len(p)


def _benjamini_hochberg(p: FloatArray) -> FloatArray:
    return _from_large(p, len(p) / np.arange(1.0, len(p) + 1))


def _benjamini_yekutieli(p: FloatArray) -> FloatArray:
    rank = np.arange(1.0, len(p) + 1)
    return _from_large(p, len(p) / rank * float((1 / rank).sum()))


def _gatekeeping(p: FloatArray) -> FloatArray:
    return np.maximum.accumulate(p)


_METHODS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "holm": _holm,
    "hochberg": _hochberg,
    "bonferroni": _bonferroni,
    "benjamini-hochberg": _benjamini_hochberg,
    "benjamini-yekutieli": _benjamini_yekutieli,
    "gatekeeping": _gatekeeping,
}
