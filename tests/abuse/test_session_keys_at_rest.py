"""A copy of the table of sessions opens no session and tells nothing of what is in one."""

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as portal_settings
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session as DjangoSession
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from requests_portal.models import Session
from requests_portal.public import sessions
from requests_portal.sign_in.session_store import SessionStore, stored_key
from tests.clear_text import tables_with
from tests.factories import make_case
from tests.personas import signed_in

pytestmark = pytest.mark.django_db
COOKIE = portal_settings.SESSION_COOKIE_NAME


def opened_with(key: str) -> int:
    client = Client()
    client.cookies[COOKIE] = key
    return client.get("/staff/").status_code


def test_no_table_holds_a_key_and_what_it_holds_opens_nothing(intake) -> None:
    client = signed_in(intake)
    assert client.get("/staff/").status_code == 200
    key = client.cookies[COOKIE].value
    assert tables_with(key) == []
    [row] = Session.objects.all()
    assert opened_with(key) == 200
    assert opened_with(row.session_key) == 302
    assert not DjangoSession.objects.exists()


def test_what_a_session_holds_is_sealed(intake) -> None:
    client = signed_in(intake, fresh=True)
    client.get("/accounts/2fa/totp/activate/")
    secret = client.session["mfa.totp.secret"]
    [row] = Session.objects.all()
    assert secret not in row.session_data
    assert row.get_decoded()["mfa.totp.secret"] == secret
    assert tables_with(secret) == []


def test_what_was_sealed_with_another_key_is_no_session(intake, settings) -> None:
    client = signed_in(intake)
    settings.SECRET_KEY = "another"
    assert client.get("/staff/").status_code == 302
    [row] = Session.objects.all()
    assert row.get_decoded() == {}


def test_signing_out_deletes_the_row(intake) -> None:
    client = signed_in(intake)
    client.get("/accounts/2fa/")
    key = client.cookies[COOKIE].value
    client.post("/accounts/logout/", {"csrfmiddlewaretoken": client.cookies["csrf"].value})
    assert not Session.objects.filter(pk=stored_key(key)).exists()
    assert opened_with(key) == 302


def test_the_session_of_a_person_works_and_ends_as_before(client) -> None:
    case = make_case()
    answer = client.get("/en/how/")
    sessions.open_case(answer, case)
    key = answer.cookies[sessions.COOKIE].value
    assert tables_with(key) == []
    client.cookies[sessions.COOKIE] = key
    assert client.get("/en/status/case/").status_code == 200
    assert Session.objects.get(pk=stored_key(key)).account is None
    client.cookies[sessions.COOKIE] = stored_key(key)
    assert client.get("/en/status/case/").status_code == 302
    client.cookies[sessions.COOKIE] = key
    client.post("/en/status/leave/")
    assert not Session.objects.filter(pk=stored_key(key)).exists()


def test_sessions_that_are_over_are_purged() -> None:
    over, running = SessionStore(), SessionStore()
    for session in (over, running):
        session.create()
    Session.objects.filter(pk=stored_key(over.session_key)).update(expire_date=timezone.now())
    assert SessionStore(over.session_key).load() == {}
    call_command("clearsessions")
    assert [row.pk for row in Session.objects.all()] == [stored_key(running.session_key)]


def test_a_key_that_somebody_made_up_is_not_taken_over() -> None:
    session = SessionStore("a key that a stranger planted")
    assert not session.exists("a key that a stranger planted")
    session["held"] = 1
    session.save()
    assert session.session_key != "a key that a stranger planted"
    session.cycle_key()
    assert SessionStore(session.session_key)["held"] == 1


def test_a_session_that_ended_meanwhile_is_not_made_again(intake) -> None:
    session = SessionStore()
    session.create()
    other = SessionStore(session.session_key)
    other["held"] = 1
    session.delete()
    with pytest.raises(UpdateError):
        other.save()


def test_the_asynchronous_half_of_the_store_hashes_as_well() -> None:
    async def run() -> None:
        session = SessionStore()
        await session.aset("held", 1)
        await session.asave()
        key = session.session_key
        assert await session.aexists(key)
        assert await Session.objects.filter(pk=stored_key(key)).aexists()
        assert await SessionStore(key).aload() == {"held": 1}
        await SessionStore(key).adelete()
        assert not await session.aexists(key)

    async_to_sync(run)()
