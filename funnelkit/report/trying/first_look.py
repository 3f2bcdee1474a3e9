"""`trial`: a first look at exports, without any configuration."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError
from funnelkit.report.proposal import last_full_month
from funnelkit.report.trying.page import TrialPage, headline
from funnelkit.report.trying.words import lines_of, values_of

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.report.trying.facts import TrialFacts

PAGE = "first_look.html"
Where = Mapping[str, str | Sequence[str | None] | None]


@dataclass(frozen=True, eq=False, kw_only=True)
class Trial:
    """A first look at exports; see :func:`trial`.

    Parameters
    ----------
    facts
        What was found.
    """

    facts: TrialFacts

    @property
    def config(self) -> str:
        """The funnel.yml that was used, with a comment for each guess."""
        return self.facts.config

    @property
    def month(self) -> str:
        """The last month that is over in the data, as ``YYYY-MM``."""
        return last_full_month(self.facts.setting.as_of)

    @property
    def page(self) -> TrialPage:
        """The page, one attribute for each section."""
        return TrialPage(self.facts)

    def summary(self) -> str:
        """Return the headline, marked as a draft."""
        return f"DRAFT, since the stages were guessed. {headline(self.facts)}."

    def lines(self, width: int = 100) -> list[str]:
        """Return what was found in words, as lines of at most so many characters."""
        return list(lines_of(self.page, width=width))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per month of entry.

        Returns
        -------
        DataFrame
            ``month``, ``entered``, ``converted``, ``rate``, ``maturity``, ``by_day``,
            ``expected``, ``low``, ``high`` and ``immature``; no rows where there is no rate.
        """
        import pandas as pd

        months = values_of(self.facts)["months"]
        return pd.DataFrame(months if isinstance(months, list) else [])

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values that JSON can hold."""
        return {"summary": self.summary(), **values_of(self.facts)}

    def to_html(self) -> str:
        """Return the page as one HTML file: no script, no request."""
        return self.page.to_html()

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the page, whole or not at all, and return where it is.

        Parameters
        ----------
        path
            The file; a folder stands for ``first_look.html`` in it.

        Raises
        ------
        ArgumentError
            If there is no such folder.
        """
        from funnelkit.report.replacing import replace_file

        place = Path(path)
        place = place / PAGE if place.is_dir() else place
        if not place.parent.is_dir():
            raise ArgumentError(f"`out`: there is no folder `{place.parent}`.")
        return replace_file(place, self.to_html().encode())

    def __repr__(self) -> str:
        """Return what was found in words."""
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        from funnelkit.report.page.style import lab_style

        return "".join([str(lab_style()), *(part._repr_html_() for part in self.page)])


def trial(
    *exports: str | Path,
    where: Where | None = None,
    pooled: bool = False,
    confidence_level: float = 0.95,
    step: Callable[[str], None] | None = None,
) -> Trial:
    r"""Return a first look at exports, without any configuration.

    Parameters
    ----------
    *exports
        Files, patterns or folders.
    where
        Column -> value or values to look at. Of several businesses that are kept apart (such as
        pipelines), the largest is looked at by default.
    pooled
        Whether to look at several businesses as one.
    confidence_level
        Level of every interval.
    step
        Called with the name of each step as it begins, for a progress bar.

    Returns
    -------
    Trial
        Rows accounted for, the last months with their maturity and where they will end, the
        back-test, the biggest leak in money, the deals to talk about, and the funnel.yml it used.
        It is a draft, since stages, ids and amounts were guessed.

    Raises
    ------
    ArgumentError
        If no export is named, or for an unknown column or value of ``where``.
    DataError
        If the exports are no tables, or something is to be decided before they can be read; with
        the way out.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp(), "leads.csv")
    >>> rows = [f"L{k},2026-01-{k:02d},2026-02-{k:02d}" for k in range(1, 29)]
    >>> text = "\n".join(["lead_id,created_at,won_at", *rows])
    >>> _ = file.write_text(text, encoding="utf-8")
    >>> found = trial(file)
    >>> [(reason, rows) for _, reason, rows in found.facts.accounting]
    [('kept as a record', 28)]
    >>> "id: lead_id" in found.config
    True
    """
    from funnelkit.report.trying.looking import look

    if not exports:
        raise ArgumentError("`exports`: name at least one file, pattern or folder.")
    checks.confidence(confidence_level)
    given = {
        name: [values] if values is None or isinstance(values, str) else list(values)
        for name, values in (where or {}).items()
    }
    facts = look(
        exports,
        where=given,
        pooled=pooled,
        confidence_level=confidence_level,
        step=step or _unsaid,
    )
    return Trial(facts=facts)


def _unsaid(_name: str) -> None:
    return None
