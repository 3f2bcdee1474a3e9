"""Texts that are ISO dates, with a time and an offset or without, as days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from funnelkit.data import engines

if TYPE_CHECKING:
    import ibis.expr.types as ir

_LENGTH = len("2026-10-31")
DAY = r"\d{4}-\d{2}-\d{2}"
CLOCK = r"[T ]([01]\d|2[0-3]):[0-5]\d(:([0-5]\d|60)([.,]\d{1,9})?)?"
MIDNIGHT = r"[T ]00:00(:00([.,]0{1,9})?)?"
ZONE = r" ?(Z|UTC|[+-]\d{2}(:?\d{2})?)"
_LONG_MONTH = r"\d{4}-(0[13578]|1[02])-(0[1-9]|[12]\d|3[01])"
_SHORT_MONTH = r"\d{4}-(0[469]|11)-(0[1-9]|[12]\d|30)"
_FEBRUARY = r"\d{4}-02-(0[1-9]|1\d|2[0-8])"
_LEAP_DAY = r"(\d{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29"
_REAL_DAY = f"({_LONG_MONTH}|{_SHORT_MONTH}|{_FEBRUARY}|{_LEAP_DAY})"
_REAL_CLOCK = r"[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d{1,9})?)?"
_REAL_ZONE = r"( ?(Z|UTC)| ?[+-](0\d|1[0-4])(:?[0-5]\d)?)"


def iso_day(text: ir.StringColumn, zone: str | None) -> ir.DateColumn:
    """Return the day of ISO texts, in a zone where they carry an offset; null for others."""
    engine = engines.engine_of(text)
    if not engine.patterns:
        return _guarded(text, zone, engine)
    plain = text.re_search(f"^{DAY}({CLOCK})?$")
    local = ibis.ifelse(plain, text.substr(0, 10).try_cast("date"), ibis.null("date"))
    offset = text.re_search(f"^{DAY}{CLOCK}{ZONE}$")
    zulu = text.re_replace(" ?(UTC|Z)$", "Z").re_replace(r" ([+-][\d:]+)$", r"\1")
    zulu = zulu.re_replace(r"^(.{11}\d\d:\d\d)(Z|[+-][\d:]+)$", r"\1:00\2")
    instant = zulu.replace(",", ".").try_cast("timestamp('UTC')")
    moved = engines.on_the_wall(instant, zone or "UTC").date()
    return ibis.coalesce(local, ibis.ifelse(offset, moved, ibis.null("date")))


def iso_counts(text: ir.StringColumn) -> dict[str, Any]:
    """Return how many texts there are, and how many are an ISO day and nothing else.

    For engines whose casts may fail: what is read is written again, which no other text survives.
    """
    same = (text.length() == _LENGTH) & (text.try_cast("date").cast("string") == text)
    return {"text": text.notnull().sum(), "iso": same.fill_null(False).sum()}


def _guarded(text: ir.StringColumn, zone: str | None, engine: engines.Engine) -> ir.DateColumn:
    """Return the same by casts that cannot fail: what is no real day is out before them."""

    def only(pattern: str) -> ir.StringColumn:
        real = text.re_search(pattern) & (text.substr(0, 4) != "0000")
        return ibis.ifelse(real, text, ibis.null("string"))

    local = only(f"^{_REAL_DAY}({CLOCK})?$").substr(0, 10).cast("date")
    if not engine.offsets:
        return local
    zoned = only(f"^{_REAL_DAY}{_REAL_CLOCK}{_REAL_ZONE}$")
    offset = zoned.re_replace("^.{11}[0-9:.,]+ ?", "")
    whole = zoned.substr(0, 10) + " " + zoned.substr(11, 5)
    whole += ibis.ifelse(zoned.substr(16, 1) == ":", zoned.substr(16, 3), ":00")
    whole += ibis.ifelse(offset.isin(["Z", "UTC"]), "+00:00", offset)
    instant = whole.cast("timestamp('UTC')")
    return ibis.coalesce(local, engines.on_the_wall(instant, zone or "UTC").date())
