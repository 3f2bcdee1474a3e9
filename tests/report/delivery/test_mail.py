"""The mail as a mail program reads it."""

import email
import email.policy
import re
from email.message import EmailMessage

import pytest

from funnelkit.report.delivery.digest import digest_of
from funnelkit.report.delivery.mail import MOST_BYTES, mail_of
from tests.report.delivery import made


def opened(content: bytes) -> EmailMessage:
    return email.message_from_bytes(content, policy=email.policy.default)


@pytest.fixture(scope="module")
def written() -> bytes:
    return mail_of(digest_of(made.page()), pdf=b"%PDF-1.4 x", pdf_name="monthly-2018-05.pdf")


@pytest.fixture(scope="module")
def mail(written: bytes) -> EmailMessage:
    return opened(written)


def html(mail: EmailMessage) -> str:
    return mail.get_body(("html",)).get_content()


def test_its_subject_is_the_headline(mail: EmailMessage) -> None:
    assert mail["Subject"] == made.HEADLINE
    assert set(mail.keys()) == {"Subject", "X-Unsent", "MIME-Version", "Content-Type"}


def test_its_parts(mail: EmailMessage) -> None:
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related",
        "text/html", "image/png", "application/pdf",
    ]  # fmt: skip
    [attached] = mail.iter_attachments()
    assert attached.get_filename() == "monthly-2018-05.pdf"
    assert attached.get_content() == b"%PDF-1.4 x"


def test_pictures_are_in_the_mail_and_have_words(mail: EmailMessage) -> None:
    body = html(mail)
    named = {part["Content-ID"].strip("<>") for part in mail.walk() if part["Content-ID"]}
    assert named == set(re.findall(r'src="cid:([^"]+)"', body)) == {"funnel@funnelkit"}
    assert 'alt="Funnel: 40 moved on.' in body
    assert not re.search(r"https?://|//www|url\(", body)


def test_the_body_says_what_the_page_says(mail: EmailMessage) -> None:
    plain = mail.get_body(("plain",)).get_content()
    for text in (html(mail), plain):
        for words in ("57 wins against 65.", "95 % interval 43 to 74", "n = 57 wins"):
            assert words in " ".join(text.split())
        assert "monthly-2018-05.pdf" in text
    assert max(map(len, plain.splitlines())) <= 78
    assert "Nothing left its usual level" in html(mail)


def test_the_same_page_gives_the_same_bytes(written: bytes) -> None:
    again = mail_of(digest_of(made.page()), pdf=b"%PDF-1.4 x", pdf_name="monthly-2018-05.pdf")
    assert again == written


def test_a_hostile_headline_adds_no_header() -> None:
    mail = opened(mail_of(digest_of(made.page(made.HEADER))))
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Wins fell Bcc: everyone@example.org <b>in May</b>"
    assert "<b>in May</b>" not in html(mail)


def test_hostile_text_stays_text(mail: EmailMessage) -> None:
    body = html(mail)
    assert "<script" not in body
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
    assert not re.search(r"\son\w+=", body)


def test_however_much_there_is_to_say_mail_programs_do_not_cut_it() -> None:
    many = [made.section(f"s{k}", f"Finding {k}: {'long words ' * 60}") for k in range(200)]
    mail = opened(mail_of(digest_of(made.page("x" * 5000, *many))))
    assert len(html(mail).encode()) < MOST_BYTES
    assert len(mail["Subject"]) <= 150
