"""What a person takes home: attachments as downloads only, and the proof out of the log."""

import pytest
from django.http import FileResponse

from tests import factories
from tests.requests_portal.public.person import Visitor, text_of
from workflows.cases.attachments import Upload
from workflows.cases.models import Case
from workflows.ledger.checkpoints import parse_proof, verify_proof
from workflows.ledger.keys import log_verifier, log_vkey
from workflows.ledger.sequencer import drain_inbox

pytestmark = pytest.mark.django_db
SCRIPT = b"see: <script>alert(1)</script>"


def body_of(response) -> bytes:
    return b"".join(response.streaming_content)


def with_file(name: str = "截图.txt", content: bytes = b"text") -> Case:
    return factories.file(uploads=(Upload(name, content),)).case


class TestAttachments:
    def test_come_as_they_were_sent(self, visitor: Visitor):
        case = with_file()
        visitor.open(case)
        path = f"status/case/file/{case.attachments.get().pk}/"
        assert f'href="/en/{path}"' in text_of(visitor.get("status/case/"))

        response = visitor.get(path)
        # Only a file is sent without holding a thread for as long as its reader takes.
        assert isinstance(response, FileResponse)
        assert body_of(response) == b"text"

    def test_ask_nothing_of_the_database_while_they_are_read(
        self, visitor: Visitor, django_assert_num_queries
    ):
        case = with_file(content=b"x" * 200_000)
        visitor.open(case)
        response = visitor.get(f"status/case/file/{case.attachments.get().pk}/")
        with django_assert_num_queries(0):
            assert body_of(response) == b"x" * 200_000

    def test_are_never_shown_by_the_browser(self, visitor: Visitor):
        case = with_file("page.html", SCRIPT)
        visitor.open(case)
        response = visitor.get(f"status/case/file/{case.attachments.get().pk}/")

        assert response["Content-Disposition"].startswith("attachment;")
        assert response["Content-Type"] == "application/octet-stream"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Cache-Control"] == "no-store"
        assert "default-src 'self'" in response["Content-Security-Policy"]

    @pytest.mark.parametrize("name", ["../../etc/passwd", 'a"; x="b.png', "a\r\nX-Evil: 1.txt"])
    def test_names_cannot_break_out(self, visitor: Visitor, name):
        case = with_file(name)
        visitor.open(case)
        response = visitor.get(f"status/case/file/{case.attachments.get().pk}/")

        assert "X-Evil" not in response.headers
        assert "/" not in response["Content-Disposition"]

    def test_of_another_case_are_not_found(self, visitor: Visitor):
        other = with_file()
        visitor.open(with_file())

        response = visitor.get(f"status/case/file/{other.attachments.get().pk}/")
        assert response.status_code == 404

    def test_are_not_found_without_a_session(self, visitor: Visitor):
        case = with_file()
        response = visitor.get(f"status/case/file/{case.attachments.get().pk}/")

        assert response.url == "/en/status/"


class TestTheProof:
    def test_is_being_written_until_the_entry_is_in_the_log(self, visitor: Visitor):
        visitor.open(factories.make_case())

        assert "try again in a minute" in text_of(visitor.get("status/case/proof/"))
        for kind in ("tlog-proof", "entry"):
            assert visitor.get(f"status/case/proof/{kind}/").url == "/en/status/case/proof/"

    def test_verifies_with_nothing_but_the_two_files_and_the_key(self, visitor: Visitor):
        case = factories.make_case()
        drain_inbox()
        visitor.open(case)
        assert log_vkey() in text_of(visitor.get("status/case/proof/"))

        proof = parse_proof(body_of(visitor.get("status/case/proof/tlog-proof/")).decode())
        entry = body_of(visitor.get("status/case/proof/entry/"))
        verify_proof(proof, entry, log_verifier())
        assert b'"name":"case.received"' in entry
        assert str(case.pseudonym).encode() in entry

    def test_holds_nothing_personal(self, visitor: Visitor):
        visitor.open(factories.make_case())
        drain_inbox()
        entry = body_of(visitor.get("status/case/proof/entry/"))

        assert "王小明".encode() not in entry
        assert b"example.cn" not in entry

    def test_is_of_the_own_case(self, visitor: Visitor):
        other, own = factories.make_case(), factories.make_case()
        drain_inbox()
        visitor.open(own)

        assert str(other.pseudonym).encode() not in body_of(visitor.get("status/case/proof/entry/"))

    def test_files_have_the_case_number_as_their_name(self, visitor: Visitor):
        case = factories.make_case()
        drain_inbox()
        visitor.open(case)

        name = visitor.get("status/case/proof/tlog-proof/")["Content-Disposition"]
        assert name == f'attachment; filename="{case.number}.tlog-proof"'

    def test_there_is_no_third_file(self, visitor: Visitor):
        visitor.open(factories.make_case())

        assert visitor.get("status/case/proof/key/").status_code == 404
