"""One case of the fuzz: something odd is read, and ends in a correct result or one clear error."""

from __future__ import annotations

import datetime as dt
import io
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pyarrow as pa

import funnelkit as fk
from tests.fuzz import built, copies, frames, plain, workbooks
from tests.fuzz.plain import Plain, Shape
from tests.reference import counts
from tests.reference.compare import assert_triangle
from tests.reference.journeys import Policy

AS_OF = dt.date(2026, 4, 30)
KEPT, REPEATED = "kept as a record", "id repeated"


@dataclass(frozen=True)
class Ended:
    """How a case ended: ``"read"`` or ``"refused"``, and in the latter case with what words."""

    kind: str
    how: str
    words: str = ""
    compared: bool = False


class WrongError(AssertionError):
    """What was read, or refused, is not what stands there."""


def run(random: Random, folder: Path, shared: Path | None = None) -> Ended:
    """Run one case.

    Raises
    ------
    Exception
        Anything but an error of funnelkit's own is a defect.
    """
    kinds = KINDS if shared is None else (*KINDS, *COPIES)
    kind, case = random.choice(kinds)
    return run_one(kind, case, random, folder, shared)


def run_one(kind: str, case: Case, random: Random, folder: Path, shared: Path | None) -> Ended:
    """Run one case of one kind."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", fk.FunnelWarning)
        warnings.filterwarnings("ignore", "The 'future.infer_string' option")
        warnings.filterwarnings("ignore", r"fetch_arrow_table\(\) is deprecated")
        how, words, compared = case(random, folder, shared)
    return Ended(kind, how, words, compared)


Outcome = tuple[str, str, bool]
Case = Callable[[Random, Path, Path | None], Outcome]


def _settled(
    read: Callable[[], fk.Leads],
    expected: Callable[[], Plain] | None = None,
    shape: Shape | None = None,
) -> Outcome:
    """Read, use what was read, and compare it with the plain reading where there is one."""
    wanted, refusal = None, None
    try:
        wanted = expected() if expected is not None else None
    except plain.RefusalError as error:
        refusal = error
    except plain.DoubtError:
        pass
    try:
        leads = read()
    except fk.FunnelError as error:
        words = str(error)
        if not words.strip() or "Traceback" in words or len(words) > 20_000:
            raise WrongError(f"an unclear error: {words[:300]!r}") from error
        if wanted is not None:
            raise WrongError(f"refused although it can be read: {words}") from error
        return "refused", words, refusal is not None
    if refusal is not None:
        raise WrongError(f"read although {refusal!r} stands there; {leads.accounting()}")
    _use(leads)
    if wanted is not None and shape is not None:
        _compare(leads, wanted, shape)
    return "read", "", wanted is not None


def _use(leads: fk.Leads) -> None:
    """Look at leads in every way; hold the law of the rows."""
    told = leads.accounting()
    if told["rows"].sum() != sum(leads.rows.read) or (told["rows"] <= 0).any():
        raise WrongError(f"rows are not accounted for: {leads.rows.read}, {told}")
    if told.loc[told["reason"] == KEPT, "rows"].sum() != len(leads) and leads.rows.form == "wide":
        raise WrongError(f"{len(leads)} records, but {told}")
    found = fk.audit(leads)
    for text in (repr(found), repr(leads), leads.summary(), found.summary(), leads._repr_html_()):
        text.encode()
    found.to_frame()
    funnel = leads.funnel
    try:
        by = [*funnel.segments[:1]]
        triangle = fk.triangle(leads, funnel.stages[0], funnel.won, by=by)
        triangle.to_frame()
        if triangle.n > len(leads):
            raise WrongError(f"{triangle.n} entered, of {len(leads)} records")
    except fk.FunnelError as error:
        if "no record entered" not in str(error):
            raise WrongError(f"no triangle: {error}") from error
    if len(leads.list(funnel.won)) > len(leads):
        raise WrongError("more wins than records")


def _compare(leads: fk.Leads, wanted: Plain, shape: Shape) -> None:
    """Compare tallies, records and the triangle with the plain reading."""
    stages = tuple(step for step in shape.steps if step != "lost")
    policy = Policy(stages, ("lost",) if "lost" in shape.steps else (), AS_OF)
    kept, aside = counts.journeys(wanted.records, policy)
    if sum(leads.rows.read) != wanted.read:
        raise WrongError(f"{sum(leads.rows.read)} rows read, {wanted.read} stand there")
    if len(leads) != len(kept):
        raise WrongError(f"{len(leads)} records, {len(kept)} stand there")
    told = leads.accounting().groupby("reason")["rows"].sum().to_dict()
    if leads.rows.form == "wide":
        expected = Counter({KEPT: len(kept), **aside}) + wanted.aside
        expected[REPEATED] = wanted.read - expected.total()
        if told != dict(+expected):
            raise WrongError(f"accounted for as {told}, not as {dict(+expected)}")
    elif any(told.get(reason, 0) != n for reason, n in wanted.aside.items()):
        raise WrongError(f"accounted for as {told}, not as {wanted.aside}")
    by = () if wanted.repeated else shape.segments
    reference = counts.triangle(kept, policy, stages[0], stages[-1], by=by)
    try:
        found = fk.triangle(leads, stages[0], stages[-1], by=list(by))
    except fk.FunnelError as error:
        if reference.entered:
            raise WrongError(f"{error}, although {dict(reference.entered)}") from error
        return
    assert_triangle(found, reference)


def _funnel(shape: Shape) -> fk.Funnel:
    stages = [step for step in shape.steps if step != "lost"]
    return fk.Funnel(
        stages,
        exits=["lost"],
        id=shape.id,
        columns=shape.steps,
        value=shape.value,
        segments=shape.segments,
        timezone=shape.timezone,
    )


def _file(random: Random, folder: Path, content: bytes, end: str = "csv") -> Path:
    path = folder / f"case.{end}"
    path.write_bytes(content)
    return path


def _text(random: Random, folder: Path, shared: Path | None) -> Outcome:
    """Read a wide text file that was built, and damaged most times."""
    table = built.rows(random, built.WIDE)
    if random.random() < 0.4:
        built.spoil_cells(random, table, built.WIDE)
    content = built.written(random, table)
    for _ in range(random.choice((0, 1, 1, 1, 2))):
        content = built.damaged(random, content)
    path = _file(random, folder, content)
    options: dict[str, Any] = {"as_of": AS_OF}
    odd = random.random() < 0.15
    if odd:
        options |= random.choice(
            (
                {"encoding": "cp1252"},
                {"encoding": "utf-16"},
                {"delimiter": ";"},
                {"dayfirst": True},
                {"date_format": "%Y-%m-%d %H:%M"},
                {"thousands": ",", "decimal": "."},
                {"where": {"source": "web"}},
                {"exclude": {"source": ["", "web"]}},
                {"as_of": None},
                {"recorded_from": "2025-12-01"},
                {"join": [path]},
            )
        )
    return _settled(
        lambda: fk.read_csv(path, _funnel(built.WIDE), **options),
        None if odd else lambda: plain.of_bytes(content, built.WIDE),
        built.WIDE,
    )


def _log(random: Random, folder: Path, shared: Path | None) -> Outcome:
    """Read an event log, as a text file or a frame."""
    shape = built.LOG
    table = built.rows(random, shape, random.choice((1, 6, 20)))
    if random.random() < 0.4:
        built.spoil_cells(random, table, shape)
    told = {"id": "case", "stage": "activity", "time": "at", "as_of": AS_OF}
    if random.random() < 0.4:
        made = frames.of_rows(table)
        odd = random.random() < 0.5
        frame = frames.odd(random, made) if odd else frames.faithful(random, made)
        return _settled(
            lambda: fk.from_events(frame, _funnel(shape), **told),
            None if odd else lambda: _of_frame(table, shape),
            shape,
        )
    content = built.written(random, table)
    for _ in range(random.choice((0, 1, 1, 2))):
        content = built.damaged(random, content)
    path = _file(random, folder, content)
    return _settled(
        lambda: fk.from_events(path, _funnel(shape), **told),
        lambda: plain.of_bytes(content, shape),
        shape,
    )


def _of_frame(table: list[plain.Row], shape: Shape) -> Plain:
    return plain.of_rows([{name: row[name] for name in shape.needed} for row in table], shape)


def _frame(random: Random, folder: Path, shared: Path | None) -> Outcome:
    """Read a frame of odd dtypes or labels."""
    shape = built.WIDE
    table = built.rows(random, shape)
    if random.random() < 0.3:
        built.spoil_cells(random, table, shape)
    made = frames.of_rows(table)
    odd = random.random() < 0.7
    frame = frames.odd(random, made) if odd else frames.faithful(random, made)
    return _settled(
        lambda: fk.from_frame(frame, _funnel(shape), as_of=AS_OF),
        None if odd else lambda: _of_frame(table, shape),
        shape,
    )


def _parquet(random: Random, folder: Path, shared: Path | None) -> Outcome:
    """Read Parquet files, damaged or of different columns and types."""
    made = frames.of_rows(built.rows(random, built.WIDE, 8))
    if random.random() < 0.5:
        made = frames.odd(random, made)
    stream = io.BytesIO()
    try:
        made.to_parquet(stream, index=random.random() < 0.2)
    except (pa.ArrowException, ValueError, TypeError, AttributeError, OverflowError):
        return "not made", "pandas cannot write it", False
    content = stream.getvalue()
    if random.random() < 0.6:
        content = random.choice((built._flipped, built._cut, built._inserted))(random, content)
    path = _file(random, folder, content, "parquet")
    return _settled(lambda: fk.read_parquet(path, _funnel(built.WIDE), as_of=AS_OF))


def _copy_of(random: Random, shared: Path) -> tuple[str, fk.Funnel, bytes]:
    of = copies.funnels()
    name = random.choice(sorted(of))
    return name, of[name], copies.sample(shared / name, random.randrange(8))


def _copy_bytes(random: Random, folder: Path, shared: Path | None) -> Outcome:
    """Read a real export with damaged bytes or lines."""
    _, funnel, content = _copy_of(random, shared or Path())
    for _ in range(random.choice((1, 1, 2))):
        content = built.damaged(random, content)
    path = _file(random, folder, content)
    return _settled(lambda: fk.read_csv(path, funnel))


def _copy_cells(random: Random, folder: Path, shared: Path | None) -> Outcome:
    """Read a real export with cells replaced, or columns swapped, renamed or gone."""
    _, funnel, content = _copy_of(random, shared or Path())

    path = _file(random, folder, copies.by_cells(random, content, _odd))
    return _settled(lambda: fk.read_csv(path, funnel))


def _copy_rows(random: Random, folder: Path, shared: Path | None) -> Outcome:
    """Read a real export with rows lost, repeated or cut: the result without the damaged rows."""
    _, funnel, content = _copy_of(random, shared or Path())
    changed, whole = copies.by_rows(random, content)
    header = next(iter(pd.read_csv(io.BytesIO(content), header=None, dtype=str, nrows=1).values))
    names = [str(name).removeprefix("\ufeff") for name in header]
    path = _file(random, folder, changed)
    told = {"as_of": "2025-05-02"}
    outcome = _settled(lambda: fk.read_csv(path, funnel, **told))
    if outcome[0] == "refused":
        raise WrongError(f"a real export without some rows is refused: {outcome[1]}")
    leads = fk.read_csv(path, funnel, **told)
    same = fk.from_frame(pd.DataFrame(whole, columns=names, dtype="string"), funnel, **told)
    ours = leads.accounting().groupby("reason")["rows"].sum().drop(plain.MISFIT, errors="ignore")
    theirs = same.accounting().groupby("reason")["rows"].sum()
    if ours.to_dict() != theirs.to_dict():
        raise WrongError(f"accounted for as {ours.to_dict()}, not as {theirs.to_dict()}")
    if not leads.list(funnel.stages[0]).equals(same.list(funnel.stages[0])):
        raise WrongError("the records are not those of the whole rows")
    return "read", "", True


def _workbook(random: Random, folder: Path, shared: Path | None) -> Outcome:
    """Read a workbook that was built, and damaged most times."""
    shape = built.WIDE
    table = built.rows(random, shape)
    if random.random() < 0.4:
        built.spoil_cells(random, table, shape)
    content = workbooks.damaged(random, workbooks.of_rows(random, table))
    path = _file(random, folder, content, random.choice(("xlsx", "xlsx", "xlsm", "xls")))
    return _settled(lambda: fk.read_excel(path, _funnel(shape), as_of=AS_OF))


def _adapter(name: str, files: Sequence[str]) -> Case:
    """Return a case that reads CRM exports, one of them damaged."""

    def read(random: Random, folder: Path, shared: Path | None) -> Outcome:
        some = random.sample(files, random.randrange(1, len(files) + 1))
        window = random.randrange(8)
        for number, file in enumerate(some):
            content = copies.sample((shared or Path()) / file, window)
            for _ in range(0 if number else random.choice((1, 1, 2))):
                content = (
                    copies.by_cells(random, content, _odd)
                    if random.random() < 0.4
                    else built.damaged(random, content)
                )
            (folder / Path(file).name).write_bytes(content)
        return _settled(lambda: getattr(fk, name)(folder))

    return read


def _odd(random: Random, cell: str) -> str:
    return random.choice(
        (*built.DATES, *built.AMOUNTS, *built.SOURCES, *built.ODD, cell * 2, cell[:-1])
    )


KINDS: tuple[tuple[str, Case], ...] = (
    *[("built text", _text)] * 6,
    *[("event log", _log)] * 3,
    *[("frame", _frame)] * 5,
    ("parquet", _parquet),
    *[("workbook", _workbook)] * 2,
)
SALESFORCE = [f"salesforce/{name}.csv" for name in ("Opportunity", "Lead", "Account", "Task")]
HUBSPOT = [f"hubspot/hubspot_{name}.csv" for name in ("deals", "contacts", "companies")]
COPIES: tuple[tuple[str, Case], ...] = (
    *[("real, bytes", _copy_bytes)] * 3,
    *[("real, cells", _copy_cells)] * 3,
    *[("real, rows", _copy_rows)] * 2,
    *[("Salesforce", _adapter("read_salesforce", SALESFORCE))] * 2,
    *[("HubSpot", _adapter("read_hubspot", HUBSPOT))] * 2,
)
