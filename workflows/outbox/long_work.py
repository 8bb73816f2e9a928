"""Work that takes too long for the transaction of an effect: a task of its own does it.

The effect sends the task and looks again later whether the work is done. A task that was lost with
its worker is so sent again; one that is still at work holds a lock, and another does nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from celery import current_app

from workflows.outbox.locks import take
from workflows.outbox.models import Effect
from workflows.outbox.services import RetryAt, enqueue

RECHECK_AFTER = timedelta(minutes=1)
LONGEST_WAIT = timedelta(minutes=10)
# After one minute, two, three, … and ten: half a day in all, then it never will be done.
MAX_TURNS = 75


# Until it is looked whether a process that is still at work has come to its end.
BUSY_RETRY_AFTER = timedelta(hours=1)


class GaveUp(Exception):
    """Long work was tried for half a day and never came to an end."""


def enqueue_task(kind: str, subject: str, *, about: str) -> Effect:
    """Ask for long work on `subject`, an id. `about` tells one piece of work from the next."""
    return enqueue(
        kind, key=f"{kind}:{about}:1", payload={"id": subject, "turn": 1, "about": about}
    )


def send_and_recheck(effect: Effect, task: str) -> bool:
    """Send the task for unfinished work and look again later; False when it has been long enough.

    The caller, a handler of an effect that `enqueue_task` wrote, has seen that the work is not
    done.
    """
    turn, about = int(effect.payload["turn"]), effect.payload["about"]
    if turn > MAX_TURNS:
        return False
    _send(effect, task)
    enqueue(
        effect.kind,
        key=f"{effect.kind}:{about}:{turn + 1}",
        payload={**effect.payload, "turn": turn + 1},
        delay=min(RECHECK_AFTER * turn, LONGEST_WAIT),
    )
    return True


def send_or_dead_letter(effect: Effect, task: str) -> None:
    """Do the same; when it has been long enough, fail, for staff to see it among failed effects.

    Each attempt sends the task once more, so that whoever tries it again there has the work tried.
    """
    if not send_and_recheck(effect, task):
        _send(effect, task)
        raise GaveUp


def lock_or_retry(kind: str, subject: str) -> None:
    """Hold the lock of work that is given up until the transaction ends.

    Raises `Later` while another process is still at work on it.
    """
    if not take("pg_try_advisory_xact_lock", kind, subject):
        raise RetryAt(BUSY_RETRY_AFTER)


def _send(effect: Effect, task: str) -> None:
    current_app.send_task(task, args=[effect.payload["id"]], retry=False, ignore_result=True)


@contextmanager
def advisory_lock(kind: str, subject: str) -> Iterator[bool]:
    """Hold the lock of a piece of work until the block or the connection ends.

    Yields False, and holds nothing, when another process works on it.
    """
    free = take("pg_try_advisory_lock", kind, subject)
    try:
        yield free
    finally:
        if free:
            take("pg_advisory_unlock", kind, subject)
