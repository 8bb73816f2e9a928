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

from requests_portal.environment import env_int

MIB = 1024**2
_ALL_MIB = 256

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
    # A quarter of the room is kept for bodies that are not larger: files do not keep forms out.
    small_bytes: int = MIB
    # So long anybody may take. What comes earns time at this rate, and never more than this time
    # ahead: a body that came fast and stalls is given up as soon as any other.
    grace_seconds: float = 20.0
    bytes_per_second: int = 8 * 1024

    @property
    def large_bytes(self) -> int:
        """What all bodies together may be that are not small."""
        return self.all_bytes * 3 // 4


def bounds_for(body_bytes: int) -> Bounds:
    """Return the bounds for bodies of this size: all of them within `WEB_BODIES_MIB`.

    Large bodies have three quarters of it, where one must fit in. Raises `ImproperlyConfigured`.
    """
    least = body_bytes * 4 // 3 // MIB + 1
    return Bounds(
        body_bytes=body_bytes,
        all_bytes=env_int("WEB_BODIES_MIB", max(_ALL_MIB, least), minimum=least) * MIB,
    )


class Bodies:
    """Reads the bodies of all requests of one process."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._held = 0
        self._held_large = 0

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

    def grow(self, size: int, new_size: int) -> None:
        """Count that a body has become larger, or raise `Refused` when there is no room for it."""
        held = self._held + new_size - size
        held_large = self._held_large + self._if_large(new_size) - self._if_large(size)
        no_room_for_large = held_large > max(self._held_large, self._bounds.large_bytes)
        if held > self._bounds.all_bytes or no_room_for_large:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE)
        self._held, self._held_large = held, held_large

    def give_back(self, size: int) -> None:
        """Count that a body is not held any more."""
        self._held -= size
        self._held_large -= self._if_large(size)

    def _if_large(self, size: int) -> int:
        return size if size > self._bounds.small_bytes else 0

    async def _fill(self, body: "Body", receive: Receive) -> None:
        deadline = time.monotonic() + self._bounds.grace_seconds
        more = True
        while more:
            try:
                async with asyncio.timeout(deadline - time.monotonic()):
                    message = await receive()
            except TimeoutError:
                raise Refused(HTTPStatus.REQUEST_TIMEOUT) from None
            if message["type"] != "http.request":
                raise Disconnected
            came = message.get("body", b"")
            body.append(came)
            deadline = min(
                deadline + len(came) / self._bounds.bytes_per_second,
                time.monotonic() + self._bounds.grace_seconds,
            )
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
        self._bodies.grow(self.size, self.size + len(part))
        self.size += len(part)
        self.file.write(part)

    def release(self) -> None:
        """Give the room back; a second time does nothing."""
        self._bodies.give_back(self.size)
        self.size = 0
        self.file.close()
