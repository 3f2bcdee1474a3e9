"""Write docs/glossary.md anew: every metric with its denominator, as the package itself says it.

Run after a change of a metric's name or definition (a test compares)::

    .venv/bin/python tools/glossary.py

Each metric is asked for once, of simulated leads or of a table of a few rows, and what is written
down are the name, the definition and the unit that come with its figure.
"""

import inspect
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

import funnelkit as fk
from funnelkit._core.measure import Measure

PAGE = Path(__file__).resolve().parents[1] / "docs" / "glossary.md"
HEAD = """\
# Glossary of the metrics

Each figure with what is divided by what, in the words that the package prints beside it: written by
`tools/glossary.py` from the package's own definitions, and compared with them by a test. Stages are
those of the simulated funnel (`lead`, `mql`, `sql`, `opportunity`, `won`; exits `lost` and
`disqualified`); with a funnel of your own, its names stand there. The calls are in `fk.metrics`,
and take leads or plain numbers.

Words that mean one thing throughout:

entered
: Records that came to a stage, by their first entry, on or before the last complete day (`as_of`).
  Records that never were at the funnel's first stage are in no denominator of it.

converted
: Of those that entered, the ones that have reached the target by `as_of`. Open records stay in the
  denominator, so a young cohort is low because it is young.

cohort
: All records that entered the first of two stages in one period.

age
: Days since entry; the day of entry is age 0.

maturity
: The share of the conversions that come in the end (or within the horizon) which has come by the
  age of a cohort's records. Below 90 % a cohort is called immature everywhere.

adjusted, lag-adjusted
: What a cohort's rate comes to once all its records are as old as the horizon: its own conversions
  over the sum of the maturities of its records.

closed
: Records that are won or have left by an exit. Open ones are left out, so a rate of closed records
  is higher than the same of entered ones.

share and ratio
: A share lies between 0 and 1, and has an interval; a ratio may exceed 1.

"""
LEADS = fk.make_leads(2_000, rng=4)
PAID = pd.DataFrame(
    {
        "account": ["a", "a", "a", "b", "b", "c", "c", "d"],
        "month": [f"2026-0{month}" for month in (1, 2, 3, 1, 2, 2, 3, 3)],
        "mrr": [100, 120, 120, 80, 80, 50, 40, 60],
    }
)
SUBSCRIPTIONS = fk.read_subscriptions(PAID, currency="EUR")
ANSWERED = pd.DataFrame(
    {
        "record": ["a", "b"],
        "created": ["2026-03-02T09:00", "2026-03-02T10:00"],
        "responded": ["2026-03-02T09:20", None],
        "won": ["2026-03-20", None],
    }
)
CALLS = pd.DataFrame({"record": "a", "kind": "call", "at": ["2026-03-03", "2026-03-04"]})
WORK = pd.DataFrame(
    {"at": ["2026-03-02", "2026-03-04"], "kind": ["call", "meeting"], "rep": ["1", "2"]}
)
WINS = pd.DataFrame({"rep": ["1"], "won": "2026-05-20", "amount": [64_000]})
MONTHS = pd.period_range("2026-01", periods=2, freq="M")
QUOTAS = fk.read_quotas(pd.DataFrame({"rep": ["1"], "period": "2026 Q2", "amount": [60_000]}))

of = fk.metrics
SECTIONS: dict[str, dict[str, Callable[[], Measure | Iterable[Measure]]]] = {
    "Conversion and winning": {
        "conversion": lambda: of.conversion(LEADS, ("lead", "mql")),
        "adjusted_conversion": lambda: of.adjusted_conversion(LEADS, ("lead", "won")),
        "lead_conversion_rate": lambda: of.lead_conversion_rate(LEADS),
        "qualification_rate": lambda: of.qualification_rate(LEADS),
        "close_rate": lambda: of.close_rate(LEADS),
        "leads_to_close": lambda: of.leads_to_close(LEADS),
        "qualified_leads_to_close": lambda: of.qualified_leads_to_close(LEADS),
        "win_rate": lambda: of.win_rate(LEADS),
        "opportunity_to_win": lambda: of.opportunity_to_win(LEADS),
        "target_accounts": lambda: of.target_accounts(LEADS, ["A1", "A2"]),
    },
    "Time": {
        "mean_cycle": lambda: of.mean_cycle(300, 10),
        "sales_cycle": lambda: of.sales_cycle(LEADS),
        "median_time_to_win": lambda: of.median_time_to_win(LEADS),
        "cycle_of_stages": lambda: of.cycle_of_stages([10, 20, 30]),
        "time_in_stage": lambda: of.time_in_stage(LEADS),
        "pipeline_ageing": lambda: of.pipeline_ageing(LEADS).shares,
        "deal_velocity": lambda: of.deal_velocity(LEADS),
        "pipeline_velocity": lambda: of.pipeline_velocity(LEADS),
    },
    "Answering": {
        "follow_up": lambda: of.follow_up(ANSWERED, as_of="2026-03-31"),
        "touches": lambda: of.touches(ANSWERED, CALLS, as_of="2026-03-31"),
    },
    "Cost and return": {
        "cost_per_lead": lambda: of.cost_per_lead(12_000, 400),
        "cac": lambda: of.cac(12_000, 30),
        "clv": lambda: of.clv(value=1_200, frequency=1, lifespan=3),
        "subscription_clv": lambda: of.subscription_clv(SUBSCRIPTIONS, months=2),
        "clv_to_cac": lambda: of.clv_to_cac(3_600, 400),
        "payback": lambda: of.payback(400, 50),
        "roi": lambda: of.roi(100, 150),
        "visitor_to_lead": lambda: of.visitor_to_lead(5_000, 100),
        "growth": lambda: of.growth(pd.Series([100, 120], index=MONTHS, name="wins")),
        "acv": lambda: of.acv(80_000, years=3),
    },
    "Recurring revenue": {
        "mrr": lambda: of.mrr(SUBSCRIPTIONS),
        "net_new_mrr": lambda: of.net_new_mrr(new=2_250, expansion=140, churn=230),
        "revenue_retention": lambda: of.revenue_retention(SUBSCRIPTIONS, months=1),
        "account_revenue": lambda: of.account_revenue(SUBSCRIPTIONS),
    },
    "Hand-over": {
        "acceptance": lambda: of.acceptance(LEADS),
        "recycled": lambda: of.recycled(LEADS),
    },
    "People": {
        "rep_results": lambda: of.rep_results(LEADS).measures,
        "quota_attainment": lambda: of.quota_attainment(WINS, QUOTAS),
        "rep_activity": lambda: of.rep_activity(WORK),
    },
}
# What holds no single figure: told by the first line of its docstring.
BESIDE = (
    "deal_sizes",
    "first_response",
    "response_bands",
    "logo_retention",
    "mrr_movements",
    "loss_reasons",
    "score_bands",
    "activity_outcomes",
    "rate_family",
    "scorecard",
)


def measures(made: Measure | Iterable[Measure]) -> list[Measure]:
    """What a metric gives, one or several, as a list."""
    return [made] if isinstance(made, Measure) else list(made)


def first_line(name: str) -> str:
    """What the docstring of a metric says it returns, without the verb."""
    line = (inspect.getdoc(getattr(fk.metrics, name)) or "").splitlines()[0]
    said = line.removeprefix("Return ")
    return said[:1].upper() + said[1:]


def plain(text: str) -> str:
    """Text that stays within its cell, without the horizon of these few leads."""
    return re.sub(r" within \d+ days$", "", text).replace("|", "\\|")


def table(metrics: dict[str, Callable[[], Measure | Iterable[Measure]]]) -> str:
    """One row per figure."""
    rows = ["| figure | what is divided by what | unit | call |", "|---|---|---|---|"]
    for name, make in metrics.items():
        for one in measures(make()):
            cells = (one.name, one.definition, one.unit.replace("_", " "), f"`{name}`")
            rows.append(f"| {' | '.join(plain(cell) for cell in cells)} |")
    return "\n".join(rows)


def text() -> str:
    """The whole page."""
    parts = [f"## {title}\n\n{table(metrics)}\n" for title, metrics in SECTIONS.items()]
    rest = "\n".join(f"| `{name}` | {plain(first_line(name))} |" for name in BESIDE)
    parts.append(f"## Tables of several figures\n\n| call | what it tells |\n|---|---|\n{rest}\n")
    return HEAD + "\n".join(parts)


def main() -> None:
    """Write the page."""
    PAGE.write_text(text(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
