"""A password reset, by whomever it was asked for, keeps nobody from setting up a second factor."""

import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.models import User
from django.test import Client

from tests.personas import PASSWORD, signed_in
from workflows.outbox.services import drain

pytestmark = pytest.mark.django_db
ADDRESS = "ines@example.org"
ACTIVATE = "/accounts/2fa/totp/activate/"


@pytest.fixture(autouse=True)
def second_factor_required(settings) -> None:
    settings.MFA_REQUIRED = True
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def ines(intake: User) -> User:
    intake.email = ADDRESS
    intake.save()
    return intake


def sets_up_a_second_factor(user: User) -> bool:
    client = signed_in(user, fresh=True)
    assert client.get("/staff/").headers["Location"] == "/accounts/2fa/"
    page = client.get(ACTIVATE)
    if page.status_code != 200:
        return False
    value = hotp_value(client.session["mfa.totp.secret"], int(time.time()) // 30)
    data = {
        "csrfmiddlewaretoken": client.cookies["csrf"].value,
        "code": format_hotp_value(value),
    }
    client.post(ACTIVATE, data)
    works = signed_in(user, factor=True).get("/staff/").status_code == 200
    return works and Authenticator.objects.filter(user=user, type="totp").exists()


def test_a_reset_that_a_stranger_asked_for_locks_nobody_out(client, ines, mailoutbox) -> None:
    client.post("/accounts/password/reset/", {"email": ADDRESS})
    drain()
    assert len(mailoutbox) == 1
    assert not EmailAddress.objects.exists()
    assert sets_up_a_second_factor(ines)


def test_ones_own_reset_locks_nobody_out(client, ines, mailoutbox) -> None:
    client.post("/accounts/password/reset/", {"email": ADDRESS})
    drain()
    [link] = [word for word in mailoutbox[0].body.split() if "/key/" in word]
    page = client.get(link.removeprefix("http://testserver"), follow=True)
    new = {"password1": "a rather long password", "password2": "a rather long password"}
    client.post(page.request["PATH_INFO"], new)
    ines.refresh_from_db()
    assert ines.check_password("a rather long password")
    assert not EmailAddress.objects.exists()
    assert sets_up_a_second_factor(ines)


def test_who_was_locked_out_before_is_let_in_again(ines) -> None:
    EmailAddress.objects.create(user=ines, email=ADDRESS, verified=False)
    assert sets_up_a_second_factor(ines)


def test_a_link_ends_with_the_address_that_it_was_mailed_to(ines, mailoutbox) -> None:
    client = Client()
    client.post("/accounts/password/reset/", {"email": ADDRESS})
    drain()
    [link] = [word for word in mailoutbox[0].body.split() if "/key/" in word]
    ines.email = "ines@elsewhere.example"
    ines.save()
    client.get(link.removeprefix("http://testserver"))
    page = client.get(link.removeprefix("http://testserver"), follow=True)
    new = {"password1": "a rather long password", "password2": "a rather long password"}
    client.post(page.request["PATH_INFO"], new)
    ines.refresh_from_db()
    assert ines.check_password(PASSWORD)
