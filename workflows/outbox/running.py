"""Running effects: attempts, what a failure means, and mails, which are sent between transactions.

A mail takes three steps: its handler composes it in a transaction, the mail server is asked in
none, and the mark "sent" is committed at once. Only a crash between the last two sends it again,
then with the same Message-ID. A lock of the connection keeps others from sending it meanwhile.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from psycopg.errors import LockNotAvailable

from workflows.outbox import correlation
from workflows.outbox.handlers import (
    DELAYS,
    MailHandler,
    RetryAt,
    delay_after,
    handler_of,
    is_mail,
    mail_kinds,
    max_attempts,
)
from workflows.outbox.locks import call_lock_function, lock_keys
from workflows.outbox.models import Effect
from workflows.outbox.sending import AddressRefused, send

# Seconds in which a database that went away is waited for, before the outbox is left to itself.
PATIENCE = 30.0
_PAUSE = 0.5
AFTER_LOST_CONNECTION = timedelta(seconds=1)
_SENDING = "outbox.sending"

T = TypeVar("T")

logger = logging.getLogger(__name__)


def run_effect(effect_id: UUID | str) -> None:
    """Run one effect if it is due; do nothing if it is done, dead, waiting or running elsewhere.

    The attempt is counted and the next one scheduled in a transaction of their own before the
    handler is called, so a handler that kills its process still ends among the dead letters. The
    row stays locked while the handler runs: two workers never run it at the same time. Must not
    be called inside a transaction; raises `RuntimeError` there.
    """
    begun = _insist(lambda: _begin_attempt(effect_id))
    if begun is None:
        return
    with correlation.correlated(begun.correlation_id):
        try:
            _attempt(begun)
        finally:
            _stop_sending(begun)


def drain(limit: int = 1000) -> int:
    """Run what is due in this process, up to `limit` effects, and return how many were tried.

    For commands and tests. Effects that handlers write are run as well. Raises `RuntimeError`
    when a handler leaves a transaction open.
    """
    tried: set[UUID] = set()
    while len(tried) < limit:
        due = Effect.objects.filter(state=Effect.State.PENDING, due_at__lte=Now())
        effect = due.exclude(pk__in=tried).order_by("due_at", "created_at").first()
        if effect is None:
            break
        depth = _transaction_depth()
        run_effect(effect.pk)
        if _transaction_depth() != depth:
            raise RuntimeError(f"The handler of {effect.kind} left a transaction open.")
        tried.add(effect.pk)
    return len(tried)


# The relay holds a row for a moment when it extends the lease, and so does a worker that has only
# looked whether the effect is due: a second is waited for them, and not the minutes that a handler
# may take. Who passed the row over would leave the effect to lie until its lease has lapsed.
# A mail that another worker is still sending is left to that one: the lock of its connection is
# asked for last of all.
_CLAIM = """
    WITH patience AS MATERIALIZED (
        SELECT set_config('lock_timeout', '1s', true)
    ), due AS MATERIALIZED (
        SELECT id, kind FROM patience, outbox_effect
        WHERE id = %(id)s AND state = 'pending' AND due_at <= statement_timestamp()
        FOR UPDATE OF outbox_effect
    ), free AS MATERIALIZED (
        SELECT id FROM due
        WHERE CASE WHEN kind = ANY(%(mails)s) THEN pg_try_advisory_lock(%(word)s, %(subject)s)
            ELSE true END
    )
    UPDATE outbox_effect
    SET attempts = attempts + 1, claimed_until = NULL,
        due_at = statement_timestamp()
            + (%(delays)s::interval[])[least(attempts + 1, cardinality(%(delays)s::interval[]))]
    WHERE id IN (SELECT id FROM free)
    RETURNING *
"""


def _begin_attempt(effect_id: UUID | str) -> Effect | None:
    """Count an attempt and return the effect, or None when there is nothing to run."""
    word, subject = lock_keys(_SENDING, str(effect_id))
    lock = {"word": word, "subject": subject, "mails": mail_kinds()}
    values = {"id": str(effect_id), "delays": DELAYS, **lock}
    with transaction.atomic(durable=True):
        pass  # raises within a transaction, where nothing below would be committed
    try:
        effect = next(iter(Effect.objects.raw(_CLAIM, values)), None)
    except DatabaseError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            return None  # before the lock of a mail was asked for
        # Nobody knows whether that lock was taken: it goes with its connection.
        connection.close()
        raise
    if effect is None:
        return None
    if effect.attempts > max_attempts(effect.kind):
        # The last attempt reported neither success nor failure: its process died.
        _own(effect).update(
            state=Effect.State.DEAD, last_error="WorkerLost", attempts=effect.attempts - 1
        )
        _stop_sending(effect)
        logger.error("Effect %s (%s) is dead: WorkerLost", effect.pk, effect.kind)
        return None
    return effect


def _attempt(begun: Effect) -> None:
    """Do the work of an effect and mark it as done, or note why it is not."""
    try:
        handler = handler_of(begun.kind)
        if isinstance(handler, MailHandler):
            done = _send_mail(begun, handler)
        else:
            done = _finish(begun, handler)
        if done:
            logger.info("Effect %s (%s) done, attempt %d", begun.pk, begun.kind, begun.attempts)
    except RetryAt as postponed:
        until = postponed.until
        due_at = Now() + until if isinstance(until, timedelta) else until
        _insist(
            lambda: _own(begun).update(
                due_at=due_at, attempts=begun.attempts - 1, claimed_until=None
            )
        )
    except Exception as error:  # noqa: BLE001 - whatever a handler raises is a failed attempt
        _record_failure(begun, error)


def _finish(begun: Effect, work: Callable[[Effect], None]) -> bool:
    """Do the work in one transaction with the mark "done"; False when another worker does it."""
    with suppress(_RunElsewhere), transaction.atomic(durable=True):
        _lock(begun)
        work(begun)
        _row(begun).update(state=Effect.State.DONE, last_error="")
        return True
    return False


def _send_mail(begun: Effect, handler: MailHandler) -> bool:
    """Compose a mail, send it unless that was done, and finish the effect."""
    try:
        with transaction.atomic(durable=True):
            _lock(begun)
            sent = begun.sent_at is not None
            mail = None if sent else handler.compose(begun)
    except _RunElsewhere:
        return False
    done = {} if handler.is_followed else {"state": Effect.State.DONE, "last_error": ""}
    if mail is not None:
        send(mail)
        sent = True
        # Whatever was decided about the effect meanwhile: it was sent.
        _insist(lambda: _row(begun).update(sent_at=Now(), **done))
    if mail is not None and done:
        return True
    return _finish(begun, lambda effect: handler.then(effect, sent))


def _stop_sending(effect: Effect) -> None:
    """Give the lock of a mail back; a connection that was lost has given it back by itself."""
    if is_mail(effect.kind):
        with suppress(OperationalError, InterfaceError):
            call_lock_function("pg_advisory_unlock", _SENDING, str(effect.pk))


class _RunElsewhere(Exception):
    """Another worker is running this effect, or has decided it."""


# One round trip.
_LOCK = """
    SET LOCAL lock_timeout = '1s';
    SELECT sent_at, counted_on FROM outbox_effect
    WHERE id = %s AND state = 'pending' FOR UPDATE;
    SET LOCAL lock_timeout TO DEFAULT
"""


def _lock(begun: Effect) -> None:
    """Lock an effect until the transaction ends, and bring it up to date.

    Raises `_RunElsewhere`; the transaction is of no more use then.
    """
    with connection.cursor() as cursor:
        try:
            cursor.execute(_LOCK, [begun.pk])
        except OperationalError as error:
            if _lost_connection(error):
                raise
            raise _RunElsewhere from error
        cursor.nextset()
        pending = cursor.fetchone()
    if pending is None:
        raise _RunElsewhere
    begun.sent_at, begun.counted_on = pending


def _record_failure(begun: Effect, error: Exception) -> None:
    """Note the class of the error; its text and traceback could hold personal data."""
    name = type(error).__name__
    delay = delay_after(begun.attempts)
    final = begun.attempts >= max_attempts(begun.kind)
    if isinstance(error, AddressRefused):
        name, final = f"{name} {error.code}", True
    elif _lost_connection(error):
        delay = AFTER_LOST_CONNECTION
    state = Effect.State.DEAD if final else Effect.State.PENDING
    _insist(
        lambda: _own(begun).update(
            state=state, last_error=name, due_at=Now() + delay, claimed_until=None
        )
    )
    level = logging.ERROR if final else logging.WARNING
    logger.log(
        level, "Effect %s failed, attempt %d: %s (%s)", begun.pk, begun.attempts, name, state
    )


def _row(begun: Effect) -> QuerySet[Effect]:
    return Effect.objects.filter(pk=begun.pk)


def _own(begun: Effect) -> QuerySet[Effect]:
    """Return the row of an attempt, unless it has been decided or begun again meanwhile."""
    return _row(begun).filter(state=Effect.State.PENDING, attempts=begun.attempts)


def _insist(step: Callable[[], T]) -> T:
    """Take a step that is a transaction of its own; again while the database is away.

    Raises what the step raises, and the loss of the connection when `PATIENCE` is over.
    """
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return step()
        except (OperationalError, InterfaceError) as error:
            if not _lost_connection(error) or time.monotonic() > end:
                raise
            connection.close()
            time.sleep(_PAUSE)


def _lost_connection(error: Exception) -> bool:
    """Tell whether an error is that the database went away, and not what it answered.

    Its words on parting are of class 57P; what the driver notices has no code of the server.
    """
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    code: str | None = getattr(error.__cause__, "sqlstate", None)
    return code is None or code.startswith(("08", "57P"))


def _transaction_depth() -> tuple[bool, int]:
    return connection.in_atomic_block, len(connection.savepoint_ids)
