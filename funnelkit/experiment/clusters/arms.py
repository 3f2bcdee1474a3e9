"""Arms as they are given: sums of each account, checked and set side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit._core.result import frozen

FloatArray = NDArray[np.float64]
_ACCOUNT = "account"
_SHARE = (
    "count who converted, not a percentage; for money and other sums say "
    '`unit="money"` or `unit="number"`'
)
_WHOLE = "it counts who converted, and is no rate"


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Names of the columns of a frame, and whether the metric is a share.

    Parameters
    ----------
    numerator, denominator
        What is summed over the accounts.
    account
        Name of the account; ``None`` where a column ``account`` is taken if it is there.
    share
        Whether no account can have more of the numerator than of the denominator.
    """

    numerator: str = "converted"
    denominator: str = "entered"
    account: str | None = None
    share: bool = True


@dataclass(frozen=True, eq=False, kw_only=True)
class SideBySide:
    """Sums of each account in both arms: control is row 0, treatment row 1.

    Parameters
    ----------
    x, n
        Numerator and denominator, shape ``(2, n_accounts)``; 0 where an account is not in an arm.
    inside
        Whether an account stands in an arm; same shape.
    nameless
        Rows that named no account, each of which is an account of its own.
    """

    x: FloatArray
    n: FloatArray
    inside: NDArray[np.bool_]
    nameless: int = 0

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name, kind in (("x", np.float64), ("n", np.float64), ("inside", np.bool_)):
            object.__setattr__(self, name, frozen(getattr(self, name), kind))

    @property
    def accounts(self) -> tuple[int, int]:
        """Number of accounts in each arm."""
        control, treatment = self.inside.sum(axis=1)
        return int(control), int(treatment)

    @property
    def shared(self) -> int:
        """Number of accounts that stand in both arms."""
        return int(self.inside.all(axis=0).sum())

    @property
    def either(self) -> int:
        """Number of accounts in all."""
        return int(self.x.shape[1])


def side_by_side(
    control: Any, treatment: Any, *, columns: Columns, names: tuple[str, str]
) -> SideBySide:
    """Return the sums of each account in both arms.

    Raises
    ------
    ArgumentError
        If an arm is neither a frame nor arrays, has no accounts, or only one arm names its
        accounts.
    DataError
        If its numbers cannot be; every problem of both arms at once.
    """
    given = [
        _rows(argument, arm, columns)
        for argument, arm in (("control", control), ("treatment", treatment))
    ]
    problems = [
        problem
        for argument, (x, n, _) in zip(("control", "treatment"), given, strict=True)
        for problem in wrong(argument, x, n, columns)
    ]
    if problems:
        raise DataError(problems)
    named = [ids is not None for _, _, ids in given]
    if any(named) and not all(named):
        raise ArgumentError(
            f"`{'treatment' if named[0] else 'control'}` must name its accounts as the other arm "
            "does, or accounts in both arms cannot be found; give them to both, or to neither."
        )
    for (_, n, _), argument, name in zip(given, ("control", "treatment"), names, strict=True):
        if not n.sum() > 0:
            raise ArgumentError(
                f"`{argument}`: nobody entered in {display.one_line(name)}, of "
                f"{display.plural(n.size, 'account')}; there is nothing to compare."
            )
    codes, nameless = _codes([ids for _, _, ids in given], [n.size for _, n, _ in given])
    size = 1 + max(int(code.max(initial=-1)) for code in codes)
    arms = list(zip(codes, given, strict=True))
    x = np.stack([_summed(code, own, size) for code, (own, _, _) in arms])
    n = np.stack([_summed(code, own, size) for code, (_, own, _) in arms])
    inside = (n > 0) | (x != 0)
    kept = inside.any(axis=0)
    return SideBySide(x=x[:, kept], n=n[:, kept], inside=inside[:, kept], nameless=nameless)


def one_side(argument: str, arm: Any, *, columns: Columns) -> tuple[FloatArray, FloatArray]:
    """Return the numerator and the denominator of each account of one table.

    Raises
    ------
    ArgumentError
        If it is neither a frame nor arrays.
    DataError
        If its numbers cannot be.
    """
    x, n, ids = _rows(argument, arm, columns)
    if problems := wrong(argument, x, n, columns):
        raise DataError(problems)
    (codes,), _ = _codes([ids], [n.size])
    sums = np.stack([_summed(codes, x), _summed(codes, n)])
    kept = (sums[1] > 0) | (sums[0] != 0)
    return sums[0, kept], sums[1, kept]


def wrong(argument: str, x: FloatArray, n: FloatArray, columns: Columns) -> list[str]:
    """Return what is wrong with the numbers of an arm, each with a count and examples."""
    top, bottom = columns.numerator, columns.denominator
    tests = [
        (f"`{top}` must be a number", ~np.isfinite(x), x),
        (f"`{bottom}` must be a number from 0 on", ~(np.isfinite(n) & (n >= 0)), n),
    ]
    if columns.share:
        whole = bool(np.all(n[np.isfinite(n)] % 1 == 0))
        tests += [
            (f"`{top}` must not be negative", x < 0, x),
            (
                f"`{top}` must not exceed `{bottom}` ({_SHARE})",
                np.isfinite(x) & np.isfinite(n) & (n >= 0) & (x > n),
                x,
            ),
            (
                f"`{top}` must be whole where `{bottom}` is ({_WHOLE})",
                np.isfinite(x) & (x % 1 > 0) & whole & (x <= n),
                x,
            ),
        ]
    return [
        f"`{argument}`: {words}; {display.plural(int(bad.sum()), 'row')} "
        f"{'does' if bad.sum() == 1 else 'do'} not comply: {_examples(bad, values)}."
        for words, bad, values in tests
        if bad.any()
    ]


def _summed(codes: NDArray[np.int64], values: FloatArray, size: int = 0) -> FloatArray:
    """Return the sums by account."""
    return np.bincount(codes, values, size).astype(np.float64)


def _examples(bad: NDArray[np.bool_], values: FloatArray) -> str:
    rows = [int(row) for row in np.flatnonzero(bad)]
    shown = ", ".join(f"row {row} ({values[row]:g})" for row in rows[:5])
    return shown + (" and others" if len(rows) > 5 else "")


def _rows(
    argument: str, arm: Any, columns: Columns
) -> tuple[FloatArray, FloatArray, NDArray[Any] | None]:
    """Return numerator, denominator and, where they are named, the accounts of an arm."""
    if hasattr(arm, "columns") and hasattr(arm, "groupby"):
        known = [str(name) for name in arm.columns]
        asked = (columns.numerator, columns.denominator)
        for name in (*asked, *([] if columns.account is None else [columns.account])):
            checks.member(argument, "column", name, known)
        account = columns.account or (_ACCOUNT if _ACCOUNT in known else None)
        parts = [arm[name].to_numpy() for name in asked]
        ids = None if account is None else arm[account].to_numpy(dtype=object)
    elif isinstance(arm, (list, tuple)) and len(arm) in {2, 3}:
        parts = [np.asarray(part) for part in arm[:2]]
        ids = np.asarray(arm[2], dtype=object) if len(arm) == 3 else None
        if parts[0].ndim == 0 and parts[1].ndim == 0:
            raise ArgumentError(
                f"`{argument}` must have the sums of each account; got two single numbers. Leads "
                "that are independent are compared by `compare_rates`."
            )
    else:
        raise ArgumentError(
            f"`{argument}` must be a frame with one row per account, or a pair of arrays "
            f"({columns.numerator}, {columns.denominator}), or with the accounts a triple; got "
            f"{type(arm).__name__}."
        )
    shapes = {part.shape for part in [*parts, *([] if ids is None else [ids])]}
    if len(shapes) > 1 or len(next(iter(shapes))) != 1:
        raise ArgumentError(
            f"`{argument}` must have one number per account in each array; got arrays of the "
            f"shapes {', '.join(str(part.shape) for part in parts)}."
        )
    x, n = (
        _numbers(argument, name, part) for name, part in zip(_names(columns), parts, strict=True)
    )
    return x, n, ids


def _names(columns: Columns) -> tuple[str, str]:
    return columns.numerator, columns.denominator


def _numbers(argument: str, name: str, values: NDArray[Any]) -> FloatArray:
    """Return numbers; what is missing is NaN."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf":
        return values.astype(np.float64)
    import pandas as pd

    found = pd.to_numeric(pd.Series(values), errors="coerce")
    lost = found.isna() & pd.Series(values).notna()
    if lost.any():
        shown = ", ".join(repr(str(one)[:40]) for one in pd.Series(values)[lost].head(5))
        raise DataError(
            f"`{argument}`: `{name}` must hold numbers; {display.plural(int(lost.sum()), 'row')} "
            f"hold something else, such as {shown}."
        )
    return found.to_numpy(dtype=float, na_value=np.nan)


def _codes(
    ids: Sequence[NDArray[Any] | None], sizes: Sequence[int]
) -> tuple[list[NDArray[np.int64]], int]:
    """Return the number of each row's account over all arms, and how many rows named none."""
    if ids[0] is None:
        starts = np.cumsum([0, *sizes])
        return [
            np.arange(start, start + size) for start, size in zip(starts, sizes, strict=False)
        ], 0
    import pandas as pd

    codes, known = pd.factorize(np.concatenate([one for one in ids if one is not None]))
    nameless = codes < 0
    codes = np.where(nameless, len(known) + np.cumsum(nameless) - 1, codes)
    return np.split(codes, np.cumsum(sizes)[:-1]), int(nameless.sum())
