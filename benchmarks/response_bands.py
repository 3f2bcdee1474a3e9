"""Conversion by response band where answering changes nothing: naive bands against landmarks.

Every lead has an eventual rate of 20 %, drawn apart from how fast it would be answered; a lead that
has converted is not answered any more. Dividing leads by how long their answer took shows the rate
fall from .20 to .06. At each landmark, leads still open then convert alike, answered or not.
"""

from itertools import pairwise

import numpy as np
import pandas as pd

from funnelkit.metrics import response_bands
from funnelkit.metrics.response.first import band_name

BANDS = (5, 30, 60, 1440, 2880)
RATE, DAYS_TO_WIN = 0.2, 1.05
MINUTE = np.timedelta64(60_000_000, "us")


def simulated(n: int, rng: int, effect: float = 0.0) -> pd.DataFrame:
    """Leads whose answers add ``effect`` to the rate if they come within the hour, else nothing."""
    draws = np.random.default_rng(rng)
    answer = np.exp(draws.uniform(np.log(1), np.log(5760), n))  # minutes, evenly on the log scale
    wins = draws.random(n) < RATE + effect * (answer <= 60)
    win = np.where(wins, draws.exponential(DAYS_TO_WIN * 1440, n), np.inf)
    created = np.datetime64("2026-01-05T00:00", "us") + draws.integers(0, 57_600, n) * MINUTE
    none = np.datetime64("NaT", "us")

    def moment(minutes: np.ndarray, happened: np.ndarray) -> np.ndarray:
        later = (np.where(happened, minutes, 0) * 6e7).astype("int64").astype("timedelta64[us]")
        return np.where(happened, created + later, none)

    return pd.DataFrame(
        {
            "created": created,
            "responded": moment(answer, answer < win),
            "won": moment(win, wins),
        }
    )


def naive_bands(leads: pd.DataFrame) -> list[float]:
    """Won over all, of the leads answered within each band: plain pandas."""
    waited = (leads["responded"] - leads["created"]).dt.total_seconds() / 60
    edges = (0, *BANDS)
    inside = [waited.gt(a) & waited.le(b) for a, b in pairwise(edges)]
    return [float(leads.loc[where, "won"].notna().mean()) for where in inside]


def main() -> None:
    leads = simulated(200_000, rng=1)
    found = response_bands(leads, within=30, as_of="2026-06-30")
    low, high = found.confidence_interval()
    print(f"{len(leads):,} leads, eventual rate {RATE:.0%} whenever they are answered")
    print(f"{'':8}{'naive':>8}   {'landmark: answered':>18}{'not':>8}{'difference (95 %)':>26}")
    for k, naive in enumerate(naive_bands(leads)):
        answered, others = found.rates[0, k]
        ends = f"{found.difference[0, k]:+.3f} ({low[0, k]:+.3f} to {high[0, k]:+.3f})"
        print(f"{band_name(BANDS[k]):8}{naive:8.3f}   {answered:18.3f}{others:8.3f}{ends:>26}")


if __name__ == "__main__":
    main()
