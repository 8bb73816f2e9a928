"""A password alone neither removes a second factor nor does anything that asks who it is again."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.auth.models import User
from django.test import Client

from tests.personas import PASSWORD, make_staff, signed_in

pytestmark = pytest.mark.django_db
SECRET = "A" * 32
LOG_IN = "/accounts/login/"
ASK = "/accounts/2fa/reauthenticate/"
# What asks somebody once more who they are, for an account with a second factor.
GUARDED = [
    "/accounts/2fa/totp/deactivate/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/2fa/recovery-codes/",
    "/accounts/2fa/recovery-codes/generate/",
    "/accounts/2fa/recovery-codes/download/",
    "/accounts/password/change/",
    "/staff/auth/user/add/",
]


@pytest.fixture(autouse=True)
def english_pages(settings) -> None:
    settings.LANGUAGE_CODE = "en"
    settings.ACCOUNT_RATE_LIMITS = False


@pytest.fixture
def adam(db: None) -> User:
    user = make_staff("adam", "administrator")
    TOTP.activate(user, SECRET)
    RecoveryCodes.activate(user)
    return user


def current_code(secret: str = SECRET) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def post(client: Client, path: str, **data: str):
    """Send a form as a browser does, with the token of the page before."""
    client.get(ASK)
    return client.post(path, {"csrfmiddlewaretoken": client.cookies["csrf"].value, **data})


@pytest.mark.parametrize("path", GUARDED)
def test_who_has_proved_only_a_password_is_asked_for_the_factor(adam, path) -> None:
    answer = signed_in(adam, fresh=True).get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{ASK}?next=")


@pytest.mark.parametrize("path", GUARDED)
def test_who_has_just_used_the_factor_is_let_through(adam, path) -> None:
    assert signed_in(adam, fresh=True, factor=True).get(path).status_code == 200


def test_a_session_cannot_ask_to_be_asked_for_the_password(adam) -> None:
    client = signed_in(adam)
    assert client.get("/accounts/reauthenticate/").headers["Location"] == ASK
    post(client, "/accounts/reauthenticate/", password=PASSWORD)
    post(client, "/accounts/2fa/totp/deactivate/")
    assert Authenticator.objects.filter(user=adam, type="totp").exists()


def test_the_factor_removes_itself(adam) -> None:
    client = signed_in(adam)
    post(client, ASK, code=current_code())
    post(client, "/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(user=adam).exists()


def test_an_account_without_a_factor_is_asked_for_its_password(intake) -> None:
    client = signed_in(intake)
    answer = client.get("/accounts/2fa/totp/activate/")
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/?next=")
    assert client.get("/accounts/password/change/").status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("required", [True, False])
def test_a_session_from_before_the_factor_does_not_remove_it(settings, required) -> None:
    settings.MFA_REQUIRED = required
    ines = make_staff("ines", "intake")
    stolen, own = signed_in(ines, fresh=True), signed_in(ines, fresh=True)
    own.get("/accounts/2fa/totp/activate/")
    assert stolen.get("/accounts/2fa/totp/activate/").status_code == 200
    code = current_code(own.session["mfa.totp.secret"])
    post(own, "/accounts/2fa/totp/activate/", code=code)
    assert own.get("/staff/").status_code == 200
    assert own.get("/accounts/2fa/totp/deactivate/").status_code == 200
    assert stolen.get("/accounts/2fa/totp/deactivate/").headers["Location"].startswith(LOG_IN)
    # Had it not been ended, it would still be asked.
    survivor = signed_in(ines, fresh=True)
    assert post(survivor, "/accounts/2fa/totp/deactivate/").headers["Location"].startswith(ASK)
    if required:
        assert survivor.get("/staff/").headers["Location"].startswith(ASK)
    assert Authenticator.objects.filter(user=ines, type="totp").exists()
