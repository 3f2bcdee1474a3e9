"""`find_contaminated`: accounts, or any units, that stand in more than one arm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit._core.result import Result, frozen
from funnelkit.experiment.guards.tables import require_frame

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_EXAMPLES = 5
_NAME = 40
_FEW = 5


def find_contaminated(
    frame: pd.DataFrame,
    *,
    unit: str = "account",
    variant: str = "variant",
    entered: str | None = None,
    assigned_at: str | None = None,
    units: str = "leads",
    groups: str = "accounts",
) -> Contamination:
    """Return the accounts, or other units, that stand in more than one arm.

    Parameters
    ----------
    frame
        One row per lead, or per account and variant with the number of its leads.
    unit
        Column with the account. A row without one is a unit of its own.
    variant
        Column with the arm. Rows without one are counted, and in no arm.
    entered
        Column with the number of leads of a row; default: one each. A row of 0 stands in no arm.
    assigned_at
        Column with the time or the number by which the order of assignment is told; with it the
        first arm of each unit is known.
    units, groups
        Plural nouns of what a row counts, and of what stands in the arms.

    Returns
    -------
    Contamination
        Which, how many, and how many leads they carry;
        :meth:`Contamination.leave_out` and :meth:`Contamination.by_first` set the frame right.

    Raises
    ------
    ArgumentError
        If a column is not there.
    DataError
        If ``entered`` is no number from 0 on, or ``assigned_at`` has no order.

    Notes
    -----
    A unit that met both arms is of neither. Analysed by its first assignment it counts where chance
    put it, as in any analysis by intention to treat: the comparison stays fair, and the effect, if
    anything, is understated. Leaving such units out is fair only if neither arm makes it likelier
    to meet the other; they are the larger ones, since each further lead may fall into another arm.
    Where leads were assigned and not accounts, there is nothing to set right:
    :func:`compare_clustered` takes the two parts of an account as they are.

    References
    ----------
    Kohavi, Tang and Xu (2020), Trustworthy Online Controlled Experiments, chapters 14 and 22.
    International Conference on Harmonisation (1998), Statistical Principles for Clinical Trials
    E9, section 5.2 (intention to treat).

    Examples
    --------
    >>> import pandas as pd
    >>> leads = pd.DataFrame(
    ...     {"account": ["a", "a", "b", "c", "c"], "variant": ["A", "B", "A", "B", "B"]}
    ... )
    >>> found = find_contaminated(leads)
    >>> found.contaminated, found.names, found.leads_carried
    (1, ('a',), 2.0)
    """
    optional = [name for name in (entered, assigned_at) if name is not None]
    require_frame("frame", frame, [unit, variant, *optional])
    rows = _rows(frame, unit, variant, assigned_at)
    weight = np.ones(len(frame)) if entered is None else _leads(frame, entered)
    arms = rows.variants
    placed = rows.arm >= 0
    table = np.zeros((rows.size, len(arms)))
    np.add.at(table, (rows.unit[placed], rows.arm[placed]), weight[placed])
    present = np.zeros((rows.size, len(arms)), bool)
    there = placed & (weight > 0)
    present[rows.unit[there], rows.arm[there]] = True
    mixed = np.flatnonzero(present.sum(axis=1) > 1)
    order = mixed[np.argsort(-table[mixed].sum(axis=1), kind="stable")]
    shares = table.sum(axis=0) / max(float(table.sum()), 1e-300)
    sizes = table.sum(axis=1)
    by_lead = 1 - (shares[None, :] ** sizes[:, None]).sum(axis=1)
    return Contamination(
        unit=unit,
        variant=variant,
        assigned_at=assigned_at,
        variants=arms,
        names=tuple(rows.names[k] for k in order),
        counts=table[order],
        present=present[order],
        first=tuple(rows.first[k] for k in order),
        all_units=int(present.any(axis=1).sum()),
        all_leads=float(table.sum()),
        expected_by_lead=float(by_lead[sizes > 0].sum()),
        without_variant=int((~placed).sum()),
        units=units,
        groups=groups,
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Contamination(Result):
    """Units that stand in more than one arm, the largest first; see :func:`find_contaminated`.

    Parameters
    ----------
    unit, variant, assigned_at
        Columns of the frame.
    variants
        Arms, in the order in which they come.
    names
        Of the contaminated units.
    counts
        Their leads in each arm, shape ``(n_contaminated, n_variants)``.
    present
        In which arms they stand; same shape.
    first
        Arm of their first assignment; ``None`` where it cannot be told.
    all_units, all_leads
        How many there are in the arms.
    expected_by_lead
        How many units would stand in several arms if each lead had been assigned for itself.
    without_variant
        Rows that are in no arm.
    units, groups
        Plural nouns.
    """

    unit: str
    variant: str
    assigned_at: str | None
    variants: tuple[Any, ...]
    names: tuple[Any, ...]
    counts: FloatArray
    present: NDArray[np.bool_]
    first: tuple[Any, ...]
    all_units: int
    all_leads: float
    expected_by_lead: float
    without_variant: int = 0
    units: str = "leads"
    groups: str = "accounts"

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        object.__setattr__(self, "counts", frozen(self.counts, np.float64))
        object.__setattr__(self, "present", frozen(self.present, np.bool_))

    @property
    def contaminated(self) -> int:
        """How many units stand in more than one arm."""
        return len(self.names)

    @property
    def leads_carried(self) -> float:
        """Leads of these units."""
        return float(self.counts.sum())

    @property
    def by_lead(self) -> bool:
        """Whether as many stand in several arms as if leads had been assigned, and not units.

        From five such units on, where there are at least 80 % of those to expect.
        """
        return self.contaminated >= max(_FEW, 0.8 * self.expected_by_lead)

    def leave_out(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of the units that stand in one arm.

        Raises
        ------
        ArgumentError
            If the column of the units is not there.
        """
        return frame.loc[~self._rows(frame)].copy()

    def by_first(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the rows with every unit in the arm of its first assignment.

        Units whose first arm cannot be told, as two stand at the same time, are left out; the
        summary says how many.

        Raises
        ------
        ArgumentError
            If no ``assigned_at`` was given, or a column is not there.
        """
        if self.assigned_at is None:
            raise ArgumentError(
                "`by_first` needs the order of assignment: call `find_contaminated` with "
                "`assigned_at=` the column of its time."
            )
        require_frame("frame", frame, [self.unit, self.variant])
        changed = frame.copy()
        rows = self._rows(frame)
        told = dict(zip(self.names, self.first, strict=True))
        arms = [told[name] for name in frame.loc[rows, self.unit]]
        column = changed[self.variant].to_numpy(dtype=object, copy=True)
        column[rows.to_numpy()] = arms
        lost = rows.to_numpy() & np.array([arm is None for arm in column], bool)
        changed[self.variant] = column
        changed[self.variant] = changed[self.variant].infer_objects()
        kept: pd.DataFrame = changed.loc[~lost]
        return kept

    def to_frame(self) -> pd.DataFrame:
        """Return one row per contaminated unit and arm in which it stands.

        Returns
        -------
        DataFrame
            The columns of the unit and of the variant, ``entered`` (its leads in that arm) and,
            where the order of assignment is known, ``first``: whether it is the first arm.
        """
        import pandas as pd

        where, arm = np.nonzero(self.present)
        found: dict[str, object] = {
            self.unit: [self.names[k] for k in where],
            self.variant: [self.variants[k] for k in arm],
            "entered": self.counts[where, arm],
        }
        if self.assigned_at is not None:
            found["first"] = [
                self.first[k] == self.variants[j] for k, j in zip(where, arm, strict=True)
            ]
        return pd.DataFrame(found)

    def summary(self) -> str:
        """Return how many there are, what they carry, and what to do."""
        of = f"{display.count(self.all_units)} {self.groups}"
        rest = ""
        if self.without_variant:
            rows = display.plural(self.without_variant, "row")
            rest = (
                f" {rows} without a variant {'is' if self.without_variant == 1 else 'are'} in none."
            )
        if not self.names:
            return f"None of {of} stands in more than one arm.{rest}"
        share = display.percent(self.contaminated / self.all_units)
        carried = f"{_number(self.leads_carried)} of {_number(self.all_leads)}"
        text = (
            f"{display.count(self.contaminated)} of {of} ({share}) "
            f"{'stands' if self.contaminated == 1 else 'stand'} in more than one arm, with "
            f"{carried} {self.units} "
            f"({display.percent(self.leads_carried / max(self.all_leads, 1e-300))}): "
            f"{self._examples()}. "
        )
        return text + self._advice() + rest

    def _advice(self) -> str:
        if self.by_lead:
            return (
                f"That is what to expect where {self.units} are assigned and not {self.groups} "
                f"({display.expected(self.expected_by_lead)}). If they were, compare them with the "
                f"{self.groups} named, so that both parts of one are taken together; if "
                f"{self.groups} were to be assigned, the assignment failed."
            )
        untold = sum(arm is None for arm in self.first)
        if self.assigned_at is None:
            return (
                "Analyse them by their first assignment (give `assigned_at`), or leave them out "
                "and say so."
            )
        more = ""
        if untold:
            more = (
                f" Of {display.count(untold)} the first arm cannot be told, as two stand at the "
                "same time; they are left out."
            )
        return f"Analyse them by their first assignment, or leave them out and say so.{more}"

    def _examples(self) -> str:
        shown = []
        for name, counts, present in zip(
            self.names[:_EXAMPLES], self.counts, self.present, strict=False
        ):
            arms = ", ".join(
                f"{_cut(self.variants[j])} {_number(counts[j])}" for j in np.flatnonzero(present)
            )
            shown.append(f"{_cut(name)} ({arms})")
        more = self.contaminated - len(shown)
        return ", ".join(shown) + (f" and {display.count(more)} more" if more else "")

    def _rows(self, frame: pd.DataFrame) -> pd.Series[bool]:
        require_frame("frame", frame, [self.unit])
        return frame[self.unit].isin(list(self.names))


@dataclass(frozen=True, eq=False, kw_only=True)
class _Rows:
    """Unit and arm of each row as numbers, and what they stand for."""

    unit: NDArray[np.int64]
    arm: NDArray[np.int64]
    names: list[Any]
    variants: tuple[Any, ...]
    first: list[Any]

    @property
    def size(self) -> int:
        """Number of units."""
        return len(self.names)


def _rows(frame: pd.DataFrame, unit: str, variant: str, assigned_at: str | None) -> _Rows:
    """Return units and arms of the rows, and the first arm of each unit."""
    import pandas as pd

    codes, known = pd.factorize(frame[unit].to_numpy(dtype=object))
    nameless = codes < 0
    names = [*known, *[None] * int(nameless.sum())]
    codes = np.where(nameless, len(known) + np.cumsum(nameless) - 1, codes)
    arm, variants = pd.factorize(frame[variant].to_numpy(dtype=object))
    first: list[Any] = [None] * len(names)
    if assigned_at is not None:
        at = frame[assigned_at]
        ready = pd.DataFrame({"unit": codes, "arm": arm, "at": at.to_numpy()})
        ready = ready[(ready["arm"] >= 0) & ready["at"].notna()]
        try:
            earliest = ready[ready["at"] == ready.groupby("unit")["at"].transform("min")]
        except TypeError:
            raise DataError(
                f"`{display.one_line(assigned_at)}` holds values that have no order among each "
                "other, such as dates and words; give times or numbers only."
            ) from None
        kinds = earliest.groupby("unit")["arm"].agg(["nunique", "first"])
        for name, number, one in zip(kinds.index, kinds["nunique"], kinds["first"], strict=True):
            if number == 1:
                first[name] = variants[one]
    return _Rows(unit=codes, arm=arm, names=names, variants=tuple(variants), first=first)


def _leads(frame: pd.DataFrame, entered: str) -> FloatArray:
    """Return the leads of each row."""
    import pandas as pd

    found = pd.to_numeric(frame[entered], errors="coerce").to_numpy(float, na_value=np.nan)
    bad = ~(np.isfinite(found) & (found >= 0))
    if bad.any():
        rows = ", ".join(str(row) for row in np.flatnonzero(bad)[:5])
        raise DataError(
            f"`{display.one_line(entered)}` must hold numbers from 0 on; "
            f"{display.plural(int(bad.sum()), 'row does', 'rows do')} not (rows {rows})."
        )
    return found


def _cut(name: Any) -> str:
    text = display.one_line(str(name))
    return text if len(text) <= _NAME else f"{text[: _NAME - 1]}…"


def _number(value: float) -> str:
    return display.expected(value) if value % 1 else display.count(value)
