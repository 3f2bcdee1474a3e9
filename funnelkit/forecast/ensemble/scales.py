"""The scale on which errors of one series are alike at every level: log, root or as they are."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Scale = Literal["log", "root", "plain"]

LEAST = 1e-12


def scale_of(values: FloatArray) -> Scale:
    """Return the scale for a series: log above 0, root from 0 on, plain with values below 0.

    Examples
    --------
    >>> scale_of(np.array([1.0, 2])), scale_of(np.array([0.0, 2])), scale_of(np.array([-1.0, 2]))
    ('log', 'root', 'plain')
    """
    least = float(values.min())
    return "log" if least > 0 else "root" if least >= 0 else "plain"


def onto(scale: Scale, values: FloatArray) -> FloatArray:
    """Return values on the scale."""
    if scale == "log":
        return np.log(np.maximum(values, LEAST))
    return np.sqrt(np.maximum(values, 0.0)) if scale == "root" else values


def back(scale: Scale, values: FloatArray) -> FloatArray:
    """Return values taken back from the scale.

    Examples
    --------
    >>> back("root", onto("root", np.array([0.0, 9.0])))
    array([0., 9.])
    """
    if scale == "log":
        return np.exp(values)
    return np.maximum(values, 0.0) ** 2 if scale == "root" else values
