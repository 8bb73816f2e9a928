"""The notices of a case on its status page: PDF and HTML as downloads, and nobody else's."""

import pytest
from django.utils import timezone

from tests import factories
from tests.requests_portal.public.person import Visitor, text_of
from workflows.notices import facts
from workflows.notices.services import send_notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    case = factories.file(factories.ERIKA).case
    fee = facts.Fee("EUR 20", "<b>The ninth request</b> of this year.")
    send_notice(case, "fee", fee, key="fee:1")
    return case


def address_of(case, media_type: str) -> str:
    return f"status/case/file/{case.notices.get().files.get(media_type=media_type).pk}/"


def test_are_offered_as_pdf_and_html(visitor: Visitor, case):
    visitor.open(case)
    page = text_of(visitor.get("status/case/"))

    for media_type, offered in (
        ("application/pdf", True),
        ("text/html", True),
        ("text/plain", False),
    ):
        assert (f'href="/en/{address_of(case, media_type)}"' in page) == offered


@pytest.mark.parametrize("media_type", ["application/pdf", "text/html"])
def test_are_saved_and_never_shown_or_kept(visitor: Visitor, case, media_type):
    visitor.open(case)
    response = visitor.get(address_of(case, media_type))

    assert response["Content-Disposition"].startswith("attachment;")
    assert response["Cache-Control"] == "no-store"
    content = b"".join(response.streaming_content)
    assert b"<b>The ninth" not in content
    assert content.startswith(b"%PDF" if media_type == "application/pdf" else b"<!doctype html>")


def test_one_for_an_organisation_is_not_theirs(visitor: Visitor):
    case = factories.file(factories.ERIKA).case
    send_notice(case, "recipients", facts.Recipients("web 3", "Deleted."), key="r:1")
    visitor.open(case)

    assert visitor.get(address_of(case, "application/pdf")).status_code == 404
    assert "Notices to take home" not in text_of(visitor.get("status/case/"))


def test_one_of_another_case_is_not_theirs(visitor: Visitor, case):
    visitor.open(factories.file(factories.WANG).case)

    assert visitor.get(address_of(case, "application/pdf")).status_code == 404


def test_the_pdf_always_comes_first(visitor: Visitor, case):
    written_last = case.notices.get().files.filter(media_type="application/pdf")
    written_last.update(added_at=timezone.now())
    visitor.open(case)
    page = text_of(visitor.get("status/case/"))

    pdf, html = (address_of(case, kind) for kind in ("application/pdf", "text/html"))
    assert page.index(pdf) < page.index(html)
