"""Calling a WSGI application for an ASGI request whose body is complete."""

import io
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import IO, Any
from urllib.parse import unquote_to_bytes

Environ = dict[str, Any]
Application = Callable[..., Iterable[bytes]]
# Takes the status and headers first, then pieces of the body; waits until the client takes them.
Sender = Callable[[dict[str, Any]], None]

# So much of an answer is held before the thread that makes it waits for the client.
READ_AHEAD = 512 * 1024


class SentFile:
    """An open file as an answer (PEP 3333's `wsgi.file_wrapper`), which no thread waits for."""

    def __init__(self, file: IO[bytes], block_size: int = 64 * 1024) -> None:
        self.file = file
        self.block_size = block_size

    def read(self) -> bytes:
        """Return the next piece, empty at the end."""
        return self.file.read(self.block_size)

    def close(self) -> None:
        """Close the file and whatever the application tied to that."""
        self.file.close()


@dataclass
class Answer:
    """What is still to be sent of an answer; no `start` when a part of it was sent."""

    start: dict[str, Any] | None
    rest: bytes | SentFile


def environ_of(scope: Mapping[str, Any], body: io.BytesIO, size: int) -> Environ:
    """Return the WSGI environment of an ASGI request.

    A header whose name has an underscore is left out: it would pass for one with a hyphen, which
    the proxy in front sets.
    """
    host, port = scope.get("server") or ("localhost", 80)
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or 0),
        "REMOTE_ADDR": (scope.get("client") or ("",))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.file_wrapper": SentFile,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        if b"_" in raw_name:
            continue
        name = raw_name.decode("latin-1").upper().replace("-", "_")
        if name not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            name = f"HTTP_{name}"
        value = raw_value.decode("latin-1")
        if name in environ:
            value = environ[name] + ("; " if name == "HTTP_COOKIE" else ",") + value
        environ[name] = value
    # Of a body that came in chunks, too; and never what the client says.
    environ["CONTENT_LENGTH"] = str(size)
    return environ


def call(application: Application, environ: Environ, send: Sender) -> Answer:
    """Call the application in the present thread and return what is to be sent.

    Of an answer that is longer than `READ_AHEAD`, `send` gets all but the last piece. An answer to
    HEAD is closed unread.
    """
    head: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], _error: object = None
    ) -> Callable[[bytes], object]:
        head[:] = [(status, headers)]
        return pieces.append

    pieces: list[bytes] = []
    result = application(environ, start_response)
    if environ["REQUEST_METHOD"] == "HEAD" and head:
        if close := getattr(result, "close", None):
            close()
        return Answer(_start(head), b"")
    if isinstance(result, SentFile):
        return Answer(_start(head), result)
    start: dict[str, Any] | None = None
    try:
        held = 0
        for piece in result:
            if held > READ_AHEAD:
                if start is None:
                    start = _start(head)
                    send(start)
                send(part(b"".join(pieces), more=True))
                pieces.clear()
                held = 0
            pieces.append(piece)
            held += len(piece)
    finally:
        if close := getattr(result, "close", None):
            close()
    return Answer(None if start else _start(head), b"".join(pieces))


def _start(head: list[tuple[str, list[tuple[str, str]]]]) -> dict[str, Any]:
    status, headers = head[0]
    return {
        "type": "http.response.start",
        "status": HTTPStatus(int(status.split(" ", 1)[0])).value,
        "headers": [(n.lower().encode("latin-1"), v.strip().encode("latin-1")) for n, v in headers],
    }


def part(body: bytes, *, more: bool) -> dict[str, Any]:
    """Return the ASGI message for a piece of an answer."""
    return {"type": "http.response.body", "body": body, "more_body": more}
