"""Writing effects inside a transaction and running them after it.

A handler is registered with `@effect_handler("kind")` in the module `effects` of its app, which
is found at the start. It gets the effect, does its work in one transaction together with the
mark "done", and raises to be called again, `Later` when it is only too early. What it does outside
the database (a mail) can be repeated after a crash; the effect's id or key identifies the
repetition.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from workflows.outbox import correlation
from workflows.outbox.models import Effect

MAX_ATTEMPTS = 12
FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(hours=1)
LONGEST_PAYLOAD_TEXT = 100
DONE_KEPT_FOR = timedelta(days=180)

Handler = Callable[[Effect], None]
Payload = Mapping[str, str | int | None]

logger = logging.getLogger(__name__)
_handlers: dict[str, Handler] = {}


class UnknownKindError(Exception):
    """No handler is registered for this kind: its module is not imported, or is a newer one."""


class Later(Exception):
    """Raised by a handler whose work has to wait; the attempt does not count as one."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        super().__init__()


def enqueue(kind: str, *, key: str, payload: Payload, due_at: datetime | None = None) -> Effect:
    """Write an effect in the caller's transaction, or return the one that has this `key`.

    `payload` is flat and holds ids, never personal data; a text of more than 100 characters
    raises `ValueError`. A database trigger wakes the relay at the commit.
    """
    for name, value in payload.items():
        if isinstance(value, str) and len(value) > LONGEST_PAYLOAD_TEXT:
            raise ValueError(f"The payload holds ids only; {name} is too long to be one.")
    identifier = correlation.current_id()
    effect = Effect(
        kind=kind,
        key=key,
        payload=dict(payload),
        due_at=due_at or timezone.now(),
        correlation_id=None if identifier == correlation.NONE else identifier,
    )
    Effect.objects.bulk_create([effect], ignore_conflicts=True)
    return Effect.objects.get(key=key)


def effect_handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the decorated function as the one handler of `kind`."""

    def register(handler: Handler) -> Handler:
        if _handlers.setdefault(kind, handler) is not handler:
            raise ValueError(f"The effect {kind} has a handler already.")
        return handler

    return register


def run_effect(effect_id: UUID | str) -> None:
    """Run one effect if it is due; do nothing if it is done, dead, waiting or running elsewhere.

    The attempt is counted and the next one scheduled in a transaction of their own before the
    handler is called, so a handler that kills its process still ends among the dead letters.
    The row stays locked while the handler runs: two workers never run it at the same time.
    Must not be called inside a transaction; raises `RuntimeError` there.
    """
    begun = _begin_attempt(effect_id)
    if begun is not None:
        with correlation.correlated(begun.correlation_id):
            _attempt(effect_id, begun.attempts)


def _attempt(effect_id: UUID | str, attempt: int) -> None:
    """Call the handler in one transaction with the mark that the effect is done."""
    try:
        with transaction.atomic(durable=True):
            effect = _lock(effect_id)
            if effect is None:
                return
            _handler_of(effect.kind)(effect)
            effect.state = Effect.State.DONE
            effect.last_error = ""
            effect.save(update_fields=["state", "last_error"])
        logger.info("Effect %s (%s) done, attempt %d", effect.pk, effect.kind, attempt)
    except Later as postponed:
        Effect.objects.filter(pk=effect_id, state=Effect.State.PENDING, attempts=attempt).update(
            due_at=postponed.until, attempts=attempt - 1
        )
    except Exception as error:  # noqa: BLE001 - whatever a handler raises is a failed attempt
        _record_failure(effect_id, attempt, error)


def retry_dead(effect: Effect) -> None:
    """Give a dead letter all its attempts again, from now; anything else is left alone."""
    Effect.objects.filter(pk=effect.pk, state=Effect.State.DEAD).update(
        state=Effect.State.PENDING, attempts=0, due_at=timezone.now(), claimed_until=None
    )


def purge_done(now: datetime | None = None) -> int:
    """Delete effects that were done `DONE_KEPT_FOR` ago; return how many.

    Their keys are free again then: no key may be used for so long.
    """
    limit = (now or timezone.now()) - DONE_KEPT_FOR
    return Effect.objects.filter(state=Effect.State.DONE, due_at__lt=limit).delete()[0]


def drain(limit: int = 1000) -> int:
    """Run what is due in this process, up to `limit` effects, and return how many were tried.

    For commands and tests. Effects that handlers write are run as well. Raises `RuntimeError`
    when a handler leaves a transaction open.
    """
    tried: set[UUID] = set()
    while len(tried) < limit:
        due = Effect.objects.filter(state=Effect.State.PENDING, due_at__lte=timezone.now())
        effect = due.exclude(pk__in=tried).order_by("due_at", "created_at").first()
        if effect is None:
            break
        depth = _transaction_depth()
        run_effect(effect.pk)
        if _transaction_depth() != depth:
            raise RuntimeError(f"The handler of {effect.kind} left a transaction open.")
        tried.add(effect.pk)
    return len(tried)


def delay_after(attempt: int) -> timedelta:
    """Return how long to wait after the given attempt (1, 2, 3, …): 5 s, 10 s, … one hour."""
    return min(FIRST_DELAY * (1 << (attempt - 1)), LONGEST_DELAY)


def _handler_of(kind: str) -> Handler:
    try:
        return _handlers[kind]
    except KeyError:
        raise UnknownKindError(kind) from None


def _lock(effect_id: UUID | str) -> Effect | None:
    """Lock an effect for the time of its handler; None when another worker is running it.

    A worker that has only looked whether the effect is due may hold the row for a moment: a
    second is waited for that, and not the minutes that a handler may take.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '1s'")
        try:
            with transaction.atomic():
                pending = Effect.objects.filter(pk=effect_id, state=Effect.State.PENDING)
                effect = pending.select_for_update().first()
        except OperationalError:
            effect = None
        cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
    return effect


def _begin_attempt(effect_id: UUID | str) -> Effect | None:
    """Count an attempt and return the effect, or None when there is nothing to run."""
    now = timezone.now()
    with transaction.atomic(durable=True):
        effect = (
            Effect.objects.select_for_update(skip_locked=True)
            .filter(pk=effect_id, state=Effect.State.PENDING, due_at__lte=now)
            .first()
        )
        if effect is None:
            return None
        if effect.attempts >= MAX_ATTEMPTS:
            # The last attempt reported neither success nor failure: its process died.
            effect.state, effect.last_error = Effect.State.DEAD, "WorkerLost"
            effect.save(update_fields=["state", "last_error"])
            logger.error("Effect %s (%s) is dead: WorkerLost", effect.pk, effect.kind)
            return None
        effect.attempts += 1
        effect.due_at = now + delay_after(effect.attempts)
        effect.claimed_until = None
        effect.save(update_fields=["attempts", "due_at", "claimed_until"])
        return effect


def _record_failure(effect_id: UUID | str, attempt: int, error: Exception) -> None:
    """Note the class of the error; its text and traceback could hold personal data."""
    state = Effect.State.DEAD if attempt >= MAX_ATTEMPTS else Effect.State.PENDING
    name = type(error).__name__
    Effect.objects.filter(pk=effect_id, state=Effect.State.PENDING, attempts=attempt).update(
        state=state, last_error=name
    )
    level = logging.ERROR if state == Effect.State.DEAD else logging.WARNING
    logger.log(level, "Effect %s failed, attempt %d: %s (%s)", effect_id, attempt, name, state)


def _transaction_depth() -> tuple[bool, int]:
    return connection.in_atomic_block, len(connection.savepoint_ids)
