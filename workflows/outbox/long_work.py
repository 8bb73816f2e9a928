"""Work that takes too long for the transaction of an effect: a worker of its own does it.

Who asks for it writes an effect with `enqueue_task`. A package says in its module `effects`, by
`long_work`, what the work is: its kind, the dotted name of what does it, whether it is still to be
done, and what becomes of it when it never ends. The effect sends a message and looks again later
whether the work is done. A message that was lost with its worker is so sent again; one that is
still at work holds a lock, and another does nothing. How far the work is stands in its own rows.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings

from workflows.outbox import queues
from workflows.outbox.by_name import by_name
from workflows.outbox.locks import call_lock_function
from workflows.outbox.models import Effect
from workflows.outbox.services import RetryAt, UnknownKindError, effect_handler, enqueue

TASK = "workflows.outbox.tasks.run_long_work"
RECHECK_AFTER = timedelta(minutes=1)
LONGEST_WAIT = timedelta(minutes=10)
# After one minute, two, three, … and ten: half a day in all, then it never will be done.
MAX_TURNS = 75
# Until it is looked whether a process that is still at work has come to its end.
BUSY_RETRY_AFTER = timedelta(hours=1)

# Each gets the id of what is worked on.
IsPending = Callable[[str], bool]
Follower = Callable[[str], None]


class LongWorkAbandoned(Exception):
    """Long work was tried for half a day and never came to an end."""


@dataclass(frozen=True)
class LongWork:
    """A kind of long work: who does it and where, when it is to be done, and for how long."""

    kind: str
    do: Callable[..., Any]
    is_pending: IsPending
    give_up: Follower | None
    prepare: Callable[[str, int], None] | None
    ended: Follower | None
    turns: int
    queue: str
    begins_anew: bool

    def attempt(self, effect: Effect) -> None:
        """Send unfinished work and look again later; give it up when it has been long enough."""
        subject, turn = str(effect.payload["id"]), int(effect.payload["turn"])
        if self.prepare is not None:
            self.prepare(subject, turn)
        if not self.is_pending(subject):
            if self.ended is not None:
                self.ended(subject)
        elif turn <= self.turns:
            self._send(subject)
            about = effect.payload["about"]
            enqueue(
                self.kind,
                key=f"{self.kind}:{about}:{turn + 1}",
                payload={**effect.payload, "turn": turn + 1},
                delay=min(RECHECK_AFTER * turn, LONGEST_WAIT),
            )
        elif self.give_up is not None:
            self.give_up(subject)
        else:
            # Each attempt sends it once more, so that whoever tries it again among the failed
            # effects has the work tried.
            self._send(subject)
            raise LongWorkAbandoned

    def _send(self, subject: str) -> None:
        current_app.send_task(
            TASK,
            args=[self.kind, subject],
            queue=self.queue,
            time_limit=settings.LONG_TASK_TIME_LIMIT if self.begins_anew else None,
            retry=False,
            ignore_result=True,
        )


_registered: dict[str, LongWork] = {}


def long_work(
    kind: str,
    path: str,
    *,
    give_up: Follower | None,
    prepare: Callable[[str, int], None] | None = None,
    ended: Follower | None = None,
    turns: int = MAX_TURNS,
    queue: str = queues.DATA,
    begins_anew: bool = True,
) -> Callable[[IsPending], IsPending]:
    """Register long work; the decorated function says of an id whether it is still to be done.

    `path` names what does it, which is imported by the worker alone. After `turns`, `give_up` is
    called; without one the effect fails, for staff to see. `prepare` is called before each turn
    with its number, `ended` when the work is not to be done any more. What `begins_anew` when it
    is stopped may take as long as `LONG_TASK_TIME_LIMIT`.
    """

    def register(is_pending: IsPending) -> IsPending:
        work = LongWork(
            kind,
            by_name(path),
            is_pending,
            give_up,
            prepare,
            ended,
            turns,
            queue,
            begins_anew,
        )
        effect_handler(kind)(work.attempt)
        _registered[kind] = work
        return is_pending

    return register


def abandon_silently(_subject: str) -> None:
    """Give up without a word: something else asks for the work again."""


def run_long_work(kind: str, subject: str) -> None:
    """Do the work of a kind; raises `UnknownKindError` for one that is not registered."""
    if kind not in _registered:
        raise UnknownKindError(kind)
    _registered[kind].do(subject)


def kinds_of_long_work() -> dict[str, LongWork]:
    """Return what is registered, by its kind."""
    return dict(_registered)


def enqueue_task(kind: str, subject: str, *, about: str) -> Effect:
    """Ask for long work on `subject`, an id. `about` tells one piece of work from the next."""
    return enqueue(
        kind, key=f"{kind}:{about}:1", payload={"id": subject, "turn": 1, "about": about}
    )


def lock_or_retry(kind: str, subject: str) -> None:
    """Hold the lock of work that is given up until the transaction ends.

    Raises `RetryAt` while another process is still at work on it.
    """
    if not call_lock_function("pg_try_advisory_xact_lock", kind, subject):
        raise RetryAt(BUSY_RETRY_AFTER)


@contextmanager
def advisory_lock(kind: str, subject: str) -> Iterator[bool]:
    """Hold the lock of a piece of work until the block or the connection ends.

    Yields False, and holds nothing, when another process works on it.
    """
    free = call_lock_function("pg_try_advisory_lock", kind, subject)
    try:
        yield free
    finally:
        if free:
            call_lock_function("pg_advisory_unlock", kind, subject)
