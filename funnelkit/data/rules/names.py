"""Rules about the names of categories: blanks, doubles, joined names, names that no list has."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from funnelkit._core import display
from funnelkit.data.finding import Finding, have, share_of
from funnelkit.data.rules.leaks import given_away
from funnelkit.data.rules.reading import is_mail
from funnelkit.data.survey import Survey

_PLACEHOLDERS = frozenset(
    {"unknown", "none", "na", "nil", "null", "nan", "undefined", "notset", "unspecified"}
    | {"notspecified", "notavailable", "notapplicable", "notprovided", "nodata", "novalue"}
    | {"select", "selectone", "pleaseselect", "chooseone", "pleasechoose", "tbd", "blank", "empty"}
    | {"missing", "default", "unassigned", "nothing", "unbekannt", "keine", "keineangabe", "ka"}
    | {"ohneangabe", "nichtangegeben", "nv", "nichtverfugbar", "bittewahlen", "inconnu", "aucun"}
    | {"nonrenseigne", "desconocido", "ninguno", "sinespecificar", "desconhecido", "nenhum"}
    | {"naoinformado", "sconosciuto", "nessuno", "onbekend", "geen"}
)
CATCH_ALLS = frozenset({"other", "others", "misc", "miscellaneous", "sonstige", "sonstiges"})
_YES = frozenset({"1", "true", "yes", "y", "x", "t", "ja", "wahr", "oui", "si", "sim", "checked"})
_MANY_BLANK = 0.2
_JOINED = re.compile(r"\s*[,;|/+&]\s*|\s+and\s+")
_FEW_NAMES = 3
# Space and the signs by which people write one name in several ways; not those that tell names
# apart, as in "C#", "A+" and "<50".
_TYPED = re.compile(r"[\s_.,:;/\\'\"`\u00b4\u2018\u2019\u201c\u201d()\[\]{}|*!?\u2010-\u2015-]+")
_ACCENTS = re.compile("[\u0300-\u036f]")


def blank_segments(survey: Survey) -> Iterator[Finding]:
    """Blank values, alone or beside a word that says the same."""
    explained = given_away(survey)
    for name, values in survey.segments.items():
        total, blank = sum(values.values()), values.get(None, 0)
        spoken = {value: n for value, n in values.items() if value and says_nothing(value)}
        others = {
            value: n for value, n in values.items() if value and name_key(value) in CATCH_ALLS
        }
        flag = [value for value in values if value]
        if blank and len(flag) == 1 and name_key(flag[0]) in _YES:
            yield _flag(name, flag[0], blank, total)
        elif blank and name in explained:  # said by `outcome_leak`
            continue
        elif blank and (spoken or others):
            beside = spoken | others
            words = [
                f'"{display.one_line(value)}" ({display.count(n)})' for value, n in beside.items()
            ]
            yield Finding(
                rule="blank_beside_placeholder",
                severity="warning",
                count=blank,
                share=share_of(blank, total),
                examples=(display.BLANK, *beside)[:5],
                what=f"{have(blank, 'record')} no `{name}`, beside the literal "
                f"{display.listed(words)}.",
                remedy="They are shown as groups of their own. If they mean the same, write one "
                "word for both in the source.",
            )
        elif blank:
            yield Finding(
                rule="blank_segment",
                severity="warning" if blank > _MANY_BLANK * total else "note",
                count=blank,
                share=share_of(blank, total),
                what=f"{have(blank, 'record')} no `{name}`"
                f"{': it is blank throughout' if blank == total else ''}.",
                remedy="Splitting by it shows nothing: drop it, or check the column."
                if blank == total
                else f"They are shown as {display.BLANK}.",
            )
        elif len(spoken) > 1:
            yield Finding(
                rule="several_placeholders",
                severity="note",
                count=sum(spoken.values()),
                share=share_of(sum(spoken.values()), total),
                examples=tuple(spoken)[:5],
                what=f"`{name}` says in {len(spoken)} ways that nothing is known.",
                remedy="They are shown as groups of their own. Write one word for all.",
            )


def _flag(name: str, yes: str, blank: int, total: int) -> Finding:
    return Finding(
        rule="flag_or_blank",
        severity="note",
        count=blank,
        share=share_of(blank, total),
        what=f'`{name}` is "{yes}" or blank, and never says no: blank in '
        f"{display.plural(blank, 'record')} seems to mean no.",
        remedy=f"Those are shown as {display.BLANK}, not as no.",
    )


def near_equal_names(survey: Survey) -> Iterator[Finding]:
    """Names that differ by case, space, accents or punctuation only."""
    columns: dict[str, Mapping[str | None, int]] = dict(survey.segments)
    owner = survey.funnel.owner
    if owner is not None:
        columns.setdefault(owner, survey.tallies.owners)
    for name, values in columns.items():
        alike: dict[str, list[str]] = defaultdict(list)
        for value in values:
            if value is not None and (key := name_key(value)):
                alike[key].append(value)
        groups = [sorted(group) for group in alike.values() if len(group) > 1]
        if groups:
            number = sum(sum(sorted(values[value] for value in group)[:-1]) for group in groups)
            yield Finding(
                rule="near_equal_names",
                severity="warning",
                count=number,
                share=share_of(number, sum(values.values())),
                examples=_shown(
                    (" / ".join(group) for group in sorted(groups)), hide=name == owner
                ),
                what=f"`{name}` has {display.plural(len(groups), 'name')} written in several ways; "
                f"{have(number, 'record')} a rarer one.",
                remedy="They are shown as groups of their own. Write each name in one way.",
            )


def joined_names(survey: Survey) -> Iterator[Finding]:
    """Names that put several others into one cell, such as "cat, wolf"."""
    for name, values in survey.segments.items():
        known = {name_key(value) for value in values if value}
        joined = [
            value
            for value in values
            if value
            and len(parts := [part for part in _JOINED.split(value) if part]) > 1
            and all(name_key(part) in known and name_key(part) != name_key(value) for part in parts)
        ]
        if joined:
            number = sum(values[value] for value in joined)
            yield Finding(
                rule="joined_names",
                severity="note",
                count=number,
                share=share_of(number, sum(values.values())),
                examples=_shown(f'"{value}"' for value in joined),
                what=f"{have(number, 'record')} several names in one `{name}`.",
                remedy="Such a cell is a group of its own, and counts in none of the names it "
                "joins.",
            )


def unlisted_names(survey: Survey) -> Iterator[Finding]:
    """Names that a given list does not have, and names of the list without a record."""
    for name, known in survey.known.items():
        groups = survey.groups[name]
        missing = [value for value in groups if value is not None and value not in known]
        number = sum(groups[value].records for value in missing)
        if missing:
            won = sum(groups[value].won for value in missing)
            money = sum(groups[value].money for value in missing)
            worth = f" worth {display.count(float(money))}" if money else ""
            yield Finding(
                rule="names_unlisted",
                severity="warning",
                count=number,
                share=share_of(number, sum(group.records for group in groups.values())),
                examples=_shown(_with_match(value, known) for value in missing),
                what=f"{have(number, 'record')} a `{name}` that its list does not have "
                f"({display.plural(len(missing), 'name')}); joining the two would lose them, "
                f"{display.plural(won, 'win')}{worth} among them.",
                remedy="Write the names in one way in both.",
            )
        if unused := [value for value in known if value not in groups]:
            yield Finding(
                rule="names_unused",
                severity="note",
                count=len(unused),
                share=share_of(len(unused), len(known)),
                examples=_shown(unused),
                what=f"{display.count(len(unused))} of the {display.plural(len(known), 'name')} "
                f"listed for `{name}` {'has' if len(unused) == 1 else 'have'} no record.",
                remedy="They are in no table. Are their records missing from the export?",
            )


def no_account(survey: Survey) -> Iterator[Finding]:
    """Records without an account, and accounts with several records."""
    funnel, totals = survey.funnel, survey.totals
    if funnel.account is None or funnel.account in funnel.segments:
        return
    blank, total = totals["no_account"], totals["kept"]
    if blank:
        yield Finding(
            rule="accounts_blank",
            severity="warning" if _MANY_BLANK * total < blank < total else "note",
            count=blank,
            share=share_of(blank, total),
            what=f"{have(blank, 'record')} no account: `{funnel.account}` is blank"
            f"{' throughout' if blank == total else ''}.",
            remedy="Each counts as an account of its own.",
        )


def _with_match(value: str, known: Iterable[str]) -> str:
    """Return a name with the one of a list that it seems to mean."""
    keys = {name_key(name): name for name in known}
    found = keys.get(name_key(value)) or next(
        iter(difflib.get_close_matches(value, keys.values())), ""
    )
    return f"{value} (for {found}?)" if found else value


def _shown(names: Iterable[str], *, hide: bool = False) -> tuple[str, ...]:
    """Return up to five names, without those that hold a mail address."""
    return () if hide else tuple(name for name in names if not is_mail(name))[:5]


def says_nothing(name: str) -> bool:
    """Return whether a name says that nothing is known: a word for it, or signs only."""
    plain = re.sub(r"[\W_]+", "", name_key(name))
    return not plain or plain in _PLACEHOLDERS


def name_key(name: str) -> str:
    """Return a name without case, accents, space and the signs people leave out.

    Examples
    --------
    >>> (
    ...     name_key("GTX Pro") == name_key("gtx_pro"),
    ...     name_key("1-10") == name_key("110"),
    ...     name_key("A-") == name_key("A"),
    ... )
    (True, False, False)
    """
    text = _ACCENTS.sub("", unicodedata.normalize("NFKD", name.casefold())).strip()
    text = text.replace("&", "and")
    if re.fullmatch(r"[a-z]{1,3}-", text):  # a grade
        return text

    def kept(signs: re.Match[str]) -> str:
        before, after = text[: signs.start()][-1:], text[signs.end() :][:1]
        return "-" if before.isdigit() and after.isdigit() else ""

    return _TYPED.sub(kept, text)


RULES = (
    near_equal_names,
    blank_segments,
    unlisted_names,
    joined_names,
    no_account,
)
