"""The ASGI application: takes bodies in, then has a thread answer.

A connection that sends slowly, reads slowly or does nothing costs memory for what it sent, and no
thread. `/livez` is answered here, whatever the threads wait for.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

from requests_portal.metrics import web as metrics
from requests_portal.server import wsgi
from requests_portal.server.bodies import Bodies, Body, Bounds, Disconnected, Receive, Refused

Message = dict[str, Any]
Send = Callable[[Message], Coroutine[Any, Any, None]]

# A client that takes nothing for so long is given up.
SEND_SECONDS = 60.0
# A request for which no thread is free for so long is sent away.
QUEUE_SECONDS = 10.0
# Of an answer, given to the server at a time.
_PIECE = 64 * 1024
# They read files to be sent, and say that no other thread is free.
_HELPERS = 4
_PRIVATE = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]

logger = logging.getLogger(__name__)


class Application:
    """Serves a WSGI application in `threads` threads, and `busy` when none of them is free."""

    def __init__(
        self,
        application: wsgi.Application,
        *,
        busy: wsgi.Application,
        threads: int,
        bounds: Bounds,
        instance: str = "",
    ) -> None:
        """Take the applications; `/livez` names the `instance`, if there is one."""
        self._wsgi = application
        self._busy = busy
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._free = asyncio.Semaphore(threads)
        self._helpers = ThreadPoolExecutor(_HELPERS, thread_name_prefix="helper")
        self._bodies = Bodies(bounds)
        self._instance = instance.encode()

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["path"] == "/livez" and scope["method"] in {"GET", "HEAD"}:
            await self._live(send)
            return
        try:
            body = await self._bodies.read(_announced(scope), receive)
        except Disconnected:
            return
        except Refused as refused:
            logger.info("%s %d: the body was not taken", scope["method"], refused.status)
            metrics.count_refused_body(refused.status)
            await _refuse(scope, refused.status, send)
            return
        answer = await self._answer(scope, body, send)
        if isinstance(answer.rest, wsgi.SentFile):
            await self._send_file(answer.start, answer.rest, receive, send)
        else:
            await _send(answer.start, answer.rest, send)

    async def _live(self, send: Send) -> None:
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"2"), *_PRIVATE]
        if self._instance:
            headers.append((b"x-instance", self._instance))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send(wsgi.part(b"ok", more=False))

    async def _answer(self, scope: Mapping[str, Any], body: Body, send: Send) -> wsgi.Answer:
        """Have a thread answer, or a helper say that none is free."""
        loop = asyncio.get_running_loop()

        def wait_for_client(message: Message) -> None:
            taken = asyncio.wait_for(send(message), SEND_SECONDS)
            asyncio.run_coroutine_threadsafe(taken, loop).result()

        environ = wsgi.environ_of(scope, body.file, body.size)
        began = time.monotonic()
        try:
            try:
                async with asyncio.timeout(QUEUE_SECONDS):
                    await self._free.acquire()
            except TimeoutError:
                metrics.count_wait(time.monotonic() - began)
                logger.warning("No thread was free for %d s", QUEUE_SECONDS)
                return await loop.run_in_executor(
                    self._helpers, wsgi.call, self._busy, environ, wait_for_client
                )
            metrics.count_wait(time.monotonic() - began)
            try:
                return await loop.run_in_executor(
                    self._threads, wsgi.call, self._wsgi, environ, wait_for_client
                )
            finally:
                self._free.release()
        finally:
            body.release()

    async def _send_file(
        self, start: Message | None, file: wsgi.SentFile, receive: Receive, send: Send
    ) -> None:
        """Send a file piece by piece, and read no more of it when the client has left."""
        loop = asyncio.get_running_loop()
        # The body is complete, so the only thing that can come is that the client leaves.
        left = asyncio.ensure_future(receive())
        try:
            # Before anything is sent: what cannot be read is no answer.
            piece = await loop.run_in_executor(self._helpers, file.read)
            if start is not None:
                await send(start)
            while piece and not left.done():
                async with asyncio.timeout(SEND_SECONDS):
                    await send(wsgi.part(piece, more=True))
                piece = await loop.run_in_executor(self._helpers, file.read)
        finally:
            left.cancel()
            await loop.run_in_executor(self._helpers, file.close)
        if not piece:
            await send(wsgi.part(b"", more=False))


async def _send(start: Message | None, content: bytes, send: Send) -> None:
    if start is not None:
        await send(start)
    for begin in range(0, len(content) or 1, _PIECE):
        end = begin + _PIECE
        async with asyncio.timeout(SEND_SECONDS):
            await send(wsgi.part(content[begin:end], more=end < len(content)))


def _announced(scope: Mapping[str, Any]) -> int | None:
    """Return the Content-Length, if there is one."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return None


async def _refuse(scope: Mapping[str, Any], status: HTTPStatus, send: Send) -> None:
    """Answer in the words of the standard; the rest of the body is not read."""
    content_type, text = b"text/plain", status.phrase
    if scope["path"].startswith("/api/"):
        content_type = b"application/problem+json"
        text = json.dumps({"type": "about:blank", "title": status.phrase, "status": status})
    headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(text)).encode()),
        (b"connection", b"close"),
        *_PRIVATE,
    ]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append((b"retry-after", b"30"))
    await send({"type": "http.response.start", "status": status.value, "headers": headers})
    await send(wsgi.part(text.encode(), more=False))
