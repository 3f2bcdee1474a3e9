"""`Page`: the sections of a report, in the order in which its class names them."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from funnelkit._core.dates import day_name
from funnelkit.report.page.markup import el, plain
from funnelkit.report.page.section import Opening, Section

if TYPE_CHECKING:
    from funnelkit.report.workbook import Drawn, Sheet

F = TypeVar("F")
T = TypeVar("T", Opening, Section)


class part(Generic[T]):  # noqa: N801  reads as a decorator
    """One section of a page: made when it is first asked for, in the order of the class body."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self.make: Callable[[Any], T] = make
        self.name = ""

    def __set_name__(self, owner: type[object], name: str) -> None:
        """Remember under which name the page shows it."""
        self.name = name

    @overload
    def __get__(self, page: None, owner: type[object]) -> part[T]: ...
    @overload
    def __get__(self, page: Page[Any], owner: type[object]) -> T: ...
    def __get__(self, page: Page[Any] | None, owner: type[object]) -> part[T] | T:
        """Return the section of a page."""
        if page is None:
            return self
        if self.name not in page.__dict__:
            page.__dict__[self.name] = self.make(page.facts)
        made: T = page.__dict__[self.name]
        return made


class Page(Generic[F]):
    """A report: one attribute for each section, in the order of the page, the opening first.

    A report's own class names its sections, each as ``name = part(make)`` where ``make(facts)``
    returns an :class:`Opening` or a :class:`Section`, and says by `sheets`, `terms`, `as_of`
    and `handed` what else it has to tell.

    Parameters
    ----------
    facts
        Everything that the page says.
    """

    opening: part[Opening]

    def __init__(self, facts: F) -> None:
        self.facts = facts

    def sheets(self) -> Mapping[str, Sheet | Drawn]:
        """Return the tables behind the page by name; those that the data cannot fill are absent."""
        raise NotImplementedError

    def terms(self) -> Any:
        """Return the terms of the page with their meaning, for the workbook."""
        raise NotImplementedError

    @property
    def as_of(self) -> dt.date:
        """Last day that the page knows."""
        raise NotImplementedError

    def handed(self) -> dict[str, object]:
        """Return facts for the manifest beside the headline and ``as_of``."""
        return {}

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of the sections in the order of the page."""
        return tuple(name for name, value in vars(cls).items() if isinstance(value, part))

    def __iter__(self) -> Iterator[Opening | Section]:
        """Return the sections in the order of the page."""
        return (getattr(self, name) for name in self.names())

    def to_html(self) -> str:
        """Return the whole page as one HTML file, as the report makes it."""
        from funnelkit.report.render import page_html

        return page_html([section._repr_html_() for section in self])

    def write_tables(self, path: str | os.PathLike[str] | None) -> None:
        """Write the tables behind the page to a workbook, and each to a file in ``data`` beside it.

        Nothing where no path is given.
        """
        if path is None:
            return
        from funnelkit.report import csv_tables
        from funnelkit.report.workbook import write_tables

        sheets = self.sheets()
        csv_tables.write_csv_tables(Path(path).parent / csv_tables.FOLDER, sheets)
        write_tables(
            os.fspath(path),
            sheets,
            definitions=self.terms(),
            title=self.opening.report,
        )

    def __repr__(self) -> str:
        """Return the headline and the story as plain text."""
        return repr(self.opening)

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        """Return one line, the look of the sections in a notebook, and facts for the manifest."""
        from funnelkit.report.manifest import Facts as Handed
        from funnelkit.report.page.style import lab_style

        words = f"{self.opening.report}, as known at the end of {day_name(self.as_of)}."
        headline = plain(self.opening.title)
        handed = Handed(words, headline=headline, as_of=self.as_of, **self.handed())
        look = f"{lab_style()}{el('p', words)}"
        return {"text/html": look, **handed._repr_mimebundle_()}
