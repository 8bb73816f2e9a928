"""Abuse case 12: what a person typed is text in the admin, in mails and in the PDF."""

import io

import pypdf
import pytest

from tests.factories import ERIKA, REVIEWER, make_case
from tests.personas import signed_in
from tests.requests_portal.staff.addresses import case_url
from workflows.cases import correspondence
from workflows.cases.filing_request import FiledItem
from workflows.cases.lifecycle import State
from workflows.notices import moves
from workflows.outbox.services import drain
from workflows.vault import files

pytestmark = pytest.mark.django_db

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def case(db):
    made = make_case(
        State.IN_REVIEW,
        ERIKA,
        subject_name=EVIL,
        items=(FiledItem("copy", {"statement": EVIL}),),
    )
    correspondence.write_to_provider(made, EVIL)
    return made


def test_in_the_admin(case, reviewer, settings):
    settings.MFA_REQUIRED = False
    page = signed_in(reviewer).get(case_url(case)).content.decode()

    assert "&lt;script&gt;alert(1)" in page
    assert EVIL not in page


def test_in_mails(case, mailoutbox):
    drain()
    bodies = [body for mail in mailoutbox for body, _type in getattr(mail, "alternatives", [])]

    assert bodies
    assert not any("<script" in body or "onerror" in body for body in bodies)


def test_in_the_pdf_of_a_notice(case):
    moves.extend(case, REVIEWER, EVIL)

    pdf = case.attachments.filter(media_type="application/pdf").latest("added_at")
    content = b"".join(files.read(pdf.file))
    reader = pypdf.PdfReader(io.BytesIO(content))
    assert "alert(1)" in "".join(page.extract_text() for page in reader.pages)
    assert "/JavaScript" not in str(reader.trailer["/Root"])
