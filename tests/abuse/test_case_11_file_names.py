"""Abuse case 11: a file name climbs no folder, turns no text round, and breaks no header."""

import pytest

from tests import factories
from tests.requests_portal.public.conftest import new_visitor, visitor  # noqa: F401
from tests.requests_portal.public.person import Visitor
from workflows.cases.attachments import Upload

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "a\\..\\b.txt", "\u202egpj.exe", "x\r\nSet-Cookie: a=b.txt", 'a".txt'],
)
def test_the_name_of_a_download_is_harmless(visitor: Visitor, name):  # noqa: F811
    case = factories.file(uploads=(Upload(name, b"just text"),)).case
    visitor.open(case)

    answer = visitor.get(f"status/case/file/{case.attachments.get().pk}/")

    kept = case.attachments.get().name
    assert not set(kept) & set("/\\\r\n\u202e")
    assert "Set-Cookie" not in answer
    assert "\n" not in answer["Content-Disposition"]
