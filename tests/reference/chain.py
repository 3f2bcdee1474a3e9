"""The chain ladder one cell after the other, as Mack (1993) writes it."""

from __future__ import annotations

import math
from collections.abc import Sequence

Row = Sequence[float]


def ratio(rows: Sequence[Row], k: int) -> float:
    """Return the link ratio from period k to the next; rows hold what is known."""
    known = [row for row in rows if len(row) > k + 1]
    below = sum(row[k] for row in known)
    return sum(row[k + 1] for row in known) / below if below else 1.0


def sigma2(rows: Sequence[Row], k: int) -> float:
    """Return Mack's σ² of period k."""
    known = [row for row in rows if len(row) > k + 1 and row[k] > 0]
    if len(known) > 1:
        f = ratio(rows, k)
        return sum(row[k] * (row[k + 1] / row[k] - f) ** 2 for row in known) / (len(known) - 1)
    if k < 2:
        return sigma2(rows, 0) if k else 0.0
    first, second = sigma2(rows, k - 2), sigma2(rows, k - 1)
    return min(second**2 / first if first else 0.0, first, second)


def carried(row: Row, rows: Sequence[Row], periods: int) -> list[float]:
    """Return a row carried forward to the last period."""
    found = list(row)
    while found and len(found) < periods:
        found.append(found[-1] * ratio(rows, len(found) - 1))
    return found


def standard_errors(rows: Sequence[Row], periods: int) -> tuple[list[float], float]:
    """Return the standard error of each ultimate, and of their sum (corollary to theorem 3)."""
    full = [carried(row, rows, periods) for row in rows]
    each, total = [], 0.0
    for i, row in enumerate(rows):
        if not row or not full[i][-1]:
            each.append(0.0)
            continue
        squared = 0.0
        for k in range(len(row) - 1, periods - 1):
            volume = sum(other[k] for other in rows if len(other) > k + 1)
            noise = sigma2(rows, k) / ratio(rows, k) ** 2
            squared += noise * (1 / full[i][k] + (1 / volume if volume else 0.0))
        each.append(full[i][-1] * math.sqrt(squared))
        total += each[-1] ** 2
    for i, row in enumerate(rows):
        for j, other in enumerate(rows):
            if i == j or not row or not other:
                continue
            for k in range(max(len(row), len(other)) - 1, periods - 1):
                volume = sum(third[k] for third in rows if len(third) > k + 1)
                noise = sigma2(rows, k) / ratio(rows, k) ** 2
                total += full[i][-1] * full[j][-1] * (noise / volume if volume else 0.0)
    return each, math.sqrt(total)
