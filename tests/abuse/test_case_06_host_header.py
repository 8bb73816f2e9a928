"""Abuse case 6: a forged Host header or proxy header gets into no mailed link."""

import pytest

from tests import factories
from workflows.outbox.services import drain

pytestmark = pytest.mark.django_db

EVIL = "evil.example"


def test_a_foreign_host_is_refused(client):
    assert client.get("/en/", headers={"Host": EVIL}).status_code == 400


def test_links_are_built_from_the_settings_alone(client, settings, mailoutbox):
    settings.ALLOWED_HOSTS = ["*"]
    settings.PUBLIC_BASE_URL = "https://portal.example.org"
    client.get(
        "/en/", headers={"Host": EVIL, "X-Forwarded-Host": EVIL, "X-Forwarded-Proto": "http"}
    )
    factories.file(email="person@example.org")
    drain()

    assert mailoutbox
    for mail in mailoutbox:
        assert EVIL not in mail.body
        assert "https://portal.example.org/" in mail.body
