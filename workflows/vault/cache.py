"""A cache that all processes share, in the database, and that holds nothing personal in the clear.

What counts for safety lies in it: one-time codes that were used, and how often somebody tried.
It is as safe as the database, and needs no broker. See ADR 0013.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache
from django.db import connections, router
from django.utils import timezone

from workflows.vault.blind_index import keyed_hash, keyed_hashes
from workflows.vault.models import CacheEntry

_PUT = (
    "INSERT INTO {table} AS held (cache_key, value, expires) VALUES (%s, %s, %s)"
    " ON CONFLICT (cache_key) DO UPDATE SET value = EXCLUDED.value, expires = EXCLUDED.expires"
)
_UNLESS_HELD = " WHERE held.expires < %s"
_COUNT = (
    "INSERT INTO {table} AS held (cache_key, value, expires) VALUES (%(key)s, '1', %(end)s)"
    " ON CONFLICT (cache_key) DO UPDATE SET"
    " value = CASE WHEN held.expires < %(now)s THEN '1'"
    " ELSE (held.value::bigint + 1)::text END,"
    " expires = CASE WHEN held.expires < %(now)s THEN EXCLUDED.expires ELSE held.expires END"
    " RETURNING value::bigint, expires"
)
_PURPOSE = "cache.key"
_TOUCH = "UPDATE {table} SET expires = %s WHERE cache_key = %s AND expires >= %s"


def hashed_key(key: str, key_prefix: str, version: int) -> str:
    """Return the key under which an entry is stored.

    Keys of others hold what must not lie in the clear: addresses, account ids, used codes.
    """
    return keyed_hash(_PURPOSE, f"{key_prefix}:{version}:{key}".encode()).hex()


class SharedCache(DatabaseCache):
    """Django's cache in the database, with three differences.

    `add` is one statement: of several processes that add the same key at once, also over an entry
    that has expired, one succeeds. An entry goes when it has expired and never because there are
    many, or a stranger could fill the cache until used codes are forgotten; `purge_cache` deletes
    them. Values are JSON and no pickles, so that a row that somebody planted runs no code.
    """

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        """Return what is held of these keys."""
        asked = {key: [self._made(key, version), *self._formerly(key, version)] for key in keys}
        stored = [key for made in asked.values() for key in made]
        rows = CacheEntry.objects.filter(cache_key__in=stored, expires__gte=timezone.now())
        held = dict(rows.values_list("pk", "value"))
        return {
            key: json.loads(next(held[one] for one in made if one in held))
            for key, made in asked.items()
            if not held.keys().isdisjoint(made)
        }

    def add(
        self,
        key: str,
        value: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        """Hold something unless the key is held; a code that was used stays used."""
        formerly = self._formerly(key, version)
        held = CacheEntry.objects.filter(cache_key__in=formerly, expires__gte=timezone.now())
        if formerly and held.exists():
            return False
        return bool(super().add(key, value, timeout, version))

    def delete(self, key: str, version: int | None = None) -> bool:
        """Forget a key; return whether it was held."""
        formerly = self._formerly(key, version)
        before = CacheEntry.objects.filter(cache_key__in=formerly).delete()[0] if formerly else 0
        return bool(super().delete(key, version)) or bool(before)

    def _made(self, key: str, version: int | None) -> str:
        return str(self.make_and_validate_key(key, version=version))

    def _formerly(self, key: str, version: int | None) -> list[str]:
        """Return the keys under which an entry was stored before the index key was changed."""
        named = f"{self.key_prefix}:{version or self.version}:{key}"
        return [one.hex() for one in keyed_hashes(_PURPOSE, named.encode())[1:]]

    def _base_set(
        self, mode: str, key: str, value: Any, timeout: float | None = DEFAULT_TIMEOUT
    ) -> bool:
        now, end = timezone.now(), self.get_backend_timeout(timeout)
        if end is None:
            expires = datetime.max.replace(tzinfo=UTC)
        else:
            expires = datetime.fromtimestamp(end, tz=UTC)
        if mode == "touch":
            return self._execute(_TOUCH, [expires, key, now])
        row = [key, json.dumps(value), expires]
        if mode == "add":
            return self._execute(_PUT + _UNLESS_HELD, [*row, now])
        return self._execute(_PUT, row)

    def _execute(self, statement: str, values: list[Any]) -> bool:
        connection = connections[router.db_for_write(CacheEntry)]
        table = connection.ops.quote_name(CacheEntry._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(statement.format(table=table), values)
            return bool(cursor.rowcount)


def count_within(key: str, seconds: int) -> tuple[int, int]:
    """Count something; return its number within the window, and the seconds left of the window.

    The first begins a window. One statement: of several at once, each gets a number of its own.
    """
    now = timezone.now()
    values: dict[str, str | datetime] = {
        "key": hashed_key(key, "count", 1),
        "now": now,
        "end": now + timedelta(seconds=seconds),
    }
    connection = connections[router.db_for_write(CacheEntry)]
    table = connection.ops.quote_name(CacheEntry._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT.format(table=table), values)
        number, ends = cursor.fetchone()
    # A process that waited for another one read its clock before that one began the window.
    return number, min(seconds, max(1, ceil((ends - now).total_seconds())))


def purge_cache(now: datetime | None = None) -> int:
    """Delete the entries that have expired; return how many."""
    return CacheEntry.objects.filter(expires__lt=now or timezone.now()).delete()[0]
