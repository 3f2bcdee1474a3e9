"""Pipeline movement the slow and obvious way: a diary of each deal, replayed to both days.

A deal is a list of dated entries ``(day, what, value)``, oldest first. Lines are found by asking
of each cause which deals belong to it, not by following one deal through the cases.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from fractions import Fraction
from typing import Any

Diary = list[tuple[dt.date, str, Any]]
GONE = {"state": None}


def replay(diary: Diary, day: dt.date) -> dict[str, Any]:
    """What a deal looked like at the end of a day; nothing but its state where it is not there."""
    seen: dict[str, Any] = {"state": None, "born": None, "ended": None}
    for when, what, value in diary:
        if when > day:
            break
        if what == "created":
            seen |= {"state": "open", "born": when}
        elif what in ("won", "lost"):
            seen |= {"state": what, "ended": when}
        elif what == "reopened":
            seen |= {"state": "open", "ended": None}
        elif what == "deleted":
            return dict(GONE)
        else:
            seen[what] = value
    return seen


def bridge(
    diaries: dict[str, Diary],
    start: dt.date,
    end: dt.date,
    period: tuple[dt.date, dt.date] | None,
) -> dict[tuple[Any, str], tuple[int, Fraction]]:
    """(group, line) -> deals and exact sum, lines without deals left out but start and end."""
    then = {name: replay(diary, start) for name, diary in diaries.items()}
    now = {name: replay(diary, end) for name, diary in diaries.items()}
    first, last = period or (dt.date.min, dt.date.max)

    def plan(one: dict[str, Any]) -> dt.date | None:
        return one.get("close") or one.get("ended")

    def inside(one: dict[str, Any]) -> bool:
        return period is None or (plan(one) is not None and first <= plan(one) <= last)

    def held(one: dict[str, Any]) -> bool:
        return one["state"] == "open" and inside(one)

    def money(one: dict[str, Any]) -> Fraction:
        return Fraction(str(one.get("amount") or 0))

    had = {name for name in diaries if held(then[name])}
    have = {name for name in diaries if held(now[name])}
    unknown = {name for name in diaries if then[name]["state"] is None}
    won = {
        name
        for name, one in now.items()
        if one["state"] == "won"
        and inside(one)
        and then[name]["state"] != "won"
        and (name not in unknown or one["ended"] > start)
    }
    quick_losses = {
        name
        for name, one in now.items()
        if name in unknown and one["state"] == "lost" and inside(one) and one["ended"] > start
    }
    came = (have | won | quick_losses) - had
    stayed = had & (have | won)
    left = had - stayed
    early = {name for name in diaries if plan(then[name]) and plan(then[name]) < first}
    belongs = {
        "created": {n for n in came & unknown if now[n]["born"] > start},
        "appeared": {n for n in came & unknown if now[n]["born"] <= start},
        "reopened": {n for n in came if then[n]["state"] in ("won", "lost")},
        "rolled_in": {n for n in came & early if then[n]["state"] == "open"},
        "pulled_in": {n for n in came - early if then[n]["state"] == "open"},
        "gone": {n for n in left if now[n]["state"] is None},
        "lost": {n for n in left if now[n]["state"] == "lost"} | quick_losses,
        "won": won,
    }
    moved_date = left - belongs["gone"] - belongs["lost"]
    belongs["pulled_out"] = {n for n in moved_date if plan(now[n]) and plan(now[n]) < first}
    belongs["pushed"] = moved_date - belongs["pulled_out"]
    sums: dict[tuple[Any, str], list[Fraction]] = defaultdict(list)
    for group in {one.get("group") for one in (*then.values(), *now.values())}:
        sums[group, "start"] += [money(then[n]) for n in had if then[n].get("group") == group]
        sums[group, "end"] += [money(now[n]) for n in have if now[n].get("group") == group]
    for line, names in belongs.items():
        arrives = line in ("created", "appeared", "reopened", "rolled_in", "pulled_in")
        for n in names:
            own = then[n] if n in left else now[n]
            sums[own.get("group"), line].append(money(own) if arrives else -money(own))
    for n in stayed:
        if then[n].get("group") != now[n].get("group"):
            sums[then[n].get("group"), "moved_out"].append(-money(then[n]))
            sums[now[n].get("group"), "moved_in"].append(money(then[n]))
        more = money(now[n]) - money(then[n])
        if more:
            sums[now[n].get("group"), "raised" if more > 0 else "lowered"].append(more)
    busy = {group for (group, _), values in sums.items() if values}
    return {
        (group, line): (len(values), sum(values, Fraction(0)))
        for (group, line), values in sums.items()
        if group in busy
    }
