"""What `forecast` and `experiment` look at: the leads that funnel.yml names, or simulated ones."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit._core.errors import ArgumentError, DefinitionError, EvidenceError
from funnelkit.cli.parser import Parser, add_sources

if TYPE_CHECKING:
    from funnelkit.data.records import Leads
    from funnelkit.report.page.source import Source


def add_looking(parser: Parser) -> None:
    """Add the options that say what to look at."""
    add_sources(parser, data="exports to read, not those in funnel.yml")
    parser.add_argument("--demo", action="store_true", help="simulated data")
    words = "as known at the end of this month; none: all data"
    parser.add_argument("--month", metavar="YYYY-MM", help=words)


def opened_for(
    told: argparse.Namespace, *, simulated: Callable[[], Source] | None = None
) -> tuple[Source, Leads]:
    """Return what is looked at, and its leads as known at the end of the month asked for.

    Parameters
    ----------
    told
        The options.
    simulated
        What `--demo` looks at, where it is not the leads of every demo.

    Raises
    ------
    ArgumentError, DefinitionError
        If it contradicts itself, or there is no funnel.yml; with the ways out.
    EvidenceError
        If the month has not ended in the data.
    """
    from funnelkit.report.config import FILE_NAME
    from funnelkit.report.kinds import month
    from funnelkit.report.page.gather import of_one_business
    from funnelkit.report.page.source import opened

    if told.demo and (told.config or told.data or told.join):
        raise ArgumentError(
            "`--demo` looks at simulated data, so it takes no `--config`, `--data` or `--join`; "
            "leave one or the other out."
        )
    label = None if told.month is None else month("month", told.month)
    config = told.config
    if not told.demo and config is None:
        if not Path(FILE_NAME).is_file():
            raise DefinitionError(
                f"there is no {FILE_NAME} here: name yours with --config, draft one with "
                "`funnelkit init EXPORT`, or take simulated data with --demo."
            )
        config = FILE_NAME
    given: dict[str, Any] = {"data": told.data, "join": told.join} if not told.demo else {}
    if told.demo and simulated is not None:
        source = simulated()
    else:
        source = opened(config=config, demo=told.demo, **given)
    leads = of_one_business(source.leads)
    return source, leads if label is None else _then(leads, label)


def _then(leads: Leads, label: str) -> Leads:
    year, number = (int(part) for part in label.split("-"))
    last = dt.date(year + number // 12, number % 12 + 1, 1) - dt.timedelta(days=1)
    if last > leads.as_of:
        raise EvidenceError(
            f"`month` must have ended in the data, which go up to {leads.as_of.isoformat()}; "
            f"got {label}."
        )
    return leads.at(last)
