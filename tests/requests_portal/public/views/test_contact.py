"""The link that confirms a contact: opened by a scanner it changes nothing, pressed it works once."""

import datetime as dt
from uuid import uuid4

import pytest

from tests import factories
from tests.requests_portal.public.person import Visitor, text_of
from workflows.cases import correspondence
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.identity.contact import note_sent, open_challenge
from workflows.mail.links import confirm_contact_link

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> Case:
    return factories.make_case()


@pytest.fixture
def path(case: Case) -> str:
    return f"confirm/{open_challenge(case, uuid4())}/"


def test_the_mailed_address_is_the_one_of_the_page(visitor: Visitor, case: Case):
    link = confirm_contact_link("en", open_challenge(case, uuid4()))

    assert visitor.client.get(link.removeprefix("http://testserver")).status_code == 200


def test_opening_it_changes_nothing_however_often(visitor: Visitor, case: Case, path):
    for _ in range(3):
        response = visitor.get(path)
        assert response.status_code == 200
        assert "Yes, this is my address" in text_of(response)
    visitor.client.head(f"/en/{path}")

    case.refresh_from_db()
    assert case.state == State.FILED


def test_the_button_confirms(visitor: Visitor, case: Case, path):
    response = visitor.post(path)

    assert "Your address is confirmed" in text_of(response)
    case.refresh_from_db()
    assert case.state == State.RECEIVED
    assert case.assurance == "contact"


def test_after_a_withdrawal_nothing_more_is_promised(visitor: Visitor, case: Case, path):
    correspondence.withdraw(case)

    page = text_of(visitor.post(path))

    assert "Your address is confirmed" in page
    assert "has already ended" in page
    assert "We go on" not in page


def test_whoever_got_no_link_asks_for_another_on_the_status_page(visitor: Visitor, case: Case):
    visitor.open(case)
    assert "Send the link again" in text_of(visitor.get("status/case/"))

    asked = visitor.post("status/case/link/")

    assert "Another link is on its way" in text_of(visitor.client.get(asked.url))


def test_works_once(visitor: Visitor, path):
    visitor.post(path)

    again = visitor.post(path)
    assert again.status_code == 410
    assert "This link cannot be used" in text_of(again)
    assert visitor.get(path).status_code == 410


def test_an_older_link_ends_with_the_newer(visitor: Visitor, case: Case, path):
    newer = uuid4()
    open_challenge(case, newer)
    note_sent(case, newer)

    assert visitor.post(path).status_code == 410


def test_ends_after_a_week(visitor: Visitor, case: Case, path):
    case.contact_challenges.update(expires_at=dt.datetime.now(dt.UTC))

    assert visitor.post(path).status_code == 410


def test_belongs_to_one_case(visitor: Visitor, path):
    other = factories.make_case()
    visitor.post(path)

    other.refresh_from_db()
    assert other.state == State.FILED


def test_an_unknown_link_says_the_same_as_a_used_one(visitor: Visitor, path):
    visitor.post(path)
    used, unknown = visitor.get(path), visitor.get("confirm/unknown/")

    assert unknown.status_code == 410
    assert text_of(used).count("not valid any more") == text_of(unknown).count("not valid any more")


def test_shows_nothing_personal_and_leaks_no_token(visitor: Visitor, case: Case, path):
    response = visitor.get(path)

    page = text_of(response)
    assert case.number in page
    assert "王小明" not in page
    assert "xiaoming" not in page
    assert response["Referrer-Policy"] == "strict-origin"
    assert response["Cache-Control"] == "no-store"


def test_opens_no_case(visitor: Visitor, path):
    visitor.post(path)

    assert visitor.get("status/case/").url == "/en/status/"
