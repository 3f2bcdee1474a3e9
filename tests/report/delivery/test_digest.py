"""What a delivery reads off a page is what its sections say."""

import pytest

from funnelkit._core.errors import ArgumentError
from funnelkit.report.delivery.digest import digest_of
from tests.report.delivery import made


def test_the_top_of_the_page() -> None:
    digest = digest_of(made.page())
    assert (digest.title, digest.about) == (made.HEADLINE, "Olist")
    assert digest.meta == (("Period", "1 to 31 May 2018"),)
    assert digest.story[0][0] == "What happened"
    assert digest.story[0][1] == ("57 wins against 65.", f"Source {made.TRAP} stands apart.")
    assert digest.tied.endswith("All 3 control totals tie.")


def test_a_section_with_its_chart_and_table() -> None:
    found = next(one for one in digest_of(made.page()).findings if one.key == "funnel")
    assert (found.eyebrow, found.title) == ("Funnel", "One in ten leads won")
    assert found.lead == "1,303 leads, 10.0 % (8.4 to 11.7 %) won."
    [chart], [table] = found.charts, found.tables
    assert chart.label == f"Funnel: 40 moved on. {made.TRAP}"
    assert [words for _, words in chart.legend] == ["moved on", "immature"]
    assert (chart.wide.get("width"), chart.narrow.get("width")) == ("936", "350")
    assert chart.caption == "Counts so far."
    assert (table.name, table.columns, table.rows) == (
        "rates by source", made.COLUMNS, made.ROWS,
    )  # fmt: skip


def test_a_headline_figure() -> None:
    [card] = digest_of(made.page()).cards
    assert (card.name, card.value, card.interval) == ("Wins", "57", "95 % interval 43 to 74")
    assert (card.size, card.change) == ("n = 57 wins", "8 fewer than in April; no clear change")


def test_another_page_is_refused() -> None:
    with pytest.raises(ArgumentError, match="not a page of funnelkit"):
        digest_of("<p>something else</p>")
