"""`SimulatedExport`: simulated records in the shapes in which CRMs export them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.errors import ArgumentError
from funnelkit.data.definition import Funnel
from funnelkit.data.simulation.histories import Histories
from funnelkit.data.simulation.lags import FloatArray
from funnelkit.data.simulation.scenario import Window
from funnelkit.data.simulation.truth import Truth

if TYPE_CHECKING:
    import pandas as pd

Times = Literal["date", "clock"]
_PLANNED_DAYS = 120


@dataclass(frozen=True, eq=False, kw_only=True)
class SimulatedExport:
    """A simulated export with what is true behind it.

    Parameters
    ----------
    frame
        One row per record as a CRM would export it, in order of entry; dates as pandas
        timestamps. Rows that repeat an id, where dirt was asked for, come last.
    returns
        Returns to a stage after an exit: the id's column, ``stage``, ``time``. They appear in an
        event log only, and there on request.
    truth
        What the records were drawn from.
    """

    frame: pd.DataFrame
    returns: pd.DataFrame
    truth: Truth

    @property
    def funnel(self) -> Funnel:
        """Definition of the export."""
        return self.truth.funnel

    @property
    def as_of(self) -> dt.date:
        """Last day of the simulated window."""
        return self.truth.as_of

    @property
    def costs(self) -> pd.DataFrame:
        """Money spent by month and first segment."""
        return self.truth.costs

    def to_csv(self, folder: str | Path, *, deals_from: str | None = None) -> dict[str, Path]:
        """Write the export as CSV files and return their paths.

        Parameters
        ----------
        folder
            Existing folder; ``leads.csv`` and ``costs.csv`` are written into it.
        deals_from
            A stage: records that reached it have a row in ``deals.csv``, with the dates from
            that stage on, the exits and the money; ``leads.csv`` keeps the rest, without the
            records that never were at an earlier stage.

        Returns
        -------
        dict
            Name (``leads``, ``deals``, ``costs``) -> path.

        Raises
        ------
        ArgumentError
            If the stage is unknown, or the first one.
        """
        paths = {}
        for name, frame in {**self._parts(deals_from), "costs": self.costs}.items():
            paths[name] = Path(folder) / f"{name}.csv"
            as_text(frame).to_csv(paths[name], index=False, encoding="utf-8", lineterminator="\n")
        return paths

    def to_parquet(self, folder: str | Path, *, deals_from: str | None = None) -> dict[str, Path]:
        """Write the export as Parquet files and return their paths; see :meth:`to_csv`."""
        paths = {}
        for name, frame in {**self._parts(deals_from), "costs": self.costs}.items():
            paths[name] = Path(folder) / f"{name}.parquet"
            frame.to_parquet(paths[name], index=False)
        return paths

    def to_events(self, *, returns: bool = False) -> pd.DataFrame:
        """Return the export as a long log: one row per record and dated stage or exit.

        Parameters
        ----------
        returns
            Log the returns to a stage after an exit as well. The wide export does not hold them.

        Returns
        -------
        DataFrame
            The id's column, ``stage`` (the names of the funnel), ``time``, then owner, account,
            segments and value; sorted by time.
        """
        import pandas as pd

        funnel = self.funnel
        named = [step for step in funnel.steps if funnel.column_of(step) in self.frame]
        dated = [str(funnel.column_of(step)) for step in named]
        others = [name for name in self.frame if name not in dated and name != funnel.id]
        log = pd.concat(
            [
                self.frame[[funnel.id, *others, column]]
                .rename(columns={column: "time"})
                .assign(stage=step)
                .dropna(subset="time")
                for step, column in zip(named, dated, strict=True)
            ]
        )
        if returns:
            rest = self.frame.drop_duplicates(funnel.id)[[funnel.id, *others]]
            log = pd.concat([log, self.returns.merge(rest, on=funnel.id)])
        log = log[[funnel.id, "stage", "time", *others]]
        return log.sort_values("time", kind="stable", ignore_index=True)

    def event_funnel(self) -> Funnel:
        """Return the definition that reads :meth:`to_events`: names are those of the funnel."""
        given = {
            name: getattr(self.funnel, name)
            for name in self.funnel.__dataclass_fields__
            if name not in ("columns", "status", "status_date", "status_values")
        }
        return Funnel(given.pop("stages"), **given)

    def _parts(self, deals_from: str | None) -> dict[str, pd.DataFrame]:
        if deals_from is None:
            return {"leads": self.frame}
        funnel = self.funnel
        first = funnel.stage("deals_from", deals_from)
        if first == 0:
            raise ArgumentError(f"`deals_from` must be behind the first stage; got {deals_from!r}.")
        early = [funnel.column_of(step) for step in funnel.stages[:first]]
        late = [funnel.column_of(step) for step in (*funnel.stages[first:], *funnel.exits)]
        late += [funnel.value] if funnel.value else []
        is_deal = self.frame[[funnel.column_of(step) for step in funnel.stages[first:]]].notna()
        was_lead = self.frame[early].notna().any(axis=1)
        deal = is_deal.any(axis=1)
        of_leads = [name for name in self.frame if name not in late]
        segments = [name for name in of_leads if name not in early]
        deals = self.frame.loc[deal, [*segments, *[name for name in self.frame if name in late]]]
        exits = [funnel.column_of(step) for step in funnel.exits]
        leads = self.frame.loc[was_lead, of_leads]
        return {"leads": leads.join(self.frame[exits].where(~deal)), "deals": deals}


def frame_of(
    histories: Histories, truth: Truth, window: Window, times: Times, rng: np.random.Generator
) -> pd.DataFrame:
    """Return simulated records as the wide frame of an export."""
    import pandas as pd

    funnel, n = truth.funnel, len(histories.accounts)
    numbers = np.arange(1, n + 1)
    columns: dict[str, Any] = {funnel.id: record_ids(numbers)}
    for name, of in truth.levels.items():
        columns[name] = np.array(list(of), dtype=object)[histories.levels[name]]
    if funnel.account:
        columns[funnel.account] = _numbered("A", histories.accounts + 1)
    if funnel.owner:
        columns[funnel.owner] = _numbered("rep-", histories.owners + 1, width=2)
    for name in funnel.personal:
        columns[name] = _numbered("private-", numbers)
    drawn = np.concatenate([histories.stages, histories.exits], axis=1)
    for step, instants in zip(funnel.steps, drawn.T, strict=True):
        column = funnel.column_of(step)
        if column is None:
            continue
        dates = _timestamps(instants, window, times)
        shared = columns.get(column)
        columns[column] = dates if shared is None else np.where(np.isnat(dates), shared, dates)
    if funnel.value:
        columns[funnel.value] = histories.amounts
    if funnel.status:
        columns.update(_status(drawn, funnel, window, times, rng))
    return pd.DataFrame(columns)


def returns_of(histories: Histories, truth: Truth, window: Window, times: Times) -> pd.DataFrame:
    """Return the returns to a stage after an exit: id, ``stage``, ``time``."""
    import pandas as pd

    rows, stages, instants = histories.back
    names = np.array(truth.funnel.stages, dtype=object)
    return pd.DataFrame(
        {
            truth.funnel.id: record_ids(rows.astype(int) + 1),
            "stage": names[stages.astype(int)],
            "time": _timestamps(instants, window, times),
        }
    )


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with its timestamps as ISO text: dates where no time of day is set."""
    texts = {}
    for name in frame.select_dtypes("datetime").columns:
        instants = frame[name].to_numpy("datetime64[s]")
        days = instants.astype("datetime64[D]")
        clock = bool((instants != days)[~np.isnat(instants)].any())
        text = np.datetime_as_string(instants if clock else days)
        texts[name] = np.where(np.isnat(instants), "", np.char.replace(text, "T", " "))
    return frame.assign(**texts)


def record_ids(numbers: NDArray[np.int64]) -> NDArray[Any]:
    """Return ids such as L000001."""
    return _numbered("L", numbers)


def _numbered(prefix: str, numbers: NDArray[np.int64], width: int = 6) -> NDArray[Any]:
    """Return texts of a prefix and a padded number, digit by digit (quick for millions)."""
    width = max(width, len(str(int(numbers.max(initial=0)))))
    codes = np.empty((len(numbers), len(prefix) + width), np.uint32)
    codes[:, : len(prefix)] = [ord(letter) for letter in prefix]
    rest = np.array(numbers, np.int64)
    for place in range(width):
        codes[:, -1 - place] = ord("0") + rest % 10
        rest //= 10
    return np.asarray(codes.view(f"U{len(prefix) + width}").ravel())


def _timestamps(instants: FloatArray, window: Window, times: Times) -> NDArray[np.datetime64]:
    """Return days since the window's first day as timestamps: dates, or times to the second."""
    known = ~np.isnan(instants)
    per_day = 1 if times == "date" else 86_400
    unit = "D" if times == "date" else "s"
    whole = np.floor(np.where(known, instants, 0.0) * per_day).astype(np.int64)
    first = np.array([window.first_day], dtype="datetime64[D]").astype(f"datetime64[{unit}]")
    found = first + whole.astype(f"timedelta64[{unit}]")
    found[~known] = np.datetime64("NaT")
    return np.asarray(found.astype("datetime64[us]"))


def _status(
    drawn: FloatArray, funnel: Funnel, window: Window, times: Times, rng: np.random.Generator
) -> dict[str, Any]:
    """Return the columns of the current stage and of its date, a plan for open records."""
    filled = np.where(np.isnan(drawn), -np.inf, drawn)
    latest = drawn.shape[1] - 1 - filled[:, ::-1].argmax(axis=1)
    names = np.array([funnel.statuses_of(step)[0] for step in funnel.steps], dtype=object)
    columns: dict[str, Any] = {str(funnel.status): names[latest]}
    if funnel.status_date:
        instants = filled.max(axis=1)
        if funnel.status_date_means == "close":
            is_open = latest < len(funnel.stages) - 1
            planned = len(window.days) + rng.random(len(instants)) * _PLANNED_DAYS
            instants = np.where(is_open, planned, instants)
        columns[funnel.status_date] = _timestamps(instants, window, times)
    return columns
