"""`read_overrides`: what people expect of single deals, kept apart from what the model says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import Calendar, period_label
from funnelkit._core.errors import DataError
from funnelkit._core.result import Result, frozen
from funnelkit.data.ledgers.reading import Request, read_table
from funnelkit.data.ledgers.schemas import Field, Schema
from funnelkit.metrics.people.pseudonyms import shown_names

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.preparing import Paths

FloatArray = NDArray[np.float64]
OVERRIDES = Schema(
    name="overrides",
    fields=(
        Field(name="deal", kind="text", what="id of the deal", needed=True, filled=True),
        Field(
            name="value",
            kind="amount",
            what="what it will bring; 0 where it will not be won",
            needed=True,
            filled=True,
        ),
        Field(name="name", kind="text", what="who says so", person=True),
        Field(name="reason", kind="text", what="why", person=True),
        Field(name="probability", kind="number", what="chance that it is won, from 0 to 1"),
        Field(name="period", kind="period", what="month or quarter in which it is won"),
        Field(name="currency", kind="text", what="code of the currency of the row's value"),
    ),
    key=("deal",),
    again="refused",
)
_MAIL = re.compile(r"\S+@\S+\.\S+")
_SHORT = 2


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Overrides(Result):
    """What people expect of single deals.

    Names are not in it: who said something is a pseudonym, or left out.

    Parameters
    ----------
    deals
        Ids, each once.
    values
        Money that each will bring if it is won, shape ``(n,)``.
    probabilities
        Chance that it is won; 1 where none was given, shape ``(n,)``.
    periods
        In which period, or ``None``.
    people
        Pseudonym of who said so, or ``None``.
    reasons
        Why, with the names of the file and mail addresses replaced, or ``None``. Free text may
        still be personal: it is in no table unless asked for.
    source
        Name of the file.
    currency
        Of the values, where it is known.
    notes
        What was found while reading.
    """

    deals: tuple[str, ...]
    values: FloatArray
    probabilities: FloatArray
    periods: tuple[pd.Period | None, ...]
    people: tuple[str | None, ...]
    reasons: tuple[str | None, ...]
    source: str
    currency: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("values", "probabilities"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    def __len__(self) -> int:
        """Return the number of deals."""
        return len(self.deals)

    @property
    def expected(self) -> FloatArray:
        """Value times probability, shape ``(n,)``."""
        return np.asarray(self.values * self.probabilities)

    @property
    def by_deal(self) -> Mapping[str, float]:
        """Deal -> what it is expected to bring, as ``pipeline(overrides=)`` takes it."""
        return dict(zip(self.deals, self.expected.tolist(), strict=True))

    def to_frame(self, *, reasons: bool = False) -> pd.DataFrame:
        """Return one row per deal.

        Parameters
        ----------
        reasons
            Whether with the reasons, which are free text.

        Returns
        -------
        DataFrame
            ``deal``, ``value``, ``probability``, ``expected_value``, ``period`` and ``said_by`` (a
            pseudonym), and ``reason`` if asked for.
        """
        import pandas as pd

        columns: dict[str, Any] = {
            "deal": list(self.deals),
            "value": self.values,
            "probability": self.probabilities,
            "expected_value": self.expected,
            "period": [None if one is None else period_label(one) for one in self.periods],
            "said_by": list(self.people),
        }
        if reasons:
            columns["reason"] = list(self.reasons)
        return pd.DataFrame(columns)

    def summary(self) -> str:
        """Return how many deals there are, and what they are expected to bring."""
        of = "" if self.currency is None else f"{self.currency} "
        text = (
            f"{display.plural(len(self), 'deal')} with an override in "
            f"{display.one_line(self.source)}, expected to bring "
            f"{of}{display.count(self.expected.sum())} in all."
        )
        return " ".join([text, *self.notes])


def read_overrides(
    source: Paths | pd.DataFrame,
    *,
    columns: Mapping[str, str] | None = None,
    pseudonyms: bool | str = True,
    currency: str | None = None,
    exchange: Mapping[str, float] | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    calendar: Calendar | None = None,
) -> Overrides:
    r"""Return what people expect of single deals.

    Parameters
    ----------
    source
        A path such as ``overrides.csv``, or a frame, with ``deal`` (its id), ``value`` (money that
        it will bring; 0 where it will not be won), ``name`` (who says so) and ``reason``; where
        there are, ``probability`` (from 0 to 1; without it the value is taken as certain),
        ``period`` (a month such as ``2026-10`` or a quarter such as ``2026 Q4``) and ``currency``.
    columns
        Name here -> name in the source, where they differ.
    pseudonyms
        ``True``: each name becomes a code, the same one in every table; a secret text of your own:
        one that only who knows it can work out; ``False``: names are left out. They are never
        shown.
    currency, exchange, decimal, thousands, delimiter, encoding
        As in :func:`funnelkit.read_spend`.
    calendar
        Where fiscal years start.

    Returns
    -------
    Overrides
        Each deal once.

    Raises
    ------
    ArgumentError
        For an argument that cannot be used.
    DataError
        With every problem at once: missing columns, values that are no amounts or below 0,
        probabilities outside 0 to 1, a deal that stands there twice.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "overrides.csv"
    >>> text = "deal,value,name,reason\nD-17,40000,Ann Lee,Ann Lee spoke to the buyer\n"
    >>> _ = path.write_text(text, encoding="utf-8")
    >>> found = read_overrides(path)
    >>> found.by_deal
    {'D-17': 40000.0}
    >>> "Ann" in found.to_frame(reasons=True).to_string()
    False
    """
    ledger = read_table(
        source,
        OVERRIDES,
        Request(
            columns=columns,
            currency=currency,
            exchange=exchange,
            decimal=decimal,
            thousands=thousands,
            delimiter=delimiter,
            encoding=encoding,
            calendar=calendar or Calendar(),
        ),
    )
    frame = ledger.frame
    chances = _column(frame, "probability")
    probabilities = np.array([1.0 if _none(one) else float(one) for one in chances])
    odd = [one for one in probabilities if not 0 <= one <= 1]
    if odd:
        raise DataError(
            f"`probability` in `{ledger.source}`: {display.plural(len(odd), 'value')} "
            f"{'is' if len(odd) == 1 else 'are'} not from 0 to 1, such as "
            f"{', '.join(f'{one:g}' for one in odd[:5])}; write 80{display.NARROW_SPACE}% as 0.8."
        )
    names = [None if _none(one) else str(one).strip() or None for one in _column(frame, "name")]
    shown, _ = shown_names(names, pseudonyms=pseudonyms if isinstance(pseudonyms, str) else True)
    people = [shown[name] if pseudonyms is not False else None for name in names]
    known = {name: shown[name] or "" for name in names if name is not None}
    reasons = [
        None if _none(one) else _without(str(one), known) for one in _column(frame, "reason")
    ]
    aside = sum(ledger.aside.values())
    notes = [*ledger.notes]
    if aside:
        notes.append(
            f"{display.plural(aside, 'row')} of {display.count(ledger.rows)} "
            f"{'was' if aside == 1 else 'were'} set aside: {display.listed(list(ledger.aside))}."
        )
    return Overrides(
        deals=tuple(str(one) for one in frame["deal"]),
        values=np.array([float(one) for one in frame["value"]]),
        probabilities=probabilities,
        periods=tuple(None if _none(one) else one for one in _column(frame, "period")),
        people=tuple(people),
        reasons=tuple(reasons),
        source=ledger.source,
        currency=ledger.currency,
        notes=tuple(notes),
    )


def _column(frame: pd.DataFrame, name: str) -> Sequence[Any]:
    return frame[name].tolist() if name in frame.columns else [None] * len(frame)


def _none(value: Any) -> bool:
    return value is None or value != value or str(value) in ("NaT", "<NA>")  # noqa: PLR0124


def _without(text: str, known: Mapping[str, str]) -> str:
    """Return a text with names, their parts and mail addresses replaced.

    Parts of two letters only as they are written, since they may be words.
    """
    found = _MAIL.sub("(mail address)", display.one_line(text))
    parts = dict(known)
    for name, code in known.items():
        parts |= {part: code for part in name.split() if len(part) > 1}
    codes = {name.casefold(): code for name, code in parts.items()}
    for short, flags in ((False, re.IGNORECASE), (True, re.NOFLAG)):
        own = [one for one in parts if (len(one) <= _SHORT) == short]
        if not own:
            continue
        any_of = "|".join(re.escape(one) for one in sorted(own, key=len, reverse=True))
        pattern = re.compile(rf"(?<!\w)(?:{any_of})(?!\w)", flags)
        found = pattern.sub(lambda hit: codes.get(hit[0].casefold(), "(name)"), found)
    return found
