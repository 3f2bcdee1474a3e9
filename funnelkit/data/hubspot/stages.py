"""Which stages there are, in which pipelines, what dates them, and which of them are outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import ibis

from funnelkit._core.errors import DataError
from funnelkit.data.hubspot import headers
from funnelkit.data.hubspot.gathering import Gathered
from funnelkit.data.hubspot.grains import Grain
from funnelkit.data.hubspot.headers import squashed
from funnelkit.data.hubspot.histories import History

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

Outcome = Literal["open", "won", "lost"]
_LIKELY = 0.5
_MOST = 300


@dataclass(kw_only=True)
class Stage:
    """One stage, by whatever name the export has it.

    Parameters
    ----------
    key
        Its squashed name.
    name
        As the export writes it.
    outcome
        Whether it is won, lost or open, and ``told`` by what.
    pipelines
        Those in which it is.
    columns
        Columns of its day (``entered_<k>``), each with the pipeline for which it holds, or
        ``None`` for all.
    recorded
        Whether a history has entries to it.
    records
        Records that are there now.
    probability
        The lowest and the highest of these.
    """

    key: str
    name: str
    outcome: Outcome = "open"
    told: str = ""
    pipelines: set[str] = field(default_factory=set)
    columns: list[tuple[str, str | None]] = field(default_factory=list)
    recorded: bool = False
    records: int = 0
    probability: tuple[float, float] | None = None

    @property
    def dated(self) -> bool:
        """Whether entries to it have days."""
        return bool(self.columns) or self.recorded


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Every stage of an export by its key, its pipelines, and what was noted on the way.

    ``texts`` has the key of each name as it stands in the data, ``open_now`` the names that say
    of a record that it is not closed.
    """

    stages: Mapping[str, Stage]
    texts: Mapping[str, str]
    pipelines: tuple[str, ...]
    notes: tuple[str, ...]
    open_now: frozenset[str]

    def of(self, outcome: Outcome) -> list[Stage]:
        """Return the stages of one outcome."""
        return [stage for stage in self.stages.values() if stage.outcome == outcome]

    def names_of(self, stages: Iterable[Stage]) -> list[str]:
        """Return the names of some stages as they stand in the data."""
        keys = {stage.key for stage in stages}
        return sorted(name for name, key in self.texts.items() if key in keys)

    def key_of(self, text: str) -> str:
        """Return the key of a stage's name."""
        return headers.same_stage(squashed(text), self.stages)


@dataclass(frozen=True, kw_only=True)
class Material:
    """Everything that was read: the records, their histories, the stages in them."""

    grain: Grain
    gathered: Gathered
    histories: tuple[History, ...]
    known: Catalogue


def catalogue(
    grain: Grain, gathered: Gathered, histories: Sequence[History], names: Mapping[str, str]
) -> Catalogue:
    """Return every stage that the export knows."""
    profile = gathered.profile
    found: dict[str, Stage] = {}
    often = profile.sort_values("n", ascending=False, kind="stable")
    for name, pipeline, n in zip(often["stage"], often["pipeline"], often["n"], strict=True):
        if isinstance(name, str):
            key = squashed(name)
            stage = found.setdefault(key, Stage(key=key, name=name))
            stage.records += int(n)
            if isinstance(pipeline, str):
                stage.pipelines.add(pipeline)
    if len(found) > _MOST:
        raise DataError(
            f"`{gathered.parts['stage']}` in `{gathered.source.name}` holds {len(found):,} "
            "different values, too many to be stages; which column has them? Say so with "
            'labels={"its name": "Deal Stage"}.'
        )
    pipelines = tuple(sorted({p for p in profile["pipeline"] if isinstance(p, str)}))
    _add_dated(found, grain, gathered, names)
    texts = {name: squashed(name) for name in profile["stage"] if isinstance(name, str)}
    texts |= _add_recorded(found, gathered, histories)
    notes = _judge(found, grain, profile)
    path = grain.order if grain.name == "contact" else tuple(found)
    return Catalogue(
        stages=dict(sorted(found.items())),
        texts=texts,
        pipelines=pipelines,
        notes=tuple(notes),
        open_now=frozenset(
            text for text, key in texts.items() if found[key].outcome == "open" and key in path
        ),
    )


def day_of(stage: Stage, table: ir.Table) -> Any:
    """Return the earliest day that columns have for a stage, in the record's own pipeline."""
    days = [
        table[column]
        if pipeline is None
        else ibis.ifelse(table.pipeline == pipeline, table[column], None)
        for column, pipeline in stage.columns
    ]
    if not days:
        return ibis.null("date")
    return ibis.least(*days) if len(days) > 1 else days[0]


def first_days(stages: Sequence[Stage], material: Material) -> ir.Table | None:
    """Return ``id``, ``key`` and first ``day`` of the stages that have days."""
    table = material.gathered.usable
    parts = [
        table.select(
            id=table.id, key=ibis.literal(stage.key), day=day_of(stage, table).cast("date")
        )
        for stage in stages
        if stage.columns
    ]
    for history in material.histories:
        rows = entries_of(history, stages, material.known)
        parts.append(rows.select("id", "key", "day"))
    if not parts:
        return None
    rows = parts[0].union(*parts[1:]) if len(parts) > 1 else parts[0]
    rows = rows.filter(rows.day.notnull())
    return rows.group_by("id", "key").aggregate(day=rows.day.min())


def entries_of(history: History, stages: Sequence[Stage], known: Catalogue) -> ir.Table:
    """Return the entries to some stages in a history: its rows, with ``key``."""
    rows = history.usable
    names = known.names_of(stages)
    if not names:
        return rows.filter(ibis.literal(False)).mutate(key=ibis.null("string"))
    rows = rows.filter((rows.field == "stage") & rows.value.isin(names))
    cases = [(rows.value == name, known.texts[name]) for name in names]
    return rows.mutate(key=ibis.cases(*cases, else_=ibis.null("string")))


def _add_dated(
    found: dict[str, Stage], grain: Grain, gathered: Gathered, names: Mapping[str, str]
) -> None:
    """Add the columns that date stages."""
    here = sorted({p for p in gathered.profile["pipeline"] if isinstance(p, str)})
    by_key = {squashed(name): name for name in here}
    known = {*found, *map(squashed, names)}
    places = {*by_key, *map(squashed, names)}
    split = []
    dated = gathered.layout.dated
    told = any(headers.split_pipeline(one.stage, known, places)[1] for one in dated)
    for k, one in enumerate(dated):
        name, pipeline = headers.split_pipeline(one.stage, known, places)
        if told and pipeline is None:  # where one header names its pipeline, all do
            name, pipeline = headers.split_pipeline(one.stage, (), places)
        renamed = None if pipeline is None else names.get(pipeline, pipeline)
        split.append((k, names.get(name, name), renamed, one.rank))
    named = {squashed(pipeline) for _, _, pipeline, _ in split if pipeline is not None}
    shared = bool(named & set(by_key))
    for k, name, pipeline, rank in sorted(split, key=lambda one: (one[3], one[0])):
        place = None if pipeline is None else squashed(pipeline)
        lifecycle = place == headers.LIFECYCLE_PIPELINE or rank > 1
        if (grain.name == "deal") == lifecycle and (place is not None or lifecycle):
            continue
        own = by_key.get(place or "")
        if grain.name == "deal" and place is not None and shared and own is None:
            continue
        key = headers.same_stage(squashed(name), found)
        stage = found.setdefault(key, Stage(key=key, name=name))
        stage.columns.append((f"entered_{k}", own))
        if own is not None:
            stage.pipelines.add(own)
        else:
            stage.pipelines |= _where_filled(gathered, f"entered_{k}") if len(here) > 1 else {*here}


def _where_filled(gathered: Gathered, column: str) -> set[str]:
    table = gathered.usable
    rows = table.filter(table[column].notnull() & table.pipeline.notnull())
    return set(rows.select("pipeline").distinct().execute()["pipeline"])


def _add_recorded(
    found: dict[str, Stage], gathered: Gathered, histories: Sequence[History]
) -> dict[str, str]:
    """Add the stages that histories have, and return the key of each name in them."""
    texts: dict[str, str] = {}
    table = gathered.usable
    places = table.group_by("id").aggregate(pipeline=table.pipeline.min())
    for history in histories:
        rows = history.usable
        rows = rows.filter((rows.field == "stage") & rows.value.notnull())
        joined = rows.select("id", "value").left_join(places, "id")
        seen = joined.select("value", "pipeline").distinct().order_by("value", "pipeline")
        seen = seen.limit(_MOST * _MOST)
        for value, pipeline in seen.execute().itertuples(index=False):
            key = headers.same_stage(squashed(value), found)
            texts[value] = key
            stage = found.setdefault(key, Stage(key=key, name=value))
            stage.recorded = True
            if isinstance(pipeline, str):
                stage.pipelines.add(pipeline)
    return texts


def _judge(found: Mapping[str, Stage], grain: Grain, profile: pd.DataFrame) -> list[str]:
    """Say of each stage whether it is won, lost or open: by flags, probability, then its name."""
    notes = []
    for stage in found.values():
        here = profile[[isinstance(s, str) and squashed(s) == stage.key for s in profile["stage"]]]
        by_name: Outcome = (
            "won" if stage.key in grain.won else "lost" if stage.key in grain.lost else "open"
        )
        told = _by_flags(here) or _by_probability(here)
        low, high = here["low"].min(), here["high"].max()
        if here["low"].notna().any():
            stage.probability = (float(low), float(high))
        stage.outcome, stage.told = told or (by_name, "its name" if by_name != "open" else "")
        if told and by_name not in ("open", told[0]):
            notes.append(
                f"`{stage.name}` is read as {told[0]}, by {told[1]}, whatever its name says."
            )
        elif told and by_name == "open" and told[0] != "open":
            notes.append(f"`{stage.name}` is read as {told[0]}, by {told[1]}.")
    return notes


def _by_flags(here: pd.DataFrame) -> tuple[Outcome, str] | None:
    n, flagged = int(here["n"].sum()), int(here["flagged"].sum())
    if not flagged:
        return None
    if here["won"].fillna(0).sum() > _LIKELY * flagged:
        return "won", "`Is Closed Won`"
    if not here["closed"].notna().any():
        return None
    closed = here["closed"].fillna(0).sum() > _LIKELY * n
    return ("lost", "`Is Closed Won`") if closed else ("open", "`Is Closed Won`")


def _by_probability(here: pd.DataFrame) -> tuple[Outcome, str] | None:
    low, high = here["low"].min(), here["high"].max()
    if low == high == 1:
        return "won", "its probability of 100%"
    if low == high == 0:
        return "lost", "its probability of 0%"
    return None
