"""The ASGI application has threads answer, and lets none of them wait for a client."""

import asyncio
import io
import json
import threading
import time

import pytest

from requests_portal.server import application as application_module
from requests_portal.server.application import Application
from requests_portal.server.bodies import Bounds
from requests_portal.server.wsgi import READ_AHEAD, SentFile, environ_of

BOUNDS = Bounds(body_bytes=1000, all_bytes=5000, grace_seconds=0.2, bytes_per_second=1000)


def scope_of(path="/", method="GET", headers=(), **more):
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"a=1",
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 8000),
        "client": ("192.0.2.7", 1234),
        "headers": [(name.encode(), value.encode()) for name, value in headers],
        **more,
    }


class Client:
    """Sends one body, and keeps what it gets; it can leave when it got so many messages."""

    def __init__(self, body=b"", takes=lambda: None, leaves_after=None):
        self.body = body
        self.messages = []
        self.takes = takes
        self.leaves_after = leaves_after
        self.sent = False
        self.left = asyncio.Event()

    async def receive(self):
        if not self.sent:
            self.sent = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.takes()
        self.messages.append(message)
        if len(self.messages) == self.leaves_after:
            self.left.set()

    @property
    def status(self):
        return self.messages[0]["status"]

    @property
    def headers(self):
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def text(self):
        return b"".join(message["body"] for message in self.messages[1:])


def busy(environ, start_response):
    start_response("503 Service Unavailable", [("Retry-After", "30")])
    return [b"busy"]


def served(wsgi, *clients, threads=2, instance=""):
    """Ask an application of this WSGI application as many times as there are clients, at once."""
    application = Application(wsgi, busy=busy, threads=threads, bounds=BOUNDS, instance=instance)

    async def ask():
        await asyncio.gather(*(application(s, c.receive, c.send) for s, c in clients))

    asyncio.run(ask())


def echo(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response("201 Created", [("X-Length", environ["CONTENT_LENGTH"]), ("Set-Cookie", " a=b")])
    return [body, b"!"]


def test_an_application_gets_the_body_and_its_answer_is_sent():
    client = Client(b"hello")
    served(echo, (scope_of(method="POST", headers=[("content-length", "77")]), client))
    assert (client.status, client.text) == (201, b"hello!")
    assert client.headers == {"x-length": "5", "set-cookie": "a=b"}


@pytest.mark.parametrize("text", [b"", b"short"])
def test_a_short_answer_is_one_message(text):
    def short(environ, start_response):
        start_response("200 OK", [])
        return [text]

    client = Client()
    served(short, (scope_of(), client))
    assert client.messages[1:] == [{"type": "http.response.body", "body": text, "more_body": False}]


def test_the_environment_is_what_a_server_would_make():
    environ = environ_of(
        scope_of(
            raw_path=b"/%E4%B8%AD/a%2Fb",
            headers=[
                ("host", "portal.example.org"),
                ("content-type", "text/plain"),
                ("cookie", "a=1"),
                ("cookie", "b=2"),
                ("accept", "x"),
                ("accept", "y"),
            ],
        ),
        io.BytesIO(),
        5,
    )
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/中/a/b"
    assert environ["QUERY_STRING"] == "a=1"
    assert environ["REMOTE_ADDR"] == "192.0.2.7"
    assert (environ["HTTP_COOKIE"], environ["HTTP_ACCEPT"]) == ("a=1; b=2", "x,y")
    assert (environ["CONTENT_TYPE"], environ["CONTENT_LENGTH"]) == ("text/plain", "5")


def test_a_header_with_an_underscore_does_not_pass_for_that_of_the_proxy():
    environ = environ_of(
        scope_of(headers=[("x-forwarded-for", "192.0.2.9"), ("x_forwarded_for", "192.0.2.66")]),
        io.BytesIO(),
        0,
    )
    assert environ["HTTP_X_FORWARDED_FOR"] == "192.0.2.9"


def test_livez_needs_no_thread_and_names_the_instance():
    held = threading.Event()

    def stuck(environ, start_response):
        held.wait(60)
        return echo(environ, start_response)

    living, waiting = Client(takes=held.set), Client()
    served(stuck, (scope_of("/"), waiting), (scope_of("/livez"), living), threads=1, instance="me")
    assert (living.status, living.text, living.headers["x-instance"]) == (200, b"ok", "me")
    assert waiting.status == 201


def test_who_finds_no_free_thread_is_told_so(monkeypatch):
    monkeypatch.setattr(application_module, "QUEUE_SECONDS", 0.1)
    free = threading.Event()

    def stuck(environ, start_response):
        free.wait(60)
        return echo(environ, start_response)

    first, second = Client(), Client(takes=free.set)
    served(stuck, (scope_of(), first), (scope_of(), second), threads=1)
    assert (second.status, second.text, second.headers) == (503, b"busy", {"retry-after": "30"})
    assert first.status == 201


def test_a_long_answer_is_sent_in_parts_and_none_is_lost():
    piece = b"x" * 100_000
    closed = []

    class Pieces:
        def __iter__(self):
            return iter([piece] * 30)

        def close(self):
            closed.append(threading.current_thread().name)

    def long(environ, start_response):
        start_response("200 OK", [])
        return Pieces()

    client = Client()
    served(long, (scope_of(), client))
    assert client.text == piece * 30
    assert len(client.messages) > len(piece * 30) / (READ_AHEAD + 2 * len(piece))
    assert [message["more_body"] for message in client.messages[-2:]] == [True, False]
    assert closed[0].startswith("request")


def test_a_file_is_sent_without_a_thread_for_it(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789" * 50_000)
    free, closed = threading.Event(), []

    def sends_file(environ, start_response):
        start_response("200 OK", [])
        if environ["PATH_INFO"] == "/other":
            free.set()
            return [b"other"]
        file = path.open("rb")
        closed.append(file)
        return environ["wsgi.file_wrapper"](file, 1000)

    async def slow(message, client):
        if message["type"] == "http.response.body":
            assert await asyncio.to_thread(free.wait, 60)
        client.messages.append(message)

    reader, other = Client(), Client()
    reader.send = lambda message: slow(message, reader)
    served(sends_file, (scope_of("/file"), reader), (scope_of("/other"), other), threads=1)
    assert reader.text == path.read_bytes()
    assert other.text == b"other"
    assert closed[0].closed


def test_a_client_that_takes_nothing_is_given_up(monkeypatch, tmp_path):
    monkeypatch.setattr(application_module, "SEND_SECONDS", 0.1)
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100_000)
    opened = []

    def sends_file(environ, start_response):
        start_response("200 OK", [])
        opened.append(path.open("rb"))
        return SentFile(opened[0])

    async def takes_nothing(message):
        if message["type"] == "http.response.body":
            await asyncio.sleep(600)

    client = Client()
    client.send = takes_nothing
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        served(sends_file, (scope_of(), client))
    assert time.monotonic() - began < 300
    assert opened[0].closed


class Watched(io.BytesIO):
    """A file that tells how much of it was read."""

    def __init__(self, size=1_000_000):
        super().__init__(b"x" * size)
        self.was_read = 0

    def read(self, size=-1):
        piece = super().read(size)
        self.was_read += len(piece)
        return piece


def sends(result):
    def application(environ, start_response):
        start_response("200 OK", [("Content-Length", "1000000")])
        return environ["wsgi.file_wrapper"](result, 1000) if hasattr(result, "read") else result

    return application


def test_who_leaves_in_the_middle_of_a_file_has_no_more_of_it_read():
    file, client = Watched(), Client(leaves_after=3)
    client.takes = lambda: time.sleep(0.01)  # as the network would, so that both are noticed
    served(sends(file), (scope_of(), client))
    assert 1000 < file.was_read < 1_000_000
    assert file.closed
    # Nobody is told that this was all.
    assert client.messages[-1]["more_body"]


def test_a_file_is_closed_when_nothing_can_be_sent():
    def breaks():
        raise OSError("broken")

    file = Watched()
    with pytest.raises(OSError, match="broken"):
        served(sends(file), (scope_of(), Client(takes=breaks)))
    assert file.closed


def test_a_file_that_cannot_be_read_is_no_answer():
    class Damaged(Watched):
        def read(self, size=-1):
            raise ValueError("damaged")

    file, client = Damaged(), Client()
    with pytest.raises(ValueError, match="damaged"):
        served(sends(file), (scope_of(), client))
    assert (file.closed, client.messages) == (True, [])


def test_what_is_asked_for_by_head_is_closed_unread():
    class Pieces:
        closed = was_read = False

        def __iter__(self):
            self.was_read = True
            return iter([b"x"])

        def close(self):
            self.closed = True

    for result in (Watched(), Pieces()):
        client = Client()
        served(sends(result), (scope_of(method="HEAD"), client))
        assert (result.closed, bool(result.was_read)) == (True, False)
        assert (client.status, client.text) == (200, b"")
        assert client.headers == {"content-length": "1000000"}


@pytest.mark.parametrize(
    ("path", "content_type"), [("/en/", "text/plain"), ("/api/v1/", "application/problem+json")]
)
def test_a_body_that_is_too_large_is_refused_and_the_connection_ends(path, content_type):
    client = Client()
    served(echo, (scope_of(path, "POST", [("content-length", "1001")]), client))
    assert client.status == 413
    assert client.headers["connection"] == "close"
    assert client.headers["content-type"] == content_type
    assert client.headers["content-length"] == str(len(client.text))
    if path.startswith("/api/"):
        assert json.loads(client.text)["status"] == 413
