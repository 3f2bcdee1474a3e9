"""Formulas such as ``"source + region"``: read by a grammar of their own, coded by patsy."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, unknown

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_TOKEN = re.compile(r"\s*(?:([^\W\d]\w*)|`([^`]*)`|(1)(?!\d)|([+:*()]))")
_CODED = re.compile(r"v(\d+)(?:\[(?:T\.)?l(\d+)\])?")
_MOST_TERMS = 40
INTERCEPT = "intercept"


class Variable(NamedTuple):
    """A column as a formula may use it.

    Parameters
    ----------
    codes
        Position of each row's level, or its number.
    levels
        Names of the levels, the reference first; ``None`` for numbers.
    """

    codes: FloatArray
    levels: tuple[str, ...] | None


class Factor(NamedTuple):
    """A column in a formula, and whether ``C()`` stands about it."""

    name: str
    as_levels: bool

    @property
    def text(self) -> str:
        """The factor as it is written."""
        name = self.name if re.fullmatch(r"[^\W\d]\w*", self.name) else f"`{self.name}`"
        return f"C({name})" if self.as_levels else name


@dataclass(frozen=True, eq=False)
class Design:
    """A formula's columns.

    Parameters
    ----------
    matrix
        Shape ``(n_rows, n_columns)``; the first column is 1.
    names
        Name of each column; the first is ``"intercept"``.
    terms
        Term of the formula behind each column.
    """

    matrix: FloatArray
    names: tuple[str, ...]
    terms: tuple[str, ...]

    def keep(self, columns: Sequence[int] | IntArray | NDArray[np.bool_]) -> Design:
        """Return the design with some of its columns."""
        index = np.arange(len(self.names))[np.asarray(columns)]
        return Design(
            self.matrix[:, index],
            tuple(self.names[j] for j in index),
            tuple(self.terms[j] for j in index),
        )


def design(
    argument: str,
    formula: str,
    variables: Mapping[str, Variable],
    labels: Mapping[str, Variable],
    n: int,
) -> Design:
    """Return the columns of a formula.

    Parameters
    ----------
    argument
        Name of the argument, for errors.
    formula
        Names of columns joined by ``+``, ``:`` (interaction) and ``*`` (both, and their
        interaction); ``C(name)`` takes numbers as levels, and backticks enclose a name that is no
        plain word. The intercept is always there: ``"1"`` is the intercept alone.
    variables
        The columns by name.
    labels
        What ``C(name)`` is, for columns of numbers.
    n
        Number of rows.

    Raises
    ------
    ArgumentError
        If the formula cannot be read, or names what is not there.

    Notes
    -----
    Nothing in a formula is evaluated as code. Patsy sees names and levels by number alone, and
    contributes the coding of interactions.
    """
    import pandas as pd
    import patsy

    terms = _terms(argument, formula, list(variables))
    if not terms:
        return Design(np.ones((n, 1)), (INTERCEPT,), (INTERCEPT,))
    used = list(dict.fromkeys(factor for term in terms for factor in term))
    data: dict[str, object] = {}
    found: list[Variable] = []
    for k, factor in enumerate(used):
        chosen = variables[factor.name]
        chosen = labels.get(factor.name, chosen) if factor.as_levels else chosen
        found.append(chosen)
        data[f"v{k}"] = chosen.codes
        if chosen.levels is not None:
            coded = pd.Index([f"l{i}" for i in range(len(chosen.levels))])
            data[f"v{k}"] = pd.Categorical.from_codes(chosen.codes.astype(np.int64), coded)
    place = {factor: f"v{k}" for k, factor in enumerate(used)}
    text = " + ".join(["1", *(":".join(place[factor] for factor in term) for term in terms)])
    built = patsy.dmatrix(text, data, eval_env=patsy.EvalEnvironment([{}]))
    matrix = np.array(built, np.float64)
    words = {
        ":".join(place[factor] for factor in term): ":".join(factor.text for factor in term)
        for term in terms
    }
    of_column = [""] * matrix.shape[1]
    for name, where in built.design_info.term_name_slices.items():
        of_column[where] = [words.get(name, INTERCEPT)] * (where.stop - where.start)
    names = [_readable(name, used, found) for name in built.design_info.column_names]
    return Design(matrix, tuple(names), tuple(of_column))


def levels_of(values: Sequence[str | None], weight: FloatArray) -> Variable:
    """Return a column of words as levels; the reference is the first with a positive weight.

    Examples
    --------
    >>> levels_of(["web", None, "ads", "web"], np.array([0.0, 0.0, 1.0, 0.0])).levels
    ('ads', 'web', '(blank)')
    """
    known = list(dict.fromkeys(values))
    number = {value: k for k, value in enumerate(known)}
    codes = np.array([number[value] for value in values], dtype=np.int64)
    total = np.bincount(codes, weight, len(known))
    first = int(np.argmax(total > 0)) if (total > 0).any() else 0
    order = [first, *(k for k in range(len(known)) if k != first)]
    names = tuple(display.segment_name((known[k],)) for k in order)
    return Variable(np.argsort(order)[codes].astype(float), names)


def _readable(coded: str, used: Sequence[Factor], found: Sequence[Variable]) -> str:
    """Return a column's name in the user's words."""
    if coded == "Intercept":
        return INTERCEPT

    def word(match: re.Match[str]) -> str:
        k, level = int(match[1]), match[2]
        levels = found[k].levels
        name = used[k].name
        return name if level is None or levels is None else f"{name}[{levels[int(level)]}]"

    return _CODED.sub(word, coded)


def _terms(argument: str, formula: str, known: Sequence[str]) -> list[tuple[Factor, ...]]:
    """Return the terms of a formula, without the intercept, each once."""
    if not isinstance(formula, str):
        raise ArgumentError(f'`{argument}` must be a formula such as "source"; got {formula!r}.')
    tokens = _tokens(argument, formula)
    found: dict[frozenset[Factor], tuple[Factor, ...]] = {}
    for part in _split(tokens, "+"):
        if part == ["1"]:
            continue
        products = [_interaction(argument, formula, piece, known) for piece in _split(part, "*")]
        if len(products) > 5:
            raise _unread(argument, formula, "at most five names can be joined by `*`")
        for size in range(1, len(products) + 1):
            for chosen in combinations(products, size):
                term = tuple(dict.fromkeys(factor for piece in chosen for factor in piece))
                found.setdefault(frozenset(term), term)
    if len(found) > _MOST_TERMS:
        raise _unread(argument, formula, f"it has {len(found)} terms; {_MOST_TERMS} are the most")
    return sorted(found.values(), key=len)


def _tokens(argument: str, formula: str) -> list[str]:
    """Return the pieces of a formula; a name is marked by a leading ``=``."""
    tokens, at = [], 0
    text = formula.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            sign = text[at:].lstrip()[:1]
            raise _unread(argument, formula, f"`{sign}` cannot be used here")
        word, quoted, one, sign = match.groups()
        name = word if word is not None else quoted
        tokens.append(f"={name}" if name is not None else one or sign)
        at = match.end()
    return tokens


def _split(tokens: Sequence[str], sign: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for token in tokens:
        if token == sign:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _interaction(
    argument: str, formula: str, tokens: Sequence[str], known: Sequence[str]
) -> tuple[Factor, ...]:
    """Return the factors of names joined by ``:``."""
    factors = []
    for piece in _split(tokens, ":"):
        if len(piece) == 1 and piece[0][:1] == "=":
            name, as_levels = piece[0][1:], False
        elif len(piece) == 4 and [*piece[:2], piece[3]] == ["=C", "(", ")"]:
            name, as_levels = piece[2].removeprefix("="), True
        else:
            said = "".join(token.removeprefix("=") for token in piece)
            raise _unread(
                argument, formula, f"`{said}` is no name" if said else "a name is missing"
            )
        if name not in known:
            raise ArgumentError(f"`{argument}`: {unknown('column', name, known)}")
        factors.append(Factor(name, as_levels))
    return tuple(factors)


def _unread(argument: str, formula: str, why: str) -> ArgumentError:
    return ArgumentError(
        f"`{argument}` must be names of columns joined by `+`, `:` or `*`, with `C(name)` for "
        f'numbers that are labels, such as "source + region"; got {formula!r}: {why}. '
        "Backticks enclose a name that is not one plain word."
    )
