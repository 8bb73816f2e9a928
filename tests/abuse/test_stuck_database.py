"""A stuck lock or a frozen database: the web answers 503 in time, and goes on when it is over."""

import contextlib
import json
import secrets
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import Message

import psutil
import psycopg
import pytest
from psycopg import sql

from requests_portal.local.postgres import PostgresServer
from tests.filings import file_request, wait_for_effects
from tests.stack import Stack, eventually

pytestmark = pytest.mark.stack

# Longer than every limit of the web together.
PATIENCE = 60


@dataclass(frozen=True)
class Answer:
    """What came back, and how long it took."""

    status: int
    headers: Message
    text: str
    seconds: float


def ask(stack: Stack, path: str, data: bytes | None = None, **headers: str) -> Answer:
    """Ask for a page; an answer of any status is one."""
    request = urllib.request.Request(f"{stack.url}{path}", data=data, headers=headers)
    began = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            status, answered, text = answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        status, answered, text = error.code, error.headers, error.read().decode()
    return Answer(status, answered, text, time.monotonic() - began)


def file(stack: Stack) -> Answer:
    """Try to file a request through the API."""
    body = {
        "items": [{"kind": "delete", "details": {"statement": "请删除。"}}],
        "residence": "CN",
        "language": "zh-hans",
        "subject_name": "李示例",
        "email": f"p{time.monotonic_ns()}@example.cn",
    }
    return ask(
        stack,
        "/api/v1/requests/",
        json.dumps(body).encode(),
        **{"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(16)},
    )


@contextlib.contextmanager
def locked(stack: Stack, table: str) -> Iterator[None]:
    """Keep a table from everybody, as a migration that hangs does."""
    with psycopg.connect(stack.owner_url) as connection:
        connection.execute(sql.SQL("LOCK TABLE {}").format(sql.Identifier(table)))
        yield


@contextlib.contextmanager
def frozen_database(cluster: PostgresServer) -> Iterator[None]:
    """Stop the server and all its processes: connections stay open, and nothing answers."""
    pid = int((cluster.folder / "postmaster.pid").read_text().splitlines()[0])
    server = psutil.Process(pid)
    # First the one that makes the others.
    server.send_signal(signal.SIGSTOP)
    processes = [server, *server.children(recursive=True)]
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)


def test_a_stuck_lock_costs_the_caller_seconds_and_no_500(own_stack):
    with locked(own_stack, "cases_case"):
        answer = file(own_stack)
        assert answer.status == 503
        assert answer.seconds < 10
        assert answer.headers["Retry-After"] == "30"
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert json.loads(answer.text)["code"] == "unavailable"
    assert file(own_stack).status == 201


def test_a_page_that_waits_for_a_lock_says_so_in_the_asked_language(own_stack):
    with locked(own_stack, "identity_contactchallenge"):
        english = ask(own_stack, "/en/confirm/some-token/")
        chinese = ask(own_stack, "/zh-hans/confirm/some-token/")
    assert (english.status, chinese.status) == (503, 503)
    assert english.headers["Retry-After"] == chinese.headers["Retry-After"] == "30"
    assert "The site cannot do this right now" in english.text
    assert "网站目前无法完成此操作" in chinese.text
    assert ask(own_stack, "/en/confirm/some-token/").status == 410


def test_a_frozen_database_is_told_and_recovered_from(own_stack, own_cluster):
    receipt = file_request(own_stack)
    with frozen_database(own_cluster), ThreadPoolExecutor(40) as pool:
        pages = [pool.submit(ask, own_stack, "/en/confirm/some-token/") for _ in range(39)]
        filing = pool.submit(file, own_stack)
        answers = [page.result() for page in [*pages, filing]]
        assert {answer.status for answer in answers} == {503}
        assert all(answer.headers["Retry-After"] for answer in answers)
        assert max(answer.seconds for answer in answers) < 45
        assert ask(own_stack, "/readyz").status == 503
    eventually(lambda: ask(own_stack, "/readyz").status == 200, "it is ready again", 30)
    assert file(own_stack).status == 201
    wait_for_effects(own_stack, [receipt, file_request(own_stack)])
