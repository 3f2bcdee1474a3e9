"""Dated changes of funnel.yml stand on the page, as notes and not as causes."""

import datetime as dt
from dataclasses import replace

from funnelkit.report.page import reasons
from funnelkit.report.page.markup import plain
from funnelkit.report.page.sections import adjusted
from funnelkit.report.page.story import moved
from tests.report.literal_facts import facts

NOTED = ((dt.date(2018, 3, 1), "new <MQL> definition"), (dt.date(2018, 5, 14), "new prices"))


def noted(changes):
    made = facts()
    return replace(made, setting=replace(made.setting, changes=changes))


def test_changes_of_this_month_and_the_last_are_noted_beside_the_why():
    *shown, last = reasons.why(noted(NOTED), *moved(noted(NOTED)))
    assert shown == reasons.why(noted(()), *moved(noted(())))
    assert last == (
        "Noted for this time: 14 May 2018, new prices; "
        "whether that moved the figures, they do not show."
    )


def test_changes_among_the_cohorts_shown_stand_under_the_figure_escaped():
    page = adjusted.section(noted(NOTED))._repr_html_()
    assert (
        "Dated changes: 1 March 2018, new &lt;MQL&gt; definition; 14 May 2018, new prices." in page
    )
    assert "Dated changes" not in plain(adjusted.section(noted(()))._repr_html_())


def test_changes_after_the_data_are_not_told():
    later = ((dt.date(2018, 6, 1), "new owner"),)
    assert "new owner" not in " ".join(reasons.why(noted(later), *moved(noted(later))))
