"""The leads of this month against those of the month before: volume, mix, rate and age."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit._core.dates import period_label
from funnelkit.monitor import decompose
from funnelkit.report.page.facts import SMALL, YOUNG, Missing, Setting
from funnelkit.report.page.facts.moved import Moved

if TYPE_CHECKING:
    from funnelkit.counts.triangle import Triangle
    from funnelkit.report.page.views.rates import Basis


def moved_view(base: Basis, triangle: Triangle, setting: Setting) -> Moved | Missing:
    """Return what the change is made of, or what it would take to say.

    Parameters
    ----------
    base
        What all rates of the page rest on.
    triangle
        The counts by segment.
    setting
        What the page is about.
    """
    terms = setting.terms
    months = list(base.triangle.cohorts)
    if setting.month not in months or setting.month - 1 not in months:
        return Missing(f"It needs {terms.leads} of this month and of the month before.")
    used = triangle.select(first=base.triangle.cohorts[0])
    both = [list(used.cohorts).index(month) for month in (setting.month - 1, setting.month)]
    if used.n_segments < 2:
        return Missing(f"It needs a column with more than one value; {triangle.by[0]} has one.")
    if used.entered[:, both].sum(axis=0).min() < SMALL:
        return Missing(f"It needs at least {SMALL} {terms.leads} in each of the two months.")
    rates = base.adjusted(used)
    mature = rates.mature_leads[:, both[1]].sum() / rates.entered[:, both[1]].sum()
    if mature < YOUNG:
        return Missing(
            f"The {terms.leads} of {setting.named(setting.month)} are too young: fewer than one in "
            "five of their conversions would have come by now."
        )
    return Moved(
        column=triangle.by[0],
        before=setting.month - 1,
        now=setting.month,
        change=decompose(
            rates,
            period_label(setting.month - 1),
            period_label(setting.month),
            confidence_level=base.level,
        ),
        horizon=base.horizon,
    )
