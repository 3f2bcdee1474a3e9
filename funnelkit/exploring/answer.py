"""`Answer`: the picture and the table of a question, with the code that makes them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from funnelkit._core.errors import FunnelError, FunnelWarning
from funnelkit.exploring.steps import Shown, Step, code_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelkit.data.records import Leads
    from funnelkit.exploring.question import Question


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the panel shows, as HTML.

    Parameters
    ----------
    code
        Lines that make picture and table, to be run in a cell.
    picture
        An image with its description in words; empty where there is none.
    table
        The table.
    told
        Sentences of a warning or an error, each to be read.
    """

    code: str
    picture: str
    table: str
    told: tuple[str, ...] = ()


def answer(question: Question, leads: Leads, *, name: str) -> Answer:
    """Return the answer to a question; what the data cannot answer is told in words.

    Parameters
    ----------
    question
        What is asked.
    leads
        The data.
    name
        Their variable in the printed code.
    """
    steps = question.steps(name)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("ignore")  # of libraries; what funnelkit says is shown
        warnings.simplefilter("always", FunnelWarning)
        try:
            picture, table = _run(steps, {name: leads})
        except FunnelError as error:
            return Answer(code=code_of(steps), picture="", table="", told=(str(error),))
    told = dict.fromkeys(str(one.message) for one in warned)
    return Answer(code=code_of(steps), picture=picture, table=table, told=tuple(told))


def _run(steps: Sequence[Step | Shown], given: dict[str, Any]) -> tuple[str, str]:
    """Run the steps; the last but one draws, the last is the table."""
    from funnelkit import lag, plot, rates, table
    from funnelkit.counts.build import triangle
    from funnelkit.plot.image import inline

    fk = SimpleNamespace(lag=lag, plot=plot, rates=rates, table=table, triangle=triangle)
    variables = {**given, "fk": fk}
    *makes, draws, shows = steps
    for step in makes:
        variables[str(step.to)] = step.run(variables)
    cells: str = shows.run(variables)._repr_html_()
    return inline(draws.run(variables)), cells
