"""The error tree and the words that every error uses."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class FunnelError(ValueError):
    """Root of every error that funnelkit raises on purpose."""


class ArgumentError(FunnelError):
    """An argument has a value that cannot be used."""


class SeveralProblemsError(FunnelError):
    """An error that lists every problem found.

    Parameters
    ----------
    problems
        Every problem found, each a whole sentence with the place or a count, and the remedy.
    """

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems: tuple[str, ...] = (
            (problems,) if isinstance(problems, str) else tuple(problems)
        )
        super().__init__(numbered(self.problems))


class DefinitionError(SeveralProblemsError):
    """A funnel, or its funnel.yml, contradicts itself."""


class DataError(SeveralProblemsError):
    """The data cannot be read as the funnel says."""


class EvidenceError(FunnelError):
    """The data are well formed, but cannot support the answer that was asked for."""


class CapacityError(FunnelError):
    """The memory or the disk of this machine does not suffice; the message says what to do."""


class ReportError(FunnelError):
    """A report could not be made; the message says what remains and what to do."""


class FunnelWarning(UserWarning):
    """Root of every warning that funnelkit gives."""


class AssumptionWarning(FunnelWarning):
    """Something was decided on the user's behalf, and is said aloud."""


def numbered(problems: Sequence[str]) -> str:
    """Return one problem as it is, several as a numbered list.

    Examples
    --------
    >>> print(numbered(["no id", "no date"]))
    2 problems:
      1. no id
      2. no date
    """
    if len(problems) == 1:
        return problems[0]
    lines = [f"  {number}. {problem}" for number, problem in enumerate(problems, 1)]
    return "\n".join([f"{len(problems)} problems:", *lines])


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean …?" for the closest known name, or "" where none is close.

    Examples
    --------
    >>> did_you_mean("sorce", ["source", "region"])
    ' Did you mean `source`?'
    >>> did_you_mean("x", ["source"])
    ''
    """
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f" Did you mean `{by_lower[close[0]]}`?" if close else ""


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Return the sentence for a name that is not among the known ones.

    Examples
    --------
    >>> unknown("stage", "mpl", ["lead", "mql"])
    'unknown stage `mpl`; known: `lead`, `mql`. Did you mean `mql`?'
    """
    names = list(known)
    shown = ", ".join(f"`{candidate}`" for candidate in names[:20]) or "none"
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return f"unknown {kind} `{name}`; known: {shown}{more}.{did_you_mean(name, names)}"
