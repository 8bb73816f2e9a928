"""Locks of the database on a word and an id: they end with the connection that holds them."""

import zlib

from django.db import connection


def lock_keys(kind: str, subject: str) -> tuple[int, int]:
    """Return the two numbers by which PostgreSQL knows the lock of a subject."""
    word, name = (zlib.crc32(word.encode()) - (1 << 31) for word in (kind, subject))
    return word, name


def call_lock_function(function: str, kind: str, subject: str) -> bool:
    """Call a function of PostgreSQL, such as `pg_try_advisory_lock`, on the lock of a subject."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", lock_keys(kind, subject))
        answer: bool = cursor.fetchone()[0]
    return answer
