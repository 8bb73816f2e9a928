"""Anybody can have a receipt or a proof checked, with and without JavaScript."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests import factories
from tests.requests_portal.public.person import Visitor, text_of
from workflows.cases.signed_receipt import receipt_signer, signed_receipt
from workflows.ledger.keys import log_vkey
from workflows.ledger.models import Event
from workflows.ledger.selectors import proof_text
from workflows.ledger.sequencer import drain_inbox

pytestmark = pytest.mark.django_db
PAGE = "verify/"


@pytest.fixture
def files() -> dict[str, bytes]:
    """What the person of one of two cases takes home."""
    case = factories.file().case
    factories.file(factories.ERIKA)
    drain_inbox()
    event = Event.objects.get(case=case.pseudonym)
    return {
        "receipt": signed_receipt(case).encode(),
        "proof": proof_text(event).encode(),
        "entry": bytes(event.leaf),
    }


def send(visitor: Visitor, **files: bytes) -> str:
    return text_of(
        visitor.post(PAGE, **{name: SimpleUploadedFile(name, body) for name, body in files.items()})
    )


def test_the_page_is_open_to_everybody_and_tells_the_keys(new_visitor):
    for language in ("en", "zh-hans"):
        page = text_of(new_visitor(language).get(PAGE))
        assert log_vkey() in page
        assert receipt_signer().verifier.vkey in page
        assert "portal/verify.js" in page
        assert "style=" not in page


def test_a_genuine_receipt_is_said_to_be_one(visitor, files):
    page = send(visitor, receipt=files["receipt"])
    assert "✓ Genuine." in page
    assert "(UTC), and its entry stands in our records" in page
    assert "✗" not in page.split("<template")[0]


def test_a_hand_made_receipt_is_not(visitor, files):
    page = send(visitor, receipt=files["receipt"].replace(b"correct", b"delete"))
    assert "✗ Not genuine." in page
    assert "This is not a receipt of ours" in page


@pytest.mark.parametrize("beside", ["entry", "receipt"])
def test_a_proof_is_checked_against_its_entry_or_the_receipt(visitor, files, beside):
    page = send(visitor, proof=files["proof"], **{beside: files[beside]})
    assert "The proof holds: the entry is number 0 of the 2 in the log." in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"entry": b"{}"}, "do not belong together"),
        ({"proof": b"\xff"}, "cannot be read"),
        ({"proof": b"index 1\n\n"}, "cannot be read"),
    ],
)
def test_what_was_changed_is_false(visitor, files, changes, sentence):
    page = send(visitor, **{"proof": files["proof"], "entry": files["entry"], **changes})
    assert "✗ Not genuine." in page
    assert sentence in page


def test_a_proof_with_another_signature_is_false(visitor, files):
    start, _, end = files["proof"].rpartition(b"\xe2\x80\x94")
    page = send(visitor, proof=start + b"\xe2\x80\x94" + end[:-6] + b"AAA=\n", entry=files["entry"])
    assert "✗ Not genuine." in page


def test_too_little_to_check_is_told_beside_the_field(visitor, files):
    assert "Choose a receipt or a proof first." in send(visitor).split("<template")[0]
    page = send(visitor, proof=files["proof"]).split("<template")[0]
    assert 'href="#id_entry"' in page
    assert "too large" in send(visitor, receipt=b"a" * 100_001)


class TestTakingTheReceiptHome:
    def test_from_the_page_after_sending(self, visitor: Visitor):
        visitor.file()
        assert "/en/request/receipt/file/" in text_of(visitor.get("request/receipt/"))
        response = visitor.get("request/receipt/file/")
        assert response["Content-Disposition"].endswith('.receipt"')
        assert "✓ Genuine." in send(visitor, receipt=b"".join(response.streaming_content))

    def test_from_the_status_page(self, visitor: Visitor):
        case = factories.file().case
        visitor.open(case)
        address = "status/case/proof/receipt/"
        assert f'href="/en/{address}"' in text_of(visitor.get("status/case/proof/"))
        response = visitor.get(address)
        assert b"".join(response.streaming_content) == signed_receipt(case).encode()

    def test_not_without_having_filed(self, visitor: Visitor):
        for address in ("request/receipt/file/", "status/case/proof/receipt/"):
            assert visitor.get(address).status_code == 302
