"""In which order stages stand: as HubSpot has them, by what records did, or unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cmp_to_key
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit.data.hubspot.stages import Stage

if TYPE_CHECKING:
    import ibis.expr.types as ir

Before = Mapping[tuple[str, str], int]
_MOST = 0.6


def ordered(
    stages: Sequence[Stage], default: Sequence[str], before: Before
) -> tuple[list[Stage] | None, str]:
    """Return stages in order and why, or ``None`` where nothing decides.

    Parameters
    ----------
    stages
        Those that are open.
    default
        Keys in the order that HubSpot comes with.
    before
        (stage, other stage) -> records that entered the one on an earlier day than the other.

    Examples
    --------
    >>> a, b = Stage(key="demo", name="Demo"), Stage(key="offer", name="Offer")
    >>> found, why = ordered([b, a], [], {("demo", "offer"): 9, ("offer", "demo"): 1})
    >>> [stage.name for stage in found], why
    (['Demo', 'Offer'], 'by the days of entry: `Demo` before `Offer` in 9 of 10 records')
    >>> ordered([a, b], [], {})[0] is None
    True
    """
    if all(stage.key in default for stage in stages):
        found = sorted(stages, key=lambda stage: list(default).index(stage.key))
        return found, "in the order that HubSpot comes with"
    decided: dict[tuple[str, str], tuple[int, str]] = {}
    for one, other in combinations(stages, 2):
        sign, why = _earlier(one, other, before)
        if not sign:
            return None, f"nothing says whether `{one.name}` or `{other.name}` comes first"
        decided[one.key, other.key] = sign, why
        decided[other.key, one.key] = -sign, why

    def order(one: Stage, other: Stage) -> int:
        return decided[one.key, other.key][0]

    found = sorted(stages, key=cmp_to_key(order))
    for one, other in combinations(found, 2):
        if decided[one.key, other.key][0] > 0:
            return None, f"`{other.name}` comes before `{one.name}` and after it"
    said = [decided[one.key, other.key][1] for one, other in pairwise(found)]
    return found, display.listed(list(dict.fromkeys(_grouped(said)))) or "there is just one"


def precedence(first: ir.Table | None) -> dict[tuple[str, str], int]:
    """Return (stage, other stage) -> records that entered the one on an earlier day."""
    if first is None:
        return {}
    other = first.view()
    pairs = first.join(other, [first.id == other.id, first.day < other.day])
    pairs = pairs.select(one=first.key, other=other.key)
    counted = pairs.group_by("one", "other").aggregate(n=pairs.count()).execute()
    return {(str(a), str(b)): int(n) for a, b, n in counted.itertuples(index=False)}


def _earlier(one: Stage, other: Stage, before: Before) -> tuple[int, str]:
    """Return -1 where the one comes first, 1 where the other does, 0 where nothing decides."""
    ahead = before.get((one.key, other.key), 0)
    behind = before.get((other.key, one.key), 0)
    both = ahead + behind
    if both and max(ahead, behind) >= _MOST * both:
        first, second = (one, other) if ahead > behind else (other, one)
        why = (
            f"days: `{first.name}` before `{second.name}` in {max(ahead, behind)} of "
            f"{display.plural(both, 'record')}"
        )
        return (-1 if ahead > behind else 1), why
    if one.probability and other.probability:
        if one.probability[1] < other.probability[0]:
            return -1, "probability"
        if other.probability[1] < one.probability[0]:
            return 1, "probability"
    return 0, ""


def _grouped(said: Sequence[str]) -> list[str]:
    days = [why.removeprefix("days: ") for why in said if why.startswith("days: ")]
    found = [f"by the days of entry: {display.listed(days)}"] if days else []
    return found + (["by the probability of their deals"] if "probability" in said else [])
