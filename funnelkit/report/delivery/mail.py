"""A report as a mail: headline, story and figures in its body, pictures inline, the PDF attached.

Mail programs know little of style sheets, so the body is made of tables with their looks on each
cell. Nothing in it is fetched from anywhere: pictures are parts of the mail itself.
"""

from __future__ import annotations

import email.policy
import html
import textwrap
from collections.abc import Iterable, Iterator
from email.message import EmailMessage

from funnelkit.report.delivery.digest import Card, Digest, Finding
from funnelkit.report.delivery.pictures import Picture, picture_of
from funnelkit.report.delivery.stylesheet import colour
from funnelkit.report.page.markup import Html, el, escaped, join

MOST_BYTES = 100_000
"""How long the body may be: mail programs cut what is longer."""

_MOST_SUBJECT, _MOST_WORDS, _MOST_PICTURES, _WIDTH = 150, 700, 3, 640
_LEFT_OUT = frozenset({"headline", "definitions", "quality"})
_SANS = "font-family:'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
_UNSENT = {"X-Unsent": "1"}  # opens as a draft, ready to be addressed


def mail_of(digest: Digest, *, pdf: bytes | None = None, pdf_name: str = "report.pdf") -> bytes:
    """Return a mail, complete but for its addresses and its date, which the sender gives.

    Parameters
    ----------
    digest
        What the report says.
    pdf
        The whole report as PDF, to be attached.
    pdf_name
        What the attachment is called.

    Returns
    -------
    bytes
        As in a file ``.eml``; the same for the same report.
    """
    pictures = _pictures(digest)
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["Subject"] = subject_of(digest)
    for name, value in _UNSENT.items():
        mail[name] = value
    mail.set_content(text_of(digest, pdf_name if pdf else None), cte="quoted-printable")
    body = body_of(digest, pictures, pdf_name if pdf else None)
    mail.add_alternative(body, subtype="html", cte="quoted-printable")
    shown = next(part for part in mail.walk() if part.get_content_type() == "text/html")
    for key, picture in pictures.items():
        shown.add_related(
            picture.content, "image", "png", cid=f"<{_cid(key)}>",
            disposition="inline", filename=f"{_cid(key).partition('@')[0]}.png",
        )  # fmt: skip
    if pdf is not None:
        mail.add_attachment(pdf, "application", "pdf", filename=pdf_name)
    for number, part in enumerate(one for one in mail.walk() if one.is_multipart()):
        part.set_boundary(f"=_funnelkit_{number}")  # no encoded part can hold it
    return mail.as_bytes()


def subject_of(digest: Digest) -> str:
    """Return the headline as a subject: one line, no control character, not too long."""
    return _brief(_plain(digest.title), _MOST_SUBJECT) or "Report"


def text_of(digest: Digest, attached: str | None) -> str:
    """Return the mail for those who read plain text."""
    blocks = [f"{_plain(digest.report)}, {_plain(digest.about)}".rstrip(", "), digest.title]
    blocks += ["; ".join(f"{label}: {value}" for label, value in digest.meta)]
    for heading, sentences in digest.story:
        blocks += [f"{heading}: {' '.join(sentences)}"]
    blocks += [digest.tied] if digest.tied else []
    blocks += [
        f"- {one.name}: {one.value} ({', '.join(filter(None, (one.interval, one.size)))}). "
        f"{one.change}"
        for one in digest.cards
    ]
    blocks += [f"* {one.title}. {one.lead}".strip() for one in _told(digest)]
    blocks += [digest.reading] if digest.reading else []
    blocks += [_attached(attached)] if attached else []
    wrapped = [textwrap.fill(_brief(_plain(one), 2 * _MOST_WORDS), 76) for one in blocks if one]
    return "\n\n".join(wrapped) + "\n"


def body_of(digest: Digest, pictures: dict[str, Picture], attached: str | None) -> str:
    """Return the mail's HTML, below the length at which mail programs cut it.

    Parameters
    ----------
    digest
        What the report says.
    pictures
        Key of a section -> its picture.
    attached
        Name of the attached PDF; none: nothing is attached.
    """
    head = [*_top(digest), *_story(digest), *_figures(digest.cards)]
    foot = [*_foot(digest, attached)]
    pictured = [one for one in _told(digest) if one.key in pictures]
    others = [one for one in _told(digest) if one.key not in pictures]
    blocks = [_section(one, pictures[one.key]) for one in pictured] + [*_others(others)]
    while blocks and len(_whole(digest, [*head, *blocks, *foot]).encode()) >= MOST_BYTES:
        blocks.pop()
    return _whole(digest, [*head, *blocks, *foot])


def _told(digest: Digest) -> Iterator[Finding]:
    """Return the sections that a mail tells of: those with a finding of their own."""
    return (one for one in digest.findings if one.title and one.key not in _LEFT_OUT)


def _pictures(digest: Digest) -> dict[str, Picture]:
    """Return the first charts; a heat map, which takes time to read, is left to the report."""
    drawn = [one for one in _told(digest) if one.charts and one.charts[0].wide.tag == "svg"]
    drawn = drawn[:_MOST_PICTURES]
    return {one.key: picture_of(one.charts[0], wide=False) for one in drawn}


def _whole(digest: Digest, rows: Iterable[Html]) -> str:
    inner = el(
        "table",
        [el("tr", el("td", row, style=f"padding:0 20px 20px;{_SANS}")) for row in rows],
        role="presentation", width=_WIDTH, cellpadding=0, cellspacing=0, border=0,
        style=f"width:100%;max-width:{_WIDTH}px;border-top:4px solid {colour('accent')}",
    )  # fmt: skip
    around = el(
        "table",
        el("tr", el("td", inner, align="center")),
        role="presentation", width="100%", cellpadding=0, cellspacing=0, border=0,
        bgcolor=colour("bg"),
    )  # fmt: skip
    return str(
        join(
            Html("<!doctype html>"),
            el(
                "html",
                el(
                    "head",
                    el("meta", charset="utf-8"),
                    el("meta", name="viewport", content="width=device-width, initial-scale=1"),
                    el("meta", name="color-scheme", content="light"),
                    el("title", subject_of(digest)),
                ),
                el("body", around, style=f"margin:0;padding:0;background:{colour('bg')}"),
                lang="en",
            ),
        )
    )


def _p(words: str, size: float = 15, ink: str = "ink", more: str = "margin:0 0 8px") -> Html:
    look = f"font-size:{size}px;line-height:1.5;color:{colour(ink)};{more}"
    return el("p", _brief(words, _MOST_WORDS), style=look)


def _heading(tag: str, words: str, size: int, ink: str = "ink") -> Html:
    look = f"font-size:{size}px;line-height:1.25;color:{colour(ink)};margin:0 0 8px"
    return el(tag, _brief(words, _MOST_WORDS), style=look)


def _top(digest: Digest) -> Iterator[Html]:
    covers = ". ".join(f"{label}: {value}" for label, value in digest.meta)
    yield join(
        _p(" \u00b7 ".join(filter(None, (digest.report, digest.about))), 14, "muted",
           "margin:12px 0 16px"),
        _heading("h1", digest.title, 27),
        _p(covers, 13, "muted") if covers else None,
    )  # fmt: skip


def _story(digest: Digest) -> Iterator[Html]:
    for heading, sentences in digest.story:
        yield join(_heading("h2", heading, 14, "accent"), [_p(one) for one in sentences])
    if digest.tied:
        yield _p(digest.tied, 14)


def _figures(cards: Iterable[Card]) -> Iterator[Html]:
    """Return the headline figures as a table, one row each."""
    line = f"border-bottom:1px solid {colour('line')};padding:9px 10px 9px 0;vertical-align:top"
    small = f"display:block;font-size:12.5px;font-weight:400;color:{colour('muted')}"
    rows = [
        el(
            "tr",
            el("th", one.name, el("span", one.about, style=small), scope="row",
               style=f"{line};width:27%;text-align:left;font-size:14px"),
            el("td", one.value, el("span", one.interval, style=small),
               style=f"{line};width:33%;font-size:18px;font-weight:700"),
            el("td", one.change, el("span", one.size, style=small),
               style=f"{line};font-size:13.5px"),
        )
        for one in cards
    ]  # fmt: skip
    if rows:
        look = f"border-top:1px solid {colour('line')};color:{colour('ink')}"
        yield el("table", rows, width="100%", cellpadding=0, cellspacing=0, border=0, style=look)


def _section(finding: Finding, picture: Picture) -> Html:
    chart, width = finding.charts[0], round(picture.width * 1.1)
    rule = f"margin:0;padding-top:16px;border-top:1px solid {colour('line')}"
    return join(
        _p(finding.eyebrow, 13, "muted", rule),
        _heading("h2", finding.title, 19),
        _p(finding.lead) if finding.lead else None,
        _p(chart.heading, 14) if chart.heading else None,
        el(
            "img",
            src=f"cid:{_cid(finding.key)}", alt=_brief(picture.label, 2 * _MOST_WORDS),
            width=width, height=round(width * picture.aspect),
            style=f"display:block;width:100%;max-width:{width}px;height:auto;border:0",
        ),
        _p(chart.caption, 12.5, "muted", "margin:8px 0 0") if chart.caption else None,
    )  # fmt: skip


def _others(findings: list[Finding]) -> Iterator[Html]:
    """Return the sections without a picture: what each is about, and what was found."""
    line = f"border-bottom:1px solid {colour('line')};padding:7px 14px 7px 0;vertical-align:top"
    rows = [
        el(
            "tr",
            el("th", one.eyebrow, scope="row",
               style=f"{line};width:34%;text-align:left;font-weight:400;color:{colour('muted')}"),
            el("td", _brief(one.title, _MOST_WORDS), style=line),
        )
        for one in findings
    ]  # fmt: skip
    if rows:
        look = f"border-top:1px solid {colour('line')};color:{colour('ink')};font-size:14px"
        yield join(
            _heading("h2", "Also in the report", 14, "accent"),
            el("table", rows, width="100%", cellpadding=0, cellspacing=0, border=0, style=look),
        )


def _foot(digest: Digest, attached: str | None) -> Iterator[Html]:
    if digest.reading:
        yield _p(digest.reading, 13, "muted")
    if attached:
        yield _p(_attached(attached), 14)


def _attached(name: str) -> str:
    return f"The whole report is attached: {name}."


def _cid(key: str) -> str:
    kept = "".join(one if one.isascii() and one.isalnum() else "-" for one in key)
    return f"{kept or 'chart'}@funnelkit"


def _plain(words: str) -> str:
    """Return words on one line, without control characters or marks that turn the direction."""
    harmless = html.unescape(escaped(words)).encode("utf-8", "replace").decode("utf-8")
    return " ".join(harmless.split())


def _brief(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}\u2026"
