"""Which function does the work of which kind of effect, and how long it is tried."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.mail import EmailMessage

from workflows.outbox import queues
from workflows.outbox.models import Effect

MAX_ATTEMPTS = 12
# With the delays below: five days.
MAX_ATTEMPTS_OF_MAIL = 130
FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(hours=1)

Handler = Callable[[Effect], None]
Composer = Callable[[Effect], EmailMessage | None]
Follower = Callable[[Effect, bool], None]


class UnknownKindError(Exception):
    """No handler is registered for this kind: its module is not imported, or is a newer one."""


class RetryAt(Exception):
    """Raised by a handler whose work has to wait; the attempt does not count as one.

    `until` is a moment of the calendar, or how long to wait by the clock of the database.
    """

    def __init__(self, until: datetime | timedelta) -> None:
        self.until = until
        super().__init__()


@dataclass(frozen=True)
class MailHandler:
    """What a kind of mail says, and what is done once it was handed to the mail server."""

    compose: Composer
    then: Follower

    @property
    def is_followed(self) -> bool:
        """Return whether anything is done after the mail."""
        return self.then is not _nothing_follows


_handlers: dict[str, Handler | MailHandler] = {}


def _nothing_follows(_effect: Effect, _sent: bool) -> None:  # noqa: FBT001 - a Follower
    pass


def effect_handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the decorated function as the one handler of `kind`."""

    def register(handler: Handler) -> Handler:
        if _handlers.setdefault(kind, handler) is not handler:
            raise ValueError(f"The effect {kind} has a handler already.")
        return handler

    return register


def mail_handler(kind: str, then: Follower = _nothing_follows) -> Callable[[Composer], Composer]:
    """Register the decorated function as the one that composes the mail of `kind`.

    It returns the mail, or None when there is none to send any more, and sends nothing itself: its
    transaction ends before the mail server is asked. It is called again for each attempt, so what
    it writes must bear that. `then(effect, sent)` runs in the transaction that marks the effect as
    done: once after the mail was sent, or after there was none.
    """

    def register(compose: Composer) -> Composer:
        handler = MailHandler(compose, then)
        if _handlers.setdefault(kind, handler) != handler:
            raise ValueError(f"The effect {kind} has a handler already.")
        return compose

    return register


def handler_of(kind: str) -> Handler | MailHandler:
    """Return what is registered for a kind; raises `UnknownKindError`."""
    try:
        return _handlers[kind]
    except KeyError:
        raise UnknownKindError(kind) from None


def is_mail(kind: str) -> bool:
    """Tell whether effects of this kind send mail."""
    return isinstance(_handlers.get(kind), MailHandler)


def mail_kinds() -> list[str]:
    """Return the kinds that send mail."""
    return [kind for kind, handler in _handlers.items() if isinstance(handler, MailHandler)]


def queue_of(kind: str) -> str:
    """Return the queue whose workers run effects of this kind."""
    return queues.MAIL if is_mail(kind) else queues.DEFAULT


def max_attempts(kind: str) -> int:
    """Return after how many attempts an effect of this kind is given up."""
    return MAX_ATTEMPTS_OF_MAIL if is_mail(kind) else MAX_ATTEMPTS


def delay_after(attempt: int) -> timedelta:
    """Return how long to wait after the given attempt (1, 2, 3, …): 5 s, 10 s, … one hour."""
    return min(FIRST_DELAY * (1 << min(attempt - 1, 20)), LONGEST_DELAY)


# By the number of the attempt from 1, until they grow no more.
DELAYS = [delay_after(attempt) for attempt in range(1, 12)]
