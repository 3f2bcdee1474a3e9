"""The panel: controls, the picture and the table they ask for, and the code that makes both."""

from __future__ import annotations

import html
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from funnelkit._core.errors import ArgumentError
from funnelkit.exploring.answer import Answer, answer
from funnelkit.exploring.controls import Controls
from funnelkit.exploring.question import Question, View
from funnelkit.exploring.steps import is_variable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelkit._core.dates import Unit
    from funnelkit.data.records import Leads

_GROUND = "background:#f5f7f9;color:#15202b;white-space:pre-wrap;overflow-wrap:anywhere;"
_CODE = (
    f"{_GROUND}font-family:ui-monospace,Menlo,Consolas,monospace;font-size:13px;line-height:1.5;"
    "padding:10px 12px;margin:4px 0 0;"
)
_ROOM = "max-height:460px;overflow:auto;margin:8px 0 0;"  # a long table scrolls
_TOLD = (
    f"{_GROUND}font-size:14px;line-height:1.45;max-width:46em;border-left:3px solid #75818d;"
    "padding:6px 10px;margin:4px 0;"
)


def explore(
    leads: Leads,
    *,
    view: View = "cohorts",
    start: str | None = None,
    target: str | None = None,
    by: str | None = None,
    cohort: Unit = "month",
    adjusted: bool = True,
    name: str = "leads",
) -> Explorer:
    """Return a panel for JupyterLab: choose stages, segment and period, see picture and table.

    It calls the functions of :mod:`funnelkit.plot` and :mod:`funnelkit.table`, and tells the code
    that makes what is shown.

    Parameters
    ----------
    leads
        The data.
    view
        What is open at first: ``"cohorts"``, a row for each; ``"segments"``, their cohorts taken
        together; ``"ages"``, the share converted by each age; ``"funnel"``, all stages.
    start, target
        Stages to go from and to; default: from the first to the last.
    by
        Column to split by: a segment, or the funnel's owner.
    cohort
        Unit of the period of entry.
    adjusted
        Whether rates are corrected for the age of the leads, or told as seen so far.
    name
        Your variable of the leads, as the printed code has it.

    Returns
    -------
    Explorer
        Shows itself; its ``code`` is what is printed.

    Raises
    ------
    ArgumentError
        For a view, stage, column, unit or variable that cannot be.

    Examples
    --------
    >>> import funnelkit as fk
    >>> panel = fk.explore(fk.make_leads(400, rng=1), start="lead", target="mql", adjusted=False)
    >>> print(panel.code)
    import funnelkit as fk
    <BLANKLINE>
    counts = fk.triangle(leads, "lead", "mql", cohort="month")
    rates = fk.rates.cohort(counts)
    fk.plot.cohorts(rates)
    fk.table.rates(rates)
    """
    from funnelkit.data.records import Leads as Kind

    if not isinstance(leads, Kind):
        raise ArgumentError(
            f"`leads` must be leads, as fk.read_csv returns them; got {type(leads).__name__}."
        )
    if not is_variable(name):
        raise ArgumentError(
            f'`name` must be a variable that the code does not set itself, such as "leads"; '
            f"got {name!r}."
        )
    question = Question(
        view=view,
        start=leads.funnel.stages[0] if start is None else start,
        target=leads.funnel.stages[-1] if target is None else target,
        by=by,
        cohort=cohort,
        adjusted=adjusted,
    )
    return Explorer(leads, question.checked(leads.funnel), name=name)


class Explorer:
    """A panel over leads; made by :func:`explore`.

    Parameters
    ----------
    leads
        The data.
    question
        What is asked at first.
    name
        Variable of the leads in the printed code.
    """

    def __init__(self, leads: Leads, question: Question, *, name: str) -> None:
        from ipywidgets import HTML, VBox

        self._answers = lru_cache(maxsize=32)(lambda asked: answer(asked, leads, name=name))
        self._outputs = {part: HTML() for part in ("told", "picture", "code", "table")}
        self._show(question)
        self._controls = Controls(leads, question, self._show)
        self.widget = VBox([self._controls.laid_out(), *self._outputs.values()])

    @property
    def code(self) -> str:
        """The code for what is shown, as it is printed."""
        return self._answer.code

    def __repr__(self) -> str:
        """Return the code for what is shown."""
        return f"<Explorer>\n{self.code}"

    def _repr_html_(self) -> str:
        """Return what is shown, for where nothing can be chosen: a saved notebook, a mail."""
        shown = self._answer
        return "".join([_told(shown.told), shown.picture, _as_code(shown.code), shown.table])

    def _repr_mimebundle_(self, **told: Any) -> dict[str, Any]:
        panel: dict[str, Any] = self.widget._repr_mimebundle_(**told)
        return {**panel, "text/plain": repr(self), "text/html": self._repr_html_()}

    @property
    def _answer(self) -> Answer:
        return self._answers(self._question)

    def _show(self, question: Question) -> None:
        """Show the answer; the code comes last, so that whoever sees it sees all."""
        self._question = question
        self._outputs["told"].value = _told(["Working …"])
        shown = self._answer
        self._outputs["picture"].value = shown.picture
        self._outputs["table"].value = f'<div style="{_ROOM}">{shown.table}</div>'
        self._outputs["told"].value = _told(shown.told)
        self._outputs["code"].value = _as_code(shown.code)


def _told(sentences: Sequence[str]) -> str:
    """Return warnings or an error as lines to be read."""
    return "".join(
        f'<p role="status" style="{_TOLD}">{html.escape(each)}</p>' for each in sentences
    )


def _as_code(code: str) -> str:
    return f'<pre style="{_CODE}">{html.escape(code)}</pre>'
