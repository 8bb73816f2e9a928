"""A code of an authenticator app opens one door once, whichever process is asked."""

import os
import subprocess
import sys
import time

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.cache import cache, caches
from django.db import connection
from django.test import Client
from freezegun import freeze_time

from tests.clear_text import tables_with
from tests.personas import PASSWORD, make_staff
from tests.prepared import with_database
from tests.threads import at_once
from workflows.vault.cache import purge_cache
from workflows.vault.models import CacheEntry

SECRET = "A" * 32
ADDRESS = "198.51.100.4"
IN_ANOTHER_PROCESS = """
import django
django.setup()
from django.core.cache import cache
print(cache.add("code of ines", "used", 30), cache.get("tries", []))
cache.set("tries", [1.5])
"""


@pytest.fixture(autouse=True)
def second_factor_required(settings) -> None:
    settings.MFA_REQUIRED = True
    settings.LANGUAGE_CODE = "en"


def current_code() -> str:
    return format_hotp_value(hotp_value(SECRET, int(time.time()) // 30))


def with_password() -> Client:
    """Return a browser in which Ines has typed her password and is asked for a code."""
    client = Client(REMOTE_ADDR=ADDRESS)
    client.post("/accounts/login/", {"login": "ines", "password": PASSWORD})
    return client


def signs_in(client: Client, code: str) -> bool:
    client.post("/accounts/2fa/authenticate/", {"code": code})
    return client.get("/staff/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_what_one_process_has_counted_the_others_know() -> None:
    assert cache.add("code of ines", "used", 30)
    url = with_database(os.environ["DATABASE_URL"], str(connection.settings_dict["NAME"]))
    environment = {**os.environ, "DATABASE_URL": url, "DATABASE_ROLE": "runtime"}
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS]
    other = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert other.stdout.split(maxsplit=1) == ["False", "[]\n"]
    assert cache.get("tries") == [1.5]


@pytest.mark.django_db(transaction=True)
def test_of_browsers_that_send_a_code_at_the_same_moment_one_gets_in() -> None:
    TOTP.activate(make_staff("ines", "intake"), SECRET)
    clients = [with_password() for _ in range(4)]
    with freeze_time(tick=False):
        code = current_code()
        entered = at_once(*[lambda c=client: signs_in(c, code) for client in clients])
    assert entered.count(True) == 1


@pytest.mark.django_db
def test_a_code_that_was_used_is_refused_also_when_nothing_else_is_known() -> None:
    TOTP.activate(make_staff("ines", "intake"), SECRET)
    with freeze_time():
        code = current_code()
        assert signs_in(with_password(), code)
        caches["process"].clear()
        assert not signs_in(with_password(), code)


@pytest.mark.django_db(transaction=True)
def test_of_several_that_add_over_an_expired_entry_one_succeeds() -> None:
    for turn in range(10):
        cache.add(f"code {turn}", "used", -5)
        assert at_once(*[lambda k=f"code {turn}": cache.add(k, "used", 30)] * 4).count(True) == 1


@pytest.mark.django_db
def test_nothing_that_a_stranger_adds_makes_a_used_code_forgotten() -> None:
    cache.add("code of ines", "used", 30)
    for number in range(600):
        cache.set(f"wrong passwords of 192.0.2.{number}", [1.0], 3600)
    assert not cache.add("code of ines", "used", 30)


@pytest.mark.django_db
def test_no_address_account_or_code_lies_in_the_cache_in_the_clear() -> None:
    user = make_staff("ines", "intake")
    TOTP.activate(user, SECRET)
    code = current_code()
    client = with_password()
    client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    client.post("/accounts/2fa/authenticate/", {"code": code})
    table = CacheEntry._meta.db_table
    assert CacheEntry.objects.count() > 1
    for told in (ADDRESS, "ines", code, "allauth"):
        assert not tables_with(told, [table])


@pytest.mark.django_db
def test_what_has_expired_is_deleted_and_what_has_not_stays() -> None:
    cache.set("over", 1, -1)
    cache.set("held", 1, 60)
    cache.set("for ever", 1, None)
    assert cache.get_many(["over", "held", "for ever"]) == {"held": 1, "for ever": 1}
    assert purge_cache() == 1
    assert CacheEntry.objects.count() == 2


@pytest.mark.django_db
def test_a_touched_entry_lasts_and_a_missing_one_stays_missing() -> None:
    cache.set("held", 1, 1)
    assert cache.touch("held", 60)
    assert not cache.touch("missing", 60)
    with freeze_time(time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 30))):
        assert cache.get("held") == 1
        assert "missing" not in cache
