"""What a lag chart says: how fast conversions come, as far as leads are followed."""

from __future__ import annotations

from funnelkit._core import display
from funnelkit.plot.scales import age_ticks
from funnelkit.plot.tracks import NO_BOUND, Track, Tracks


def title(shown: Tracks) -> str:
    """Return by when half and nine tenths have come, what they come to, or what lies apart."""
    if shown.main is None:
        return _of_several(shown)
    return _of_comparison(shown) if shown.against else _of_one(shown.main, shown)


def _of_one(track: Track, shown: Tracks) -> str:
    target = shown.target
    if track.end == 0:
        return f"{track.said} reach {target} on the day of entry; nobody is followed for longer"
    if track.few:
        return f"{display.plural(track.leads or 0, 'lead')}: too few to tell how fast they convert"
    if track.ultimate is not None and (track.bound or track.verdict == "extrapolated"):
        return _of_tail(track, target)
    within = "in the end" if shown.tail else f"within {display.plural(track.end, 'day')}"
    half, most = track.first_at(0.5), track.first_at(0.9)
    if half is None or most is None:
        high = display.percent(track.high[track.end])
        return f"None has reached {target} yet: at most {high} {within}"
    if half == most:
        return f"What reaches {target} {within} is nearly all there by day {most}"
    return (
        f"Half of what reaches {target} {within} is there by day {half}, nine in ten by day {most}"
    )


def _of_tail(track: Track, target: str) -> str:
    """Return what a rate that follow-up does not carry comes to."""
    _, low, high = track.final
    if not track.bound:
        between = display.percent_range(low, high, words=True)
        return f"{between} reach {target} in the end, if the pace goes on as fitted"
    if high > NO_BOUND and not low > 0:
        return f"Follow-up is too short to say what share reaches {target} in the end"
    return f"Too early for a rate: {track.said} reach {target} in the end"


def _of_several(shown: Tracks) -> str:
    """Return which curves end clearly apart."""
    able = [track for track in shown.others if not track.few and not track.bound]
    top = max(able, key=lambda track: track.final[1], default=None)
    low = min(able, key=lambda track: track.final[2], default=None)
    when = " in the end" if shown.tail else ""
    if top is None or low is None:
        return f"How long it takes to reach {shown.target}: {len(shown.others)} curves"
    if top.final[1] <= low.final[2]:
        return f"No two of {len(shown.others)} curves lie clearly apart{when}"
    return (
        f"{top.name} ({display.percent(top.final[0])}) clearly exceeds {low.name} "
        f"({display.percent(low.final[0])}){when}"
    )


def _of_comparison(shown: Tracks) -> str:
    """Return how far the other curves lie from the fit, as far as leads are followed."""
    parts = []
    for other in shown.against:
        apart, age = _apart(shown, other)
        parts.append((f"{100 * apart:.1f}", age, other.name))
    if len(parts) == 1:
        points, age, name = parts[0]
        return f"Up to day {age} the fit stays within {points} points of {name}"
    points, age, name = max(parts, key=lambda part: float(part[0]))
    return f"The fit stays within {points} points of all; farthest is {name}, up to day {age}"


def _apart(shown: Tracks, other: Track) -> tuple[float, int]:
    """Return the largest gap in rate, and the age up to which it was looked for."""
    main = shown.main or other
    last = min(main.line_end, other.line_end)
    for track in (main, other):
        ends = [end for end in (track.sparse_from, track.seen_to) if end is not None]
        last = min([last, *ends])
    gap = abs(main.rate[: last + 1] - other.rate[: last + 1])
    return float(gap.max()), last


def caption(shown: Tracks) -> str:
    """Return what the axes are."""
    since = f"entry to {shown.start}" if shown.start else "entry"
    text = f"Share (%) that has reached {shown.target}, by days since {since}."
    if shown.main is not None and shown.main.followed is not None:
        behind = "leads that are that old" if shown.tail else "leads still open and followed then"
        text += f" Second line: {behind}."
    if shown.tail and shown.all:
        text += " At the right: the rate in the end (ever), with its 95\u202f% interval."
    if shown.others and not shown.tail and any(one.followed is not None for one in shown.others):
        text += " Each curve ends where its leads are no longer followed."
    if shown.left_out:
        text += f" {display.plural(shown.left_out, 'further curve')} not shown."
    return f"{text}{_verdict(shown)}"


def _verdict(shown: Tracks) -> str:
    """Return how far the data carry the rates."""
    until = "" if shown.seen_to is None else f" Nobody is followed beyond day {shown.seen_to}."
    if shown.verdict == "extrapolated":
        return f" Extrapolated: follow-up is short.{until}"
    if shown.verdict == "bound only":
        several = shown.main is None or bool(shown.others)
        where = " of some curves" if several else ""
        return f" Bound only: follow-up{where} is too short for a rate.{until}"
    return " Measured: follow-up is long enough." if shown.tail else ""


def words(shown: Tracks) -> list[str]:
    """Return the view in words."""
    lines = [title(shown), caption(shown)]
    return lines + [_words(track, shown) for track in shown.all]


def _words(track: Track, shown: Tracks) -> str:
    name = track.name or "All leads"
    if track.few:
        return f"{name}: {track.said}."
    end = track.line_end
    ages = [age for age in age_ticks(shown.days) if age < end]
    steps = [f"day {age} {display.percent(track.rate[age])}{_followed(track, age)}" for age in ages]
    last = track.said if track.ultimate is None else display.percent(track.rate[end])
    steps.append(f"day {end} {last}{_followed(track, end)}")
    text = f"{name}: {', '.join(steps)}."
    if track.ultimate is not None:
        text += f" In the end {track.said} [{track.verdict}]."
    few = track.sparse_from
    return f"{text} Dashed from day {few} on." if few is not None else text


def _followed(track: Track, age: int) -> str:
    if track.followed is None:
        return ""
    behind = "followed" if track.ultimate is None else "that old"
    return f" [{display.count(track.followed[age])} {behind}]"
