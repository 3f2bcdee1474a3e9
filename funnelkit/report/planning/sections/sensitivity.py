"""What the plan hangs on: a tornado, and named scenarios side by side."""

from __future__ import annotations

from funnelkit._core import display
from funnelkit.report.page.charts.svg import figure
from funnelkit.report.page.charts.swing import swing, swing_legend
from funnelkit.report.page.markup import Html, Part, el, prose
from funnelkit.report.page.section import DataTable, Section
from funnelkit.report.page.terms import capital
from funnelkit.report.planning.cells import open_table
from funnelkit.report.planning.facts import PlanFacts

_SHOWN = 10


def section(facts: PlanFacts) -> Section:
    """Return the tornado and the scenarios; blank where nothing that matters is in doubt."""
    bars = facts.tornado
    if bars is None or not bars.inputs:
        if facts.scenarios is None:
            return Section(key="sensitivity", eyebrow="What it hangs on", title="")
        return Section(
            key="sensitivity",
            eyebrow="What it hangs on",
            title="Scenarios side by side",
            lead=facts.scenarios.summary(),
            body=(_scenarios(facts),),
        )
    return Section(
        key="sensitivity",
        eyebrow="What it hangs on",
        title=f"First of all: {display.one_line(bars.words[0])}",
        lead=_lead(facts),
        body=(
            figure(swing_legend(), swing(bars, most=_SHOWN), caption=_caption(facts)),
            *_worth(facts),
            *_compared(facts),
        ),
        tables=(_data(facts),),
    )


def _lead(facts: PlanFacts) -> str:
    return "" if facts.tornado is None else facts.tornado.summary()


def _caption(facts: PlanFacts) -> str:
    text = (
        "Chance of the goal if one input were known to be at the low or the high end of what it "
        "may be (P10 and P90), all others in doubt as before."
    )
    rest = 0 if facts.tornado is None else len(facts.tornado.inputs) - _SHOWN
    return f"{text} {display.plural(rest, 'shorter bar')} stand in the data." if rest > 0 else text


def _worth(facts: PlanFacts) -> tuple[Part, ...]:
    """Return which number is worth measuring better."""
    if facts.information is None:
        return ()
    words = facts.information.summary()
    return (el("h3", "What is worth measuring better"), el("p", prose(words), class_="lead"))


def _compared(facts: PlanFacts) -> tuple[Part, ...]:
    if facts.scenarios is None:
        return ()
    return (
        el("h3", "Scenarios"),
        el("p", prose(facts.scenarios.summary()), class_="lead"),
        _scenarios(facts),
    )


def _scenarios(facts: PlanFacts) -> Html | None:
    if facts.scenarios is None:
        return None
    from funnelkit.plan.one_page.compared import scenario_rows

    heads, rows = scenario_rows(facts.scenarios)
    return open_table([capital(head) for head in heads], rows, label="Scenarios side by side")


def _data(facts: PlanFacts) -> DataTable:
    bars = facts.tornado
    rows = [] if bars is None else [
        [display.one_line(name), *said] for name, said in zip(bars.inputs, bars.said, strict=True)
    ]  # fmt: skip
    return DataTable(
        name="what each input does",
        caption="Ends of each input, and the chance of the goal there",
        columns=("Input", "P10", "P90", "Chance at P10", "Chance at P90"),
        rows=rows,
    )
