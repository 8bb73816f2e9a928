"""Abuse case 2: receipts are guessed from ever new addresses; that hides nobody."""

from datetime import timedelta

import pytest

from tests import factories
from workflows.cases import access
from workflows.cases.access import LIMIT_PER_NUMBER, AttemptThrottle

pytestmark = pytest.mark.django_db


def try_receipt(client, number: str, address: str, receipt: str = "0000-0000") -> int:
    return client.get(
        f"/api/v1/requests/{number}/",
        headers={"Authorization": f"Bearer {receipt}", "X-Forwarded-For": address},
        REMOTE_ADDR=address,
    ).status_code


def test_guesses_at_one_number_are_slowed_down_and_its_owner_is_not(client):
    filed = factories.file()

    codes = [
        try_receipt(client, filed.case.number, f"192.0.2.{n}")
        for n in range(LIMIT_PER_NUMBER.burst + 2)
    ]

    assert codes[0] == 404
    assert codes[-1] == 429
    assert try_receipt(client, filed.case.number, "192.0.2.250", filed.receipt) == 200


def test_guesses_at_ever_new_numbers_share_one_pace(client, monkeypatch):
    monkeypatch.setattr(access, "LIMIT_OVERALL", AttemptThrottle(timedelta(seconds=30), burst=3))

    codes = [try_receipt(client, f"2026-AAAA-{n:04}", f"192.0.2.{n}") for n in range(6)]

    assert codes[0] == 404
    assert codes[-1] == 429
