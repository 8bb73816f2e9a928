"""Appending to the log: the one way in which an event is written."""

import re
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple, cast
from uuid import UUID

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from workflows.ledger.canonical import Json, NotCanonicalError, canonical_json, new_uid
from workflows.ledger.merkle import leaf_hash
from workflows.ledger.models import (
    ACTOR_LENGTH,
    NAME_LENGTH,
    REGISTER_LENGTH,
    ROLE_LENGTH,
    CaseCounter,
    Event,
    InboxEntry,
)
from workflows.ledger.tiles import MAX_ENTRY_BYTES

LEAF_VERSION = 1
CASE_RECEIVED = "case.received"

_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_REGISTER = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)*")
_COMMITMENT = re.compile(r"[0-9a-f]{64}")
# A code, a number, an id or a date: printable ASCII without a space.
_CODE = re.compile(r"[!-~]{0,100}")
# Step and register number are given after the check of the size: room for two long numbers.
_ROOM_FOR_NUMBERS = 2 * 16

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


class InvalidEventError(ValueError):
    """An event that the log does not take; nothing was written and no number was used."""


class LeafTemplate(NamedTuple):
    """A leaf without its register number and its step: the canonical JSON around the two.

    `at` is the time as it stands in the leaf.
    """

    before_number: str
    before_step: str
    after_step: str
    at: str

    def fill(self, step: int | None, number: int | None) -> bytes:
        """Return the leaf."""
        number_text = "null" if number is None else number
        step_text = "null" if step is None else step
        text = f"{self.before_number}{number_text}{self.before_step}{step_text}{self.after_step}"
        return text.encode()


def leaf_template(
    *,
    name: str,
    role: str,
    actor: str,
    case: UUID | None,
    register: str | None,
    facts: Mapping[str, Json],
    commitments: Mapping[str, str],
    moment: datetime,
) -> LeafTemplate:
    """Check an event and spell its leaf. See `services.append`. Raises InvalidEventError.

    The members stand in the order of canonical JSON, which is that of their names.
    """
    _check_register(name, case, register)
    before_at, before_number, before_step = _spell_frame(name, role, actor, register)
    if moment.utcoffset() is None:
        raise InvalidEventError("The time of an event must say its time zone.")
    at = format_time(moment)
    spelled_case = "null" if case is None else f'"{case}"'
    template = LeafTemplate(
        f'{before_at}{at}","case":{spelled_case},"commitments":{_spell_commitments(commitments)}'
        f',"facts":{_spell("facts", dict(facts))}{before_number}',
        before_step,
        f',"v":{LEAF_VERSION}}}',
        at,
    )
    size = len(template.fill(None, None))
    if size + _ROOM_FOR_NUMBERS > MAX_ENTRY_BYTES:
        raise InvalidEventError(
            f"The event {name} takes {size} bytes; the log takes {MAX_ENTRY_BYTES}."
        )
    return template


def require_codes(facts: Json) -> None:
    """Raise InvalidEventError for facts with words in them: those belong into a commitment.

    Neither personal data nor anything else that somebody typed can be taken out of the log again.
    One word that looks like a code gets past: whoever appends an event gives it none.
    """
    if isinstance(facts, str):
        if _CODE.fullmatch(facts) is None:
            raise InvalidEventError("A fact of an event is a code; words belong into a commitment.")
    elif isinstance(facts, Mapping):
        for name, value in facts.items():
            require_codes(name)
            require_codes(value)
    elif isinstance(facts, Sequence):
        for value in facts:
            require_codes(value)


def format_time(moment: datetime) -> str:
    """Return a time as leaves write it: UTC with microseconds and a final Z."""
    in_utc = moment.astimezone(UTC).replace(tzinfo=None)
    return f"{in_utc.isoformat(timespec='microseconds')}Z"


# Events differ in little but case, time and facts, so what was found of the rest is kept.
@lru_cache(maxsize=1024)
def _spell_frame(name: str, role: str, actor: str, register: str | None) -> tuple[str, str, str]:
    """Check and spell what stands before the time, after the facts, and after the number."""
    if len(name) > NAME_LENGTH or _NAME.fullmatch(name) is None:
        raise InvalidEventError(f"The name of an event reads object.verb, not {name!r}.")
    if not role:
        raise InvalidEventError("An event needs the role of who caused it.")
    spelled_role = _spell_line("role", role, ROLE_LENGTH)
    return (
        f'{{"actor":{_spell_line("actor", actor, ACTOR_LENGTH)},"at":"',
        f',"name":{_spell("name", name)},"number":',
        f',"register":{_spell("register", register)},"role":{spelled_role},"step":',
    )


def _spell_line(what: str, text: str, length: int) -> str:
    if len(text) > length or not text.isprintable():
        raise InvalidEventError(
            f"The {what} of an event is one line of at most {length} printable characters."
        )
    return _spell(what, text)


def _check_register(name: str, case: UUID | None, register: str | None) -> None:
    if register is None:
        return
    if name != CASE_RECEIVED or case is None:
        raise InvalidEventError(f"Only {CASE_RECEIVED}, with its case, gets a register number.")
    if len(register) > REGISTER_LENGTH or _REGISTER.fullmatch(register) is None:
        raise InvalidEventError(f"A register is named by its regime, not {register!r}.")


def _spell_commitments(commitments: Mapping[str, str]) -> str:
    for what, value in commitments.items():
        if _COMMITMENT.fullmatch(value) is None:
            raise InvalidEventError(f"The commitment {what!r} is not 64 hexadecimal digits.")
    return _spell("commitments", dict(commitments))


def _spell(what: str, value: Json) -> str:
    try:
        return canonical_json(value).decode()
    except NotCanonicalError as error:
        raise InvalidEventError(f"The {what} of an event cannot be written. {error}") from error


@dataclass(frozen=True, slots=True)
class PreparedEvent:
    """An event that was checked and spelled, and not written yet: it has neither step nor number.

    Its fields are those of `append`; `moment` is its time, `uid` its name in the log.
    """

    uid: UUID
    case: UUID | None
    register: str | None
    name: str
    role: str
    actor: str
    moment: datetime
    template: LeafTemplate

    def arguments(self) -> list[Any]:
        """Return what the function `ledger_append` of the database takes, in its order."""
        return [
            self.uid,
            self.case,
            self.register,
            self.name,
            self.role,
            self.actor,
            self.template.at,
            self.template.before_number,
            self.template.before_step,
            self.template.after_step,
        ]


def prepare(
    *,
    name: str,
    role: str,
    actor: str = "",
    case: UUID | None = None,
    register: str | None = None,
    facts: Mapping[str, Json] | None = None,
    commitments: Mapping[str, str] | None = None,
    at: datetime | None = None,
) -> PreparedEvent:
    """Return one event ready to be written. The arguments are those of `append`.

    Raises InvalidEventError.
    """
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
    return PreparedEvent(new_uid(), case, register, name, role, actor, moment, template)


class _Kept(threading.local):
    """The cursor of each connection of this thread, by the connection's alias."""

    def __init__(self) -> None:
        self.cursors: dict[str, psycopg.RawCursor[Any]] = {}


_kept = _Kept()


def prepared_cursor(connection: BaseDatabaseWrapper) -> CursorWrapper:
    """Return a cursor for statements with `$1`, `$2` … in place of the values.

    Django's own cursors put the values into the statement, which the server then reads anew each
    time. Without the option `prepare_threshold` of the connection nothing is prepared.

    The cursor is the same each time: to make one costs more than to spell an event. So read its
    answer before the next call, and do not close it.
    """
    if connection.connection is None:
        connection.ensure_connection()
    cursor = _kept.cursors.get(connection.alias)
    if cursor is None or cursor.connection is not connection.connection or cursor.closed:
        cursor = psycopg.RawCursor(connection.connection)
        _kept.cursors[connection.alias] = cursor
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    wrapped: CursorWrapper = wrap(cast("Any", cursor))
    return wrapped


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
    event = prepare(
        name=name,
        role=role,
        actor=actor,
        case=case,
        register=register,
        facts=facts,
        commitments=commitments,
        at=at,
    )
    cursor = prepared_cursor(database)
    cursor.execute(_APPEND, event.arguments())
    ((key, step, number),) = cursor.fetchone()
    leaf = event.template.fill(step, number)
    return Event.from_db(
        database.alias,
        _COLUMNS,
        (
            key,
            event.uid,
            case,
            step,
            register,
            number,
            name,
            role,
            actor,
            event.moment,
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


def append_first_events(events: Sequence[PreparedEvent]) -> list[Event]:
    """Append the events of cases of which the log knows nothing yet, in the order given.

    Raises `IntegrityError` for a case that has events, and RuntimeError outside a transaction.
    Register counters stay locked until it ends.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("Events must be appended in the transaction of what they record.")
    numbers = _reserve(Counter(event.register for event in events if event.register is not None))
    steps: Counter[UUID] = Counter()
    rows = []
    for event in events:
        if event.case is None:
            raise InvalidEventError("An event of no case is no first one.")
        steps[event.case] += 1
        number = None
        if event.register is not None:
            numbers[event.register] += 1
            number = numbers[event.register]
        leaf = event.template.fill(steps[event.case], number)
        rows.append(
            Event(
                uid=event.uid,
                case=event.case,
                step=steps[event.case],
                register=event.register,
                register_number=number,
                name=event.name,
                role=event.role,
                actor=event.actor,
                at=event.moment,
                leaf=leaf,
                leaf_hash=leaf_hash(leaf),
            )
        )
    CaseCounter.objects.bulk_create(
        CaseCounter(case=case, last=last) for case, last in steps.items()
    )
    appended = Event.objects.bulk_create(rows)
    InboxEntry.objects.bulk_create(InboxEntry(event=event) for event in appended)
    return appended


def _reserve(counts: Mapping[str, int]) -> dict[str, int]:
    """Take numbers from each register, in one order for all; return the last ones given before."""
    return {
        register: next_register_number(register, by=count) - count
        for register, count in sorted(counts.items())
    }
