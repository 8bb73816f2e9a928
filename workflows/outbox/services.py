"""Writing effects inside a transaction, retrying, forgetting and counting them.

A handler is registered with `@effect_handler("kind")` in the module `effects` of its app, which is
found at the start. It gets the effect, does its work in one transaction together with the mark
"done", and raises to be called again, `RetryAt` when it is only too early. What it does outside the
database can be repeated after a crash; the effect's id or key identifies the repetition. A mail is
composed by a `@mail_handler("kind")` and sent after its transaction: see `running`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, F, Min, Q, QuerySet
from django.db.models.functions import Now
from psycopg.types.json import Jsonb

from workflows.outbox import canaries, correlation, queues
from workflows.outbox.handlers import (
    RetryAt,
    UnknownKindError,
    delay_after,
    effect_handler,
    mail_handler,
    queue_of,
)
from workflows.outbox.models import Canary, Effect
from workflows.outbox.running import drain, run_effect

__all__ = [
    "DONE_KEPT_FOR",
    "LONGEST_PAYLOAD_TEXT",
    "PURGED_AT_ONCE",
    "Backlog",
    "CanaryState",
    "KindCount",
    "Payload",
    "RetryAt",
    "UnknownKindError",
    "backlogs",
    "canary_states",
    "counts_by_kind",
    "dead_letters",
    "delay_after",
    "drain",
    "effect_handler",
    "enqueue",
    "mail_handler",
    "new_effect",
    "purge_done",
    "purgeable",
    "retry_dead_letter",
    "retry_waiting",
    "run_effect",
]

LONGEST_PAYLOAD_TEXT = 100
DONE_KEPT_FOR = timedelta(days=180)
PURGED_AT_ONCE = 1000

Payload = Mapping[str, str | int | None]


def new_effect(kind: str, *, key: str, payload: Payload) -> Effect:
    """Return an effect that is not written yet; raises `ValueError` as `enqueue` does."""
    for name, value in payload.items():
        if isinstance(value, str) and len(value) > LONGEST_PAYLOAD_TEXT:
            raise ValueError(f"The payload holds ids only; {name} is too long to be one.")
    identifier = correlation.current_id()
    return Effect(
        kind=kind,
        key=key,
        payload=dict(payload),
        queue=queue_of(kind),
        correlation_id=None if identifier == correlation.NONE else identifier,
    )


def enqueue(
    kind: str,
    *,
    key: str,
    payload: Payload,
    delay: timedelta = timedelta(),
) -> Effect:
    """Write an effect in the caller's transaction, or return the one that has this `key`.

    `payload` is flat and holds ids, never personal data; a text of more than 100 characters
    raises `ValueError`. It is due after `delay` by the clock of the database. A database trigger
    wakes the relay at the commit.
    """
    effect = new_effect(kind, key=key, payload=payload)
    if not _insert(effect, delay):
        effect = Effect.objects.get(key=key)
        _keep(effect)
    return effect


# Nothing is inserted where the key is taken; the other columns have their values by the database.
_INSERT = """
    INSERT INTO outbox_effect
        (id, kind, key, payload, queue, due_at, attempts, state, last_error, correlation_id)
    VALUES (%s, %s, %s, %s, %s, statement_timestamp() + %s, 0, 'pending', '', %s)
    ON CONFLICT (key) DO NOTHING
"""


def _insert(effect: Effect, delay: timedelta) -> bool:
    """Write a new effect that is due after `delay`; False where one has its key already."""
    what = [effect.pk, effect.kind, effect.key, Jsonb(effect.payload), effect.queue]
    values: list[Any] = [*what, delay, effect.correlation_id]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
        return bool(cursor.rowcount)


def retry_dead_letter(effects: QuerySet[Effect]) -> int:
    """Give the dead letters among `effects` all their attempts again, from now; return how many."""
    return effects.filter(state=Effect.State.DEAD).update(
        state=Effect.State.PENDING, attempts=0, due_at=Now(), claimed_until=None
    )


def retry_waiting(effects: QuerySet[Effect]) -> int:
    """Try now those among `effects` that have failed and wait; return how many."""
    waiting = effects.filter(state=Effect.State.PENDING, due_at__gt=Now())
    return waiting.exclude(last_error="").update(due_at=Now(), claimed_until=None)


def purge_done() -> int:
    """Delete effects that were done, and not asked for again, for `DONE_KEPT_FOR`; return how many.

    Their keys are free again then. A sweep that goes on asking for an effect keeps its key.
    """
    purged = 0
    while count := _purge_batch():
        purged += count
    return purged


def purgeable() -> QuerySet[Effect]:
    """Return the effects whose time is over, oldest first."""
    done = Effect.objects.filter(state=Effect.State.DONE, due_at__lt=Now() - DONE_KEPT_FOR)
    return done.order_by("due_at")


def _purge_batch() -> int:
    """Delete a batch in a transaction of its own, so that none holds many rows for long."""
    batch = purgeable().values("pk")[:PURGED_AT_ONCE]
    return Effect.objects.filter(pk__in=batch).delete()[0]


def _keep(effect: Effect) -> None:
    """Count how long the key of a done effect is kept from when it was last asked for.

    Written down half of the time before it would be forgotten: most sweeps ask each minute.
    """
    if effect.state == Effect.State.DONE:
        old = Effect.objects.filter(pk=effect.pk, due_at__lt=Now() - DONE_KEPT_FOR / 2)
        old.filter(state=Effect.State.DONE).update(due_at=Now())


@dataclass(frozen=True)
class Backlog:
    """The effects of a queue that could run: how many, and how long the oldest has waited."""

    size: int
    age: timedelta


def backlogs() -> dict[str, Backlog]:
    """Return the backlog of each queue of effects, by the clock of the database."""
    found = {queue: Backlog(0, timedelta()) for queue in queues.OF_EFFECTS}
    overdue = Effect.objects.filter(state=Effect.State.PENDING, due_at__lte=Now())
    counted = overdue.values("queue").annotate(size=Count("pk"), age=Now() - Min("due_at"))
    for row in counted:
        found[row["queue"]] = Backlog(row["size"], row["age"])
    return found


@dataclass(frozen=True)
class KindCount:
    """The effects of a kind in a queue: how many wait, how many of them could run, and are dead."""

    queue: str
    kind: str
    waiting: int
    due: int
    dead: int


def counts_by_kind() -> list[KindCount]:
    """Return the counts of each kind of which an effect waits or was given up."""
    pending, dead = Q(state=Effect.State.PENDING), Q(state=Effect.State.DEAD)
    # Both have an index; what is done has none to be counted by, and there is much of it.
    kinds = Effect.objects.filter(pending | dead).order_by().values("queue", "kind")
    counted = kinds.annotate(
        waiting=Count("pk", filter=pending),
        due=Count("pk", filter=pending & Q(due_at__lte=Now())),
        dead=Count("pk", filter=dead),
    )
    return [KindCount(**row) for row in counted]


@dataclass(frozen=True)
class CanaryState:
    """How long ago a canary was sent, one came out, and a worker was at work while more waited.

    None: never.
    """

    sent: timedelta | None = None
    lag: timedelta | None = None
    busy: timedelta | None = None

    def state(self, limit: timedelta) -> str:
        """Return `ok`; or `busy` or `silent` when nothing has come out for longer than `limit`."""
        if self.lag is not None and self.lag <= limit:
            return "ok"
        return "busy" if self.busy is not None and self.busy <= limit else "silent"


def canary_states() -> dict[str, CanaryState]:
    """Return the state of the canary of each queue, and of that of beat."""
    found = {name: CanaryState() for name in (*queues.ALL, canaries.BEAT)}
    ages = {"sent": Now() - F("sent_at"), "lag": Now() - F("seen_at"), "busy": Now() - F("busy_at")}
    for name, *times in Canary.objects.annotate(**ages).values_list("name", *ages):
        found[name] = CanaryState(*times)
    return found


def dead_letters() -> QuerySet[Effect]:
    """Return the effects that were given up, oldest first."""
    return Effect.objects.filter(state=Effect.State.DEAD).order_by("created_at")
