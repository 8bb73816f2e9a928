"""The pages of the texts of notices: read, drafted, compared, previewed and published."""

import io

import pytest
from pypdf import PdfReader

from tests.factories import ERIKA, make_case
from tests.requests_portal.staff.addresses import case_url
from workflows.cases.lifecycle import State
from workflows.notices.models import NoticeText
from workflows.notices.texts import active_text
from workflows.vocabulary.notices import NoticeKind

pytestmark = pytest.mark.django_db

LIST = "/staff/notices/noticetext/"
PLACE = f"{LIST}clarification/en/all/"
BODY = (
    "# Hello {case_number}\n\n[[question]]\n{question}\n\n[[effect_on_clock]]\n{effect_on_clock}\n"
)


@pytest.fixture
def officer(sign_in, privacy_officer):
    return sign_in(privacy_officer)


def test_every_text_is_listed_and_the_list_can_be_narrowed(officer):
    page = officer.get(LIST).content.decode()
    assert page.count("<tr>") > 40
    narrowed = officer.get(
        LIST, {"q": "refusal", "language": "en", "regime": "CN"}
    ).content.decode()
    assert narrowed.count('scope="row"') == 1
    assert "refusal/en/CN/" in narrowed


def test_a_text_is_drafted_looked_at_and_published(officer, send):
    answer = send(officer, PLACE, {"body": BODY, "reason": "Counsel asked for it."})
    version = NoticeText.objects.get()
    address = f"{LIST}version/{version.pk}/"
    assert answer.headers["Location"] == address

    page = officer.get(address).content.decode()
    assert "<ins># Hello {case_number}</ins>" in page
    assert "Counsel asked for it." in page
    assert "Hello 2026-TEST-0000" in page

    send(officer, address, {})
    assert active_text("EU", "clarification", "en").version == version
    assert "Published by" in officer.get(address).content.decode()


def test_what_was_typed_stays_when_it_is_refused(officer, send):
    answer = send(officer, PLACE, {"body": BODY, "reason": ""})
    assert answer.status_code == 200
    assert "# Hello {case_number}" in answer.content.decode()
    assert not NoticeText.objects.exists()


def test_a_text_at_fault_says_so_and_cannot_be_published(officer, send):
    send(officer, PLACE, {"body": "# A\n\n{nonsense}\n", "reason": "Trying."})
    address = f"{LIST}version/{NoticeText.objects.get().pk}/"
    page = officer.get(address).content.decode()

    assert "there is no placeholder {nonsense}" in page
    assert ">Publish</button>" not in page
    send(officer, address, {})
    assert active_text("EU", "clarification", "en").version is None


def test_a_draft_of_the_answer_may_lack_its_parts_and_is_told_so(officer, send):
    place = PLACE.replace("clarification", "answer")
    send(officer, place, {"body": "# A\n\nHello.\n", "reason": "Trying."})
    page = officer.get(f"{LIST}version/{NoticeText.objects.get().pk}/").content.decode()

    assert "{parts}" in page
    assert ">Publish</button>" not in page


@pytest.mark.parametrize("kind", NoticeKind.values)
def test_each_kind_is_previewed_in_each_format(officer, send, kind):
    body = active_text("", kind, "zh-hans").body
    send(officer, f"{LIST}{kind}/zh-hans/all/", {"body": body, "reason": "Same again."})
    address = f"{LIST}version/{NoticeText.objects.get().pk}/"
    assert "staff-error" not in officer.get(address).content.decode()

    for ending in ("pdf", "html", "txt"):
        sent = officer.get(f"{address}preview.{ending}")
        assert sent.status_code == 200
        assert sent.headers["Content-Disposition"].startswith("attachment")
        if ending == "pdf":
            assert PdfReader(io.BytesIO(sent.content)).pages


def test_others_neither_read_nor_write_texts(sign_in, reviewer):
    client = sign_in(reviewer)
    for address in (LIST, PLACE):
        assert client.get(address).status_code == 403


@pytest.mark.parametrize("address", ["x/en/all/", "fee/fr/all/", "fee/en/XX/", "version/1/"])
def test_there_is_no_page_for_what_is_not_there(officer, address):
    assert officer.get(LIST + address).status_code == 404


def test_the_case_page_lists_notices_with_files_and_the_version(officer):
    case = make_case(State.ANSWERED, ERIKA)
    page = officer.get(case_url(case)).content.decode()
    notice = case.notices.get(kind="answer")

    for file in notice.files.all():
        assert f"{file.pk}" in page
    assert f"/noticetext/version/{notice.texts.first().pk}/" in page
