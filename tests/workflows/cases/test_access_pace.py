"""Wrong receipts are slowed down, whatever address they come from."""

from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from django.utils import timezone

from tests import factories
from workflows.cases import access
from workflows.cases.access import LIMIT_OVERALL, LIMIT_PER_NUMBER, AttemptThrottle, find_by_receipt
from workflows.cases.errors import TooManyAttempts, UnknownReceipt
from workflows.cases.models import AccessThrottle

pytestmark = pytest.mark.django_db


def try_wrong(number: str, times: int, at: datetime) -> None:
    for _ in range(times):
        with pytest.raises(UnknownReceipt):
            find_by_receipt(number, "WRONG", at)


def test_the_right_receipt_opens_the_case_and_counts_nothing():
    filed = factories.file()
    for _ in range(LIMIT_PER_NUMBER.burst * 2):
        assert find_by_receipt(filed.case.number, filed.receipt) == filed.case
    assert not AccessThrottle.objects.exists()


@pytest.mark.parametrize("number", ["a known number", "2026-0000-0000"])
def test_after_a_burst_of_wrong_tries_a_number_has_to_wait(number: str):
    filed = factories.file()
    number = filed.case.number if number == "a known number" else number
    now = timezone.now()
    try_wrong(number, LIMIT_PER_NUMBER.burst, now)
    with pytest.raises(TooManyAttempts) as refused:
        find_by_receipt(number, "WRONG", now)
    assert refused.value.wait == LIMIT_PER_NUMBER.interval


def test_while_a_number_waits_the_right_receipt_opens_it():
    filed = factories.file()
    now = timezone.now()
    try_wrong(filed.case.number, LIMIT_PER_NUMBER.burst, now)
    with pytest.raises(TooManyAttempts):
        find_by_receipt(filed.case.number, "WRONG", now)
    assert find_by_receipt(filed.case.number, filed.receipt, now) == filed.case


def test_other_spellings_of_a_number_share_its_pace():
    now = timezone.now()
    try_wrong("2026-0000-0000", LIMIT_PER_NUMBER.burst, now)
    with pytest.raises(TooManyAttempts):
        find_by_receipt(" 2026 oooo oooo", "WRONG", now)


def test_tries_on_ever_new_numbers_are_slowed_down_together():
    now = timezone.now()
    with patch.object(access, "LIMIT_OVERALL", AttemptThrottle(LIMIT_OVERALL.interval, burst=3)):
        for last in "123":
            try_wrong(f"2026-0000-000{last}", 1, now)
        with pytest.raises(TooManyAttempts):
            find_by_receipt("2026-0000-0004", "WRONG", now)


def test_what_was_counted_is_forgotten_after_a_day():
    now = timezone.now()
    try_wrong("2026-0000-0001", 1, now - timedelta(days=2))
    try_wrong("2026-0000-0002", 1, now)
    assert AccessThrottle.objects.count() == 2  # the second number, and all numbers together


def test_no_number_stands_in_the_clear():
    try_wrong("2026-0000-0001", 1, timezone.now())
    stored = b"".join(bytes(row.key_digest) for row in AccessThrottle.objects.all())
    assert b"2026" not in stored
    assert len(stored) == 64
