"""Erasing once more what a restored backup brought back.

Two people had these cases erased, and the log says so: the log of this database where only files or
tables were brought back, or a newer copy of it where the whole database was. Each case ends as it
was: without personal data, without its key, with `case.erased` in the log.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import transaction

from workflows.accounts.actors import SYSTEM
from workflows.cases.lifecycle import Action
from workflows.cases.models import Case, IdempotencyKey
from workflows.cases.transition import advance, lock_case
from workflows.complaints.services import end_with_erasure
from workflows.corrections.models import Manifest
from workflows.ledger.append import format_time
from workflows.ledger.copies import CopyError, read_copy
from workflows.ledger.models import Event
from workflows.outbox.models import Effect
from workflows.retention.erasure import count_rows, forget

ERASED = "case.erased"


@dataclass(frozen=True, slots=True)
class Erasure:
    """That a case was erased, and when."""

    case: UUID
    at: datetime


@dataclass(slots=True)
class ErasedAgain:
    """What became of the erasures: numbers of cases, and how many of the rest.

    `unknown` came after the backup, with all that was theirs.
    """

    again: list[str] = field(default_factory=list)
    already: int = 0
    unknown: int = 0


def erasures_in_log(since: datetime) -> list[Erasure]:
    """Return the erasures since then that the log of this database knows."""
    events = Event.objects.filter(name=ERASED, at__gte=since, case__isnull=False)
    return [Erasure(case, at) for case, at in events.values_list("case", "at") if case]


def erasures_in_copy(place: Path, since: datetime) -> list[Erasure]:
    """Return the erasures since then in a copy of the log, or in an export. Raises `CopyError`."""
    found = []
    for entry in read_copy(place, frozenset({ERASED})):
        try:
            erasure = Erasure(UUID(str(entry["case"])), datetime.fromisoformat(str(entry["at"])))
        except ValueError as error:
            raise CopyError(f"{place} holds an erasure of no case.") from error
        if erasure.at >= since:
            found.append(erasure)
    return found


def erase_again(erasures: Iterable[Erasure]) -> ErasedAgain:
    """Erase what is here of these cases, each in a transaction of its own; twice is as once."""
    done = ErasedAgain()
    first: dict[UUID, datetime] = {}
    for erasure in sorted(erasures, key=lambda erasure: erasure.at):
        first.setdefault(erasure.case, erasure.at)
    for pseudonym, at in first.items():
        case = Case.objects.filter(pseudonym=pseudonym).first()
        if case is None:
            done.unknown += 1
        elif _erase_one(case, at):
            done.again.append(case.number)
        else:
            done.already += 1
    return done


def _erase_one(case: Case, at: datetime) -> bool:
    with transaction.atomic():
        locked = lock_case(case)
        if not _has_something_left(locked):
            return False
        rows = count_rows(locked)
        end_with_erasure(locked)
        if not locked.is_final:
            advance(locked, Action.END_ERASED, SYSTEM)
        advance(locked, Action.ERASE_AGAIN, SYSTEM, facts={"again": format_time(at), "rows": rows})
        forget(locked)
        # What waited when the backup was taken was done long ago, or has nobody to be done for.
        waiting = Effect.objects.filter(state=Effect.State.PENDING, payload__case=str(locked.pk))
        waiting.update(state=Effect.State.DONE)
    return True


def _has_something_left(case: Case) -> bool:
    manifests = Manifest.objects.filter(instructions__item__case=case)
    return (
        case.erased_at is None
        or not case.data_key.is_shredded
        or any(count_rows(case).values())
        or IdempotencyKey.objects.filter(case=case).exists()
        or manifests.filter(data_key__wrapped__isnull=False).exists()
    )
