"""A pace at which something may happen, kept in the database for all processes together.

The generic cell rate algorithm: one moment for each key says until when its time is taken; each
use moves it on, and how far it may lie ahead is the burst.
"""

from datetime import datetime, timedelta

from workflows.cases.models import AccessThrottle
from workflows.vault.blind_index import keyed_hashes


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
