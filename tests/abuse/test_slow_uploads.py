"""Clients that send slowly, read slowly or do nothing keep nobody else waiting."""

import contextlib
import http.client
import secrets
import socket
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from tests.filings import Receipt, file_request, wait_for_effects
from tests.slow_clients import HEADER, NOTHING, UPLOAD, slow_clients
from tests.stack import Stack, eventually

pytestmark = pytest.mark.stack

SLOW = 64
IDLE = 500
# Liveness, a form and a filing together, on a machine that does much else; undisturbed it takes
# hundredths of it. Slow uploads are given up only after 20 s, and would keep others as long.
AT_ONCE = 15.0
# Until all that the server gives up is gone.
GIVEN_UP = 90


@pytest.fixture
def port(own_stack: Stack) -> int:
    return urlsplit(own_stack.url).port


def assert_answers(stack: Stack) -> Receipt:
    """Fail unless liveness, a form and a filing are answered at once; return the receipt."""
    began = time.monotonic()
    for path in ("/livez", "/en/request/"):
        with urllib.request.urlopen(f"{stack.url}{path}", timeout=AT_ONCE) as answer:
            answer.read()
            assert answer.status == 200
    receipt = file_request(stack)
    assert time.monotonic() - began < AT_ONCE
    return receipt


def web_processes(stack: Stack) -> list[psutil.Process]:
    return psutil.Process(stack.pids()["web"]).children(recursive=True)


def test_slow_uploads_keep_nobody_waiting_and_are_given_up(own_stack, port):
    with slow_clients(port, SLOW, UPLOAD, b"x") as uploads:
        receipts = [assert_answers(own_stack)]
        # So they were answered while all of these were there, and whoever comes is until the end.
        assert uploads.open == SLOW
        # Nothing of what they sent lies in a file, deleted or not.
        for process in web_processes(own_stack):
            files = [Path(f"/proc/{process.pid}/fd/{file.fd}") for file in process.open_files()]
            written = {str(file.readlink()) for file in files}
            assert not any("/tmp" in name or "(deleted)" in name for name in written), written
        deadline = time.monotonic() + GIVEN_UP
        while uploads.open:
            assert time.monotonic() < deadline
            receipts.append(assert_answers(own_stack))
            time.sleep(0.5)
    assert {said[:12] for said, _seconds in uploads.ended} == {b"HTTP/1.1 408"}
    wait_for_effects(own_stack, receipts)


def test_slow_headers_keep_nobody_waiting_and_are_given_up(own_stack, port):
    with slow_clients(port, SLOW, HEADER, b"X-A: b\r\n") as headers:
        assert_answers(own_stack)
        eventually(lambda: not headers.open, "all slow headers are given up", GIVEN_UP)


def test_idle_connections_keep_nobody_waiting_and_are_closed(own_stack, port):
    with slow_clients(port, IDLE, NOTHING, b"") as idle:
        assert_answers(own_stack)
        eventually(lambda: not idle.open, "all idle connections are closed", GIVEN_UP)


def test_connections_that_were_used_and_idle_now_are_closed(own_stack, port):
    livez = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with slow_clients(port, IDLE, livez, b"") as kept:
        assert_answers(own_stack)
        eventually(lambda: len(kept.ended) == IDLE, "all have had their answer", GIVEN_UP)
    with socket.create_connection(("127.0.0.1", port), GIVEN_UP) as connection:
        connection.sendall(livez)
        said = b"".join(iter(lambda: connection.recv(1000), b""))
    assert said.startswith(b"HTTP/1.1 200")


def test_slow_readers_of_a_large_file_keep_nobody_waiting(own_stack, port):
    with urllib.request.urlopen(f"{own_stack.url}/api/v1/docs/", timeout=10) as page:
        scripts = [part for part in page.read().decode().split('"') if "swagger-ui-bundle" in part]
    ask = f"GET {scripts[0]} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    readers = []
    try:
        for _ in range(SLOW):
            reader = socket.socket()
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect(("127.0.0.1", port))
            reader.sendall(ask)
            readers.append(reader)
        assert readers[0].recv(12) == b"HTTP/1.1 200"
        assert_answers(own_stack)
    finally:
        for reader in readers:
            reader.close()


@pytest.mark.parametrize(
    ("request_bytes", "statuses"),
    [
        (b"POST /en/request/ HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", {b"413"}),
        (b"GET /en/ HTTP/1.1\r\nHost: a\r\nX-A: " + b"a" * 100_000 + b"\r\n\r\n", {b"431", b"400"}),
        (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", {b"414", b"431", b"400"}),
        (
            b"POST /en/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
            {b"400"},
        ),
        (
            b"POST /en/ HTTP/1.1\r\nHost: a\r\n"
            + b"".join(b"X-%d: b\r\n" % number for number in range(500))
            + b"\r\n",
            {b"431", b"400"},
        ),
    ],
    ids=["body", "header", "address", "two lengths", "headers"],
)
def test_what_is_too_large_or_ambiguous_is_refused(port, request_bytes, statuses):
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        # It may be refused, and the connection closed, before all of it is sent.
        with contextlib.suppress(ConnectionError):
            connection.sendall(request_bytes)
        assert connection.recv(1000).split(b" ")[1] in statuses


def test_a_body_without_a_length_reaches_the_view(own_stack, port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(
        "POST",
        "/api/v1/requests/",
        body=iter([b'{"items": ', b"[]}"]),
        headers={"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(16)},
    )
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.status == 400
    assert "residence" in text


def test_a_file_as_large_as_is_allowed_is_taken(own_stack, port):
    boundary = "x" * 40
    body = (
        (
            f'--{boundary}\r\nContent-Disposition: form-data; name="note"; filename="a.txt"\r\n'
            "Content-Type: text/plain\r\n\r\n"
        ).encode()
        + b"a" * (10 * 1024**2)
        + f"\r\n--{boundary}--\r\n".encode()
    )
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(
        "POST",
        "/en/verify/",
        body=body,
        headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
    answer = connection.getresponse()
    answer.read()
    connection.close()
    # It came whole: what is missing is the token of the form.
    assert answer.status == 403
