"""Appending to the log: the one way in which an event is written."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid4

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from workflows.ledger.canonical import Json
from workflows.ledger.leaf import leaf_template
from workflows.ledger.merkle import leaf_hash
from workflows.ledger.models import Event


def append(
    *,
    name: str,
    role: str,
    actor: str = "",
    case: UUID | None = None,
    register: str | None = None,
    facts: Mapping[str, Json] | None = None,
    commitments: Mapping[str, str] | None = None,
    at: datetime | None = None,
) -> Event:
    """Append one event, inside the transaction of the change that it records.

    `name` reads `object.verb`. `role` and `actor` are lines of printable text; `actor` is a stable
    pseudonym, never a name. `facts` is a JSON object without personal data; `commitments` maps what
    is committed to onto `canonical.commit(...)`. `register` names the regime in which a
    `case.received` gets the next register number; its counter stays locked until the transaction
    ends, so append that event last. `at` is now unless given, and is kept in UTC.

    The event gets its place in the log later, from the sequencer. Raises InvalidEventError, or
    RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("An event must be appended in the transaction of what it records.")
    moment = at or timezone.now()
    template = leaf_template(
        name=name,
        role=role,
        actor=actor,
        case=case,
        register=register,
        facts=facts or {},
        commitments=commitments or {},
        moment=moment,
    )
    uid = uuid4()
    with _prepared_cursor() as cursor:
        cursor.execute(
            "SELECT ledger_append(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                uid,
                case,
                register,
                name,
                role,
                actor,
                moment,
                template.before_number,
                template.before_step,
                template.after_step,
            ],
        )
        ((key, step, number),) = cursor.fetchone()
    leaf = template.fill(step, number)
    return Event(
        id=key,
        uid=uid,
        case=case,
        step=step,
        register=register,
        register_number=number,
        name=name,
        role=role,
        actor=actor,
        at=moment,
        leaf=leaf,
        leaf_hash=leaf_hash(leaf),
    )


def next_register_number(register: str, by: int = 1) -> int:
    """Count `by` further and return the last of the new numbers.

    Locks the counter until the transaction ends, even when it is new.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_registercounter AS counter (register, last) VALUES (%s, %s)"
            " ON CONFLICT (register) DO UPDATE SET last = counter.last + EXCLUDED.last"
            " RETURNING last",
            [register, by],
        )
        row: tuple[int] = cursor.fetchone()
    return row[0]


def _prepared_cursor() -> CursorWrapper:
    """Return a cursor whose statements the server prepares once for each connection.

    Django's own cursors put the values into the statement, which the server then reads anew each
    time. Without the option `prepare_threshold` of the connection nothing is prepared.
    """
    connection.ensure_connection()
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    cursor: CursorWrapper = wrap(cast("Any", psycopg.Cursor(connection.connection)))
    return cursor
