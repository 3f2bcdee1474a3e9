"""`limits.yml`: what each channel can bring in a month at most and at least, and the budget."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from funnelkit._core.errors import DefinitionError
from funnelkit.data.document import Section, read

_NUMBER = re.compile(r"\d[\d_,]*(?:\.\d+)?|\.\d+", re.ASCII)
_BY_CHANNEL = ("ceilings", "floors", "costs")


def read_limits(path: str | Path) -> dict[str, Any]:
    r"""Return what :func:`funnelkit.plan.optimise` is told.

    Parameters
    ----------
    path
        YAML of ``ceilings``, ``floors`` and ``costs`` (channel: number), ``ramp`` (a share, or
        channel: share), ``budget`` (a number, or month, quarter or year: number).

    Raises
    ------
    DefinitionError
        With every mistake, each with its line.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "limits.yml"
    >>> _ = file.write_text("ceilings: {web: 900, fair: 120}\nbudget: 400_000\n", encoding="utf-8")
    >>> read_limits(file)
    {'ceilings': {'web': 900.0, 'fair': 120.0}, 'budget': 400000.0}
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise DefinitionError(f"`limits`: {file.name} cannot be read as UTF-8 text.") from None
    try:
        return read(text, _limits)
    except DefinitionError as error:
        raise DefinitionError([f"{file.name}, {words}" for words in error.problems]) from None


def _limits(root: Section) -> dict[str, Any]:
    found: dict[str, Any] = {key: _numbers(root, key) for key in _BY_CHANNEL}
    for key in ("ramp", "budget"):
        found[key] = _numbers(root, key) if root.is_mapping(key) else _number(root, key)
    root.close()
    return {key: value for key, value in found.items() if value not in (None, {})}


def _numbers(root: Section, key: str) -> dict[str, float]:
    section = root.section(key)
    if section is None:
        return {}
    pairs = {name: _number(section, name) for name in section.keys()}  # noqa: SIM118
    return {name: value for name, value in pairs.items() if value is not None}


def _number(section: Section, key: str) -> float | None:
    text = section.text(key)
    if text is None:
        return None
    if not _NUMBER.fullmatch(text.strip()):
        section.note(key, f"must be a number of at least 0; got {text!r}.")
        return None
    return float(text.replace("_", "").replace(",", ""))
