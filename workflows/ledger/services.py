"""Appending to the log: the one way in which an event is written."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.utils import timezone

from workflows.ledger.canonical import Json
from workflows.ledger.leaf import leaf_template, require_codes
from workflows.ledger.merkle import leaf_hash
from workflows.ledger.models import Event
from workflows.ledger.prepared import prepared_cursor
from workflows.ledger.uids import new_uid

_APPEND = "SELECT ledger_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
# The order in which `append` gives the values; the model's own, which spares it to sort them.
_COLUMNS = (
    "id",
    "uid",
    "case",
    "step",
    "register",
    "register_number",
    "name",
    "role",
    "actor",
    "at",
    "leaf",
    "leaf_hash",
)


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
    pseudonym, never a name. `facts` is a JSON object of codes, numbers, ids and dates, without
    personal data and without a word that somebody typed; `commitments` maps what is committed to
    onto `canonical.commit(...)`. `register` names the regime in which a
    `case.received` gets the next register number; its counter stays locked until the transaction
    ends, so append that event last. `at` is now unless given, and is kept in UTC.

    The event gets its place in the log later, from the sequencer. Raises InvalidEventError, or
    RuntimeError outside a transaction.
    """
    # The connection itself: `django.db.connection` looks it up each time that it is asked.
    database = connections[DEFAULT_DB_ALIAS]
    if not database.in_atomic_block:
        raise RuntimeError("An event must be appended in the transaction of what it records.")
    moment = at or timezone.now()
    require_codes(facts or {})
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
    uid = new_uid()
    cursor = prepared_cursor(database)
    cursor.execute(
        _APPEND,
        [
            uid,
            case,
            register,
            name,
            role,
            actor,
            template.at,
            template.before_number,
            template.before_step,
            template.after_step,
        ],
    )
    ((key, step, number),) = cursor.fetchone()
    leaf = template.fill(step, number)
    return Event.from_db(
        database.alias,
        _COLUMNS,
        (
            key,
            uid,
            case,
            step,
            register,
            number,
            name,
            role,
            actor,
            moment,
            leaf,
            leaf_hash(leaf),
        ),
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
