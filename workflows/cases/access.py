"""Getting at a case with case number and receipt, without telling strangers which was wrong.

Wrong tries are slowed down for each case number and over all numbers together. Nothing is counted
by network address, so that changing addresses gains nothing, and nothing about people is kept. The
right receipt opens its case at any pace: nobody guesses 140 random bits, and a stranger who tries
numbers all day must not lock out those who have theirs.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import DateTimeField, F, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from workflows.cases.errors import TooManyAttempts, UnknownReceipt
from workflows.cases.models import AccessThrottle, Case
from workflows.cases.numbers import normalise_number, receipt_matches
from workflows.vault.blind_index import keyed_hashes

# Compared against when no case has the number, so that both answers take the same time.
_NOBODY = bytes(32)
_FORGET_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast wrong tries may follow each other: `burst` at once, then one an `interval`."""

    interval: timedelta
    burst: int

    def wait(self, free_at: datetime, now: datetime) -> timedelta:
        """Return how long the next try has to wait; zero or less when it need not."""
        return free_at - now - self.interval * (self.burst - 1)


ONE_NUMBER = Pace(interval=timedelta(seconds=30), burst=10)
ALL_NUMBERS = Pace(interval=timedelta(seconds=0.2), burst=300)


def open_with_receipt(number: str, receipt: str, now: datetime | None = None) -> Case:
    """Return the case to which number and receipt belong.

    Raises `UnknownReceipt`, or `TooManyAttempts`, which says nothing about number and receipt
    except that they are wrong together.
    """
    now = now or timezone.now()
    number = normalise_number(number)
    case = Case.objects.select_related("data_key").filter(number=number).first()
    matches = receipt_matches(receipt, bytes(case.receipt_digest) if case else _NOBODY)
    if case is None or not matches:
        of_number, of_all = (
            keyed_hashes("access.number", number.encode()),
            keyed_hashes("access.all", b""),
        )
        # What was counted under a former index key still holds; it is forgotten within a day.
        counted = dict.fromkeys(of_number, ONE_NUMBER) | dict.fromkeys(of_all, ALL_NUMBERS)
        _refuse_if_too_fast(counted, now)
        _count_wrong_try({of_number[0]: ONE_NUMBER, of_all[0]: ALL_NUMBERS}, now)
        raise UnknownReceipt
    return case


def _refuse_if_too_fast(paces: dict[bytes, Pace], now: datetime) -> None:
    throttles = AccessThrottle.objects.filter(key_digest__in=paces)
    wait = max(
        (paces[bytes(row.key_digest)].wait(row.free_at, now) for row in throttles),
        default=timedelta(0),
    )
    if wait > timedelta(0):
        raise TooManyAttempts(wait)


def _count_wrong_try(paces: dict[bytes, Pace], now: datetime) -> None:
    """Move both throttles on; tries at the same time each count, and the next wait is longer."""
    AccessThrottle.objects.filter(free_at__lt=now - _FORGET_AFTER).delete()
    for digest, pace in paces.items():
        AccessThrottle.objects.get_or_create(key_digest=digest, defaults={"free_at": now})
        AccessThrottle.objects.filter(key_digest=digest).update(
            free_at=Greatest(F("free_at"), Value(now, DateTimeField())) + pace.interval
        )
