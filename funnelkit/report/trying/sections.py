"""The sections of a first look that no report has: rows, leaks, deals, and what was guessed."""

from __future__ import annotations

import math
from collections.abc import Sequence

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.data.accounting import NOT_CHOSEN
from funnelkit.report.page.facts import Missing, Setting
from funnelkit.report.page.markup import Html, el
from funnelkit.report.page.section import DataTable, Section, needs
from funnelkit.report.page.terms import capital
from funnelkit.report.trying.facts import Business, Deal, Leak, TrialFacts

_SHOWN, _TOLD = 4, 2
_SOURCE = (
    "background: var(--panel); border-radius: 8px; margin: 24px 0 0; padding: 16px 20px; "
    "font: 13px/1.5 ui-monospace, Consolas, monospace; white-space: pre-wrap; "
    "overflow-wrap: anywhere"
)


def rows(facts: TrialFacts) -> Section:
    """Return where every row went, and which records are looked at."""
    return Section(
        key="rows",
        eyebrow="Rows",
        title=rows_title(facts),
        lead=" ".join(rows_sentences(facts)),
        tables=(_rows_table(facts),),
    )


def rows_title(facts: TrialFacts) -> str:
    """Return how many rows were read and kept."""
    read = sum(rows for _, _, rows in facts.accounting)
    kept = facts.reached.get(facts.setting.terms.start, 0)
    noun = display.plural(kept, facts.setting.terms.lead, facts.setting.terms.leads)
    return f"{capital(display.plural(read, 'row'))} read, every one accounted for: {noun}"


def rows_sentences(facts: TrialFacts) -> list[str]:
    """Return where the rows went, what the audit found, and which business is looked at."""
    serious = [one for one in facts.findings if one.severity in {"error", "warning"}]
    told = [one.what for one in sorted(serious, key=lambda one: one.severity)[:_TOLD]]
    kinds = [
        display.plural(number, kind)
        for kind in ("error", "warning")
        if (number := sum(one.severity == kind for one in facts.findings))
    ]
    more = "" if len(told) == len(serious) else " First of all:"
    found = f"The audit has {display.listed(kinds)}.{more}" if kinds else ""
    return [
        f"The data are complete up to {day_name(facts.setting.as_of)}.",
        *([business_said(facts.business)] if facts.business else []),
        *([found] if found else []),
        *told,
    ]


def business_said(business: Business) -> str:
    """Return which business is looked at, and which others there are."""
    name = display.segment_name(tuple(business.chosen.values()))
    others = [
        f"{display.one_line(name)} ({display.count(n)})" for name, n in business.others[:_SHOWN]
    ]
    more = len(business.others) - len(others)
    others += [f"{more} more"] if more > 0 else []
    return (
        f"Businesses are not pooled unasked: this looks at the largest, {display.one_line(name)} "
        f"({display.count(business.records)} records), and not at {display.listed(others)}. "
        "`--where COLUMN=VALUE` looks at another, `--pooled` at all of them as one."
    )


def _rows_table(facts: TrialFacts) -> DataTable:
    return DataTable(
        "rows",
        "What became of every row",
        ("File", "What became of it", "Rows"),
        [
            [display.one_line(file), became(reason), display.count(rows)]
            for file, reason, rows in facts.accounting
        ],
    )


def became(reason: str) -> str:
    """Return what became of rows, for a reader who has configured nothing."""
    return "not looked at here" if reason == NOT_CHOSEN else display.one_line(reason)


def leak(facts: TrialFacts) -> Section:
    """Return the biggest leak in money, and the others beside it."""
    eyebrow = "The biggest leak, in money"
    if isinstance(facts.leaks, Missing):
        title = "No leak can be told from these columns"
        return Section(key="leak", eyebrow=eyebrow, title=title, body=(needs(facts.leaks.needs),))
    return Section(
        key="leak",
        eyebrow=eyebrow,
        title=leak_title(facts.leaks[0], facts.setting),
        lead=" ".join(leak_sentences(facts.leaks, facts.setting)),
        tables=(_leak_table(facts.leaks, facts.setting),),
    )


def leak_title(one: Leak, setting: Setting) -> str:
    """Return the leak and what it is worth."""
    return f"{_place(one)}: {worth(one, setting)}"


def worth(one: Leak, setting: Setting) -> str:
    """Return what a leak is worth: money where amounts are known, else won deals."""
    if math.isfinite(one.money):
        return f"worth about {rounded(one.money)}"
    wins = setting.terms.win if display.expected(one.won) == "1" else setting.terms.wins
    return f"worth about {display.expected(one.won)} {wins}"


def rounded(money: float) -> str:
    r"""Return an amount as one says it with "about": to two figures.

    Examples
    --------
    >>> rounded(625_490.6), rounded(3_206_558)
    ('630,000', '3.20\u202fM')
    """
    if not money:
        return "0"
    return display.brief(round(money, 1 - math.floor(math.log10(abs(money)))))


def leak_sentences(leaks: Sequence[Leak], setting: Setting) -> list[str]:
    """Return what the first leak rests on, and how to read it."""
    one, wins = leaks[0], setting.terms.wins
    many = f"{display.expected(one.won)} {wins} ({_between(one)})"
    mean = one.money / one.won if one.won else math.nan
    lead = {
        "below": f"Of {display.count(one.records)} records that entered the step, about {many} "
        f"more would have come at {one.against}.",
        "let go": f"{capital(display.plural(one.records, 'record'))} left it by an exit. Had they "
        f"been like all others there, about {many} would have come of them.",
        "stale": f"{capital(display.plural(one.records, 'open record'))} there "
        f"{'has' if one.records == 1 else 'have'} stood longer than those won ever took. Had they "
        f"been like all others, about {many} would have come of them.",
    }[one.kind]
    sentences = [lead]
    if math.isfinite(one.money):
        low, high = rounded(one.low * mean), rounded(one.high * mean)
        sentences.append(
            f"At the mean amount of a won deal, {display.brief(mean)}, that is {low} to {high}."
        )
    else:
        sentences.append("No amount is known: a column with one would tell the money.")
    sentences.append("Not all of it can be stopped: some deals are rightly let go.")
    return sentences


def _place(one: Leak) -> str:
    records = display.plural(one.records, "record")
    return {
        "below": f"{capital(one.where)} lies clearly below {one.against.partition(', ')[2]}",
        "let go": f"{capital(records)} let go at {one.where}",
        "stale": f"{capital(display.plural(one.records, 'open record'))} gone quiet at {one.where}",
    }[one.kind]


def _between(one: Leak) -> str:
    return f"{display.expected(one.low)} to {display.expected(one.high)}"


def _leak_table(leaks: Sequence[Leak], setting: Setting) -> DataTable:
    return DataTable(
        "leaks",
        "They overlap: do not add them up",
        ("Where", "Records", f"{capital(setting.terms.wins)} ({setting.level})", "Money"),
        [
            [
                _place(one),
                display.count(one.records),
                f"{display.expected(one.won)} ({_between(one)})",
                rounded(one.money) if math.isfinite(one.money) else display.EN_DASH,
            ]
            for one in leaks
        ],
    )


def deals(facts: TrialFacts) -> Section:
    """Return the open deals to talk about."""
    eyebrow = "Deals to talk about"
    if not facts.deals:
        return Section(
            key="deals",
            eyebrow=eyebrow,
            title="No open deal stands out",
            body=(
                needs(
                    "It needs open deals with an amount, or with days on which they came to their "
                    "stages; a planned close date helps too."
                ),
            ),
        )
    return Section(
        key="deals",
        eyebrow=eyebrow,
        title=deals_title(facts),
        lead=deals_lead(facts.deals),
        body=(_deals_table(facts.deals),),
    )


def deals_title(facts: TrialFacts) -> str:
    """Return how many deals are shown of those that are open."""
    n = len(facts.deals)
    return f"{n} of {display.plural(facts.open, 'open record')} to talk about first"


def deals_lead(found: Sequence[Deal]) -> str:
    """Return what the chance is, and whose deals they are."""
    if any(math.isfinite(one.chance) for one in found):
        chance = "The chance is that of past records which stood at the same stage for as long."
    elif any(math.isfinite(one.amount) for one in found):
        chance = "There is too little history yet to give each deal a chance."
    else:
        chance = "Without amounts to go by, these are the ones that went quiet last."
    return f"{chance} Names stay in the CRM: look them up there by their id."


DEAL_HEADS = ("Deal", "Stage", "Days there", "Amount", "Chance", "Why")


def deal_cells(one: Deal) -> list[str]:
    """Return a deal as cells of a table."""
    dash = display.EN_DASH
    return [
        one.id,
        one.stage,
        dash if one.days is None else display.count(one.days),
        display.count(one.amount) if math.isfinite(one.amount) else dash,
        display.chance(one.chance) if math.isfinite(one.chance) else dash,
        "; ".join(one.why),
    ]


def _deals_table(found: Sequence[Deal]) -> Html:
    heads = [head for head in DEAL_HEADS if head not in {"Stage", "Why"}]
    rows = [dict(zip(DEAL_HEADS, deal_cells(one), strict=True)) for one in found]
    table = el(
        "table",
        el("thead", el("tr", [el("th", head, scope="col") for head in heads])),
        el(
            "tbody",
            [
                el(
                    "tr",
                    el(
                        "th",
                        el("code", row["Deal"]),
                        el("span", f"{row['Stage']}: {row['Why']}", class_="kind"),
                        scope="row",
                    ),
                    [el("td", row[head]) for head in heads[1:]],
                )
                for row in rows
            ],
        ),
        class_="data card-table",
    )
    label = "Open deals to talk about"
    return el("div", table, class_="scroll", tabindex="0", role="region", aria_label=label)


def config(facts: TrialFacts) -> Section:
    """Return the funnel.yml that was used, each guess with its reason."""
    return Section(
        key="config",
        eyebrow="What was guessed",
        title="The funnel.yml that this page used",
        lead=(
            "Every line is a guess with its reason: check the stages and their order first. "
            "`funnelkit init` writes this file beside your exports, and "
            "`funnelkit report monthly` reads it."
        ),
        body=(el("pre", facts.config, style=_SOURCE),),
    )
