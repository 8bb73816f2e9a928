"""The page that mails a reset does the same work for every address, and keeps none of them."""

import json
import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.clear_text import tables_with
from tests.personas import make_staff
from workflows.outbox.models import Effect
from workflows.outbox.services import drain

pytestmark = pytest.mark.django_db
RESET = "/accounts/password/reset/"
KNOWN, UNKNOWN = "ines@example.org", "vera@example.org"


@pytest.fixture
def ines(db: None) -> User:
    user = make_staff("ines", "intake")
    user.email = KNOWN
    user.save()
    return user


def statements(client, address: str) -> list[str]:
    """Ask for a reset; return the statements that the page ran, without what they were given."""
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.post(RESET, {"email": address}).status_code == 302
    values = r"'[^']*'(::[a-z]+)?|\b\d+(\.\d+)?\b"
    return [re.sub(values, "?", query["sql"]) for query in captured.captured_queries]


def test_the_page_runs_the_same_statements_and_looks_for_no_account(client, ines) -> None:
    client.get(RESET)
    statements(client, "somebody@example.org")
    known, unknown = statements(client, KNOWN), statements(client, UNKNOWN)
    assert known == unknown
    assert any("outbox_effect" in sql for sql in known)
    assert not [sql for sql in known if "auth_user" in sql or "emailaddress" in sql]


def test_the_page_makes_no_link(client, ines, monkeypatch) -> None:
    from allauth.account.forms import default_token_generator

    made = []
    monkeypatch.setattr(type(default_token_generator), "make_token", lambda *_: made.append(1))
    client.post(RESET, {"email": KNOWN})
    assert made == []


def test_an_unknown_address_waits_for_the_worker_as_a_known_one_does(client, ines, mailoutbox):
    for address in (KNOWN, UNKNOWN):
        client.post(RESET, {"email": address})
    one, other = Effect.objects.order_by("created_at")
    assert (one.kind, set(one.payload)) == (other.kind, set(other.payload))
    assert len(json.dumps(one.payload)) == len(json.dumps(other.payload))
    drain()
    assert [sent.to for sent in mailoutbox] == [[KNOWN]]


@pytest.mark.parametrize("typed", ["Ines@Example.ORG", " ines@example.org "])
def test_an_address_is_found_as_it_is_usually_typed(client, ines, mailoutbox, typed) -> None:
    client.post(RESET, {"email": typed})
    drain()
    assert [sent.to for sent in mailoutbox] == [[KNOWN]]


def test_what_was_typed_lies_nowhere_and_its_hash_goes_with_the_effect(client, ines) -> None:
    client.post(RESET, {"email": UNKNOWN})
    assert tables_with(UNKNOWN) == []
    drain()
    [effect] = Effect.objects.all()
    assert effect.state == Effect.State.DONE
    assert effect.payload == {}
