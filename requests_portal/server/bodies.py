"""Reading the body of a request into memory: within a size, a time and the room that there is.

Nothing of it is written to a disk. A body that comes too slowly is given up, whatever trickles in.
"""

import asyncio
import io
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

Receive = Callable[[], Awaitable[Mapping[str, Any]]]


class Refused(Exception):
    """A body was not taken; `status` says why."""

    def __init__(self, status: HTTPStatus) -> None:
        self.status = status
        super().__init__(status.phrase)


class Disconnected(Exception):
    """The client left before the body was complete."""


@dataclass(frozen=True)
class Bounds:
    """What one body may be, and all bodies of a process at once."""

    body_bytes: int
    all_bytes: int
    # So long anybody may take, and from then on a body must have come at this rate on the whole.
    grace_seconds: float = 20.0
    bytes_per_second: int = 8 * 1024


class Bodies:
    """Reads the bodies of all requests of one process."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._held = 0

    async def read(self, announced: int | None, receive: Receive) -> "Body":
        """Return the whole body; give its memory back with `release`.

        `announced` is the Content-Length. Raises `Refused`: 413 for one that is too large, 408 for
        one that is too slow, 503 when other bodies leave no room. Raises `Disconnected`.
        """
        if announced is not None and announced > self._bounds.body_bytes:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        body = Body(self)
        try:
            await self._fill(body, receive)
        except BaseException:
            body.release()
            raise
        return body

    def take(self, size: int) -> None:
        """Count bytes that are held, or raise `Refused`."""
        if self._held + size > self._bounds.all_bytes:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE)
        self._held += size

    def give_back(self, size: int) -> None:
        """Count bytes that are not held any more."""
        self._held -= size

    async def _fill(self, body: "Body", receive: Receive) -> None:
        began = time.monotonic()
        more = True
        while more:
            allowed = self._bounds.grace_seconds + body.size / self._bounds.bytes_per_second
            try:
                async with asyncio.timeout(began + allowed - time.monotonic()):
                    message = await receive()
            except TimeoutError:
                raise Refused(HTTPStatus.REQUEST_TIMEOUT) from None
            if message["type"] != "http.request":
                raise Disconnected
            body.append(message.get("body", b""))
            if body.size > self._bounds.body_bytes:
                raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            more = message.get("more_body", False)
        body.file.seek(0)


class Body:
    """The body of one request and the room that it takes."""

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self.file = io.BytesIO()
        self.size = 0

    def append(self, part: bytes) -> None:
        """Add what came; raises `Refused` when there is no room for it."""
        self._bodies.take(len(part))
        self.size += len(part)
        self.file.write(part)

    def release(self) -> None:
        """Give the room back; a second time does nothing."""
        self._bodies.give_back(self.size)
        self.size = 0
        self.file.close()
