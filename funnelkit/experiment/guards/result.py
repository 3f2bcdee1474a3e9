"""`Guard`: what one check of an experiment found; `Guards`: several, the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, unknown
from funnelkit._core.result import Result

if TYPE_CHECKING:
    import pandas as pd

Level = Literal["ok", "note", "warning"]
LEVELS: tuple[Level, ...] = ("ok", "note", "warning")
NOTE, WARNING = 0.01, 0.001
"""p-values below which a check is a note, and a warning."""
_LONGEST = 40


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Guard(Result):
    """What one check of an experiment found.

    Parameters
    ----------
    name
        What was checked: ``"split"``, ``"reversal"``.
    level
        ``"ok"``, ``"note"`` or ``"warning"``.
    sentence
        What was found, in plain words, with its numbers.
    figures
        Column -> value of each row behind the sentence.
    remedy
        What to do; "" where there is nothing to do.
    pvalue
        Of the check, allowing for all that it looked at; ``None`` where it is no test.
    checked
        Whether there was enough to check. Where there was not, the level is ``"ok"`` and the
        sentence says what lacks.

    Examples
    --------
    >>> Guard(name="split", level="ok", sentence="The split is as intended.").level
    'ok'
    """

    name: str
    level: Level
    sentence: str
    figures: tuple[Mapping[str, Any], ...] = field(default=())
    remedy: str = ""
    pvalue: float | None = None
    checked: bool = True

    def __post_init__(self) -> None:
        """Check the level, and freeze the figures."""
        checks.one_of("level", self.level, LEVELS)
        rows = tuple(MappingProxyType(dict(row)) for row in self.figures)
        object.__setattr__(self, "figures", rows)

    def to_frame(self) -> pd.DataFrame:
        """Return the figures behind the sentence, a row each; the columns are those of the check.

        Returns
        -------
        DataFrame
            Empty where nothing was checked.
        """
        import pandas as pd

        return pd.DataFrame([dict(row) for row in self.figures])

    def summary(self) -> str:
        """Return what was found and, unless all is well, what to do."""
        head = {"ok": "", "note": "Note: ", "warning": "Warning: "}[self.level]
        remedy = f" {self.remedy}" if self.remedy and self.level != "ok" else ""
        return f"{head}{self.sentence}{remedy}"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Guards(Result):
    """Checks of one experiment, the worst first.

    Parameters
    ----------
    guards
        In any order: they are kept by level, within a level as they came.

    Examples
    --------
    >>> well = Guard(name="split", level="ok", sentence="The split is as intended.")
    >>> odd = Guard(name="outliers", level="note", sentence="One deal carries the result.")
    >>> found = Guards(guards=(well, odd))
    >>> [guard.name for guard in found], found.level
    (['outliers', 'split'], 'note')
    """

    guards: tuple[Guard, ...]

    def __post_init__(self) -> None:
        """Put the worst first."""
        ordered = sorted(self.guards, key=lambda guard: (-LEVELS.index(guard.level), guard.checked))
        object.__setattr__(self, "guards", tuple(ordered))

    def __iter__(self) -> Iterator[Guard]:
        """Iterate over the guards, the worst first."""
        return iter(self.guards)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.guards)

    def __getitem__(self, name: str) -> Guard:
        """Return the worst guard of a name.

        Raises
        ------
        ArgumentError
            If there is none of this name.
        """
        for guard in self.guards:
            if guard.name == name:
                return guard
        known = dict.fromkeys(guard.name for guard in self.guards)
        raise ArgumentError(unknown("guard", name, known))

    @property
    def level(self) -> Level:
        """The worst level; ``"ok"`` where nothing was checked."""
        return self.guards[0].level if self.guards else "ok"

    @property
    def warnings(self) -> tuple[Guard, ...]:
        """Those that warn."""
        return tuple(guard for guard in self.guards if guard.level == "warning")

    @property
    def notes(self) -> tuple[Guard, ...]:
        """Those that note something."""
        return tuple(guard for guard in self.guards if guard.level == "note")

    def to_frame(self) -> pd.DataFrame:
        """Return one row per guard.

        Returns
        -------
        DataFrame
            ``guard``, ``level``, ``checked``, ``pvalue``, ``sentence``, ``remedy``.
        """
        import pandas as pd

        rows = [
            {
                "guard": guard.name,
                "level": guard.level,
                "checked": guard.checked,
                "pvalue": guard.pvalue,
                "sentence": guard.sentence,
                "remedy": guard.remedy,
            }
            for guard in self.guards
        ]
        columns = ["guard", "level", "checked", "pvalue", "sentence", "remedy"]
        return pd.DataFrame(rows, columns=columns)

    def summary(self) -> str:
        """Return the warnings and notes in full, then what was checked and found in order."""
        spoken = [guard.summary() for guard in self.guards if guard.level != "ok"]
        quiet = [guard for guard in self.guards if guard.level == "ok"]
        well = list(dict.fromkeys(guard.name for guard in quiet if guard.checked))
        not_checked = list(dict.fromkeys(guard.name for guard in quiet if not guard.checked))
        if well:
            spoken.append(f"Checked, nothing found: {display.listed(well)}.")
        if not_checked:
            spoken.append(f"Not checked: {display.listed(not_checked)}.")
        return " ".join(spoken) or "Nothing was checked."


def level_of(pvalue: float) -> Level:
    """Return the level of a p-value: a note below .01, a warning below .001.

    Examples
    --------
    >>> [level_of(p) for p in (0.02, 0.0086, 1.8e-6)]
    ['ok', 'note', 'warning']
    """
    return "warning" if pvalue < WARNING else "note" if pvalue < NOTE else "ok"


def worst(levels: Sequence[Level]) -> Level:
    """Return the worst of some levels; ``"ok"`` of none."""
    return max(levels, key=LEVELS.index, default="ok")


def told(name: Any) -> str:
    r"""Return a name from the data for a sentence: on one line, and cut.

    Examples
    --------
    >>> told("trade fair\n"), len(told("x" * 99))
    ('trade fair', 40)
    """
    line = display.one_line(display.BLANK if name is None else str(name))
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def not_checked(name: str, why: str) -> Guard:
    """Return the guard for which there was too little to look at."""
    return Guard(name=name, level="ok", sentence=f"Not checked: {why}.", checked=False)
