"""Worlds for benchmarks of forecasts: funnels of all sizes, and the months' ends to stand at.

Every world is drawn from its number: 60 to 3,000 leads a month, 18 to 42 months of history, with
growth, season, drifting rates, months of quicker and slower pace, accounts that go together, and
deals without a lead. Three kinds of world no model was told of:

- ``changed rate``: from one day on, within the history, 40 to 80 % as many deals are won as
  before, or before that day of those after it;
- ``bulk import``: on one or two days a month to three months' worth of old leads is entered, that
  hardly ever move;
- ``new channel``: a source without history starts within three months around the first origin,
  with rates and lags of its own, and a fifth to half as many leads as all others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

import funnelkit as fk
from funnelkit.data.simulate import Lag, Level, simulate_frame, simulated_funnel

FUNNEL = simulated_funnel()
STAGES = [f"{name}_at" if name != "lead" else "created_at" for name in FUNNEL.stages]
EXITS = ["lost_at", "disqualified_at"]
START = pd.Period("2021-01", "M")
RATES = (0.40, 0.45, 0.60, 0.28)
BETWEEN = 3  # months from one origin to the next
KINDS = ("changed rate", "bulk import", "new channel")


@dataclass(frozen=True, eq=False)
class World:
    """Records up to the end of the horizon behind the last origin.

    ``told`` holds the numbers that it was drawn with; ``frame`` is the export on the last day.
    """

    number: int
    kind: str
    frame: pd.DataFrame
    last: pd.Period
    origins: tuple[pd.Period, ...]
    told: dict[str, Any] = field(default_factory=dict)

    def leads(self) -> fk.Leads:
        """Return everything that happened."""
        return fk.from_frame(self.frame, FUNNEL, as_of=self.last.end_time.date())

    def leads_at(self, origin: pd.Period) -> fk.Leads:
        """Return what was known at the end of a month.

        Amounts are known from the last stage but one on; those of deals that had not come as far
        on the day are blank, though the export has them.
        """
        day = origin.end_time
        known = (self.frame["opportunity_at"] <= day) | (self.frame["won_at"] <= day)
        frame = self.frame.assign(amount=self.frame["amount"].where(known))
        leads = fk.from_frame(frame, FUNNEL, as_of=self.last.end_time.date())
        return leads.at(day.date())

    def won(self) -> pd.Series[int]:
        """Return the wins of each month, as they came."""
        months = self.frame["won_at"].dropna().dt.to_period("M")
        return months.value_counts().reindex(self.months, fill_value=0)

    def booked(self) -> pd.Series[float]:
        """Return the money of the wins of each month, as it came."""
        won = self.frame[self.frame["won_at"].notna()]
        money = won["amount"].groupby(won["won_at"].dt.to_period("M")).sum()
        return money.reindex(self.months, fill_value=0.0)

    @property
    def months(self) -> pd.PeriodIndex:
        """All months of the world."""
        return pd.period_range(START, self.last, freq="M")

    def parts(self, origin: pd.Period, horizon: int) -> dict[str, float]:
        """Return the wins within a horizon by where they came from, as they came."""
        end = origin.end_time
        won = self.frame[self.frame["won_at"] > end]
        won = won[won["won_at"] <= (origin + horizon).end_time]
        late = won[STAGES].min(axis=1) > end
        led = won["created_at"].notna()
        return {
            "in flight": float((~late).sum()),
            "not yet created": float((late & led).sum()),
            "without a lead": float((late & ~led).sum()),
        }


def world(number: int, *, horizon: int, origins: int, misspecified: bool) -> World:
    """Return the world of a number; the same number gives the same world."""
    rng = np.random.default_rng([2026, number])
    first = int(rng.integers(18, 43 - BETWEEN * (origins - 1)))
    stand = [first + BETWEEN * i for i in range(origins)]
    months = stand[-1] + horizon
    shift = rng.normal(0, 0.3, 4)
    told: dict[str, Any] = {
        "monthly": float(np.exp(rng.uniform(np.log(60), np.log(3000)))),
        "months": months,
        "growth": float(rng.uniform(-0.01, 0.03)),
        "seasonality": float(rng.uniform(0, 0.5)),
        "pace_sd": float(rng.uniform(0, 0.2)),
        "drift": {"lead": float(rng.normal(0, 0.012)), "opportunity": float(rng.normal(0, 0.012))},
        "account_correlation": float(rng.uniform(0, 0.4)),
        "leads_per_account": float(rng.uniform(1, 3)),
        "direct": float(rng.uniform(0, 0.06)),
        "rates": special.expit(special.logit(RATES) + shift).tolist(),
        "slowness": float(np.exp(rng.uniform(np.log(0.5), np.log(1.8)))),
    }
    kind = KINDS[number % len(KINDS)] if misspecified else "as modelled"
    frame = _simulated(round(told["monthly"] * months), rng, told)
    last = START + months - 1
    stands = tuple(START + at - 1 for at in stand)
    if misspecified:
        frame = EDITS[kind](frame, stands, told, np.random.default_rng([2027, number]))
    frame = frame.sort_values(["created_at", "lead_id"], ignore_index=True)
    return World(number, kind, frame, last, stands, told)


def _simulated(n: int, rng: np.random.Generator, told: dict[str, Any], **more: Any) -> pd.DataFrame:
    slow = told["slowness"]
    lags = [
        Lag("lognormal", 3 * slow, 1.3),
        Lag("weibull", 9 * slow, 0.8),
        Lag("lognormal", 10 * slow, 0.9),
        Lag("weibull", 55 * slow, 1.4),
    ]
    names = ("growth", "seasonality", "pace_sd", "drift", "account_correlation", "direct", "rates")
    given = {name: told[name] for name in (*names, "leads_per_account")} | {"lags": lags} | more
    start, months = START.start_time.date(), told["months"]
    return simulate_frame(n, rng=rng, start=start, months=months, **given).frame


def _changed(
    frame: pd.DataFrame,
    stands: tuple[pd.Period, ...],
    told: dict[str, Any],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Lose some of the wins before a day, or from it on; the deals are lost on the day of the win.

    Whether a deal is before or after goes by the day it became an opportunity.
    """
    history = (stands[0] - START).n + 1
    day = (START + int(rng.uniform(0.4, 0.9) * history)).start_time
    kept, falls = float(rng.uniform(0.4, 0.8)), bool(rng.random() < 0.5)
    told |= {"changed": str(day.date()), "factor": kept if falls else 1 / kept}
    after = frame["opportunity_at"].fillna(frame["won_at"]) >= day
    hit = frame["won_at"].notna() & (after == falls) & (rng.random(len(frame)) >= kept)
    frame.loc[hit, "lost_at"] = frame.loc[hit, "won_at"]
    frame.loc[hit, "won_at"] = pd.NaT
    return frame


def _imported(
    frame: pd.DataFrame,
    stands: tuple[pd.Period, ...],
    told: dict[str, Any],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Add old leads on one or two days of the year before the last origin; hardly any move."""
    parts, days = [frame], []
    for i in range(int(rng.integers(1, 3))):
        back = int(rng.integers(0, 12))
        day = (stands[-1] - back).start_time + pd.Timedelta(days=int(rng.integers(28)))
        days.append(str(day.date()))
        n = round(told["monthly"] * rng.uniform(1, 3))
        old = frame[frame["mql_at"].isna() | (rng.random(len(frame)) < 0.15)]
        old = old[old["created_at"].notna()]
        some = old.sample(min(n, len(old)), random_state=int(rng.integers(2**31)))
        shift = day - some["created_at"]
        some = some.assign(**{name: some[name] + shift for name in [*STAGES, *EXITS]})
        some["lead_id"] = [f"import-{i}-{k}" for k in range(len(some))]
        parts.append(_cut(some, told))
    told["imported"] = days
    return pd.concat(parts, ignore_index=True)


def _opened(
    frame: pd.DataFrame,
    stands: tuple[pd.Period, ...],
    told: dict[str, Any],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Add a source that starts around the first origin, with other rates and lags."""
    start = stands[0] + 1 + int(rng.integers(-3, 4))
    left = told["months"] - (start - START).n
    share = float(rng.uniform(0.2, 0.5))
    odds, pace = (float(np.exp(rng.uniform(-1, 1))) for _ in range(2))
    source = {"Partner": Level(share=1, odds=odds, pace=pace)}
    settings = told | {"months": left, "drift": 0.0}
    n = round(told["monthly"] * share * left)
    told |= {"opened": str(start), "share": share, "odds": odds, "pace": pace}
    more = simulate_frame(
        n,
        rng=rng,
        start=start.start_time.date(),
        months=left,
        levels={"source": source},
        **{name: settings[name] for name in ("growth", "seasonality", "pace_sd", "direct")},
        rates=told["rates"],
    ).frame
    more["lead_id"] = "partner-" + more["lead_id"].astype(str)
    more["account_id"] = "partner-" + more["account_id"].astype(str)
    return pd.concat([frame, more], ignore_index=True)


def _cut(frame: pd.DataFrame, told: dict[str, Any]) -> pd.DataFrame:
    """Forget what lies behind the last day of the world."""
    last = (START + told["months"] - 1).end_time.normalize()
    for name in [*STAGES, *EXITS]:
        frame[name] = frame[name].where(frame[name] <= last)
    return frame


EDITS: dict[str, Callable[..., pd.DataFrame]] = dict(
    zip(KINDS, (_changed, _imported, _opened), strict=True)
)
