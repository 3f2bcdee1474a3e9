"""`funnelkit experiment`: what to do about a test that funnel.yml declares, and how sure."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit._core.errors import EvidenceError
from funnelkit.cli.looking import add_looking, opened_for
from funnelkit.cli.parser import Parser, for_machines
from funnelkit.cli.progress import steps
from funnelkit.cli.saying import finite, lined_up, print_json, said_aloud, say_notes

if TYPE_CHECKING:
    from funnelkit.cli.parser import Verbs
    from funnelkit.data.records import Leads
    from funnelkit.experiment import Comparison, Design, Readout


def add(verbs: Verbs) -> list[Parser]:
    """Add the command."""
    words = "read the experiments that funnel.yml declares: what to do, and how sure"
    parser = verbs.add_parser("experiment", help=words, description=words)
    words = "its name in funnel.yml; none: all of them"
    parser.add_argument("names", metavar="NAME", nargs="*", help=words)
    add_looking(parser)
    parser.set_defaults(run=run)
    return [for_machines(parser)]


def run(told: argparse.Namespace) -> int:
    """Read experiments, and say what to do about each; 1 where one cannot be read yet."""
    from funnelkit.report.experiments import named
    from funnelkit.report.readout.example import simulated_source

    with steps(2, quiet=told.json) as step, said_aloud() as said:
        step("reading the exports")
        source, leads = opened_for(told, simulated=simulated_source)
        step("reading the experiments")
        found = [(one.name, _read(one, leads)) for one in named(source.experiments, told.names)]
    notes = [str(one.message) for one in said]
    young = any(isinstance(one, EvidenceError) for _, one in found)
    if told.json:
        print_json({"experiments": [_values(*one) for one in found], "warnings": notes})
        return int(young)
    say_notes(notes)
    for name, one in found:
        if isinstance(one, EvidenceError):
            print(f"{display.one_line(name)}: too early to read. {one}")
            continue
        print(one.summary())
        print("\n".join(lined_up(*_table(one))))
    return int(young)


def _read(design: Design, leads: Leads) -> Readout | EvidenceError:
    try:
        return design.analyse(leads)
    except EvidenceError as error:
        return error


def _table(found: Readout) -> tuple[list[str], list[list[str]]]:
    heads = ["Metric", "Control", "Variant", "Difference", "p"]
    return heads, [_row(one) for one in found.comparisons]


def _row(one: Comparison) -> list[str]:
    control, treatment = (
        f"{one.shown(arm.mean)} (n {display.count(arm.n)})" for arm in (one.control, one.treatment)
    )
    pvalue = display.EN_DASH if math.isnan(one.pvalue) else display.pvalue(one.pvalue)
    name = display.one_line(one.treatment.name)
    return [
        display.one_line(one.metric),
        control,
        f"{name} {treatment}",
        one.effect_text(),
        pvalue.removeprefix("p ").removeprefix("= "),
    ]


def _values(name: str, found: Readout | EvidenceError) -> dict[str, Any]:
    if isinstance(found, EvidenceError):
        return {"name": name, "decision": "too early", "summary": str(found), "metrics": []}
    rows = found.to_frame().to_dict("records")
    return {
        "name": name,
        "decision": found.decision.kind,
        "summary": found.summary(),
        "metrics": [{str(key): finite(value) for key, value in row.items()} for row in rows],
    }
