"""`ForecastRecord`: a forecast as it is kept, to be compared with what came."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import day_name, period_label
from funnelkit._core.errors import DataError
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import Segment
from funnelkit.forecast.result import Forecast, Unit
from funnelkit.forecast.rolling.drivers import Drivers

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
VERSION = 1
SHARES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
"""Quantiles that are kept."""
_NUMBERS = ("expected", "quantiles", "total_quantiles", "cumulative_quantiles")
_FREQ = r"[DM]|[QYW]-[A-Z]{3}"
_TEXTS = ("what", "label", "method", "reason", "freq")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ForecastRecord(Result):
    """A forecast as it is kept: means and quantiles, and what made it; no draws.

    Shapes: ``S`` series, ``H`` periods, ``K`` quantiles (:data:`SHARES`).

    Parameters
    ----------
    what, unit, currency, method, reason, n, as_of
        As of the :class:`~funnelkit.forecast.Forecast`.
    label
        Which of several forecasts of one day it is, such as ``"adjusted"``; "" is the plain one.
    revision
        0: as it was first kept; then 1, 2 …
    by, segments
        Names of the labels of a series, and one tuple of labels for each.
    freq, periods
        Frequency and periods to come.
    expected
        Means, shape ``(S, H)``.
    quantiles
        Shape ``(S, H, K)``.
    total_quantiles, cumulative_quantiles
        Of the sum over series, of each period and from the first on, shape ``(H, K)``.
    drivers
        What it rested on, where that was given.
    notes
        As of the forecast.
    """

    what: str
    unit: Unit
    label: str
    revision: int
    as_of: dt.date
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    freq: str
    periods: pd.PeriodIndex
    expected: FloatArray
    quantiles: FloatArray
    total_quantiles: FloatArray
    cumulative_quantiles: FloatArray
    method: str
    reason: str
    n: int
    currency: str | None = None
    drivers: Drivers | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the arrays, and refuse those that do not fit."""
        for name in _NUMBERS:
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        size, ahead, kept = len(self.segments), len(self.periods), len(SHARES)
        wanted = {
            "expected": (size, ahead),
            "quantiles": (size, ahead, kept),
            "total_quantiles": (ahead, kept),
            "cumulative_quantiles": (ahead, kept),
        }
        for name, shape in wanted.items():
            values = getattr(self, name)
            if values.shape != shape:
                raise DataError(f"`{name}` must be of shape {shape}; got {values.shape}")
            if not np.isfinite(values).all():
                raise DataError(f"`{name}` must hold numbers")
        if not ahead or not size:
            raise DataError("a forecast needs at least one series and one period")
        texts = [getattr(self, name) for name in _TEXTS] + [*self.by, *self.notes]
        texts += [one for segment in self.segments for one in segment if one is not None]
        try:
            "".join(texts).encode("utf-8")
        except UnicodeEncodeError:
            raise DataError("a text holds half a character, which no file can hold") from None

    @classmethod
    def of(
        cls, forecast: Forecast, *, label: str = "", drivers: Drivers | None = None
    ) -> ForecastRecord:
        """Return what is kept of a forecast."""
        whole = forecast.unit == "count"
        how: Any = "inverted_cdf" if whole else "linear"

        def quantiles(drawn: FloatArray) -> FloatArray:
            return np.moveaxis(np.quantile(drawn, SHARES, axis=0, method=how), 0, -1)

        return cls(
            what=forecast.what,
            unit=forecast.unit,
            label=label,
            revision=0,
            as_of=forecast.as_of,
            by=forecast.by,
            segments=forecast.segments,
            freq=forecast.periods.freqstr,
            periods=forecast.periods,
            expected=forecast.expected,
            quantiles=quantiles(forecast.draws),
            total_quantiles=quantiles(forecast.drawn(per="all")),
            cumulative_quantiles=quantiles(forecast.drawn(per="all", cumulative=True)),
            method=forecast.method,
            reason=forecast.reason,
            n=forecast.n,
            currency=forecast.currency,
            drivers=drivers,
            notes=forecast.notes,
        )

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells two forecasts apart: revisions of one share it."""
        return (self.as_of, self.what, self.unit, self.label, self.by, self.freq)

    def same_as(self, other: ForecastRecord) -> bool:
        """Return whether another one says the same, but for the last digits."""
        if self.key != other.key or self.segments != other.segments:
            return False
        if list(self.periods) != list(other.periods) or self.currency != other.currency:
            return False
        return all(
            np.allclose(getattr(self, name), getattr(other, name), rtol=1e-9, atol=1e-9)
            for name in _NUMBERS
        )

    def quantile(self, share: float) -> FloatArray:
        """Return a kept quantile of each series, shape ``(S, H)``."""
        return np.asarray(self.quantiles[..., SHARES.index(share)])

    def plain(self) -> dict[str, Any]:
        """Return it in plain numbers, texts and lists, as :meth:`from_plain` takes it."""
        return {
            "version": VERSION,
            "as_of": self.as_of.isoformat(),
            "unit": self.unit,
            "revision": self.revision,
            **{name: getattr(self, name) for name in _TEXTS},
            "currency": self.currency,
            "n": self.n,
            "by": list(self.by),
            "segments": [list(one) for one in self.segments],
            "periods": [one.start_time.date().isoformat() for one in self.periods],
            "shares": list(SHARES),
            **{name: getattr(self, name).tolist() for name in _NUMBERS},
            "drivers": None if self.drivers is None else self.drivers.plain(),
            "notes": list(self.notes),
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> ForecastRecord:
        """Return the record of plain numbers, texts and lists, each of them checked.

        Raises
        ------
        DataError
            If something is missing, or is not what it must be.
        ArgumentError
            If it is no known day, or its drivers cannot be.
        """
        import pandas as pd

        version = plain.get("version")
        if version != VERSION:
            raise DataError(
                f"it is of version {version!r:.20}, and this funnelkit reads version {VERSION}"
            )
        _checked_kinds(plain)
        if list(plain["shares"]) != list(SHARES):
            raise DataError("`shares` are not the quantiles that are kept")
        by = tuple(plain["by"])
        segments = tuple(tuple(one) for one in plain["segments"])
        if any(len(one) != len(by) for one in segments):
            raise DataError("`segments` must have one label for each name in `by`")
        if not re.fullmatch(_FREQ, plain["freq"]):
            raise DataError(f"`freq` must be such as M or Q-DEC; got {plain['freq']!r:.20}")
        try:
            periods = pd.PeriodIndex(plain["periods"], freq=plain["freq"])
        except (ValueError, TypeError, AttributeError, KeyError, OverflowError):
            raise DataError(
                f"`periods` must be periods of `freq` {plain['freq']!r:.20}; got "
                f"{plain['periods']!r:.60}"
            ) from None
        drivers = plain.get("drivers")
        numbers: dict[str, Any] = {name: _numbers(name, plain[name]) for name in _NUMBERS}
        return cls(
            **{name: plain[name] for name in _TEXTS},
            unit=plain["unit"],
            revision=plain["revision"],
            as_of=checks.day("as_of", plain["as_of"]),
            by=by,
            segments=segments,
            periods=periods,
            **numbers,
            n=plain["n"],
            currency=plain["currency"],
            drivers=None if drivers is None else Drivers.of(drivers),
            notes=tuple(plain["notes"]),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per series and period; with several series, the total as well.

        Returns
        -------
        DataFrame
            ``as_of``, ``what``, ``label``, ``revision``, the labels of the series (blank in the
            rows of the total), ``period``, ``ahead`` (1 for the first one), ``expected``,
            ``low_80``, ``high_80``, ``low_95``, ``high_95``.
        """
        import pandas as pd

        blocks: list[tuple[Segment, FloatArray, FloatArray]] = []
        if len(self.segments) != 1:
            blank = (None,) * len(self.by)
            blocks.append((blank, self.expected.sum(axis=0), self.total_quantiles))
        blocks += list(zip(self.segments, self.expected, self.quantiles, strict=True))
        ends = {"low_80": 0.1, "high_80": 0.9, "low_95": 0.025, "high_95": 0.975}
        parts = [
            pd.DataFrame(
                {
                    "as_of": self.as_of.isoformat(),
                    "what": self.what,
                    "label": self.label,
                    "revision": self.revision,
                    **dict(zip(self.by, segment, strict=True)),
                    "period": [period_label(one) for one in self.periods],
                    "ahead": np.arange(1, len(self.periods) + 1),
                    "expected": means,
                    **{name: values[:, SHARES.index(share)] for name, share in ends.items()},
                }
            )
            for segment, means, values in blocks
        ]
        return pd.concat(parts, ignore_index=True)

    def summary(self) -> str:
        """Return what was said of the sum over all periods, and when."""
        low, high = (
            float(self.cumulative_quantiles[-1, SHARES.index(share)]) for share in (0.025, 0.975)
        )
        of = "" if self.currency is None else f"{self.currency} "
        span = period_label(self.periods[0])
        if len(self.periods) > 1:
            span = f"{span} to {period_label(self.periods[-1])}"
        again = f" (revision {self.revision})" if self.revision else ""
        return (
            f"On {day_name(self.as_of)}{again} about {of}{display.count(self.expected.sum())} "
            f"({display.count(low)} to {display.count(high)}) {display.one_line(self.what)} were "
            f"forecast for {span}, by {display.one_line(self.method)}."
        )


def _numbers(name: str, values: object) -> FloatArray:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise DataError(f"`{name}` must hold numbers") from None


def _checked_kinds(plain: Mapping[str, Any]) -> None:
    """Refuse a record in which something is missing or of another kind.

    Raises
    ------
    DataError
        With every one of them.
    """
    kinds: dict[str, Any] = {
        **dict.fromkeys((*_TEXTS, "as_of", "unit"), str),
        **dict.fromkeys(("revision", "n"), int),
        **dict.fromkeys(("by", "segments", "periods", "shares", "notes", *_NUMBERS), list),
    }
    problems = [f"`{name}` is missing" for name in (*kinds, "currency") if name not in plain]
    problems += [
        f"`{name}` must be a {kind.__name__}; got {plain[name]!r:.40}"
        for name, kind in kinds.items()
        if name in plain and (not isinstance(plain[name], kind) or isinstance(plain[name], bool))
    ]
    if not problems:
        if plain["unit"] not in ("count", "value"):
            problems.append(f'`unit` must be "count" or "value"; got {plain["unit"]!r:.20}')
        if plain["currency"] is not None and not isinstance(plain["currency"], str):
            problems.append("`currency` must be a text")
        if min(plain["revision"], plain["n"]) < 0:
            problems.append("`revision` and `n` must be at least 0")
        texts = [*plain["by"], *plain["notes"], *plain["periods"]]
        if not all(isinstance(one, str) for one in texts):
            problems.append("`by`, `notes` and `periods` must hold texts")
        if not all(
            isinstance(one, list) and all(v is None or isinstance(v, str) for v in one)
            for one in plain["segments"]
        ):
            problems.append("`segments` must hold lists of texts")
        if plain.get("drivers") is not None and not isinstance(plain["drivers"], dict):
            problems.append("`drivers` must be an object")
    if problems:
        raise DataError("; ".join(problems))
