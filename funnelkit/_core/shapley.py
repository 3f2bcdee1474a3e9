"""A change in a product of factors, split among them without an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def effects(factors: Mapping[str, tuple[FloatArray, FloatArray]]) -> dict[str, FloatArray]:
    """Return what each factor did to a product, in each cell.

    Parameters
    ----------
    factors
        Name -> the factor before and after, each of a shape that broadcasts to that of the cells.

    Returns
    -------
    dict
        Name -> its effect, of the shape of the cells. The effects add up to the product after less
        the product before.

    Notes
    -----
    The Shapley value: the mean, over all orders in which the factors can change, of what the
    product changes by when this one does. With two factors it is Kitagawa's split, in which each
    factor's change is weighted by the mean of the other.

    References
    ----------
    Kitagawa (1955), Journal of the American Statistical Association 50, 1168-1194; Shorrocks
    (2013), Journal of Economic Inequality 11, 99-126, section 3.

    Examples
    --------
    From 10 a piece times 4 pieces to 12 times 5: 20 more, of which 9 by price, 11 by volume.

    >>> prices, pieces = (np.array(10.0), np.array(12.0)), (np.array(4.0), np.array(5.0))
    >>> found = effects({"price": prices, "volume": pieces})
    >>> {name: effect.tolist() for name, effect in found.items()}
    {'price': [9.0], 'volume': [11.0]}
    """
    return {name: weights(factors, name) * (new - old) for name, (old, new) in factors.items()}


def weights(factors: Mapping[str, tuple[FloatArray, FloatArray]], name: str) -> FloatArray:
    """Return what one unit of a factor is worth: its effect over its own change.

    Parameters
    ----------
    factors
        As in :func:`effects`.
    name
        The factor.
    """
    others = [each for each in factors if each != name]
    total = np.zeros(1)
    for size in range(len(others) + 1):
        share = 1 / (len(factors) * comb(len(others), size))
        for changed in combinations(others, size):
            total = total + share * _product(factors, others, changed)
    return total


def _product(
    factors: Mapping[str, tuple[FloatArray, FloatArray]],
    names: Sequence[str],
    changed: Sequence[str],
) -> FloatArray:
    """Return the product of some factors, of which some have changed."""
    product = np.ones(1)
    for name in names:
        product = product * factors[name][name in changed]
    return product
