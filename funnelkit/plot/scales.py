"""Round numbers for axes."""

from __future__ import annotations

import math

from funnelkit._core import display

_PERCENT = "\u202f%"
_AGE_STEPS = (1, 2, 7, 14, 30, 60, 90, 180, 365, 730, 1825, 3650)


def steps(largest: float, *, most: int = 6) -> list[float]:
    """Return round numbers from 0 to at least the largest value.

    Examples
    --------
    >>> steps(0.16), steps(1303), steps(0)
    ([0.0, 0.05, 0.1, 0.15, 0.2], [0.0, 500.0, 1000.0, 1500.0], [0.0, 1.0])
    """
    if not largest > 0 or not math.isfinite(largest):
        return [0.0, 1.0]
    size = 10.0 ** math.floor(math.log10(largest / (most - 1)))
    step = next(
        size * each
        for each in (1, 2, 2.5, 5, 10, 20)
        if math.ceil(round(largest / (size * each), 9)) <= most - 1
    )
    # Multiples of a decimal fraction: rounded, so that 3 x 0.05 is 0.15.
    places = max(0, 2 - math.floor(math.log10(step)))
    return [round(step * k, places) for k in range(math.ceil(round(largest / step, 9)) + 1)]


def between(low: float, high: float, *, most: int = 6) -> list[float]:
    """Return round numbers between two values.

    Examples
    --------
    >>> between(0.62, 0.93), between(14_300, 17_100)
    ([0.7, 0.8, 0.9], [15000.0, 16000.0, 17000.0])
    """
    step = steps(high - low, most=most)[1]
    places = max(0, 2 - math.floor(math.log10(step)))
    first, last = math.ceil(round(low / step, 9)), math.floor(round(high / step, 9))
    return [round(step * k, places) for k in range(first, last + 1)]


def percent_ticks(largest: float) -> tuple[list[float], list[str]]:
    """Return ticks for shares and their labels, the last one with the sign; never past 100 %.

    Examples
    --------
    >>> percent_ticks(0.16)[0], [text.replace(chr(0x202F), " ") for text in percent_ticks(0.16)[1]]
    ([0.0, 0.05, 0.1, 0.15, 0.2], ['0', '5', '10', '15', '20 %'])
    >>> percent_ticks(0.97)[0][-1], percent_ticks(0.0)[0]
    (1.0, [0.0, 0.05, 0.1])
    """
    ticks = steps(largest) if largest > 0 else [0.0, 0.05, 0.1]
    if ticks[-1] > 1 and largest <= 1:
        ticks = [tick for tick in ticks if tick < 1] + [1.0]
    words = [f"{round(100 * tick, 6):g}" for tick in ticks]
    words[-1] += _PERCENT
    return ticks, words


def count_ticks(largest: float) -> tuple[list[float], list[str]]:
    """Return ticks for counts and their labels; never parts of one where counts are small.

    Examples
    --------
    >>> count_ticks(1303)
    ([0.0, 500.0, 1000.0, 1500.0], ['0', '500', '1,000', '1,500'])
    >>> count_ticks(2)[0], count_ticks(12)[0]
    ([0.0, 1.0, 2.0], [0.0, 5.0, 10.0, 15.0])
    """
    ticks = [tick for tick in steps(largest) if tick == round(tick)]
    if len(ticks) < 2:
        ticks = [0.0, 1.0]
    if ticks[-1] < largest:  # of 2.5, 5, 7.5 …, the last one is not always whole
        ticks.append(2 * ticks[-1] - ticks[-2])
    return ticks, [display.count(tick) for tick in ticks]


def age_ticks(horizon: int, *, most: int = 6) -> list[int]:
    """Return round ages from 0 to the horizon.

    Examples
    --------
    >>> age_ticks(150), age_ticks(14), age_ticks(689), age_ticks(0)
    ([0, 30, 60, 90, 120, 150], [0, 7, 14], [0, 180, 360, 540, 689], [0])
    >>> age_ticks(910)
    [0, 180, 360, 540, 720, 910]
    """
    step = next((each for each in _AGE_STEPS if horizon / each <= most), _AGE_STEPS[-1])
    ages = list(range(0, horizon + 1, step))
    if ages[-1] == horizon:
        return ages
    return (
        [*ages, horizon]
        if horizon - ages[-1] > 0.6 * step or len(ages) == 1
        else [
            *ages[:-1],
            horizon,
        ]
    )
