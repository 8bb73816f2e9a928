"""Many sign-ins at once use up neither the memory nor all threads, and long passwords nothing."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from requests_portal.sign_in import hashers
from requests_portal.sign_in.hashers import AT_ONCE, LONGEST_PASSWORD, WAITING, TooManyPasswords
from tests.personas import PASSWORD

HASHER = "requests_portal.sign_in.hashers.BoundedArgon2PasswordHasher"


@pytest.fixture(autouse=True)
def real_hasher(settings) -> None:
    """The hasher that the portal has, and not the quick one of the tests."""
    settings.PASSWORD_HASHERS = [HASHER]


@pytest.fixture
def slow(monkeypatch) -> list[int]:
    """Each check takes a tenth of a second; returns how many ran at the same time."""
    running, most, lock = [0], [0], threading.Lock()

    def verify(self, password: str, encoded: str) -> bool:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.1)
        with lock:
            running[0] -= 1
        return True

    monkeypatch.setattr(Argon2PasswordHasher, "verify", verify)
    return most


def check(_number: int) -> bool | None:
    try:
        return hashers.BoundedArgon2PasswordHasher().verify("x", "y")
    except TooManyPasswords:
        return None


def test_a_few_are_hashed_at_a_time_and_a_few_wait(slow):
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(check, range(20)))

    assert slow[0] == AT_ONCE
    assert AT_ONCE + WAITING <= found.count(True) < 20
    assert found.count(None) > 0


def test_who_waits_too_long_is_let_go(slow, monkeypatch):
    monkeypatch.setattr(hashers, "LONGEST_WAIT", 0.01)
    with ThreadPoolExecutor(AT_ONCE + 1) as pool:
        found = list(pool.map(check, range(AT_ONCE + 1)))

    assert found.count(None) == 1
    assert check(0) is True, "nothing stays taken"


def test_settings_name_this_hasher():
    from requests_portal import settings

    assert settings.PASSWORD_HASHERS[0] == HASHER
    assert any("MaximumLength" in each["NAME"] for each in settings.AUTH_PASSWORD_VALIDATORS)


@pytest.mark.django_db
def test_who_comes_then_is_asked_to_come_back(monkeypatch, intake):
    def refuse(self, password: str, encoded: str) -> bool:
        raise TooManyPasswords

    monkeypatch.setattr(hashers.BoundedArgon2PasswordHasher, "verify", refuse)
    intake.password = make_password(PASSWORD)
    intake.save()

    answer = Client().post("/accounts/login/", {"login": intake.username, "password": PASSWORD})

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert PASSWORD not in answer.content.decode()


def test_a_long_password_is_hashed_no_longer_than_others(monkeypatch):
    lengths = []
    usual = Argon2PasswordHasher.encode

    def encode(self, password: str, salt: str) -> str:
        lengths.append(len(password))
        return usual(self, password, salt)

    monkeypatch.setattr(Argon2PasswordHasher, "encode", encode)
    stored = make_password("x" * 1_000_000)

    assert max(lengths) <= LONGEST_PASSWORD
    assert not check_password("x" * 1_000_000, stored)
    assert not check_password("x" * LONGEST_PASSWORD, stored)


def test_passwords_as_they_were_stored_before_still_open():
    stored = Argon2PasswordHasher().encode(PASSWORD, "a-salt-of-some-length")

    assert check_password(PASSWORD, stored)
    assert not check_password("wrong", stored)


def test_a_new_password_that_is_too_long_is_refused():
    with pytest.raises(ValidationError):
        validate_password("aB3-" * 300)
    validate_password("aB3-" * 200)
