"""`opened`: what every page is made from, whether named by funnel.yml, handed over or simulated."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from funnelkit._core.display import segment_name
from funnelkit.data.control.totals import expected_totals
from funnelkit.report.kinds import choices

if TYPE_CHECKING:
    from funnelkit.data.control.totals import ControlTotal
    from funnelkit.data.ledgers import Ledger
    from funnelkit.data.records import Leads
    from funnelkit.experiment import Design
    from funnelkit.metrics import Headline
    from funnelkit.report.page.facts import Issued
    from funnelkit.report.playbook import Playbook


@dataclass(frozen=True, eq=False, kw_only=True)
class Source:
    """What a page is made from.

    Parameters
    ----------
    leads
        The data.
    simulated
        Whether they are simulated, which the page says.
    title
        Name of the funnel; ``None``: none is given.
    changes
        (day, what) of what changed in the world.
    expected
        Control totals from the CRM's own report.
    known
        Segment -> the names it may have, as funnel.yml lists them.
    headlines, ranges
        Headline metrics and published ranges that funnel.yml names.
    tables, channel
        Tables beside the leads by kind (spend, visitors, activities, …), and the lead column that
        their channels stand for.
    experiments
        Tests that run, as funnel.yml declares them.
    targets, team
        Files of what is to be won, and of the people; ``None``: not named.
    plans
        Files of earlier plans, as they were kept.
    playbook
        What to check about what is found; ``None``: the default.
    issued
        Earlier monthly reports; ``None``: funnel.yml names no folder of them.
    restricted
        Whether rows are left out, by funnel.yml or by `only`.
    """

    leads: Leads
    simulated: bool
    title: str | None = None
    changes: tuple[tuple[dt.date, str], ...] = ()
    expected: tuple[ControlTotal, ...] = ()
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    headlines: tuple[Headline, ...] = ()
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    tables: Mapping[str, Ledger] = field(default_factory=dict)
    channel: str | None = None
    experiments: tuple[Design, ...] = ()
    targets: Path | None = None
    team: Path | None = None
    plans: tuple[Path, ...] = ()
    playbook: Playbook | None = None
    issued: tuple[Issued, ...] | None = None
    restricted: bool = False


def opened(
    *,
    config: str | os.PathLike[str] | None = None,
    data: str | Sequence[str] | None = None,
    join: str | Sequence[str] | None = None,
    demo: bool = False,
    only: str | Sequence[str] | Mapping[str, str] | None = None,
    leads: Leads | None = None,
    expected: Sequence[dict[str, object]] | None = None,
) -> Source:
    """Return what a page is made from.

    Parameters
    ----------
    config
        The funnel.yml; without one, and without `leads`, the data are simulated.
    data, join
        Exports to read in place of those that funnel.yml names.
    demo
        Whether to use simulated data.
    only
        Leads to keep, such as ``"region=EMEA"``; ``"region="``: those without one. What funnel.yml
        says of all leads (control totals, targets, tables of spend and the like) is then left out.
    leads
        Leads already read, in place of `config`.
    expected
        Control totals beside `leads`; see :func:`funnelkit.tie_out`.

    Raises
    ------
    FunnelError
        If the configuration or the data cannot be used.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame({"id": ["a"], "lead": ["2026-01-05"], "won": [None]})
    >>> leads = fk.from_frame(export, fk.Funnel(["lead", "won"], id="id"), as_of="2026-01-31")
    >>> opened(leads=leads).simulated
    False
    """
    from funnelkit.report.issued import of_part

    source = _opened(config, data=data, join=join, demo=demo, leads=leads, expected=expected)
    kept = () if only is None else tuple(choices("only", only))
    part = part_of(source, kept) if kept else source
    return replace(part, issued=of_part(source.issued, kept))


def part_of(source: Source, only: Sequence[str]) -> Source:
    """Return what a page of some of the leads is made from.

    Parameters
    ----------
    source
        What a page of all of them is made from.
    only
        Leads to keep, each such as ``"region=EMEA"``.

    Raises
    ------
    ArgumentError
        For an unknown segment, or a value that no record has; with the closest match.
    """
    chosen: dict[str, list[str | None]] = {}
    for one in only:
        column, value = one.split("=", 1)
        chosen.setdefault(column.strip(), []).append(value or None)
    words = [f"{column} {segment_name(values)}" for column, values in chosen.items()]
    name = source.title or ("Simulated data" if source.simulated else None)
    return replace(
        source,
        leads=source.leads.only(**chosen),
        title=", ".join(filter(None, (name, *words))),
        expected=(),
        known={},
        headlines=tuple(replace(one, target=None) for one in source.headlines),
        tables={},
        targets=None,
        team=None,
        plans=(),
        restricted=True,
    )


def _opened(
    config: str | os.PathLike[str] | None,
    *,
    data: str | Sequence[str] | None,
    join: str | Sequence[str] | None,
    demo: bool,
    leads: Leads | None,
    expected: Sequence[dict[str, object]] | None,
) -> Source:
    if leads is not None:
        totals = expected_totals(expected, leads.funnel) if expected else ()
        return Source(leads=leads, simulated=leads.truth is not None, expected=totals)
    if config is None or demo:
        from funnelkit.report.example import make_example

        return Source(leads=make_example(), simulated=True)
    from funnelkit.report.config import load_config
    from funnelkit.report.issued import issued_reports

    setup = load_config(config, check_files=data is None)
    return Source(
        leads=setup.read(data=data, join=join),
        simulated=False,
        title=setup.title,
        changes=tuple((one.date, one.what) for one in setup.changes),
        expected=setup.expected,
        known=setup.known,
        headlines=setup.headlines,
        ranges=setup.ranges,
        tables=setup.tables.read(),
        channel=setup.tables.channel,
        experiments=setup.experiments,
        targets=setup.targets,
        team=setup.team,
        plans=setup.plans,
        playbook=setup.playbook,
        issued=None
        if setup.earlier_reports is None
        else issued_reports(setup.earlier_reports, setup, data=data, join=join),
        restricted=bool(setup.where or setup.exclude),
    )
