"""The numbers a sales team is run by, each with its numerator, denominator and definition."""

from __future__ import annotations

__all__: list[str] = []
