"""`deliver`: a report as mail, slides and PDF, each there whole or not at all."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from funnelkit._core.errors import ArgumentError, AssumptionWarning, ReportError
from funnelkit.report.delivery.asked import ENDINGS, DeliveryParameters, is_folder
from funnelkit.report.delivery.browsers import find_browser
from funnelkit.report.parameters import checked
from funnelkit.report.replacing import replace_file

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class _Shown(Protocol):
    def to_html(self) -> str: ...


class _Written(Protocol):
    @property
    def html(self) -> Path: ...


def deliver(
    report: _Shown | _Written | str | os.PathLike[str],
    *,
    email: str | os.PathLike[str] | None = None,
    pptx: str | os.PathLike[str] | None = None,
    pdf: str | os.PathLike[str] | None = None,
    template: str | os.PathLike[str] | None = None,
    paper: str = "A4",
) -> tuple[Path, ...]:
    """Return the files in which a report is delivered: a mail, slides, a PDF, as asked for.

    Parameters
    ----------
    report
        A page such as that of ``fk.report.monthly()``, what ``fk.report.run()`` returned, or the
        path of a page that was written.
    email
        Mail to write (``.eml``): headline, story and figures in the body, pictures inline, a plain
        text beside it, and the whole report attached as PDF where a browser can print it. Its
        addresses and its date are the sender's to give. A folder stands for a file in it that
        bears the report's name; so for the next two.
    pptx
        Slides to write (``.pptx``): one finding, one picture and one native table a slide. Needs
        the extra ``funnelkit[slides]``.
    pdf
        PDF to print (``.pdf``), by Chromium, Chrome or Edge.
    template
        Presentation (``.pptx`` or ``.potx``) whose layouts and theme the slides take.
    paper
        ``"A4"`` or ``"Letter"``.

    Returns
    -------
    tuple of Path
        Of the files, in the order mail, slides, PDF.

    Raises
    ------
    ArgumentError
        If a path or the template cannot be used.
    ReportError
        If there is no browser for a PDF, or no python-pptx for slides.

    Warns
    -----
    AssumptionWarning
        If no PDF could be attached to the mail.

    Notes
    -----
    Mail and slides need no browser: the page's own drawings are drawn again by matplotlib. The
    same page gives the same bytes; a PDF, and a mail that holds one, as far as the browser does.

    Examples
    --------
    >>> deliver("june.html", email="june.txt")
    Traceback (most recent call last):
    ...
    funnelkit._core.errors.ArgumentError: `email` must be a file that ends in .eml, or a folder; \
got 'june.txt'.
    """
    given = {"email": email, "pptx": pptx, "pdf": pdf, "template": template, "paper": paper}
    asked = asked_of(given)
    page, name = _page_of(report)
    return delivered(page, asked, name=name)


def asked_of(given: Mapping[str, object]) -> DeliveryParameters:
    """Return what is asked for, checked against what this machine can do.

    Raises
    ------
    ArgumentError, ReportError
        With what is wrong or missing, before anything is written.
    """
    asked = checked(DeliveryParameters, dict(given))
    if asked.pdf is not None:
        find_browser()
    if asked.pptx is not None:
        from funnelkit.report.delivery.presentation import opened

        opened(asked.template)
    return asked


def delivered(page: str, asked: DeliveryParameters, *, name: str) -> tuple[Path, ...]:
    """Write what is asked for, and return where.

    Parameters
    ----------
    page
        The HTML of a report.
    asked
        What to write.
    name
        What a file in a folder, and the attachment, are called, without ending.
    """
    from funnelkit.report.delivery.digest import digest_of

    files = {kind: _target(given, kind, name) for kind, given in asked.files.items()}
    if not files:
        return ()
    digest, made = digest_of(page), dict[str, bytes]()
    printed = _printed(page, asked, files)
    if "email" in files:
        from funnelkit.report.delivery.mail import mail_of

        made["email"] = mail_of(digest, pdf=printed, pdf_name=f"{_safe(name)}.pdf")
    if "pptx" in files:
        from funnelkit.report.delivery.slides import slides_of

        made["pptx"] = slides_of(digest, template=asked.template)
    if "pdf" in files and printed is not None:
        made["pdf"] = printed
    return tuple(replace_file(files[kind], content) for kind, content in made.items())


def _printed(page: str, asked: DeliveryParameters, files: Mapping[str, Path]) -> bytes | None:
    """Return the page as PDF; nothing where none is needed, or where a mail has to go without."""
    from funnelkit.report.delivery.printing import print_pdf

    if not {"email", "pdf"} & set(files):
        return None
    beside = next(iter(files.values())).parent
    try:
        return print_pdf(page, paper=asked.paper, beside=beside)
    except ReportError as error:
        if "pdf" in files:
            raise
        warnings.warn(f"No PDF is attached to the mail: {error}", AssumptionWarning, stacklevel=4)
        return None


def _page_of(report: Any) -> tuple[str, str]:
    """Return the HTML of a report, and a name for it."""
    if hasattr(report, "to_html"):
        return str(report.to_html()), "report"
    path = Path(getattr(report, "html", report))
    try:
        page = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentError(f"`report`: {path} cannot be read as a page ({error}).") from None
    return page, "-".join(filter(None, (path.stem, path.resolve().parent.name)))


def _target(given: str, kind: str, name: str) -> Path:
    """Return the file that a path stands for, its folder made."""
    path = Path(given)
    if is_folder(given):
        path /= f"{_safe(name)}{ENDINGS[kind]}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        words = error.strerror or str(error)
        raise ReportError(f"{path.parent} cannot be written to: {words}.") from None
    return path


def _safe(name: str) -> str:
    """Return a name that is one on every system, and no path.

    Examples
    --------
    >>> _safe("monthly_report-../../x")
    'monthly_report-x'
    """
    return re.sub(r"-{2,}", "-", _UNSAFE.sub("-", name).replace("..", "-")).strip("-.") or "report"
