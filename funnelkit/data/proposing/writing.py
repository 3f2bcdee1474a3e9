"""A draft as a commented funnel.yml: every guess with its reason, nothing said silently."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from funnelkit._core import display
from funnelkit.data.proposing.draft import Draft
from funnelkit.data.proposing.roles import Status

HEAD = "# Drafted by `funnelkit init`. Every line is a guess from the files: check each one."
_PLAIN = re.compile(r"[^\W\d][\w ./()+-]*[\w)]|[^\W\d]", re.ASCII)
_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n", "~"}
_WIDTH = 96


def written(draft: Draft, *, folder: Path, tried: Sequence[str]) -> str:
    """Return the text of a funnel.yml.

    Parameters
    ----------
    draft
        What it should say.
    folder
        Where it will stand: paths are relative to it.
    tried
        What came of reading the exports by it, as sentences.
    """
    lines = [HEAD]
    for sentence in (*tried, *draft.notes):
        lines += comment(sentence)
    lines += ["", *_stages(draft), ""]
    guesses = draft.roles.guesses
    lines += _keyed("id", scalar(draft.roles.id), guesses["id"].why)
    if draft.roles.status is not None:
        lines += _status(draft.roles.status, draft)
    for key in ("value", "owner", "account"):
        if key in guesses:
            lines += _keyed(key, scalar(guesses[key].columns[0]), guesses[key].why)
    for key in ("segments", "apart", "keep"):
        if key in guesses:
            lines += _keyed(key, sequence(guesses[key].columns), guesses[key].why)
    lines += _personal(draft.personal)
    lines += ["", *_data(draft, folder)]
    lines += _left(draft)
    return "\n".join(lines) + "\n"


def scalar(text: str) -> str:
    """Return a text as YAML, in quotation marks where it must be.

    Examples
    --------
    >>> print(scalar("won"), scalar("no"), scalar("a: b"), scalar("2026-10-31"))
    won "no" "a: b" "2026-10-31"
    """
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)


def sequence(texts: Iterable[str]) -> str:
    """Return texts as a YAML list on one line."""
    return f"[{', '.join(scalar(text) for text in texts)}]"


def _stages(draft: Draft) -> list[str]:
    log, roles = draft.log, draft.roles
    if log is not None:
        lines = _keyed("stages", sequence(log.stages), "in the order of the mean days to them")
        lines += comment(f"Events: {_counted(log.stages)}.")
        lines += _keyed("exits", sequence(log.exits), f"by their names; {_counted(log.exits)}")
        return [*lines, *_last(list(log.stages))]
    names, exits = list(roles.stages), list(roles.exits)
    if roles.status is not None:
        names = [*names, "won"] if names else ["created", "won"]
        exits = [*exits, *(["lost"] if roles.status.lost else [])]
    if len(names) < 2:
        lines = comment(
            "Only one stage was found; a funnel needs two. Name the columns of the others."
        )
        return [*lines, f"stages: {sequence(names or ['created'])}"]
    why = "in the order in which their dates follow each other"
    lines = _keyed("stages", sequence(names), why)
    if exits:
        lines += _keyed("exits", sequence(exits), "ways out, by their names")
    lines.append("columns:")
    for name, column in (*roles.stages.items(), *roles.exits.items()):
        rows = display.plural(draft.counts.get(column, 0), "date")
        lines.append(f"  {scalar(name)}: {scalar(column)}  # {rows}")
    return [*lines, *_last(names)]


def _last(names: Sequence[str]) -> list[str]:
    return comment(f"The last stage, {_inert(names[-1])}, counts as the win.")


def _status(status: Status, draft: Draft) -> list[str]:
    lines = _keyed("status", scalar(status.column), status.why)
    if status.date is not None:
        why = "of records won or lost; of open ones it is a plan, and never counts"
        lines += _keyed("status_date", scalar(status.date), why)
    first = next(iter(draft.roles.stages), "created")
    lines.append("status_values:")
    if status.open:
        lines.append(f"  {scalar(first)}: {sequence(status.open)}  # still open")
    lines.append(f"  won: {sequence(status.won)}")
    if status.lost:
        lines.append(f"  lost: {sequence(status.lost)}")
    return [
        *lines,
        *comment(
            "Only the current stage is known: rates from the entry to won and lost can be had, and "
            "how long they take; rates between the stages in between cannot, since a deal that was "
            "lost does not say how far it came. A history of stages would tell."
        ),
    ]


def _personal(columns: Mapping[str, str]) -> list[str]:
    if not columns:
        return ["personal: []  # none was recognised; name columns with personal data here"]
    reasons: dict[str, list[str]] = {}
    for name, why in columns.items():
        reasons.setdefault(why, []).append(name)
    told = "; ".join(f"{why}: {display.listed(names)}" for why, names in reasons.items())
    return _keyed("personal", sequence(columns), f"never read. {told}")


def _data(draft: Draft, folder: Path) -> list[str]:
    lines = ["data:", f"  files: {paths_listed(draft.files, folder)}"]
    if draft.join:
        lines += [f"  join: {paths_listed(draft.join, folder)}  # share the id"]
    if draft.log is not None:
        log = draft.log
        parts = ", ".join(
            f"{key}: {scalar(name)}"
            for key, name in (("id", log.id), ("stage", log.stage), ("time", log.time))
        )
        lines += [f"  events: {{{parts}}}  # a long log, one row for each event"]
    if draft.formats:
        lines.append("  date_format:  # the one order that reads every date")
        lines += [f"    {scalar(name)}: {scalar(order)}" for name, order in draft.formats.items()]
    for said in draft.undecided.values():
        lines += ["  # Not decided here, since several orders read the dates, or none does:"]
        lines += [f"  {line}" for line in comment(said)]
    return lines


def _left(draft: Draft) -> list[str]:
    if not draft.roles.left:
        return []
    lines = ["", "# Dates that were not taken for stages:"]
    lines += [f"#   {_inert(name)}: {why}" for name, why in draft.roles.left.items()]
    return lines


def _keyed(key: str, value: str, why: str) -> list[str]:
    short = f"{key}: {value}  # {_inert(why)}"
    if len(short) <= _WIDTH:
        return [short]
    return [*comment(why), f"{key}: {value}"]


def comment(text: str) -> list[str]:
    """Return a sentence as lines of a comment."""
    import textwrap

    return [f"# {line}" for line in textwrap.wrap(_inert(text), _WIDTH - 2)] or ["#"]


def _counted(names: Mapping[str, int]) -> str:
    return display.listed([f"{name} {n:,}" for name, n in names.items()]) or "none"


def paths_listed(files: Sequence[Path], folder: Path) -> str:
    """Return paths as YAML, relative to a folder."""
    paths = [_relative(path, folder) for path in files]
    return scalar(paths[0]) if len(paths) == 1 else sequence(paths)


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()


def _inert(text: str) -> str:
    """Return text on one line, so that a comment stays one."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
