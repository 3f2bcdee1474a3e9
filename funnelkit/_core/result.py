"""What every result shares: frozen values, read-only arrays, and the ways it shows itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display

if TYPE_CHECKING:
    import pandas as pd


class Result:
    """Base of every result: ``to_frame()`` and ``summary()`` are its own, the display is shared."""

    def to_frame(self) -> pd.DataFrame:
        """Return the result as a tidy frame."""
        raise AttributeError(f"{type(self).__name__} has no frame")

    def summary(self) -> str:
        """Return one or two plain sentences, with the number of leads behind them."""
        raise AttributeError(f"{type(self).__name__} has no summary")

    def __repr__(self) -> str:
        """Return the summary and the head of the frame."""
        return f"<{type(self).__name__}>\n{self.summary()}\n{display.text_table(self.to_frame())}"

    def _repr_html_(self) -> str:
        return display.html_block(self.summary(), self.to_frame())


class Stated:
    """Base of what somebody states, such as a team or a design: it shows its fields as a table.

    Examples
    --------
    >>> import funnelkit as fk
    >>> page = fk.experiment.design("Page", ["a", "b"], assignment="region", within=30)
    >>> "<td" in page._repr_html_()
    True
    """

    def _repr_html_(self) -> str:
        import pandas as pd

        given = [(one.name, getattr(self, one.name)) for one in fields(self)]  # type: ignore[arg-type]
        said = {name: display.brief_text(value) for name, value in given if value is not None}
        frame = pd.DataFrame({"given": list(said), "as": list(said.values())})
        summary = self.summary() if hasattr(self, "summary") else type(self).__name__
        return display.html_block(summary, frame)


def frozen(values: Any, dtype: type) -> NDArray[Any]:
    """Return a read-only copy of an array."""
    copy: NDArray[Any] = np.array(values, dtype=dtype, copy=True)
    copy.flags.writeable = False
    return copy


def frozen_mapping(arrays: Mapping[str, Any], dtype: type) -> Mapping[str, NDArray[Any]]:
    """Return a read-only mapping of read-only copies of arrays."""
    return MappingProxyType({name: frozen(values, dtype) for name, values in arrays.items()})
