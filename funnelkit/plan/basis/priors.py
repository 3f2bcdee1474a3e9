"""`like`: a channel without history of its own, by what somebody thinks of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, numbered
from funnelkit.plan.basis.assumptions import Assumptions
from funnelkit.plan.basis.channel import Channel
from funnelkit.plan.basis.estimate import Estimate, shared_doubt
from funnelkit.plan.basis.stated_parts import Reader, is_number

Pair = tuple[float, float]


def like(
    template: Assumptions | Channel,
    channel: str | None = None,
    *,
    name: str,
    give_or_take: float = 0.5,
    worth: float | None = None,
    counts: Pair | Sequence[Pair] | None = None,
    value: Any = None,
    lag: Any = None,
    cost: Any = None,
) -> Channel:
    """Return a channel that is thought to be like another one, give or take so much.

    Parameters
    ----------
    template
        The channel it is like, or assumptions that hold it.
    channel
        Its name, where ``template`` is assumptions.
    name
        Of the new channel.
    give_or_take
        Standard deviation of its share won over that of the template: 0.5, a half.
    worth
        Most leads that the prior may count for once own leads are there. Default: as many as its
        doubt is worth.
    counts
        Own leads so far, old enough to be won by now where they ever will: (won, entered), or a
        list with such a pair for each step.
    value, lag, cost
        Where they are not those of the template; as in :func:`~funnelkit.plan.stated`.

    Returns
    -------
    Channel
        For :meth:`Assumptions.with_channels`; the source of its rates says what it rests on.

    Raises
    ------
    ArgumentError
        With every problem at once.

    Notes
    -----
    The share won is Beta(W r, W (1 - r)), with r that of the template. Its doubt holds that of the
    template and the statement, cv² = cv_template² + g², so that
    W = min((1 - r) / (r cv²) - 1, worth). Own counts x of n make it
    Beta(W r + x, W (1 - r) + n - x); with a pair for each step, each has a beta of its own. The
    steps share the doubt as in :func:`~funnelkit.plan.stated`. Draws are independent of those of
    the template: where that is wrong, too, the new channel is not for that reason.

    Examples
    --------
    "Like paid search, give or take a half, worth 200 leads", and 3 won of the first 100:

    >>> import funnelkit as fk
    >>> plan_on = fk.plan.stated({"paid search": [0.02]}, value=20_000)
    >>> new = like(plan_on, "paid search", name="podcast", worth=200, counts=(3, 100))
    >>> round(new.win_rate, 4)  # (195 x .02 + 3) / (195 + 100)
    0.0234
    >>> new.rates[0].source
    'like paid search, give or take 50 %, worth 195 leads; own 3 of 100'
    """
    of = _template(template, channel)
    problems: list[str] = []
    reader = Reader(problems)
    if not isinstance(name, str) or not name.strip():
        reader.wrong("name", f"must be the name of the new channel; got {name!r}.")
    apart = reader.number("give_or_take", give_or_take)
    most = None if worth is None else reader.number("worth", worth)
    own = _counts(counts, len(of.rates), reader)
    size, cv = (of.size, of.size_cv) if value is None else reader.size(value)
    found_cost = reader.cost(cost) if cost is not None else of.cost
    found_lag = of.lag if lag is None else reader.lag(lag)
    rate = of.win_rate
    if not 0 < rate < 1:
        reader.wrong("template", f"must have a share won between 0 and 1; got {rate:g}.")
    if problems or apart is None:
        raise ArgumentError(numbered(problems))
    doubt = math.sqrt(relative_doubt(of) ** 2 + apart**2)
    pseudo = math.inf if doubt == 0 else (1 - rate) / (rate * doubt**2) - 1
    if most is not None:
        pseudo = min(pseudo, most)
    if pseudo <= 0:
        raise ArgumentError(
            f"`give_or_take` of {apart:g} is more doubt than a share of {rate:.3g} can have; it "
            f"must be below {math.sqrt((1 - rate) / rate):.3g}."
        )
    said = f"like {display.one_line(of.name)}, give or take {100 * apart:.0f} %"
    if math.isfinite(pseudo):
        said += f", worth {display.plural(pseudo, 'lead')}"
    rates, ratio = _updated(of, pseudo, own, said)
    return replace(
        of,
        name=name,
        rates=rates,
        ratio=ratio,
        joint=None,
        size_joint=None,
        size=size if size is None or value is not None else replace(size, source=_as(of, size)),
        size_cv=cv,
        lag=found_lag,
        lag_sd=of.lag_sd if lag is None else 0.0,
        timing=of.timing if lag is None else None,
        reach=of.reach if lag is None else {},
        cost=found_cost
        if found_cost is None or cost is not None
        else replace(found_cost, source=_as(of, found_cost)),
        origins={
            part: replace(one, source=f"like {display.one_line(of.name)}: {one.source}")
            for part, one in of.origins.items()
            if part != "lag" or lag is None
        },
    )


def relative_doubt(channel: Channel) -> float:
    """Return the standard deviation of a channel's share won over its mean, over all months."""
    if channel.joint is not None:
        return float(channel.joint.mean(axis=1).std())
    parts = [1 + (one.sd / one.value) ** 2 for one in channel.rates if one.value > 0]
    return math.sqrt(max(float(np.prod(parts)) - 1, 0.0))


def _as(of: Channel, one: Estimate) -> str:
    return f"like {display.one_line(of.name)}: {one.source}"


def _template(template: object, channel: str | None) -> Channel:
    """Return the channel that the new one is like."""
    if isinstance(template, Channel):
        return template
    if not isinstance(template, Assumptions):
        raise ArgumentError(
            f"`template` must be assumptions or a channel; got {type(template).__name__}."
        )
    names = template.names
    if channel is None:
        if len(names) > 1:
            listed = ", ".join(f"`{one}`" for one in names)
            raise ArgumentError(f"`channel` must say which one it is like: {listed}.")
        return template.channels[0]
    return template.channels[names.index(checks.member("channel", "channel", channel, names))]


def _counts(given: Any, steps: int, reader: Reader) -> list[Pair] | Pair | None:
    """Return own counts: of the win, or of each step."""
    if given is None:
        return None
    pairs = [given] if len(given) == 2 and all(is_number(one) for one in given) else list(given)
    whole = pairs[0] is given if pairs else False
    if not whole and len(pairs) != steps:
        reader.wrong(
            "counts",
            f"must be (won, entered), or such a pair for each of {display.plural(steps, 'step')}; "
            f"got {given!r}.",
        )
        return None
    found = []
    for one in pairs:
        right = len(one) == 2 and all(is_number(each) for each in one)
        if not right or not 0 <= one[0] <= one[1]:
            reader.wrong("counts", f"must be (converted, entered), at most all; got {one!r}.")
            return None
        found.append((float(one[0]), float(one[1])))
    return found[0] if whole else found


def _updated(
    of: Channel, pseudo: float, own: list[Pair] | Pair | None, said: str
) -> tuple[tuple[Estimate, ...], float]:
    """Return the rates of the steps, and the ratio of the share won to their product."""
    values = [one.value for one in of.rates]
    rate, ratio, n = of.win_rate, of.ratio, None
    a, b = pseudo * rate, pseudo * (1 - rate)
    if isinstance(own, tuple):
        won, n = own
        a, b = a + won, b + n - won
        said += f"; own {won:,g} of {n:,g}"
    if math.isfinite(pseudo):
        mean = a / (a + b)
        doubt = math.sqrt((1 - mean) / (mean * (a + b + 1)))
        ratio *= mean / rate
    else:
        doubt = 0.0
    sds = shared_doubt(values, doubt)
    if not isinstance(own, list):
        return tuple(
            Estimate(value=value, sd=sd, source=said, n=n)
            for value, sd in zip(values, sds, strict=True)
        ), ratio
    found = []
    for value, sd, (converted, entered) in zip(values, sds, own, strict=True):
        text = f"{said}; own {converted:,g} of {entered:,g}"
        if sd == 0:
            found.append(Estimate(value=value, source=text, n=entered))
            continue
        prior = value * (1 - value) / sd**2 - 1
        total = prior + entered
        after = (prior * value + converted) / total
        spread = math.sqrt(after * (1 - after) / (total + 1))
        found.append(Estimate(value=after, sd=spread, source=text, n=entered))
    return tuple(found), ratio
