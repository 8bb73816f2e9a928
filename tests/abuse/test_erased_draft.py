"""A draft belongs to its case: it goes with the case, and reading a page files nothing."""

import pytest
from django.test import Client

from tests import factories as make
from tests.requests_portal.public.person import Visitor
from workflows.cases.attachments import Upload
from workflows.cases.correspondence import withdraw
from workflows.cases.drafts import add_draft_file, create_draft, file_draft, filed_draft
from workflows.cases.models import Case, Draft, IdempotencyKey
from workflows.retention.erasure import erase, request_erasure
from workflows.vault.models import DataKey, StoredFile

pytestmark = pytest.mark.django_db

SAFE_PAGES = (
    "request/",
    "request/check/",
    "request/discard/",
    "request/subject/",
    "request/receipt/",
    "request/receipt/file/",
    "status/",
    "status/case/",
)


@pytest.fixture
def visitor() -> Visitor:
    return Visitor(Client(), "en")


def erase_case(case: Case) -> None:
    request_erasure(case, make.OFFICER, "retention_over")
    erase(case, make.OTHER_OFFICER)


def test_an_erased_case_is_not_filed_anew_by_looking_at_its_receipt(visitor: Visitor):
    visitor.file()
    case = Case.objects.get()
    withdraw(case)
    erase_case(case)

    for page in SAFE_PAGES:
        visitor.get(page)
    visitor.post("request/receipt/open/")

    assert Case.objects.get().pk == case.pk
    assert visitor.get("request/receipt/").url == "/en/status/"
    assert visitor.get("status/case/").url == "/en/status/"


def test_the_draft_goes_with_its_case_at_once_with_key_and_files():
    draft, token = create_draft()
    add_draft_file(draft, Upload("note.txt", b"A line."))
    other, _token = create_draft()
    case = file_draft(draft, token, make.WANG).case
    make.walk(case, make.State.CLOSED)

    erase_case(case)

    assert set(Draft.objects.all()) == {other}
    assert not StoredFile.objects.exists()
    assert set(DataKey.objects.exclude(wrapped=None)) == {other.data_key}


@pytest.mark.parametrize("method", ["get", "head"])
def test_no_reading_of_a_page_files_anything(visitor: Visitor, method: str):
    """Not even where the record of the attempt is lost, by which a repeat is known."""
    visitor.file()
    IdempotencyKey.objects.all().delete()

    for page in SAFE_PAGES:
        getattr(visitor.client, method)(f"/en/{page}")

    assert Case.objects.count() == 1


def test_a_receipt_is_shown_again_from_the_attempt_that_made_it():
    draft, token = create_draft()
    assert filed_draft(draft, token) is None
    filed = file_draft(draft, token, make.WANG)

    again = filed_draft(draft, token)

    assert again is not None
    assert (again.case, again.receipt, again.repeated) == (filed.case, filed.receipt, True)


def test_a_draft_is_not_filed_a_second_time_after_its_case_is_gone():
    draft, token = create_draft()
    filed = file_draft(draft, token, make.WANG)
    withdraw(filed.case)
    erase_case(filed.case)

    with pytest.raises(Draft.DoesNotExist):
        file_draft(draft, token, make.WANG)
    assert Case.objects.count() == 1
