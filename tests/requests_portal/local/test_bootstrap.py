"""What manage.py prepares before Django is loaded."""

import os

import pytest

from requests_portal.environment import database_from_url
from requests_portal.local.bootstrap import needs_database, prepare_environment
from requests_portal.local.folders import SECRETS


@pytest.fixture
def bare(monkeypatch, folder):
    """A machine where nothing is set, with its data in an empty folder."""
    for name in (*SECRETS, "DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_ROLE"):
        # Set first, so that what the code under test sets is taken back as well.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("DATA_DIR", str(folder / "data"))
    return folder / "data"


@pytest.mark.parametrize(
    "command",
    [
        *("collectstatic", "compilemessages", "help", "check", "deadline x", "migrate --help", ""),
        *("locate x", "make_manifest x", "apply_manifest x", "rescan x", "export_manifest x"),
    ],
)
def test_commands_that_ask_the_database_nothing(command):
    assert not needs_database(["manage.py", *command.split()])


@pytest.mark.parametrize(
    "command", ["migrate", "shell", "check --database default", "outbox_relay"]
)
def test_commands_that_need_the_database(command):
    assert needs_database(["manage.py", *command.split()])


def test_a_command_without_database_gets_valid_settings_but_no_server(bare):
    prepare_environment(["manage.py", "collectstatic"])
    runtime = database_from_url(os.environ["DATABASE_URL"])
    assert (runtime["USER"], runtime["NAME"]) == ("portal_runtime", "requests_portal")
    assert database_from_url(os.environ["DATABASE_OWNER_URL"])["USER"] == "portal_owner"
    assert not (bare / "postgres").exists()


def test_secrets_are_kept_and_readable_by_us_only(bare):
    prepare_environment(["manage.py", "help"])
    first = {name: os.environ.pop(name) for name in SECRETS}
    del os.environ["DATABASE_URL"]
    prepare_environment(["manage.py", "help"])
    assert {name: os.environ[name] for name in SECRETS} == first
    assert len(set(first.values())) == len(SECRETS)
    assert (bare / "secrets").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (bare / "secrets").iterdir()} == {0o600}


def test_a_secret_of_the_environment_is_left_alone(bare, monkeypatch):
    monkeypatch.setenv("VAULT_KEY", "given")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    prepare_environment(["manage.py", "help"])
    assert os.environ["VAULT_KEY"] == "given"
    assert not (bare / "secrets" / "VAULT_KEY").exists()


@pytest.mark.parametrize("command", ["migrate", "makemigrations", "flush", "showmigrations"])
def test_commands_that_alter_tables_run_as_their_owner(bare, monkeypatch, command):
    monkeypatch.setenv("DATABASE_URL", "postgresql://runtime@db/portal")
    prepare_environment(["manage.py", command])
    assert os.environ["DATABASE_ROLE"] == "owner"


def test_other_commands_run_as_the_runtime_role(bare):
    prepare_environment(["manage.py", "collectstatic"])
    assert "DATABASE_ROLE" not in os.environ


def test_a_given_database_is_used_and_nothing_is_invented(bare, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://runtime@db/portal")
    prepare_environment(["manage.py", "shell"])
    assert os.environ["DATABASE_URL"] == "postgresql://runtime@db/portal"
    assert "SECRET_KEY" not in os.environ
    assert not bare.exists()
