"""Frames that views of forecasts take: checked, with every problem said at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, did_you_mean, numbered

if TYPE_CHECKING:
    import pandas as pd

_MOST_SHOWN = 5


def framed(
    argument: str,
    given: Any,
    *,
    names: Sequence[str] = (),
    numbers: Sequence[str] = (),
    gaps: Sequence[str] = (),
    maker: str = "",
) -> pd.DataFrame:
    """Return a frame with the columns that a view needs, its numbers as floats.

    Parameters
    ----------
    argument
        Name of the argument.
    given
        A frame, or a result that returns one by ``to_frame()``.
    names, numbers
        Columns of text, and of numbers that are all known.
    gaps
        Columns of numbers that need not be there, and may have gaps.
    maker
        What returns such a frame.

    Raises
    ------
    ArgumentError
        If it is something else, is empty, or columns are missing or hold no numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> framed("steps", pd.DataFrame({"n": ["1", "2"]}), numbers=["n"])["n"].tolist()
    [1.0, 2.0]
    """
    import pandas as pd

    frame = given.to_frame() if hasattr(given, "to_frame") else given
    if not isinstance(frame, pd.DataFrame):
        made = f", such as {maker} returns" if maker else ""
        raise ArgumentError(f"`{argument}` must be a frame{made}; got {type(given).__name__}.")
    problems = [
        f"`{argument}` lacks the column `{name}`.{did_you_mean(name, map(str, frame.columns))}"
        for name in (*names, *numbers)
        if name not in frame.columns
    ]
    if not problems and not len(frame):
        problems.append(f"`{argument}` has no row.")
    found: dict[str, Any] = {}
    for name in (*numbers, *gaps):
        if name not in frame.columns:
            continue
        read = pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        odd = ~np.isfinite(read) if name in numbers else ~np.isfinite(read) & frame[name].notna()
        if np.any(odd):
            shown = [display.one_line(repr(each)) for each in frame[name][odd].head(_MOST_SHOWN)]
            problems.append(
                f"`{argument}`: the column `{name}` must hold numbers; "
                f"{display.plural(int(np.sum(odd)), 'row')} not: {', '.join(shown)}."
            )
        found[name] = read
    if problems:
        raise ArgumentError(numbered(problems))
    return frame.reset_index(drop=True).assign(**found)


def named(value: Any) -> str:
    r"""Return a name from a frame on one line; a blank one is named so.

    Examples
    --------
    >>> named("a\nb"), named(None), named(float("nan"))
    ('a b', '(blank)', '(blank)')
    """
    blank = value is None or (isinstance(value, float) and np.isnan(value)) or str(value) == "NaT"
    return display.BLANK if blank else display.one_line(str(value))
