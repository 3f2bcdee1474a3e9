"""Writes a commented file of scenarios to start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from funnelkit._core.errors import ArgumentError
from funnelkit.plan.scenarios.levers import Lever, levers_of
from funnelkit.plan.scenarios.situation import situation_of

if TYPE_CHECKING:
    from funnelkit.plan import Allocation, Plan

_HEAD = """\
# Scenarios of a plan: what would be otherwise, each under a name of its own.
# Read by fk.plan.read_scenarios(...), set side by side by fk.plan.compare_scenarios(plan, ...).
#
# A change is   a number      0.25 or 25%
#               a factor      x1.2
#               a shift       +10% or -10%
#               a range       {low: 20000, high: 30000}   it lies there in 80 of 100 cases
#
# Under a name may stand
#   description   a sentence
#   based on      another scenario, whose changes hold where this one says nothing
#   inputs        name of an input: change; all names are listed at the end
#   targets       one change for all months (a number is the new sum), or month: change
#   mix           channel: share of the leads of each month
#   probability   that is asked for
#   ceilings      channel: leads a month that it brings at most
#   leads         one change of the planned leads, or channel: change
"""


def write_scenarios(path: str | Path, plan: Plan | Allocation) -> Path:
    """Write a commented file of scenarios of a plan, to be edited.

    Parameters
    ----------
    path
        Of a file that does not exist yet.
    plan
        Whose inputs and channels the examples are about, and are listed with what they are.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    ArgumentError
        If there is such a file already, which may hold somebody's work; or it cannot be written.

    Examples
    --------
    >>> import funnelkit as fk, pathlib, tempfile
    >>> plan = fk.plan.reverse(1_000_000, [0.25, 0.4, 0.5, 0.2], value=25_000)
    >>> file = fk.plan.write_scenarios(pathlib.Path(tempfile.mkdtemp()) / "scenarios.yml", plan)
    >>> [one.name for one in fk.plan.read_scenarios(file)]
    ['weak conversion', 'weak conversion, smaller deals', 'higher goal']
    """
    file = Path(path)
    try:
        with file.open("x", encoding="utf-8", newline="\n") as opened:
            opened.write(_text(plan))
    except FileExistsError:
        raise ArgumentError(
            f"`path` {file.name!r} is there already; take another name, or delete it."
        ) from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ArgumentError(f"`path` {str(path)!r} cannot be written: {why}.") from None
    return file


def _text(plan: Plan | Allocation) -> str:
    here = situation_of(plan)
    levers = [one for one in levers_of(here).values() if one.part != "plan"]
    leads = here.leads.sum(axis=1)
    largest = here.assumptions.names[int(leads.argmax())]
    c = here.assumptions.names.index(largest)
    rate = next(one for one in levers if one.part == "rate" and one.channel == c)
    other = next((one for one in levers if one.part == "size" and one.channel == c), None)
    if other is None:
        other = next(one for one in levers if one.part == "lag" and one.channel == c)
    monthly = max(round(float(leads[c]) / here.leads.shape[1]), 1)
    worse = "x1.2" if other.part == "lag" else "-10%"
    second = "longer lag" if other.part == "lag" else "smaller deals"
    lines = [
        _HEAD,
        "weak conversion:",
        "  description: A fifth less comes of the first step",
        "  inputs:",
        f"    {_quoted(rate.key)}: x0.8",
        "",
        f"weak conversion, {second}:",
        "  based on: weak conversion",
        "  inputs:",
        f"    {_quoted(other.key)}: {worse}",
        "",
        "higher goal:",
        "  targets: +10%",
        "  probability: 90%",
        "  ceilings:",
        f"    {_quoted(largest)}: {2 * monthly}",
        "",
        "# Inputs of this plan, as they are:",
        *[_line(one) for one in levers],
    ]
    return "\n".join(lines) + "\n"


def _line(lever: Lever) -> str:
    number = f"{lever.value:.6g}" if lever.value < 100_000 else f"{lever.value:.0f}"
    return f"#   {_quoted(lever.key)}: {number}"


def _quoted(name: str) -> str:
    """Return a name as YAML reads it back, whatever it holds, on one line."""
    found: str = yaml.safe_dump(name, default_style='"', allow_unicode=True, width=10**9)
    return found.rstrip("\n")
