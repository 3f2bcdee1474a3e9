"""The funnel of an export: derived from what is there, or as the user defined it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from funnelkit._core import display
from funnelkit._core.errors import DataError, did_you_mean
from funnelkit.data.columns import shown
from funnelkit.data.definition import Funnel
from funnelkit.data.hubspot import headers, ordering
from funnelkit.data.hubspot.gathering import Gathered
from funnelkit.data.hubspot.grains import LIFECYCLE_NAMES, Grain
from funnelkit.data.hubspot.headers import squashed
from funnelkit.data.hubspot.stages import Catalogue, Material, Stage, first_days

CREATED = "Created"
PUSHES = "Close Date Pushes"
_HIDDEN = "no step of the funnel"


@dataclass(frozen=True, kw_only=True)
class Step:
    """What makes a record reach a stage or exit of the funnel.

    Parameters
    ----------
    name
        Of the stage or exit.
    stages
        Stages of HubSpot's that it stands for.
    created
        Whether the day of creation is its day.
    plain
        Columns of days that the user named for it.
    """

    name: str
    stages: tuple[Stage, ...] = ()
    created: bool = False
    plain: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Defined:
    """A funnel with what makes each step, and what there is to say of it."""

    funnel: Funnel
    steps: tuple[Step, ...]
    notes: tuple[str, ...]


def define(material: Material, given: Funnel | None) -> Defined:
    """Return the funnel that the user gave, or the one that the export suggests.

    Raises
    ------
    DataError
        If a stage is not in the export, or none is known to be the win.
    """
    grain, gathered, known = material.grain, material.gathered, material.known
    notes: list[str] = []
    if given is not None:
        steps = _as_given(given, gathered, known)
    elif grain.name == "deal":
        steps, notes = _of_deals(material)
    else:
        steps, notes = _of_contacts(grain, gathered, known)
    funnel = _funnel(material, steps, given)
    return Defined(funnel=funnel, steps=tuple(steps), notes=(*known.notes, *notes))


def _of_deals(material: Material) -> tuple[list[Step], list[str]]:
    grain, gathered, known = material.grain, material.gathered, material.known
    won, lost = known.of("won"), known.of("lost")
    if not won:
        raise DataError(
            f"which stage is the win is not known: the deals are at "
            f"{shown([stage.name for stage in known.stages.values()])}. Export `Is Closed Won` or "
            "`Deal probability` as well, or name it with "
            'labels={"its name": "Closed Won", …: "Closed Lost"}.'
        )
    notes: list[str] = []
    between = [stage for stage in known.of("open") if stage.dated]
    everywhere = [s for s in between if s.pipelines >= set(known.pipelines)]
    if len(everywhere) < len(between):
        others = [stage.name for stage in between if stage not in everywhere]
        are = "is" if len(others) == 1 else "are"
        notes.append(
            f"{shown(others)} {are} not in every pipeline, and {are} {_HIDDEN}; read one pipeline "
            f'with pipelines="{known.pipelines[0]}" to have its own stages.'
        )
    usual = all(stage.key in grain.order for stage in everywhere)
    before = {} if usual else ordering.precedence(first_days(everywhere, material))
    placed, why = ordering.ordered(everywhere, grain.order, before)
    if placed is None:
        notes.append(
            f"The order of {shown([s.name for s in everywhere])} is not known ({why}): they are "
            f"{_HIDDEN}, and `{gathered.parts.get('stage', 'Deal Stage')}` is carried along. Give "
            f'the order with funnel=fk.Funnel(["{CREATED}", …, "{won[0].name}"]).'
        )
        placed = []
    elif len(placed) > 1:
        notes.append(f"Stages stand {why}: {' → '.join(s.name for s in placed)}.")
    undated = [stage for stage in known.of("open") if not stage.dated]
    if undated:
        notes.append(_undated(undated, grain, gathered))
    steps = [Step(name=stage.name, stages=(stage,)) for stage in placed]
    if "created" in gathered.parts:
        taken = squashed(CREATED) in known.stages
        name = gathered.parts["created"] if taken else CREATED
        steps.insert(0, Step(name=name, created=True))
    if not steps:
        raise DataError(
            f"`{gathered.source.name}` has neither `Create Date` nor the date of any open stage, "
            "so nothing can be measured from; export `Create Date`."
        )
    name = won[0].name if len(won) == 1 else grain.wins
    if len(won) > 1:
        notes.append(f"`{name}` stands for {shown([stage.name for stage in won])}.")
    steps.append(Step(name=name, stages=tuple(won)))
    steps += [Step(name=stage.name, stages=(stage,)) for stage in lost]
    return steps, notes


def _of_contacts(
    grain: Grain, gathered: Gathered, known: Catalogue
) -> tuple[list[Step], list[str]]:
    notes: list[str] = []
    path = [known.stages[key] for key in grain.order if key in known.stages]
    won = known.of("won") or [Stage(key="customer", name="Customer", outcome="won")]
    if any(stage.dated for stage in (*path, *won)):
        steps = [Step(name=LIFECYCLE_NAMES[stage.key], stages=(stage,)) for stage in path]
    else:
        steps = []
        undated = [stage for stage in path if stage.records]
        if undated:
            notes.append(_undated(undated, grain, gathered))
    if "created" in gathered.parts and not steps:
        steps = [Step(name=CREATED, created=True)]
    if not steps:
        raise DataError(
            f"`{gathered.source.name}` has neither `Create Date` nor the date of a lifecycle "
            "stage, so nothing can be measured from; export `Create Date`."
        )
    steps.append(Step(name=LIFECYCLE_NAMES["customer"], stages=tuple(won)))
    beside = [
        stage
        for stage in known.stages.values()
        if stage.key not in LIFECYCLE_NAMES and (stage.records or stage.dated)
    ]
    if beside:
        counts = [
            f"`{stage.name}` ({display.plural(stage.records, 'contact')})" for stage in beside
        ]
        notes.append(
            f"{display.listed(counts)} {'is' if len(beside) == 1 else 'are'} {_HIDDEN}: such "
            "contacts count by the dates that they have."
        )
    return steps, notes


def _undated(stages: Sequence[Stage], grain: Grain, gathered: Gathered) -> str:
    """Return what is said of stages that only the current stage tells of."""
    default = {key: k for k, key in enumerate(grain.order)}
    placed = sorted(stages, key=lambda stage: (default.get(stage.key, len(default)), stage.name))
    counts = [f"{stage.name} {display.count(stage.records)}" for stage in placed]
    column = gathered.parts.get("stage", "Deal Stage")
    return (
        f"Of {display.listed(counts)} nothing but the current stage is known, no day of entry: "
        f"they are {_HIDDEN}, and `{column}` is carried along. Export `Date entered \u2026` of "
        "each stage, or the history of the property, for rates and lags between stages."
    )


def _as_given(given: Funnel, gathered: Gathered, known: Catalogue) -> list[Step]:
    """Return what makes each step of the user's funnel."""
    steps, problems = [], []
    for name in given.steps:
        stages: list[Stage] = []
        plain: list[str] = []
        created = False
        for text in given.log_names_of(name):
            key = known.key_of(text)
            found = headers.stage_header(text)
            if squashed(text) in ("created", "createdate") or text == gathered.parts.get("created"):
                created = True
            elif text in gathered.layout.plain:
                plain.append(f"plain_{gathered.layout.plain.index(text)}")
            elif found is not None:
                own, pipeline = headers.split_pipeline(found.stage, known.stages, ())
                key = known.key_of(own if pipeline else found.stage)
            if key in known.stages:
                stages.append(known.stages[key])
            elif not created and not plain:
                names = [stage.name for stage in known.stages.values()]
                problems.append(
                    f"`funnel`: the export has no stage `{text}`; it has {shown(names)}."
                    f"{did_you_mean(text, names)} Map it with "
                    f'columns={{"{name}": "its name in HubSpot"}}.'
                )
        steps.append(Step(name=name, stages=tuple(stages), created=created, plain=tuple(plain)))
    if problems:
        raise DataError(problems)
    return steps


def _funnel(material: Material, steps: Sequence[Step], given: Funnel | None) -> Funnel:
    """Return the funnel of the steps, with the columns of the export."""
    gathered, known = material.gathered, material.known
    parts, status = gathered.parts, gathered.parts.get("stage")
    columns = {step.name: _columns_of(step, material) for step in steps}
    value = parts.get("home_amount", parts.get("amount"))
    hidden = set(given.personal if given else ())
    owner, account = (
        None if parts.get(part) in hidden else parts.get(part) for part in ("owner", "company")
    )
    if given is not None:
        value, owner = given.value or value, given.owner or owner
        account = given.account or account
    segments, apart = _segments(gathered, given)
    keep = _kept(material, steps, given, {*segments, value, owner, account})
    unread = headers.personal_columns(gathered.layout.columns, {})
    personal = dict.fromkeys((*(given.personal if given else ()), *unread))
    changed: dict[str, Any] = {
        "id": parts["id"],
        "columns": {name: one for name, one in columns.items() if one is not None or status},
        "status": status,
        "status_date": parts.get("closed") if status else None,
        "status_values": _status_values(steps, known, hidden=not given) if status else {},
        "status_date_means": "close",
        "value": value,
        "owner": owner,
        "account": account,
        "segments": segments,
        "apart": apart,
        "keep": keep,
        "personal": [one for one in personal if one not in {*segments, *keep, owner}],
    }
    if given is not None:
        return given.replace(**changed)
    names = [step.name for step in steps]
    exits = sum(step.stages[0].outcome == "lost" for step in steps if step.stages)
    return Funnel(names[: len(names) - exits], exits=names[len(names) - exits :], **changed)


def _segments(gathered: Gathered, given: Funnel | None) -> tuple[list[str], list[str]]:
    """Return the segments, and those of them that are businesses of their own."""
    parts = gathered.parts
    segments, apart = list(given.segments if given else ()), list(given.apart if given else ())
    for part in ("pipeline", "type"):
        if part in parts and not (given and parts[part] in given.personal):
            several = len(_values(gathered)) > 1 if part == "pipeline" else gathered.types > 1
            segments += [parts[part]] if several or given is None else []
            apart += [parts[part]] if several else []
    if given is None and "source" in parts:
        segments.append(parts["source"])
    return list(dict.fromkeys(segments)), list(dict.fromkeys(apart))


def _kept(
    material: Material, steps: Sequence[Step], given: Funnel | None, taken: set[str | None]
) -> list[str]:
    """Return the columns that are carried along."""
    parts = material.gathered.parts
    stepped = {stage.key for step in steps for stage in step.stages}
    hidden = any(s.records and s.key not in stepped for s in material.known.stages.values())
    carried = [*(("stage",) if hidden else ()), "closed", "probability", "forecast", "status"]
    unread = set(given.personal if given else ())
    keep = list(given.keep if given else ())
    keep += [parts[one] for one in carried if one in parts and parts[one] not in unread]
    if any("close_date" in history.fields for history in material.histories):
        keep.append(PUSHES)
    return [one for one in dict.fromkeys(keep) if one not in taken]


def _columns_of(step: Step, material: Material) -> str | tuple[str, ...] | None:
    """Return the headers that date a step; ``None`` where only the status tells of it."""
    gathered = material.gathered
    by_day = gathered.layout.days()
    found = [gathered.parts["created"]] if step.created and "created" in gathered.parts else []
    found += [by_day[column] for column in step.plain]
    found += [by_day[column] for stage in step.stages for column, _ in stage.columns]
    if not found and any(stage.recorded for stage in step.stages):
        found = [history.days.column for history in material.histories][:1]
    if not found:
        return None if "stage" in gathered.parts else step.name
    return found[0] if len(found) == 1 else tuple(found)


def _status_values(
    steps: Sequence[Step], known: Catalogue, *, hidden: bool
) -> Mapping[str, tuple[str, ...]]:
    """Return step -> its values in the column of the stage."""
    found: dict[str, tuple[str, ...]] = {}
    for step in steps:
        keys = {stage.key for stage in step.stages}
        texts = tuple(text for text, key in known.texts.items() if key in keys)
        if texts:
            found[step.name] = texts
    named = {stage.key for step in steps for stage in step.stages}
    others = [
        text
        for text, key in known.texts.items()
        if key not in named and known.stages[key].outcome == "open"
    ]
    if hidden and others and steps[0].created:
        found[steps[0].name] = tuple(others)
    return found


def _values(gathered: Gathered) -> set[str | None]:
    """Return the pipelines that records are in, ``None`` being blank."""
    return {name if isinstance(name, str) else None for name in gathered.profile["pipeline"]}
