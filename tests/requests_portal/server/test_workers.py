"""Workers of the web server are exchanged one by one, and the old stay where the new fail."""

import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from requests_portal.local.folders import PROJECT
from tests.stack import eventually

pytestmark = pytest.mark.stack

SERVE = """
import multiprocessing, socket, sys
from granian.server.common import HTTPModes
from requests_portal.server.workers import Server
if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    listener = socket.socket(fileno=int(sys.argv[1]))
    Server(
        listener,
        "served:application",
        workers=2,
        http=HTTPModes.http1,
        websockets=False,
        workers_kill_timeout=10,
        respawn_failed_workers=True,
    ).serve()
"""
APPLICATION = """
import asyncio, os
VERSION = {version!r}
{fault}
async def application(scope, receive, send):
    if scope["path"] == "/slow":
        open("begun", "w").close()
        await asyncio.sleep(3)
    text = f"{{VERSION}} {{os.getpid()}}".encode()
    await send({{"type": "http.response.start", "status": 200, "headers": []}})
    await send({{"type": "http.response.body", "body": text}})
"""


class Served:
    """The server in a process of its own, with an application that can be replaced."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.write("first")
        (folder / "serve.py").write_text(SERVE)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, folder / "serve.py", str(self.listener.fileno())],
                cwd=folder,
                env={
                    **os.environ,
                    "PYTHONPATH": f"{PROJECT}:{folder}",
                    "PYTHONDONTWRITEBYTECODE": "1",
                },
                pass_fds=[self.listener.fileno()],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def write(self, version: str, fault: str = "") -> None:
        text = APPLICATION.format(version=version, fault=fault)
        (self._folder / "served.py").write_text(text)

    def ask(self, path: str = "/") -> tuple[str, int]:
        """Return the version that answers, and the number of its process."""
        url = f"http://127.0.0.1:{self.listener.getsockname()[1]}{path}"
        with urllib.request.urlopen(url, timeout=60) as answer:
            version, _, pid = answer.read().decode().partition(" ")
        return version, int(pid)

    def ask_slowly(self) -> tuple[threading.Thread, list[tuple[str, int]]]:
        """Begin a request that takes three seconds; return its thread and where its answer goes."""
        answers: list[tuple[str, int]] = []
        asking = threading.Thread(target=lambda: answers.append(self.ask("/slow")))
        asking.start()
        eventually((self._folder / "begun").exists, "it is being answered")
        return asking, answers

    def versions(self) -> set[str]:
        return {self.ask()[0] for _ in range(20)}


@pytest.fixture
def served(tmp_path) -> Iterator[Served]:
    served = Served(tmp_path)
    assert served.ask()[0] == "first"
    eventually(lambda: served.log.read_text().count("Started worker") == 2, "both workers answer")
    yield served
    if served.process.poll() is None:
        os.killpg(served.process.pid, signal.SIGKILL)
    served.process.wait()
    served.listener.close()


def test_a_reload_brings_new_code_in_and_finishes_what_was_begun(served):
    asking, slow = served.ask_slowly()
    served.write("second")
    served.process.send_signal(signal.SIGHUP)
    eventually(lambda: served.versions() == {"second"}, "the new code answers")
    asking.join()
    assert slow[0][0] == "first"


def test_code_that_does_not_start_leaves_the_old_workers_where_they_are(served):
    served.write("broken", fault="raise RuntimeError('broken')")
    served.process.send_signal(signal.SIGHUP)
    eventually(lambda: served.log.read_text().count("the old one stays") == 2, "both are kept")
    assert served.versions() == {"first"}
    served.write("third")
    served.process.send_signal(signal.SIGHUP)
    eventually(lambda: served.versions() == {"third"}, "mended code answers")


def test_a_worker_that_dies_is_replaced(served):
    _version, pid = served.ask()
    os.kill(pid, signal.SIGKILL)
    eventually(
        lambda: "Spawning worker" in served.log.read_text().split("exit from")[-1], "noticed"
    )
    eventually(lambda: served.log.read_text().count("Started worker") == 3, "replaced")
    assert served.versions() == {"first"}


def test_the_end_waits_for_what_was_begun(served):
    asking, slow = served.ask_slowly()
    served.process.send_signal(signal.SIGTERM)
    asking.join()
    assert slow
    assert served.process.wait(60) == 0


def test_an_answer_does_not_wait_for_its_beginning_to_be_confirmed(served):
    # Connections have it from the socket that they come by.
    assert served.listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


def test_the_port_is_ours_alone(served):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        with pytest.raises(OSError, match="in use"):
            other.bind(served.listener.getsockname())
