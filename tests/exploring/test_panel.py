"""The panel without a browser: what is chosen is asked; the printed code gives what is shown."""

import ast
import html
import re
from typing import Any

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.exploring.panel import Explorer
from funnelkit.exploring.steps import Name, Step, written

HOSTILE = 'a "b" \\ \n<script>alert(1)</script>\u202e'


@pytest.fixture(scope="module")
def leads() -> fk.Leads:
    return fk.make_leads(600, rng=1, months=7)


def chosen(panel: Explorer, **values: Any) -> str:
    """The code after each of these was chosen, one after the other."""
    for key, value in values.items():
        panel._controls.widgets[key].value = value
    return panel.code


def said(panel: Explorer, part: str) -> str:
    return str(panel._outputs[part].value)


def run_as_printed(code: str, leads: fk.Leads) -> tuple[Any, Any]:
    """What the last two lines give, run like a cell of a user's own."""
    lines = ast.parse(code).body
    *before, draws, shows = lines
    space: dict[str, Any] = {"leads": leads}
    exec(compile(ast.Module(before, []), "cell", "exec"), space)
    ax, table = (eval(compile(ast.Expression(one.value), "cell", "eval"), space)  # type: ignore[attr-defined]
                 for one in (draws, shows))  # fmt: skip
    return ax, table


VIEWS = [
    {"view": view, "adjusted": adjusted, "by": by}
    for view, adjusted, by in (
        ("cohorts", True, None),
        ("cohorts", True, "source"),
        ("cohorts", False, "source"),
        ("segments", True, "source"),
        ("segments", False, "source"),
        ("ages", True, None),
        ("ages", False, None),
        ("funnel", False, "source"),
    )
]


@pytest.mark.parametrize("asked", VIEWS, ids=lambda asked: "-".join(map(str, asked.values())))
def test_the_printed_code_gives_what_is_shown(leads: fk.Leads, asked: dict[str, Any]) -> None:
    panel = fk.explore(leads, start="lead", target="mql", **asked)
    ax, table = run_as_printed(panel.code, leads)
    described = re.search(r'alt="([^"]*)"', said(panel, "picture"))
    assert described is not None
    assert html.unescape(described[1]) == fk.plot.describe(ax)
    assert table._repr_html_() in said(panel, "table")
    assert panel.code in html.unescape(said(panel, "code"))


def test_one_step_from_control_to_code(leads: fk.Leads) -> None:
    panel = fk.explore(leads, adjusted=False)
    code = chosen(panel, start="mql", by="region", cohort="quarter")
    assert code.splitlines()[2:] == [
        'counts = fk.triangle(leads, "mql", "won", cohort="quarter", by="region")',
        "rates = fk.rates.cohort(counts)",
        "fk.plot.cohorts(rates)",
        "fk.table.rates(rates)",
    ]
    assert 'fk.rates.flow(leads, by="region")' in chosen(panel, view="funnel")


def test_figures_are_those_of_plain_counting(leads: fk.Leads) -> None:
    """Entered and converted in the table, against a count of the records themselves."""
    panel = fk.explore(leads, target="mql", by="region", view="segments", adjusted=False)
    _, table = run_as_printed(panel.code, leads)
    for region in ("EMEA", "APAC"):
        entered = leads.list("lead", region=region)
        there = leads.list("mql", region=region)
        converted = there["lead_id"].isin(entered["lead_id"]).sum()
        [row] = [row for row in table.rows if region in row]
        assert row[1:3] == (str(len(entered)), str(converted))


def test_the_target_keeps_behind_the_start(leads: fk.Leads) -> None:
    panel = fk.explore(leads, start="lead", target="mql", adjusted=False)
    assert '"sql", "won"' in chosen(panel, start="sql")
    assert [value for _, value in panel._controls.widgets["target"].options] == [
        "opportunity", "won"
    ]  # fmt: skip


def test_periods_are_those_of_the_data_and_can_be_cut(leads: fk.Leads) -> None:
    panel = fk.explore(leads, start="lead", target="mql", adjusted=False)
    months = [value for _, value in panel._controls.widgets["first"].options]
    assert months == [None, *(str(month) for month in leads.count("lead", every="month").index)]
    code = chosen(panel, first=months[3], last=months[5])
    assert f'shown = counts.select(first="{months[3]}", last="{months[5]}")' in code
    _, table = run_as_printed(code, leads)
    assert [row[0] for row in table.rows] == months[3:6]
    assert "select" not in chosen(panel, cohort="week")  # other periods, other names


def test_what_cannot_be_answered_is_told(leads: fk.Leads) -> None:
    panel = fk.explore(leads, start="lead", target="mql", adjusted=False)
    first = [value for _, value in panel._controls.widgets["first"].options]
    code = chosen(panel, first=first[5], last=first[2])
    assert "select" in code
    assert "cohort" in said(panel, "told")
    assert said(panel, "picture") == ""
    assert chosen(panel, first=None, last=None)
    assert said(panel, "told") == ""


def test_stages_and_periods_rest_where_all_stages_are_shown(leads: fk.Leads) -> None:
    panel = fk.explore(leads, view="funnel")
    rests = {key for key, one in panel._controls.widgets.items() if one.disabled}
    assert rests == {"start", "target", "cohort", "first", "last", "adjusted"}


def test_no_figure_stays_open(leads: fk.Leads) -> None:
    import matplotlib.pyplot as plt

    plt.close("all")
    chosen(fk.explore(leads, view="funnel"), view="ages")
    assert plt.get_fignums() == []


def test_hostile_names_are_text_in_page_and_code() -> None:
    frame = pd.DataFrame(
        {"id": range(60), "in": "2026-01-05", "out": ["2026-01-09"] * 20 + [None] * 40}
    )
    frame[HOSTILE] = ["<img src=x onerror=alert(1)>", "plain"] * 30
    funnel = fk.Funnel(["in", "out"], id="id", segments=[HOSTILE])
    own = fk.from_frame(frame, funnel, as_of="2026-03-31")
    panel = fk.explore(own, by=HOSTILE, adjusted=False)
    shown = panel._repr_html_()
    assert "<script" not in shown
    assert "<img src=x" not in shown
    assert "\u202e" not in panel.code
    _, table = run_as_printed(panel.code, own)
    assert {row[0] for row in table.rows} == {"<img src=x onerror=alert(1)>", "plain"}


@pytest.mark.parametrize("text", [HOSTILE, "", "'", "\\", "\x00\x1b[31m", "é中\u2028", "\ud800"])
def test_a_text_is_written_as_a_literal_on_one_line(text: str) -> None:
    literal = written(text)
    assert ast.literal_eval(literal) == text
    assert literal.isprintable()
    assert literal[0] == literal[-1] == '"'


def test_a_long_call_takes_a_line_for_each_argument() -> None:
    step = Step(call="fk.triangle", given=(Name("leads"), "x" * 60), told={"by": "y" * 30}, to="n")
    assert step.code().splitlines()[0] == "n = fk.triangle("
    assert ast.parse(step.code())


def test_it_shows_itself_with_and_without_a_front_end(leads: fk.Leads) -> None:
    panel = fk.explore(leads, view="funnel")
    bundle = panel._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"} <= set(bundle)
    assert bundle["text/plain"].splitlines()[0] == "<Explorer>"
    assert bundle["text/html"].count("<img ") == 1


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"view": "cohort"}, r"^`view` must be one of .*Did you mean `cohorts`\?"),
        ({"start": "leed"}, r"^`start`: unknown stage `leed`.*Did you mean `lead`\?"),
        ({"start": "sql", "target": "mql"}, "^`target`: unknown stage `mql`"),
        ({"by": "sauce"}, r"^`by`: unknown segment `sauce`.*Did you mean `source`\?"),
        ({"cohort": "monthly"}, "^`cohort` must be one of "),
        ({"name": "my leads"}, "^`name` must be a variable"),
        ({"name": "counts"}, "^`name` must be a variable"),
    ],
)
def test_a_wrong_argument_is_told_in_one_line(
    leads: fk.Leads, told: dict[str, Any], words: str
) -> None:
    with pytest.raises(fk.FunnelError, match=words) as caught:
        fk.explore(leads, **told)
    assert "\n" not in str(caught.value)


def test_what_are_no_leads_is_refused() -> None:
    with pytest.raises(fk.FunnelError, match=r"^`leads` must be leads, .*; got DataFrame"):
        fk.explore(pd.DataFrame())  # type: ignore[arg-type]
