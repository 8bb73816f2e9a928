"""Abuse case 24: long passwords, long bodies and repeated tokens use up nothing.

`test_request_bounds.py` tries what one request may hold.
"""

import time

import pytest

pytestmark = pytest.mark.django_db


def test_a_password_of_a_megabyte_signs_nobody_in_and_holds_nothing_up(client, intake):
    began = time.monotonic()

    answer = client.post(
        "/accounts/login/", {"login": intake.username, "password": "x" * 1_000_000}
    )

    assert answer.status_code in {200, 400}
    assert "_auth_user_id" not in client.session
    assert time.monotonic() - began < 5


def test_a_body_beyond_the_limit_is_refused(client):
    answer = client.post(
        "/api/v1/requests/",
        b'{"subject_name": "' + b"x" * 3_000_000 + b'"}',
        content_type="application/json",
        headers={"Idempotency-Key": "a3f4b6f2-31f0-4a54-9c04-3b1c1d2e4f50"},
    )

    assert answer.status_code in {400, 413}
    assert len(answer.content) < 10_000
