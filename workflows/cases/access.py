"""Case numbers and receipts, and opening a case with them, without telling which was wrong.

Wrong tries are slowed down for each case number and over all numbers together. Nothing is counted
by network address, so that changing addresses gains nothing, and nothing about people is kept. The
right receipt opens its case at any pace: nobody guesses 140 random bits, and a stranger who tries
numbers all day must not lock out those who have theirs. Other throttles `reserve` the time of a key
here as well.
"""

import hmac
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import DateTimeField, F, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from workflows.cases.errors import TooManyAttempts, UnknownReceipt
from workflows.cases.models import AccessThrottle, Case
from workflows.vault.blind_index import IndexKey, current_key, keyed_hash, keyed_hashes

# Crockford's base 32: no I, L, O or U, so that nothing is misread.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NUMBER_SYMBOLS = 8  # 40 bits: a number cannot be guessed from another's
RECEIPT_SYMBOLS = 28  # 140 bits
NUMBER_PATTERN = rf"^[0-9]{{4}}-[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}$"
RECEIPT_PATTERN = rf"^[{ALPHABET}]{{4}}(-[{ALPHABET}]{{4}}){{{RECEIPT_SYMBOLS // 4 - 1}}}$"
_MISREAD = str.maketrans("ILO", "110")

# Compared against when no case has the number, so that both answers take the same time.
_NOBODY = bytes(32)
_FORGET_AFTER = timedelta(days=1)


def new_case_number(now: datetime) -> str:
    """Return a case number like `2026-7K3Q-9XWB`: the year and 40 random bits."""
    symbols = "".join(secrets.choice(ALPHABET) for _ in range(NUMBER_SYMBOLS))
    return f"{now.year}-{symbols[:4]}-{symbols[4:]}"


def derive_receipt(attempt: bytes, key: IndexKey | None = None) -> str:
    """Return the receipt for one attempt to file: 140 bits in seven groups of four.

    Derived by HMAC under the server's index key, so that the same attempt, repeated after a lost
    connection, is given the same receipt although the receipt is stored nowhere. `key` is the one
    under which the attempt was made, where it is not the current one.
    """
    key = key or current_key()
    number = int.from_bytes(key.keyed_hash("receipt.derive", attempt))
    symbols = "".join(ALPHABET[(number >> (5 * place)) & 31] for place in range(RECEIPT_SYMBOLS))
    return "-".join(symbols[start : start + 4] for start in range(0, RECEIPT_SYMBOLS, 4))


def _symbols(text: str) -> str:
    """Return what counts of a typed text; a Chinese keyboard may have written it in full width."""
    narrow = unicodedata.normalize("NFKC", text)
    return re.sub(r"[\0\s\-‐-―−]", "", narrow).upper().translate(_MISREAD)


def normalise_number(text: str) -> str:
    """Return a typed case number as it is stored; forgives case, spaces, hyphens, O for 0."""
    symbols = _symbols(text)
    return f"{symbols[:4]}-{symbols[4:8]}-{symbols[8:]}"


def receipt_digest(receipt: str) -> bytes:
    """Return the 32-byte keyed hash under which a receipt is stored."""
    return keyed_hash("receipt", _symbols(receipt).encode())


def receipt_matches(receipt: str, digest: bytes) -> bool:
    """Compare a typed receipt with a stored hash in constant time, under each index key."""
    typed, stored = keyed_hashes("receipt", _symbols(receipt).encode()), bytes(digest)
    # All of them, whichever fits.
    fitting = [hmac.compare_digest(one, stored) for one in typed]
    return any(fitting)


@dataclass(frozen=True, slots=True)
class AttemptThrottle:
    """How fast wrong tries may follow each other: `burst` at once, then one an `interval`."""

    interval: timedelta
    burst: int

    def wait(self, free_at: datetime, now: datetime) -> timedelta:
        """Return how long the next try has to wait; zero or less when it need not."""
        return free_at - now - self.interval * (self.burst - 1)


LIMIT_PER_NUMBER = AttemptThrottle(interval=timedelta(seconds=30), burst=10)
LIMIT_OVERALL = AttemptThrottle(interval=timedelta(seconds=0.2), burst=300)


def find_by_receipt(number: str, receipt: str, now: datetime | None = None) -> Case:
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
        counted = dict.fromkeys(of_number, LIMIT_PER_NUMBER) | dict.fromkeys(of_all, LIMIT_OVERALL)
        _refuse_if_too_fast(counted, now)
        _count_wrong_try({of_number[0]: LIMIT_PER_NUMBER, of_all[0]: LIMIT_OVERALL}, now)
        raise UnknownReceipt
    return case


def _refuse_if_too_fast(paces: dict[bytes, AttemptThrottle], now: datetime) -> None:
    throttles = AccessThrottle.objects.filter(key_digest__in=paces)
    wait = max(
        (paces[bytes(row.key_digest)].wait(row.free_at, now) for row in throttles),
        default=timedelta(0),
    )
    if wait > timedelta(0):
        raise TooManyAttempts(wait)


def _count_wrong_try(paces: dict[bytes, AttemptThrottle], now: datetime) -> None:
    """Move both throttles on; tries at the same time each count, and the next wait is longer."""
    AccessThrottle.objects.filter(free_at__lt=now - _FORGET_AFTER).delete()
    for digest, pace in paces.items():
        AccessThrottle.objects.get_or_create(key_digest=digest, defaults={"free_at": now})
        AccessThrottle.objects.filter(key_digest=digest).update(
            free_at=Greatest(F("free_at"), Value(now, DateTimeField())) + pace.interval
        )


class Throttled(Exception):
    """The time of a key is taken too far ahead. `wait` is how long until this would fit."""

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        super().__init__(f"wait {wait}")


def reserve(key: str, cost: timedelta, *, most: timedelta, now: datetime) -> datetime:
    """Take `cost` of the time of a key and return when it begins: now, or after what was taken.

    Raises `Throttled`, and takes nothing, where more than `most` would then be taken ahead. Call
    inside a transaction: those who come at the same time wait for each other.
    """
    rows = AccessThrottle.objects.select_for_update()
    current, *former = keyed_hashes("throttle", key.encode())
    # What was taken before the index key was changed stays taken.
    row = rows.filter(key_digest__in=former).first() if former else None
    if row is None:
        row, _new = rows.get_or_create(key_digest=current, defaults={"free_at": now})
    begins = max(row.free_at, now)
    ahead = begins + cost - now
    if ahead > most:
        raise Throttled(ahead - most)
    row.free_at = begins + cost
    row.save(update_fields=["free_at"])
    return begins
