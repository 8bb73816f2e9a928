"""Writes a prepared filing: one document into one function of the database (`cases_file`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

import orjson
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from django.db.models.expressions import DatabaseDefault
from psycopg import Binary
from psycopg.types.json import Jsonb

from workflows.cases.admission import Calm
from workflows.cases.prepared_filing import Attempt, PreparedFiling
from workflows.ledger.append import PreparedEvent, prepared_cursor
from workflows.vault.numbers import number_rows_ahead

_FILE = "SELECT cases_file($1, statement_timestamp())"
_FIND = "SELECT cases_earlier($1)"


@dataclass(frozen=True, slots=True)
class EarlierCase:
    """What an attempt has made before: the id of the case, its own digest, and that of the body."""

    case: str
    attempt: bytes
    body: bytes

    @classmethod
    def from_answer(cls, answer: Mapping[str, str]) -> Self:
        """Read what the database answers."""
        attempt, body = (bytes.fromhex(answer[name][2:]) for name in ("attempt", "body"))
        return cls(answer["case"], attempt, body)


class IntakeIsBusy(Exception):
    """The intake is not calm; nothing was written."""


class RulesChanged(Exception):
    """The filing was prepared by rules that hold no more, or are not kept; nothing was written."""


def write_filing(
    filing: PreparedFiling, attempts: Sequence[Attempt], calm: Calm | None = None
) -> EarlierCase | None:
    """Write a filing in one statement, or return the case that the attempt has made before.

    `attempts` is the attempt under each index key: two at once wait for each other, also where a
    process knows the next key already and another does not yet. Outside a transaction the statement
    is one of its own. Raises `IntakeIsBusy` where it is not `calm`, and `RulesChanged`.
    """
    number_rows_ahead(filing.rows())
    database = connections[DEFAULT_DB_ALIAS]
    answer = _asked(database, _FILE, _document(filing, attempts, calm, database))
    if "busy" in answer:
        raise IntakeIsBusy
    if "stale" in answer:
        raise RulesChanged
    if "case" in answer:
        return EarlierCase.from_answer(answer)
    for row in filing.rows():
        row._state.adding = False  # noqa: SLF001 - documented for who stores rows past `save`
    return None


def find_earlier(attempts: Sequence[Attempt]) -> EarlierCase | None:
    """Return the case that an attempt has made before, once others have ended that make it now.

    Until the caller's transaction ends, the same attempt waits elsewhere.
    """
    database = connections[DEFAULT_DB_ALIAS]
    answer = _asked(database, _FIND, _names(attempts))
    return EarlierCase.from_answer(answer) if answer else None


def _asked(database: BaseDatabaseWrapper, statement: str, document: dict[str, Any]) -> Any:
    """Return what a function of the database answers to a document."""
    cursor = prepared_cursor(database)
    cursor.execute(statement, [orjson.dumps(document, default=_plain).decode()])
    ((answer,),) = cursor.fetchall()
    # Django has the driver leave JSON to the fields of models.
    return None if answer is None else orjson.loads(answer)


def _names(attempts: Sequence[Attempt]) -> dict[str, Any]:
    """Return the digests of an attempt, and the locks of each in one order for all."""
    digests = [attempt.digest for attempt in attempts]
    locks = sorted(int.from_bytes(digest[:8], signed=True) for digest in digests)
    return {"attempts": digests, "locks": locks}


def _document(
    filing: PreparedFiling,
    attempts: Sequence[Attempt],
    calm: Calm | None,
    database: BaseDatabaseWrapper,
) -> dict[str, Any]:
    """Return what `cases_file` takes; its file of SQL says what stands in it."""
    tables: dict[str, list[dict[str | None, Any]]] = {}
    for row in filing.rows():
        tables.setdefault(row._meta.db_table, []).append(columns_of(row, database))
    return {
        **_names(attempts),
        "calm": calm,
        "rules": filing.rules.version,
        "versions": list(set(filing.case.regime_versions.values())),
        "tables": tables,
        "events": [_event(event) for event in filing.events],
    }


def columns_of(row: Model, database: BaseDatabaseWrapper) -> dict[str | None, Any]:
    """Return what a new row holds by column, as its fields give it to the database.

    A column that has its value by the database is left out.
    """
    columns: dict[str | None, Any] = {}
    for field in row._meta.concrete_fields:
        value = field.pre_save(row, add=True)
        if not isinstance(value, DatabaseDefault):
            columns[field.column] = field.get_db_prep_save(value, database)
    return columns


def _event(event: PreparedEvent) -> Mapping[str, Any]:
    return {
        "uid": event.uid,
        "case": event.case,
        "register": event.register,
        "name": event.name,
        "role": event.role,
        "actor": event.actor,
        "at": event.template.at,
        "before_number": event.template.before_number,
        "before_step": event.template.before_step,
        "after_step": event.template.after_step,
    }


def _plain(value: object) -> object:
    """Spell what JSON lacks as PostgreSQL reads it; take out what was wrapped for the driver."""
    if isinstance(value, Binary | Jsonb):
        value = value.obj
    # Of a class of its own, as in tests that stop the clock.
    if isinstance(value, date):
        return value.isoformat()
    return rf"\x{value.hex()}" if isinstance(value, bytes | memoryview) else value
