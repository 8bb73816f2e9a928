"""`manage.py check --deploy` names what an operator may have left open."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import redis
import yaml
from django.core.checks import run_checks

from requests_portal.local.folders import PROJECT
from requests_portal.local.sockets import free_port
from requests_portal.local.wheels import valkey_program
from tests.stack import eventually

COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))
ANSWERS = {
    "LEDGER_ORIGIN": "portal.example.org/log",
    "PUBLIC_BASE_URL": "https://portal.example.org",
    "ALLOWED_HOSTS": "portal.example.org",
    "PROVIDER_NAME": "Example AI",
    "EMAIL_HOST": "mail.example.org",
}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sound(settings):
    """The settings of a server on the internet of which nothing is to be said."""
    settings.MFA_REQUIRED = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS = "mail.example.org", True
    settings.SESSION_COOKIE_AGE, settings.SESSION_IDLE_AGE = 8 * 3600, 3600
    settings.CELERY_BROKER_URL = "rediss://:secret@queue.example.org:6379/0"
    settings.MEDIA_ENCRYPTED = True
    settings.CLAMD_ADDRESS = "/run/clamav/clamd.ctl"
    return settings


def named() -> set[str]:
    checked = run_checks(include_deployment_checks=True)
    return {message.id for message in checked if str(message.id).startswith("portal.")}


def test_nothing_is_said_of_a_sound_server():
    assert named() == set()


def test_accounts_without_a_second_factor_are_named(sound):
    sound.MFA_REQUIRED = False
    assert named() == {"portal.W001"}


@pytest.mark.parametrize("host", ["mail.example.org", "10.0.0.7", "mail", "192.0.2.1"])
def test_mail_in_the_clear_to_another_machine_is_named(sound, host):
    sound.EMAIL_HOST, sound.EMAIL_USE_TLS = host, False
    assert named() == {"portal.W002"}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.2", "::1"])
def test_mail_to_this_machine_needs_no_tls(sound, host):
    sound.EMAIL_HOST, sound.EMAIL_USE_TLS = host, False
    assert named() == set()


@pytest.mark.parametrize(
    ("age", "idle", "is_named"),
    [
        (365 * 24 * 3600, 3600, True),
        (24 * 3600 + 1, 3600, True),
        (24 * 3600, 2 * 3600, False),
        (8 * 3600, 2 * 3600 + 1, True),
    ],
)
def test_sign_ins_that_last_too_long_are_named(sound, age, idle, is_named):
    sound.SESSION_COOKIE_AGE, sound.SESSION_IDLE_AGE = age, idle
    assert named() == ({"portal.W003"} if is_named else set())


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("redis://queue.example.org:6379/0", {"portal.W004", "portal.W005"}),
        ("redis://redis:6379/0", {"portal.W004"}),
        ("redis://10.1.2.3/0", {"portal.W004"}),
        ("rediss://queue.example.org/0", {"portal.W004"}),
        ("redis://:@queue/0", {"portal.W004"}),
        ("redis://:secret@queue.example.org/0", {"portal.W005"}),
        ("redis://:secret@203.0.113.9/0", {"portal.W005"}),
        ("redis://:secret@redis:6379/0", set()),
        ("redis://portal:secret@10.1.2.3/0", set()),
        ("rediss://queue.example.org/0?ssl_certfile=/run/secrets/portal.pem", set()),
        ("redis://127.0.0.1:6379/0", set()),
        ("redis+socket:///run/valkey.sock", set()),
    ],
)
def test_a_broker_that_anybody_can_write_to_or_listen_in_on_is_named(sound, address, found):
    sound.CELERY_BROKER_URL = address
    assert named() == found


def test_no_password_stands_in_what_is_said(sound):
    sound.CELERY_BROKER_URL = "redis://:hunter2@queue.example.org/0"
    said = run_checks(include_deployment_checks=True)
    assert not [message for message in said if "hunter2" in f"{message.msg}{message.hint}"]


def test_files_of_which_nobody_says_that_the_disk_is_encrypted_are_named(sound):
    sound.MEDIA_ENCRYPTED = False
    assert named() == {"portal.W006"}


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("", {"portal.W007"}),
        ("/run/clamav/clamd.ctl", set()),
        ("clamav:3310", set()),
        ("[::1]:3310", set()),
        ("scan.example.org:3310", {"portal.W008"}),
        ("203.0.113.9:3310", {"portal.W008"}),
        ("clamav", {"portal.E001"}),
        ("clamav:port", {"portal.E001"}),
    ],
)
def test_files_that_nobody_scans_and_scans_that_others_can_watch_are_named(sound, address, found):
    sound.CLAMD_ADDRESS = address
    assert named() == found


def test_nothing_is_said_on_one_machine(sound):
    sound.MFA_REQUIRED = sound.MEDIA_ENCRYPTED = False
    assert not {m.id for m in run_checks() if str(m.id).startswith("portal.")}


class TestTheLayoutOfCompose:
    @pytest.fixture
    def secrets(self, tmp_path) -> Path:
        """The folder of secrets, made as the file itself tells to make it."""
        text = (PROJECT / "docker-compose.yml").read_text(encoding="utf-8")
        steps = re.findall(r"^#   (.+)$", text, flags=re.MULTILINE)
        assert steps[0] == "mkdir -m 700 secrets && cd secrets"
        subprocess.run(["sh", "-ec", "\n".join(steps)], cwd=tmp_path, check=True, timeout=60)
        return tmp_path / "secrets"

    def environment(self, secrets: Path) -> dict[str, str]:
        """What the web process of the layout is given, once the questions are answered."""

        def answered(value: str) -> str:
            return re.sub(
                r"\$\{(\w+)(?::([-?])([^}]*))?\}",
                lambda m: ANSWERS.get(m[1], m[3] if m[2] == "-" else ""),
                value,
            )

        given = COMPOSE["services"]["web"]["environment"]
        values = {name: answered(str(value)) for name, value in given.items()}
        return {n: v.replace("/run/secrets", str(secrets)) for n, v in values.items()}

    def test_every_secret_is_made(self, secrets):
        assert set(COMPOSE["secrets"]) == {path.name for path in secrets.iterdir()}

    def test_is_found_sound(self, secrets, tmp_path):
        environment = self.environment(secrets) | {
            "PATH": os.environ["PATH"],
            # What the head of the file says to put into settings.env.
            "MEDIA_ENCRYPTED": "yes",
            "CLAMD_ADDRESS": "clamav:3310",
            "DATA_DIR": str(tmp_path / "data"),
        }
        done = subprocess.run(
            [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
            cwd=PROJECT, env=environment, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def test_its_broker_asks_for_the_password(self, secrets, tmp_path):
        service = COMPOSE["services"]["redis"]
        program, *options = service["command"]
        assert program == "redis-server"
        options = [option.replace("/run/secrets", str(secrets)) for option in options]
        port = free_port()
        server = subprocess.Popen(
            [str(valkey_program()), *options, "--port", str(port), "--bind", "127.0.0.1"],
            cwd=tmp_path,
        )
        try:
            url = (secrets / "redis_url").read_text().strip()
            known = redis.Redis.from_url(url.replace("@redis:6379", f"@127.0.0.1:{port}"))
            eventually(lambda: _pings(known), "the broker answers")
            with pytest.raises(redis.exceptions.AuthenticationError):
                redis.Redis(port=port).ping()
        finally:
            server.terminate()
            server.wait(timeout=20)


def _pings(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.exceptions.ConnectionError:
        return False
