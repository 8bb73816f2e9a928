"""What an `Idempotency-Key` must be like, and for how long one is remembered."""

import re
from datetime import datetime, timedelta

from django.utils import timezone

from workflows.cases.models import IdempotencyKey
from workflows.vocabulary.people import Channel

SHORTEST_KEY = 22
LONGEST_KEY = 200
# 22 symbols of base64url are 128 bits; a UUID and 32 hexadecimal digits fit as well.
UNGUESSABLE_KEY = re.compile(rf"[A-Za-z0-9_-]{{{SHORTEST_KEY},{LONGEST_KEY}}}")
# Of 32 random hexadecimal digits one in twenty million has fewer.
FEWEST_DIFFERENT_SYMBOLS = 8
KEPT_FOR = timedelta(days=7)


def is_unguessable(key: str) -> bool:
    """Return whether a key looks as if a program had drawn 128 random bits or more for it.

    A caller without an account has no namespace of its own but this: the key is the secret that
    gives the receipt again, and what nobody else draws nobody else meets.
    """
    drawn = UNGUESSABLE_KEY.fullmatch(key) is not None
    return drawn and len(set(key)) >= FEWEST_DIFFERENT_SYMBOLS


def purge_keys(now: datetime | None = None) -> int:
    """Forget keys whose time is over; return how many.

    What staff entered from a letter keeps its own: a letter may be entered again years later.
    """
    created_before = (now or timezone.now()) - KEPT_FOR
    stale = IdempotencyKey.objects.filter(created_at__lt=created_before)
    deleted, _each = stale.exclude(case__channel=Channel.STAFF).delete()
    return deleted
