"""`issued_reports`: earlier monthly reports, read from the manifests that stand beside them."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit.report import manifest
from funnelkit.report.page.changes import UNKNOWN, Estimate
from funnelkit.report.page.facts.restated import COUNTED, Issued

if TYPE_CHECKING:
    from funnelkit.report.config import Config

_DEEPEST = 3
"""Folders below that of all reports in which a manifest is looked for."""


def issued_reports(
    folder: Path, config: Config, *, data: Any = None, join: Any = None
) -> tuple[Issued, ...]:
    """Return the earlier reports of a folder, in order of their months.

    A report made from the very files of today is left out: nothing in it can have moved.

    Parameters
    ----------
    folder
        The folder of all reports; it need not be there.
    config
        The funnel and its data as they are today.
    data, join
        Exports that are read in place of those that funnel.yml names.

    Returns
    -------
    tuple of Issued
        One for each month; manifests that cannot be read, of simulated data, or of another part
        of the data are passed over.
    """
    today = manifest.sources(config, data=data, join=join)
    definition = manifest.defined(config)
    found: dict[tuple[str, tuple[str, str], tuple[str, ...]], Issued] = {}
    for content in _manifests(folder):
        if not _is_ours(content, definition):
            continue
        then = _sources(content)
        if today and all(then.get(name) == digest for name, digest in today.items()):
            continue
        exports = [name for name in today if name != config.path.name]
        one = _issued(
            content,
            defined=content.get("funnel") == definition["funnel"],
            changed=tuple(name for name in exports if then.get(name) != today[name]),
        )
        if one is not None:
            found.setdefault((str(one.month), one.route, tuple(sorted(one.only))), one)
    return tuple(sorted(found.values(), key=lambda one: one.month))


def of_part(issued: Sequence[Issued] | None, only: Sequence[str]) -> tuple[Issued, ...] | None:
    """Return the reports on the same part of the leads, such as ``["region=EMEA"]``."""
    if issued is None:
        return None
    return tuple(one for one in issued if sorted(one.only) == sorted(only))


def _manifests(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the manifests in a folder, those nearest to it first; hidden folders are half-made."""
    found = [
        path
        for path in folder.glob("**/manifest.json")
        if len(path.relative_to(folder).parts) <= _DEEPEST + 1
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and not any(part.endswith(".partial") for part in path.relative_to(folder).parts)
    ]
    for path in sorted(found, key=lambda one: (len(one.parts), one.as_posix())):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(content, dict):
            yield content


def _is_ours(content: Mapping[str, Any], definition: Mapping[str, Any]) -> bool:
    """Whether a manifest is of a monthly report on the same rows of real data."""
    given = content.get("parameters")
    if content.get("report") != "monthly" or not isinstance(given, dict) or given.get("demo"):
        return False
    return bool(content.get("rows", {}) == definition["rows"])


def _sources(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the hash of each input by its name."""
    inputs = content.get("inputs", ())
    return {str(one.get("name")): str(one.get("sha256")) for one in inputs if isinstance(one, dict)}


def _issued(
    content: Mapping[str, Any], *, defined: bool, changed: tuple[str, ...]
) -> Issued | None:
    """Return what a manifest keeps of its figures; ``None`` where it keeps none."""
    import pandas as pd

    try:
        figures = content["facts"]["figures"]
        month = pd.Period(str(content["facts"]["month"]), freq="M")
        as_of = dt.date.fromisoformat(str(content["as_of"]))
        start, target = (str(stage) for stage in figures["route"])
        counted = {name: float(figures[name]) for name in COUNTED if figures.get(name) is not None}
        rate = [float(end) for end in figures.get("expected") or ()]
        horizon = figures.get("horizon")
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return Issued(
        month=month,
        as_of=as_of,
        route=(start, target),
        only=tuple(str(one) for one in content["parameters"].get("only") or ()),
        counted={name: value for name, value in counted.items() if math.isfinite(value)},
        horizon=horizon if isinstance(horizon, int) else None,
        expected=Estimate(*rate) if len(rate) == 3 else UNKNOWN,
        defined=defined,
        changed=changed,
        fingerprint=manifest.fingerprint(content),
    )
