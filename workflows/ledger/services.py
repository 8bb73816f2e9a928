"""Appending to the log: the one way in which an event is written."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from workflows.ledger.canonical import Json, NotCanonicalError, canonical_json
from workflows.ledger.merkle import leaf_hash
from workflows.ledger.models import (
    ACTOR_LENGTH,
    NAME_LENGTH,
    REGISTER_LENGTH,
    ROLE_LENGTH,
    Event,
    InboxEntry,
)
from workflows.ledger.tiles import MAX_ENTRY_BYTES

LEAF_VERSION = 1
CASE_RECEIVED = "case.received"
WAKE_CHANNEL = "ledger_inbox"

_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_REGISTER = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)*")
_COMMITMENT = re.compile(r"[0-9a-f]{64}")
# Step and register number are given after the check of the size: room for two long numbers.
_ROOM_FOR_NUMBERS = 2 * 16


class InvalidEventError(ValueError):
    """An event that the log does not take; nothing was written and no number was used."""


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
    body = checked_body(
        name=name,
        role=role,
        actor=actor,
        case=case,
        register=register,
        facts=facts or {},
        commitments=commitments or {},
        moment=moment,
    )
    step = None if case is None else _next_step(case)
    number = None if register is None else next_register_number(register)
    leaf = canonical_json({**body, "step": step, "number": number})
    event = Event.objects.create(
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
    InboxEntry.objects.create(event=event)
    # A NOTIFY inside the transaction would make all commits of the database queue one by one.
    transaction.on_commit(wake_sequencer, robust=True)
    return event


def checked_body(
    *,
    name: str,
    role: str,
    actor: str,
    case: UUID | None,
    register: str | None,
    facts: Mapping[str, Json],
    commitments: Mapping[str, str],
    moment: datetime,
) -> dict[str, Json]:
    """Return the leaf of an event as JSON, still without step and number. See `append`."""
    _check_texts(name, role, actor, moment)
    _check_register(name, case, register)
    body: dict[str, Json] = {
        "v": LEAF_VERSION,
        "case": None if case is None else str(case),
        "step": None,
        "register": register,
        "number": None,
        "name": name,
        "role": role,
        "actor": actor,
        "at": format_time(moment),
        "facts": dict(facts),
        "commitments": _checked_commitments(commitments),
    }
    _check_size(body)
    return body


def format_time(moment: datetime) -> str:
    """Return a time as leaves write it: UTC with microseconds and a final Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _check_texts(name: str, role: str, actor: str, moment: datetime) -> None:
    if len(name) > NAME_LENGTH or _NAME.fullmatch(name) is None:
        raise InvalidEventError(f"The name of an event reads object.verb, not {name!r}.")
    if not role:
        raise InvalidEventError("An event needs the role of who caused it.")
    for what, text, length in (("role", role, ROLE_LENGTH), ("actor", actor, ACTOR_LENGTH)):
        if len(text) > length or not text.isprintable():
            raise InvalidEventError(
                f"The {what} of an event is one line of at most {length} printable characters."
            )
    if timezone.is_naive(moment):
        raise InvalidEventError("The time of an event must say its time zone.")


def _check_register(name: str, case: UUID | None, register: str | None) -> None:
    if register is None:
        return
    if name != CASE_RECEIVED or case is None:
        raise InvalidEventError(f"Only {CASE_RECEIVED}, with its case, gets a register number.")
    if len(register) > REGISTER_LENGTH or _REGISTER.fullmatch(register) is None:
        raise InvalidEventError(f"A register is named by its regime, not {register!r}.")


def _checked_commitments(commitments: Mapping[str, str]) -> dict[str, Json]:
    for what, value in commitments.items():
        if _COMMITMENT.fullmatch(value) is None:
            raise InvalidEventError(f"The commitment {what!r} is not 64 hexadecimal digits.")
    return dict(commitments)


def _check_size(body: dict[str, Json]) -> None:
    try:
        size = len(canonical_json(body))
    except NotCanonicalError as error:
        raise InvalidEventError(f"The facts of {body['name']} are not JSON. {error}") from error
    if size + _ROOM_FOR_NUMBERS > MAX_ENTRY_BYTES:
        raise InvalidEventError(
            f"The event {body['name']} takes {size} bytes; the log takes {MAX_ENTRY_BYTES}."
        )


def _next_step(case: UUID) -> int:
    return _increment("ledger_casecounter", "case", case)


def next_register_number(register: str, by: int = 1) -> int:
    """Count `by` further and return the last of the new numbers; holds the counter's lock."""
    return _increment("ledger_registercounter", "register", register, by)


def _increment(table: str, column: str, key: UUID | str, by: int = 1) -> int:
    """Count further and lock the row until the transaction ends, even when it is new."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO {table} AS counter ("{column}", last) VALUES (%s, %s)'  # noqa: S608 - names from this module
            f' ON CONFLICT ("{column}") DO UPDATE SET last = counter.last + EXCLUDED.last'
            " RETURNING last",
            [key, by],
        )
        row: tuple[int] = cursor.fetchone()
    return row[0]


def wake_sequencer() -> None:
    """Tell the sequencer that events wait, once the transaction has been committed."""
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {WAKE_CHANNEL}")
