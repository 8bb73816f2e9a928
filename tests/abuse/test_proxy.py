"""The proxy of docker-compose.yml: takes slow bodies, writes none to a disk, tells who asks."""

import http.client
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
import yaml

from requests_portal.local.folders import PROJECT
from requests_portal.local.sockets import free_port
from tests.filings import file_request, wait_for_effects
from tests.nginx import CONFIGURATION, nginx
from tests.slow_clients import UPLOAD, slow_clients
from tests.stack import eventually

pytestmark = pytest.mark.stack

SLOW = 64
PROXY = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))["services"][
    "proxy"
]


class Echo(BaseHTTPRequestHandler):
    """Answers with the headers that it got."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        text = json.dumps(dict(self.headers.items())).encode()
        self.server.asked += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def echo() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.asked = 0
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def headers_behind(port: int, **headers: str) -> dict[str, str]:
    """Return the headers with which the web behind the proxy is asked."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def test_the_web_is_told_who_asks_and_over_which_protocol(echo, tmp_path):
    with nginx(tmp_path, echo.server_port) as port:
        plain = headers_behind(port)
        behind_tls = headers_behind(
            port,
            **{"X-Forwarded-For": "192.0.2.66, 192.0.2.7", "X-Forwarded-Proto": "https"},
        )
    assert (plain["X-Forwarded-For"], plain["X-Forwarded-Proto"]) == ("127.0.0.1", "http")
    # The proxy with TLS put the last one there; what stood before it a visitor may have made up.
    assert behind_tls["X-Forwarded-For"] == "192.0.2.7"
    assert behind_tls["X-Forwarded-Proto"] == "https"


def test_a_header_with_an_underscore_does_not_get_through(echo, tmp_path):
    with nginx(tmp_path, echo.server_port) as port:
        assert "X_forwarded_for" not in headers_behind(port, X_Forwarded_For="192.0.2.66")


@pytest.mark.parametrize(
    "path", ["/metrics", "/metrics?a=b", "//metrics", "/%6Detrics", "/./metrics", "/a/../metrics"]
)
def test_the_numbers_of_the_operator_are_not_for_the_outside(echo, tmp_path, path):
    with nginx(tmp_path, echo.server_port) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", path, headers={"Authorization": "Bearer whatever"})
        assert connection.getresponse().status == 404
        connection.close()
    assert echo.asked == 0


def test_slow_uploads_never_reach_the_web_and_are_given_up(echo, tmp_path):
    with nginx(tmp_path, echo.server_port) as port:
        with slow_clients(port, SLOW, UPLOAD, b"") as uploads:
            for _ in range(5):
                headers_behind(port)
            # So nobody had to wait until the uploads were given up.
            assert uploads.open == SLOW
            eventually(lambda: not uploads.open, "all slow uploads are given up", 90)
        assert echo.asked == 5


def test_one_address_cannot_take_all_connections(echo, tmp_path):
    with nginx(tmp_path, echo.server_port) as port, slow_clients(port, 120, UPLOAD, b"") as uploads:
        eventually(lambda: len(uploads.ended) >= 20, "what is beyond the limit is sent away")
        assert {said[:12] for said, _seconds in uploads.ended[:20]} == {b"HTTP/1.1 503"}


def test_more_than_the_web_takes_is_refused(echo, tmp_path):
    with nginx(tmp_path, echo.server_port) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.putrequest("POST", "/")
        connection.putheader("Content-Length", str(52 * 1024**2))
        connection.endheaders()
        assert connection.getresponse().status == 413
        connection.close()
    assert echo.asked == 0


def test_a_web_that_is_away_is_told_with_a_time_to_come_back(tmp_path):
    with nginx(tmp_path, free_port()) as port:
        with pytest.raises(urllib.error.HTTPError) as refused:
            headers_behind(port)
        with refused.value as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "30")


def test_the_portal_works_behind_it(own_stack, tmp_path):
    with (
        nginx(tmp_path, urlsplit(own_stack.url).port) as port,
        slow_clients(port, SLOW, UPLOAD, b"") as uploads,
    ):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/en/request/", timeout=10) as form:
            assert "csrfmiddlewaretoken" in form.read().decode()
        receipt = file_request(own_stack, through=f"http://127.0.0.1:{port}")
        assert uploads.open == SLOW
    wait_for_effects(own_stack, [receipt])


def test_what_people_send_lies_in_memory_only():
    text = CONFIGURATION.read_text(encoding="utf-8")
    folders = [line.split()[1] for line in text.splitlines() if "_temp_path" in line]
    assert folders
    assert all(folder.startswith("/tmp/") for folder in folders)
    assert [mount.split(":")[0] for mount in PROXY["tmpfs"]] == ["/tmp"]
    assert PROXY["read_only"] is True
    assert "access_log off" in text
