"""A view as an image for a page: sharp on any screen, with its description in words."""

from __future__ import annotations

import base64
import html
import io
from typing import TYPE_CHECKING

from funnelkit._core.errors import ArgumentError
from funnelkit.plot.sheet import describe

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DOTS = 200
_PAGE_DOTS = 100


def inline(ax: Axes) -> str:
    """Return a view on a figure of its own as an HTML image with its words; the figure is closed.

    Parameters
    ----------
    ax
        Axes that a function of this room has returned.

    Raises
    ------
    ArgumentError
        If the axes hold no view of funnelkit, or are in no figure.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> leads = pd.Series([4, 7], index=pd.period_range("2026-01", periods=2, freq="M"))
    >>> image = inline(fk.plot.series(leads.rename("lead")))
    >>> image.startswith('<img alt="'), "data:image/png;base64," in image
    (True, True)
    """
    from matplotlib import pyplot

    words = html.escape(describe(ax), quote=True)
    figure = ax.get_figure(root=True)
    if figure is None:
        raise ArgumentError("`ax` must be axes of a figure; these have been taken off theirs.")
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=_DOTS)
    width = round(figure.get_size_inches()[0] * _PAGE_DOTS)
    pyplot.close(figure)  # or a notebook would show it once more below the cell
    data = base64.b64encode(out.getvalue()).decode("ascii")
    return (
        f'<img alt="{words}" src="data:image/png;base64,{data}" '
        f'style="width:{width}px;max-width:100%;height:auto;">'
    )
