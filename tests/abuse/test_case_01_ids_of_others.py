"""Abuse case 1: ids of somebody else's case, file, message or export open nothing."""

import pytest

from tests import factories
from tests.requests_portal.public.conftest import new_visitor, visitor  # noqa: F401
from tests.requests_portal.public.person import Visitor
from tests.requests_portal.regulators.conftest import china, greta, lin, sign_in  # noqa: F401
from workflows.cases.attachments import Upload
from workflows.cases.lifecycle import State
from workflows.cases.models import Message
from workflows.exports.models import BundleJob

pytestmark = pytest.mark.django_db


def test_a_file_or_an_answer_of_another_case_is_not_found(visitor: Visitor):  # noqa: F811
    mine, theirs = factories.make_case(), factories.make_case(State.ANSWERED)
    other = factories.file(uploads=(Upload("theirs.txt", b"theirs"),)).case
    visitor.open(mine)

    answer = theirs.messages.get(kind=Message.Kind.ANSWER)
    assert visitor.get(f"status/case/answer/{answer.pk}/").status_code == 404
    assert visitor.get(f"status/case/file/{other.attachments.get().pk}/").status_code == 404


def test_a_receipt_opens_its_own_case_over_the_api_and_no_other(client):
    mine, theirs = factories.file(), factories.file()
    bearer = {"Authorization": f"Bearer {mine.receipt}"}

    assert client.get(f"/api/v1/requests/{mine.case.number}/", headers=bearer).status_code == 200
    assert client.get(f"/api/v1/requests/{theirs.case.number}/", headers=bearer).status_code == 404


def test_an_export_of_another_regulator_is_not_found(greta, china):  # noqa: F811
    job = BundleJob.objects.create(regime="EU", requested_by=greta.user, language="en")

    for path in (f"/en/regulators/exports/{job.pk}/", f"/en/regulators/exports/{job.pk}/file/"):
        assert china.get(path).status_code == 404
