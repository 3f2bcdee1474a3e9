"""Truth, history, fit, plan, future, to see how often targets are hit that were planned for.

Run it with::

    OMP_NUM_THREADS=1 python benchmarks/plan_worlds.py --worlds 2000 --jobs 2 --keep FOLDER

Each world (`tests/reference/worlds.py`, which imports none of funnelkit) has two sources with
rates, lags and deal sizes of their own, rates that drift by what those of `simulated_worlds.py`
do (none with `--steady`), and 18 to 30 months of history. The model of the funnel is fitted to the
history, and plans with p = .5, .8 and .9 are made for a target of the next six to nine months,
from three quarters to one and a half times what the months before brought. Then the plans come
true: open leads go on, and as many leads enter as were planned. Futures are drawn several times in
each world; the frequency is the mean over worlds, and its standard error is that between worlds.

Wanted: a frequency within .03 of p. With `--keep FOLDER`, worlds that are done are kept, and a run
that was stopped goes on.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import funnelkit as fk
from tests.reference import worlds

LEVELS = (0.5, 0.8, 0.9)
FUNNEL = fk.Funnel(
    ["lead", "opportunity", "won"],
    exits=["lost"],
    id="lead_id",
    columns={
        "lead": "created_at",
        "opportunity": "opportunity_at",
        "won": "won_at",
        "lost": "lost_at",
    },
    value="amount",
    segments=["source"],
)


def leads_of(world: worlds.World) -> fk.Leads:
    """Return the history as funnelkit reads it."""
    frame = pd.DataFrame(worlds.history(world))
    for name in ("created_at", "opportunity_at", "won_at", "lost_at"):
        frame[name] = pd.to_datetime(frame[name])
    as_of = world.start + dt.timedelta(days=world.as_of)
    return fk.from_frame(frame, FUNNEL, as_of=as_of.isoformat())


def of_world(number: int, *, futures: int, steady: bool, keep: Path | None) -> dict[str, Any]:
    """Return how often the plans of a world hit their target."""
    path = None if keep is None else keep / f"plan_world_{number}_{futures}_{int(steady)}.json"
    if path is not None and path.is_file():
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return kept
    warnings.simplefilter("ignore")
    begin = time.process_time()
    world = worlds.make_world(number, steady=steady)
    rng = np.random.default_rng([2029, number])
    months = int(rng.integers(6, 10))
    leads = leads_of(world)
    model = fk.fit_funnel(leads, by="source")
    assumptions = fk.plan.assume(model, in_flight=leads, horizon=months)
    ends = world.month_ends(world.months)
    late = (world.leads.won > ends[-7]) & (world.leads.won <= ends[-1])
    target = float(world.leads.amount[late].sum()) / 6 * months * rng.uniform(0.75, 1.5)
    order = [list(assumptions.names).index(name) for name in worlds.SOURCES]
    rows = []
    for level in LEVELS:
        plan = fk.plan.reverse(target, assumptions, probability=level)
        drawn = np.array([worlds.money_of(world, plan.leads[order], rng) for _ in range(futures)])
        told = plan.outcomes.total.sum(axis=1)
        rows.append(
            {
                "p": level,
                "told": plan.hit_reachable,
                "came": float(np.mean(drawn >= plan.reachable)),
                "leads": int(plan.leads.sum()),
                "expected": float(told.mean() / plan.reachable),
                "mean": float(drawn.mean() / plan.reachable),
                "spread_told": float(told.std() / plan.reachable),
                "spread": float(drawn.std() / plan.reachable),
                "in_flight": float(plan.in_flight.sum() / plan.reachable),
                "place": float(np.mean(told[None, :] <= drawn[:, None])),
            }
        )
    found = {"number": number, "rows": rows, "seconds": time.process_time() - begin}
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found), encoding="utf-8")
    return found


def main() -> None:
    """Run worlds and print how often targets were hit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--futures", type=int, default=20, help="futures of each plan")
    parser.add_argument("--steady", action="store_true", help="worlds whose rates do not drift")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="folder for worlds that are done")
    given = parser.parse_args()
    run = partial(of_world, futures=given.futures, steady=given.steady, keep=given.keep)
    numbers = range(given.first, given.first + given.worlds)
    found = []
    with ProcessPoolExecutor(given.jobs) as pool:
        for done in as_completed([pool.submit(run, number) for number in numbers]):
            found.append(done.result())
            if len(found) % 20 == 0:
                print(f"  {len(found)} of {len(numbers)} worlds", flush=True)
    found.sort(key=lambda one: one["number"])
    report(found)


def report(found: list[dict[str, Any]]) -> None:
    """Print the figures."""
    frame = pd.DataFrame([row | {"number": one["number"]} for one in found for row in one["rows"]])
    print(f"{len(found)} worlds, {sum(one['seconds'] for one in found):.0f} CPU s")
    print("   p   told   came  (standard error)   mean of what came / expected   z of the mean")
    for level, own in frame.groupby("p"):
        error = own["came"].std() / np.sqrt(len(own))
        ratio = own["mean"] / own["expected"]
        z = (own["mean"] - own["expected"]) / own["spread_told"]
        print(
            f"  {level:.1f}  {own['told'].mean():.3f}  {own['came'].mean():.3f}  ({error:.3f})"
            f"   {ratio.mean():.3f} (sd {ratio.std():.3f})   {z.mean():+.2f} (sd {z.std():.2f})"
        )
    none = int((frame["leads"] == 0).sum())
    print(
        f"  {none} plans without a lead; spread told {frame['spread_told'].mean():.3f}, of futures "
        f"of one truth {frame['spread'].mean():.3f}; in flight {frame['in_flight'].mean():.2f}"
    )


if __name__ == "__main__":
    main()
