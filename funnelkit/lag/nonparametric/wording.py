"""What a fit of timing says in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import display

if TYPE_CHECKING:
    from funnelkit.lag.nonparametric.result import NonparametricFit


def sentence(fit: NonparametricFit, *, bounds: int) -> str:
    """Return the rate within the horizon, its interval, its leads and its pace.

    Parameters
    ----------
    fit
        The fit; the figures are those of all its leads together.
    bounds
        How many of its curves give a bound only.
    """
    whole = fit.pooled
    low, high = (float(np.asarray(end)[0, 0]) for end in whole.confidence_interval())
    within = f"within {display.plural(fit.horizon, 'day')}"
    of = f"{display.plural(fit.n, 'lead')} that entered {fit.start}"
    if not whole.ultimate[0, 0] > 0:
        return (
            f"None of {of} has reached {fit.target}: at most {display.percent(high)} reach it "
            f"{within}, and nothing is known of the pace."
        )
    text = (
        f"Of {of}, {display.percent(whole.ultimate[0, 0])} "
        f"({display.percent_range(low, high, words=True)}) reach {fit.target} {within}, half of "
        f"these by day {whole.median_days()[0, 0]:.0f}; "
        f"{display.plural(whole.followed[0, 0, -1], 'lead')} still followed on day {fit.horizon}."
    )
    if bounds and fit.entered.size > 1:
        text += (
            f" {display.count(bounds)} of {display.plural(fit.entered.size, 'curve')} "
            f"{'gives' if bounds == 1 else 'give'} a bound only."
        )
    return text
