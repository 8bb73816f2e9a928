"""Acknowledgements that failed are sent again: over Redis, Celery only logs that one did.

The message then counts as being worked on for ever, and takes one of the few slots of the worker:
after as many as it has, it receives nothing more, and answers `inspect ping` all the same.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from celery import bootsteps
from celery.worker.request import Request
from kombu.message import Message

CHECK_SECONDS = 1.0

logger = logging.getLogger(__name__)


@dataclass
class PendingAck:
    """What the broker is being told of a message; the event loop does it a moment later."""

    message: Message
    again: Callable[[], None]
    is_new: bool = True


# Of which it is not known yet whether the broker has heard them, oldest first.
_told: list[PendingAck] = []


class PortalRequest(Request):
    """A task in a worker, whose acknowledgement is not given up when it fails."""

    def acknowledge(self) -> None:
        """Tell the broker that the task is over."""
        super().acknowledge()
        _told.append(PendingAck(self.message, self.message.ack))

    def reject(self, requeue: bool = False) -> None:  # noqa: FBT001, FBT002 - Celery's signature
        """Tell the broker that the task was not done."""
        super().reject(requeue=requeue)
        _told.append(PendingAck(self.message, lambda: self.message.reject(requeue=requeue)))


class Acknowledgements(bootsteps.StartStopStep):
    """Sends the acknowledgements again that failed, for as long as their connection lasts."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._timer: Any = None

    def start(self, parent: Any) -> None:
        """Begin with none: those of the connection before hold no slot any more."""
        _told.clear()
        errors = parent.connection_errors
        self._timer = parent.timer.call_repeatedly(CHECK_SECONDS, resend_acks, (errors,))

    def stop(self, parent: Any) -> None:
        """End with the connection."""
        if self._timer is not None:
            self._timer.cancel()


def resend_acks(errors: tuple[type[Exception], ...]) -> None:
    """Tell the broker again what it has not heard, until one fails once more with such an error.

    What was told since the last time is left alone: its turn may still come.
    """
    _told[:] = [told for told in _told if not told.message.acknowledged]
    for told in list(_told):
        if told.is_new:
            told.is_new = False
            continue
        try:
            told.again()
        except errors as error:
            logger.warning("The broker does not take an acknowledgement: %s", type(error).__name__)
            return
        _told.remove(told)
        logger.info("The broker has taken an acknowledgement that had failed")
