"""Another process asked for parts of a page, if there is a core and memory for it."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

from funnelkit._core.errors import FunnelError
from funnelkit.report.page.beside import process

EVES = 3
"""How many months are looked back on."""

Part = Literal["today", "eves"]
T = TypeVar("T")


class Elsewhere:
    """What another process makes of a page meanwhile; it ends with this object.

    Parameters
    ----------
    asked
        How the page opens its leads (``source``), and its arguments; see
        :func:`funnelkit.report.page.beside.parts.world_of`.
    """

    def __init__(self, asked: Mapping[str, Any]) -> None:
        self._made: dict[str, Any] = {}
        self._process = process.started()
        weakref.finalize(self, self._process.end)
        with contextlib.suppress(OSError):  # where it has ended, it answers nothing
            self._process.question.write(json.dumps(asked, default=os.fspath).encode() + b"\n")
            self._process.question.flush()

    def part(self, name: Part, here: Callable[[], T]) -> T:
        """Return a part of the page; wait for it if need be.

        Parameters
        ----------
        name
            Of the part.
        here
            What makes it in this process: where the other one failed, for whatever reason, or was
            warned of something that is to be heard here.
        """
        while name not in self._made:
            try:
                told, made, warned = pickle.load(self._process.answers)  # noqa: S301  our own
            except (EOFError, pickle.UnpicklingError, OSError, ValueError):  # it has ended
                break
            self._made[told] = None if warned else (made,)
        found = self._made.get(name)
        return here() if found is None else found[0]


def part_of(elsewhere: Elsewhere | None, name: Part, here: Callable[[], T]) -> T:
    """Return a part of the page from the process that was asked, or made here if none was."""
    return here() if elsewhere is None else elsewhere.part(name, here)


def asked_elsewhere(
    *,
    month: str | None,
    start: str | None,
    segment: str | None,
    confidence_level: float,
    config: str | os.PathLike[str] | None,
    data: str | Sequence[str] | None = None,
    join: str | Sequence[str] | None = None,
    only: str | Sequence[str] | Mapping[str, str] | None = None,
) -> Elsewhere | None:
    """Return the process that was asked, or nothing where the page had better do it itself.

    That is with one core, with little memory or a limit to it (a second copy of the data is read),
    for simulated leads and those of a warehouse (which would be asked twice), and for files that
    cannot be read: it is for the page to say so.

    Parameters
    ----------
    month, start, segment, confidence_level
        Of the page, which is one of wins.
    config, data, join, only
        As in :func:`funnelkit.report.page.source.opened`.
    """
    if not _is_worth_it(config, data, join):
        process.dismiss()
        return None
    source = {"config": config, "data": data, "join": join, "only": only}
    return Elsewhere(
        {
            "source": source,
            "month": month,
            "start": start,
            "segment": segment,
            "confidence_level": confidence_level,
        }
    )


def _is_worth_it(
    config: str | os.PathLike[str] | None,
    data: str | Sequence[str] | None,
    join: str | Sequence[str] | None,
) -> bool:
    """Return whether another process may make parts of a page, and can."""
    from funnelkit.report.batch import memory
    from funnelkit.report.config import load_config

    if config is None or not process.may_start():
        return False
    try:
        setup = load_config(config, check_files=data is None)
        inputs = [path for files in setup.inputs(data=data, join=join) for path in files]
        return bool(inputs) and 2 * memory.need_of(inputs) <= memory.budget_of(None)
    except (FunnelError, OSError):
        return False
