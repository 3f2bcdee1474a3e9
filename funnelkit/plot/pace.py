"""What a lag chart says: how fast conversions come, as far as leads are followed."""

from __future__ import annotations

from funnelkit._core import display
from funnelkit.plot.scales import age_ticks
from funnelkit.plot.tracks import Track, Tracks


def title(shown: Tracks) -> str:
    """Return by when half and nine tenths of the conversions have come."""
    track, target = shown.main, shown.target
    if track is None:
        return f"How long it takes to reach {target}: {len(shown.others)} curves"
    if track.end == 0:
        return f"{track.said} reach {target} on the day of entry; nobody is followed for longer"
    within = "in the end" if shown.tail else f"within {display.plural(track.end, 'day')}"
    if track.few:
        return f"{display.plural(track.leads or 0, 'lead')}: too few to tell how fast they convert"
    half, most = track.first_at(0.5), track.first_at(0.9)
    if half is None or most is None:
        return (
            f"None has reached {target} yet: at most {display.percent(track.high[track.end])} "
            f"{within}"
        )
    if half == most:
        return f"What reaches {target} {within} is nearly all there by day {most}"
    return (
        f"Half of what reaches {target} {within} is there by day {half}, nine in ten by day {most}"
    )


def caption(shown: Tracks) -> str:
    """Return what the axes are."""
    since = f"entry to {shown.start}" if shown.start else "entry"
    text = f"Share (%) that has reached {shown.target}, by days since {since}."
    if shown.main is not None and shown.main.followed is not None:
        text += " Second line: leads still open and followed at that age."
    if shown.others:
        text += " Each curve ends where its leads are no longer followed."
    if shown.left_out:
        text += f" {display.plural(shown.left_out, 'further curve')} not shown."
    if shown.verdict == "extrapolated":
        text += " Extrapolated: follow-up is short."
    return text


def words(shown: Tracks) -> list[str]:
    """Return the view in words."""
    lines = [title(shown), caption(shown)]
    return lines + [_words(track, shown) for track in shown.all]


def _words(track: Track, shown: Tracks) -> str:
    name = track.name or "All leads"
    if track.few:
        return f"{name}: {track.said}."
    ages = [age for age in age_ticks(shown.days) if age < track.end]
    steps = [f"day {age} {display.percent(track.rate[age])}{_followed(track, age)}" for age in ages]
    steps.append(f"day {track.end} {track.said}{_followed(track, track.end)}")
    text = f"{name}: {', '.join(steps)}."
    few = track.sparse_from
    return f"{text} Dashed from day {few} on." if few is not None else text


def _followed(track: Track, age: int) -> str:
    return "" if track.followed is None else f" [{display.count(track.followed[age])} followed]"
