"""What cannot be rewound to an earlier day, and which of it a back-test of forecasts uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.forecast.rolling.outcomes import What
from funnelkit.lag.rolling import leaks as of_rates

if TYPE_CHECKING:
    from funnelkit.data.blinding import OpenAmounts
    from funnelkit.data.definition import Funnel

_INSTEAD = {
    "blank": "are left blank",
    "mean": "are replaced by the mean of those won by then",
    "exported": "are the final ones too, which nobody knew then",
}


def leaks_of(
    funnel: Funnel, *, by: tuple[str, ...], what: What, open_amounts: OpenAmounts
) -> tuple[str, ...]:
    """Return, a sentence each, what is as exported although the dates are rewound.

    Parameters
    ----------
    funnel
        The definition.
    by
        Segments in use.
    what
        What is forecast.
    open_amounts
        What stood in place of the amounts of open records.
    """
    found = list(of_rates.leaks_of(funnel, by=by, changed=0))
    if funnel.value is not None or funnel.owner is not None:
        found = found[:-1]  # tells of money that rates do not use
    if what == "bookings":
        found.append(
            f"`{funnel.value}` of deals closed by the date is as exported; amounts of those still "
            f"open then {_INSTEAD[open_amounts]}."
        )
    return tuple(found)
