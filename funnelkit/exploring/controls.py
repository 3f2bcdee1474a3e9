"""`Controls`: what can be chosen in the panel, kept in line with what is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from funnelkit._core.display import one_line
from funnelkit.exploring.question import Question, columns, later

if TYPE_CHECKING:
    from funnelkit.data.records import Leads

_VIEWS = [
    ("Cohorts", "cohorts"),
    ("Segments", "segments"),
    ("By age", "ages"),
    ("Funnel", "funnel"),
]
_RATES = [("Adjusted for age", True), ("As seen so far", False)]
_UNITS = [("Week", "week"), ("Month", "month"), ("Quarter", "quarter"), ("Year", "year")]
_OF_PAIR = ("start", "target", "cohort", "first", "last", "adjusted")


class Controls:
    """The panel's buttons and lists.

    Parameters
    ----------
    leads
        The data.
    question
        What is asked at first.
    ask
        Called with the question whenever another one is chosen.
    """

    def __init__(self, leads: Leads, question: Question, ask: Callable[[Question], None]) -> None:
        self._leads, self._question, self._ask = leads, question, ask
        self._silent = False
        self.widgets = _widgets()
        self._follow()
        for widget in self.widgets.values():
            widget.observe(self._chosen, names="value")

    def laid_out(self) -> Any:
        """Return the controls as rows of one box."""
        from ipywidgets import HBox, Layout, VBox

        rows = (("view", "adjusted"), ("start", "target", "by"), ("cohort", "first", "last"))
        wrap = Layout(flex_flow="row wrap")
        return VBox([HBox([self.widgets[key] for key in row], layout=wrap) for row in rows])

    def _chosen(self, change: Mapping[str, Any]) -> None:
        """Ask what is chosen now, unless it is the panel itself that chooses."""
        if self._silent:
            return
        found = {key: widget.value for key, widget in self.widgets.items()}
        asked = replace(self._question, **found)
        changed = change["owner"]
        if changed is self.widgets["start"]:
            asked = asked.leading_to(self._leads.funnel)
        if changed in (self.widgets["start"], self.widgets["cohort"]):
            asked = replace(asked, first=None, last=None)
        self._question = asked
        self._follow()
        self._ask(asked)

    def _follow(self) -> None:
        """Offer what goes with the question, and show it as chosen."""
        asked, funnel = self._question, self._leads.funnel
        offered: dict[str, list[tuple[str, Any]]] = {
            "view": _VIEWS,
            "adjusted": _RATES,
            "start": _named(funnel.stages[:-1]),
            "target": _named(later(funnel, asked.start)),
            "by": [("all together", None), *_named(columns(funnel))],
            "cohort": _UNITS if asked.cohort != "day" else [("Day", "day"), *_UNITS],
            "first": [("from the first", None), *_periods(self._leads, asked)],
            "last": [("to the last", None), *_periods(self._leads, asked)],
        }
        with self._silently():
            for key, options in offered.items():
                widget, value = self.widgets[key], getattr(asked, key)
                if list(widget.options) != options:
                    widget.options = options
                widget.index = [one for _, one in options].index(value)
                widget.disabled = key in _OF_PAIR and not asked.is_of_pair

    @contextmanager
    def _silently(self) -> Iterator[None]:
        self._silent = True
        try:
            yield
        finally:
            self._silent = False


def _widgets() -> dict[str, Any]:
    """Return the controls by what of a question they choose, without anything to choose yet."""
    from ipywidgets import Dropdown, Layout, ToggleButtons

    def buttons(words: str) -> Any:
        look = {"description_width": "initial", "button_width": "auto"}
        return ToggleButtons(description=words, style=look)

    def choice(words: str) -> Any:
        look = {"description_width": "64px"}
        return Dropdown(description=words, style=look, layout=Layout(width="260px"))

    made = {"view": buttons("Show"), "adjusted": buttons("Rates")}
    words = {"start": "From", "target": "To", "by": "Segment", "cohort": "Period"}
    words |= {"first": "First", "last": "Last"}
    return made | {key: choice(said) for key, said in words.items()}


def _named(names: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(one_line(name), name) for name in names]


def _periods(leads: Leads, asked: Question) -> list[tuple[str, str]]:
    """Return the periods in which records entered the start, as texts."""
    found = leads.count(asked.start, every=asked.cohort).index
    return [(str(period), str(period)) for period in found]
