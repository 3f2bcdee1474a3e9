"""Every public result shows itself as a page would: a sentence, a table, nothing but text in it."""

import inspect

import pytest

import funnelkit as fk
from funnelkit._core.result import Result, Stated
from tests.displays.public import classes, functions, returned

RETURNED = returned()
# A protocol that fits keep to, and a file as it was read: neither is an answer.
NO_RESULTS = {"LagFit", "Config"}


def test_what_public_functions_return_is_found() -> None:
    found = {one.__name__ for one in RETURNED}
    assert {"AdjustedRates", "FunnelModel", "Alerts", "Table", "Leads", "Triangle"} <= found
    assert len(found) > 100


@pytest.mark.parametrize("found", RETURNED, ids=lambda one: one.__qualname__)
def test_every_public_result_has_a_rich_display(found: type) -> None:
    if found.__name__ not in NO_RESULTS:
        assert hasattr(found, "_repr_html_") or hasattr(found, "_repr_mimebundle_"), RETURNED[found]


@pytest.mark.parametrize(
    "found", [one for one in RETURNED if issubclass(one, Result)], ids=lambda one: one.__qualname__
)
def test_every_result_has_its_own_sentence_and_frame(found: type) -> None:
    for part in ("summary", "to_frame"):
        own = getattr(found, part)
        if found._repr_html_ is Result._repr_html_:  # type: ignore[attr-defined]
            assert own is not getattr(Result, part), part


def test_every_public_function_says_what_it_returns() -> None:
    silent = [
        name
        for name, value in functions()
        if inspect.isfunction(value) and "return" not in value.__annotations__
    ]
    assert silent == []
    assert list(classes(fk.fit_funnel)) == [fk.FunnelModel]


def test_what_is_stated_shows_its_fields_escaped() -> None:
    design = fk.experiment.design("<b>Page</b>", ["a", "b"], assignment="region", within=30)
    assert isinstance(design, Stated)
    page = design._repr_html_()
    assert "<b>" not in page
    assert "&lt;b&gt;Page&lt;/b&gt;" in page
    assert ">30</td>" in page


def test_a_result_in_a_mail_keeps_its_look() -> None:
    leads = fk.make_leads(300, rng=1, months=4)
    page = fk.rates.flow(leads)._repr_html_()
    assert page.count('<td style="') == page.count("<td")
    assert page.count('<th style="') == page.count("<th>") + page.count("<th ")
    assert "text-align:right" in page
