"""Abuse case 13: nothing that a stranger sends makes the server ask another one.

The portal calls witnesses and a timestamping authority, whose addresses stand in the settings;
there is no callback whose address a request could name.
"""

import pytest

from workflows.common.http_client import AddressError, check_address

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:127.0.0.1]/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_",
        "https://user:password@witness.example/",
    ],
)
def test_a_witness_is_asked_over_tls_and_at_a_plain_address_alone(address):
    with pytest.raises(AddressError):
        check_address(address)


def test_no_field_of_a_request_is_an_address_to_call(client):
    schema = client.get("/api/v1/schema/?format=json").json()

    names = {
        name.lower()
        for component in schema["components"]["schemas"].values()
        for name in component.get("properties", {})
    }
    assert not {n for n in names if "callback" in n or "webhook" in n}


def test_a_callback_that_is_sent_all_the_same_is_refused_or_ignored(client, monkeypatch):
    called = []
    monkeypatch.setattr("socket.create_connection", lambda *args, **_: called.append(args))
    body = {
        "items": [{"kind": "delete", "details": {"statement": "x"}}],
        "residence": "CN",
        "language": "en",
        "subject_name": "Wang",
        "callback_url": "http://169.254.169.254/",
    }
    client.post(
        "/api/v1/requests/",
        body,
        content_type="application/json",
        headers={"Idempotency-Key": "0d6b6d80-9d39-45a3-8b27-7ac5a8f0a5a1"},
    )

    assert called == []
