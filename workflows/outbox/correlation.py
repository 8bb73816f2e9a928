"""One random id from a request through the effects that it caused to the tasks that run them.

It tells which log lines belong together, whatever process wrote them. It is made up for each
request and each task of the clock, and says nothing about a person.
"""

import contextvars
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

NONE = "-"
_current: contextvars.ContextVar[str] = contextvars.ContextVar("correlation_id", default=NONE)


def new_id() -> str:
    """Return a fresh id: 32 hexadecimal digits."""
    return uuid.uuid4().hex


def current_id() -> str:
    """Return the id of the request or task that is being worked on, or a hyphen outside of one."""
    return _current.get()


@contextmanager
def correlated(identifier: str | None) -> Iterator[None]:
    """Work under this id for the time of the block; without one, go on under the present id."""
    token = _current.set(identifier or _current.get())
    try:
        yield
    finally:
        _current.reset(token)


def set_current(identifier: str) -> None:
    """Work under this id until further notice: where no block can stand around the work."""
    _current.set(identifier)


class CorrelationFilter(logging.Filter):
    """Adds the present id to each log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Set `record.correlation_id`; never drops a record."""
        record.correlation_id = current_id()
        return True
