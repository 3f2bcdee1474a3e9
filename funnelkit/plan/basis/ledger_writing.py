"""`write_assumptions`: the ledger of what a plan stands on, as a YAML file to be edited."""

from __future__ import annotations

import math
from os import PathLike
from pathlib import Path

import numpy as np
import yaml

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.plan.basis.assumptions import Assumptions
from funnelkit.plan.basis.estimate import Estimate
from funnelkit.plan.basis.input_keys import Place, places

LEVEL = 0.8
"""Level of the intervals in the file."""
_DIGITS = 7
_HEAD = """\
# What the plan stands on, as known on {as_of}. Change numbers, and read the file back:
#   assumptions = fk.plan.read_assumptions("{name}", assumptions)
# value        what is expected
# low, high    80 % interval of what it may be instead; equal where it is taken as known.
#              Change `value` alone, and they go along in proportion.
# source, n, date   where it comes from, the records behind it, and their last day
# Entries that are not changed may be deleted. Without the line `as_of` the file is taken for
# assumptions of any day.
"""


def write_assumptions(assumptions: Assumptions, path: str | PathLike[str]) -> Path:
    """Write every number that a plan stands on to a YAML file that can be edited.

    Parameters
    ----------
    assumptions
        What the plan stands on.
    path
        Of the file; one that is there is replaced.

    Returns
    -------
    Path
        Of the file: for each input ``value``, ``low``, ``high`` (80 % interval), ``source``, ``n``
        and ``date``, with comments.

    Raises
    ------
    ArgumentError
        If these are no assumptions, or the file cannot be written.

    Examples
    --------
    >>> import funnelkit as fk, tempfile
    >>> plan_on = fk.plan.stated({"inbound": [0.25, 0.40]}, value=25_000)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     text = write_assumptions(plan_on, f"{folder}/plan.yml").read_text(encoding="utf-8")
    >>> print(text[text.index('  "inbound: lead') :].split("source")[0].rstrip())
      "inbound: lead to opportunity":
        value: 0.25
        low: 0.25
        high: 0.25
    """
    if not isinstance(assumptions, Assumptions):
        raise ArgumentError(
            f"`assumptions` must be what a plan stands on; got {type(assumptions).__name__}."
        )
    target = Path(path)
    text = "\n".join(_lines(assumptions, target.name)) + "\n"
    try:
        target.write_text(text, encoding="utf-8", newline="\n")
    except OSError as reason:
        raise ArgumentError(f"`path`: {target} cannot be written ({reason.strerror}).") from reason
    return target


def number(value: float) -> str:
    """Return a number as it stands in the file, of seven digits and without an exponent.

    Examples
    --------
    >>> number(0.25), number(1_150_000.0), number(1.5e-6)
    ('0.25', '1150000', '0.0000015')
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    return np.format_float_positional(
        value, precision=_DIGITS, unique=False, fractional=False, trim="-"
    )


def written(estimate: Estimate, ends: tuple[float, float]) -> dict[str, str]:
    """Return what stands in the file for an input, by key; texts are not quoted yet."""
    found = {
        "value": number(estimate.value),
        "low": number(ends[0]),
        "high": number(ends[1]),
        "source": estimate.source,
    }
    if estimate.n is not None:
        found["n"] = number(estimate.n)
    if estimate.date is not None:
        found["date"] = estimate.date.isoformat()
    return found


def _lines(assumptions: Assumptions, name: str) -> list[str]:
    """Return the lines of the file."""
    as_of = assumptions.as_of.isoformat()
    found = _HEAD.format(as_of=as_of, name=display.one_line(name)).splitlines()
    found += ["", f"as_of: {as_of}", "inputs:"]
    known = places(assumptions)
    ends = assumptions.intervals(LEVEL)
    before = ""
    for key, estimate in assumptions.inputs().items():
        title = _title(assumptions, known[key])
        if title != before:
            found += ["", f"  # {title}"]
            before = title
        low, high = ends[key]
        found.append(f"  {quoted(key)}:")
        for part, text in written(estimate, (float(low), float(high))).items():
            found.append(f"    {part}: {quoted(text) if part == 'source' else text}")
    return found


def _title(assumptions: Assumptions, place: Place) -> str:
    """Return the heading under which an input stands."""
    if place.channel < 0:
        unit = "money" if assumptions.unit == "value" else "deals"
        return f"Without new leads, all months together, in {unit}"
    channel = assumptions.channels[place.channel]
    won = display.percent(channel.win_rate, decimals=2).replace(display.NARROW_SPACE, " ")
    return f"{display.one_line(channel.name)}: {won} of its leads are won"


def quoted(text: str) -> str:
    r"""Return a text in double quotes, as YAML reads it back, on one line.

    Examples
    --------
    >>> quoted('a "b": #c')
    '"a \\"b\\": #c"'
    """
    return yaml.dump(
        str(text), default_style='"', allow_unicode=True, width=math.inf, explicit_end=False
    ).strip()
