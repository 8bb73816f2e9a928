"""Every answer of the API in these tests is held to the schema."""

import pytest
from django.test import Client
from django.test.client import FakePayload

from tests.openapi import hold_to_schema


@pytest.fixture(autouse=True)
def held_to_schema(monkeypatch) -> None:
    """Compare each answer, and what was taken, with what the schema says of the operation."""
    usual = Client.request

    def request(self, **sent):
        content = sent["wsgi.input"].read() if "wsgi.input" in sent else b""
        if content:
            sent["wsgi.input"] = FakePayload(content)
        answer = usual(self, **sent)
        if answer.request["PATH_INFO"].startswith("/api/"):
            hold_to_schema(answer, content, sent.get("CONTENT_TYPE", ""))
        return answer

    monkeypatch.setattr(Client, "request", request)
