"""Abuse case 10: a polyglot, SVG or HTML is neither taken nor ever shown by the browser."""

import pytest

from tests import factories
from tests.requests_portal.public.conftest import new_visitor, visitor  # noqa: F401
from tests.requests_portal.public.person import Visitor
from workflows.cases.attachments import Upload, check_uploads

pytestmark = pytest.mark.django_db

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    "content",
    [SVG, b"<html><script>alert(1)</script></html>", b"%PDF-1.4\n<html><script>1</script></html>"],
    ids=["svg", "html", "polyglot"],
)
def test_it_is_not_taken(content):
    assert set(check_uploads((Upload("harmless.png", content),))) == {"attachments"}


def test_what_was_taken_is_a_download_that_no_browser_guesses_about(visitor: Visitor):  # noqa: F811
    case = factories.file(uploads=(Upload("note.txt", b"just text"),)).case
    visitor.open(case)

    answer = visitor.get(f"status/case/file/{case.attachments.get().pk}/")

    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
