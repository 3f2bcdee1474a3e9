"""A small world of records, and a plan for it in plain numbers."""

import datetime as dt

import numpy as np
import pandas as pd

import funnelkit as fk
from funnelkit.plan import Targets
from funnelkit.plan.actuals.record import PlanRecord

SINCE = dt.date(2026, 12, 31)
AS_OF = dt.date(2027, 5, 12)
MONTHS = pd.period_range("2027-01", periods=6, freq="M")
OVER = 4
CHANNELS = ("web", "fair")
FUNNEL = fk.Funnel(
    ["lead", "opportunity", "won"],
    exits=["lost"],
    id="id",
    segments=["source"],
    value="amount",
)


def export(seed: int, size: int = 300) -> pd.DataFrame:
    """Records from before and after the plan: some open, lost, won, without a lead, re-opened."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(size):
        begin = dt.date(2026, 8, 1) + dt.timedelta(days=int(rng.integers(0, 285)))
        later = [begin + dt.timedelta(days=int(d)) for d in np.cumsum(rng.integers(1, 60, 2))]
        fate = rng.random()
        is_deal = rng.random() < 0.1
        rows.append(
            {
                "id": k,
                "source": rng.choice(["web", "fair", "radio"], p=[0.6, 0.35, 0.05]),
                "lead": None if is_deal else begin,
                "opportunity": begin if is_deal else (later[0] if fate < 0.7 else None),
                "won": later[1] if fate < 0.35 else None,
                "lost": later[1] if 0.35 <= fate < 0.55 else None,
                "amount": round(float(rng.gamma(3, 4000)), 2),
            }
        )
    return pd.DataFrame(rows)


def read(frame: pd.DataFrame, as_of: dt.date = AS_OF) -> fk.Leads:
    return fk.from_frame(frame, FUNNEL, as_of=as_of)


def record(rng: np.random.Generator | None = None, **fields: object) -> PlanRecord:
    """A plan of two channels and six months; numbers are drawn where a generator is given."""
    ahead = len(MONTHS)
    lag = np.array([0.3, 0.4, 0.2])
    within = np.zeros((2, ahead, ahead))
    for after, share in enumerate(lag):
        within += np.diag(np.full(ahead - after, share), k=after)
    rates, leads = np.full((2, ahead), 0.3), np.full((2, ahead), 10.0)
    sizes, streams = np.array([12_000.0, 9_000.0]), np.full((2, 2, ahead), 2.0)
    streams[:, 1] *= 10_000
    if rng is not None:
        rates = rng.uniform(0.05, 0.6, rates.shape)
        leads = rng.integers(0, 40, leads.shape).astype(float)
        within = within * rng.uniform(0.1, 1.0, within.shape)
        sizes = rng.uniform(1_000, 30_000, 2)
        streams = streams * rng.uniform(0, 2, streams.shape)
    given: dict[str, object] = {
        "as_of": SINCE,
        "periods": MONTHS,
        "stages": FUNNEL.stages,
        "channels": CHANNELS,
        "targets": Targets(periods=MONTHS, amount=np.full(ahead, 80_000.0)),
        "probability": 0.8,
        "hit": 0.81,
        "leads": leads,
        "rates": rates,
        "within": within,
        "sizes": sizes,
        "in_flight": streams[0],
        "direct": streams[1],
        "shortfall": np.zeros(ahead),
    }
    return PlanRecord(**{**given, **fields})  # type: ignore[arg-type]
