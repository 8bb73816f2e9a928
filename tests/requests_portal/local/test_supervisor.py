"""The supervisor: what dies is started again, and nothing outlives it."""

import json
import signal
import socket
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.stack import eventually

pytestmark = pytest.mark.stack

# Two processes; the first has a child of its own, as web and worker have.
SUPERVISE = """
import os, sys
from pathlib import Path
from requests_portal.local.processes import Process
from requests_portal.local.supervisor import Supervisor
parent = "import subprocess, sys, time; print('up', flush=True); " \\
    "subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
child = "import time; print('up', flush=True); time.sleep(600)"
Supervisor(
    [
        Process("pair", "has a child", "pair", ("python", "-c", parent)),
        Process("one", "is alone", "one", ("python", "-c", child)),
    ],
    dict(os.environ),
    Path(sys.argv[1]),
    controlled=True,
).run(when_ready=lambda: True)
"""


class Supervised:
    """A supervisor in a process of its own."""

    def __init__(self, process, state: Path) -> None:
        self.process = process
        self._state = state

    def pids(self) -> dict[str, int]:
        return json.loads(self._state.read_text()) if self._state.exists() else {}

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def order(self, line: str) -> None:
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def read_until(self, wanted: str) -> str:
        for line in self.process.stdout:
            if wanted in line:
                return line
        raise AssertionError(f"never said: {wanted}")


@pytest.fixture
def supervised(python, folder):
    supervised = Supervised(python(SUPERVISE, folder / "pids"), folder / "pids")
    eventually(lambda: len(supervised.family()) == 3, "three processes run")
    # A process runs a moment before its number is written down.
    eventually(lambda: supervised.pids().keys() == {"pair", "one"}, "two numbers are written down")
    family = set(supervised.family())
    yield supervised
    # The child of the pair would outlive a supervisor that is killed.
    if supervised.process.poll() is None:
        family |= set(supervised.family())
        supervised.process.kill()
        supervised.process.wait()
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def all_gone(processes: list[psutil.Process]) -> bool:
    return not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes)


def test_output_carries_the_name_of_its_process(supervised):
    assert {supervised.read_until("up"), supervised.read_until("up")} == {
        "pair | up\n",
        "one  | up\n",
    }


def test_a_process_that_dies_is_started_again_and_a_line_says_so(supervised):
    old = supervised.pids()["one"]
    psutil.Process(old).kill()
    assert "one  | ended with code -9; starts again in 0.5 s." in supervised.read_until("ended")
    eventually(lambda: supervised.pids().get("one", old) != old, "started again")


def test_what_a_dead_process_leaves_behind_is_ended(supervised):
    parent = psutil.Process(supervised.pids()["pair"])
    orphans = parent.children()
    parent.kill()
    eventually(lambda: all_gone(orphans), "the child of the dead process has ended")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_whole_family(supervised, number):
    family = supervised.family()
    supervised.process.send_signal(number)
    assert supervised.process.wait(30) == 0
    assert all_gone(family)


def test_the_processes_end_when_the_supervisor_is_killed(supervised):
    processes = [psutil.Process(pid) for pid in supervised.pids().values()]
    supervised.process.kill()
    eventually(lambda: all_gone(processes), "the processes have ended")


def test_the_end_of_its_orders_ends_it(supervised):
    family = supervised.family()
    supervised.process.stdin.close()
    assert supervised.process.wait(30) == 0
    assert all_gone(family)


def test_a_process_can_be_stopped_and_started(supervised):
    supervised.order("stop one")
    eventually(lambda: "one" not in supervised.pids(), "stopped")
    supervised.order("start one")
    eventually(lambda: "one" in supervised.pids(), "started")


def test_who_dies_again_and_again_waits_longer_unless_it_was_ordered_to_start(supervised):
    def die() -> str:
        eventually(lambda: "one" in supervised.pids(), "runs")
        psutil.Process(supervised.pids()["one"]).kill()
        return supervised.read_until("ended").split("starts again in ")[1].strip()

    assert [die() for _ in range(3)] == ["0.5 s.", "1 s.", "2 s."]
    supervised.order("start one")
    eventually(lambda: "one" in supervised.pids(), "started without the pause")
    assert die() == "0.5 s."


def test_an_order_for_nobody_is_refused_and_ends_nothing(supervised):
    supervised.order("stop nobody")
    assert "There is no process 'nobody'." in supervised.read_until("nobody")
    assert len(supervised.pids()) == 2


# Its first life ends at once, and leaves something behind that holds its output for a while; each
# later one says its number after that.
LEAVES = """
import os, sys
from pathlib import Path
from requests_portal.local.processes import Process
from requests_portal.local.supervisor import Supervisor
lives = Path(sys.argv[1]).with_name("lives")
child = f'''
import pathlib, subprocess, sys, time
lives = pathlib.Path({str(lives)!r})
life = len(lives.read_text()) if lives.exists() else 0
lives.write_text("x" * (life + 1))
if not life:
    straggler = [sys.executable, "-c", "import time; time.sleep(2)"]
    subprocess.Popen(straggler, start_new_session=True)
    sys.exit()
time.sleep(4)
print(f"this is life {{life}}", flush=True)
time.sleep(600)
'''
Supervisor(
    [Process("one", "ends at once", "one", ("python", "-c", child))],
    dict(os.environ),
    Path(sys.argv[1]),
    controlled=True,
).run(when_ready=lambda: True)
"""


def test_output_of_an_earlier_life_that_ends_late_does_not_end_the_later(python, folder):
    supervised = Supervised(python(LEAVES, folder / "pids"), folder / "pids")
    assert "life 1" in supervised.read_until("this is")
    supervised.process.stdin.close()
    assert supervised.process.wait(30) == 0


TAKES = """
import os, socket, sys
from pathlib import Path
from requests_portal.local.processes import Process
from requests_portal.local.supervisor import Supervisor
child = "import os, socket; taken = socket.socket(fileno=int(os.environ['LISTEN_FD'])); " \\
    "taken.accept()[0].sendall(str(os.getpid()).encode())"
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
Supervisor(
    [Process("one", "answers once", "one", ("python", "-c", child))],
    dict(os.environ),
    Path(sys.argv[1]),
    listeners={"one": listener},
    controlled=True,
).run(when_ready=lambda: True)
"""


def test_a_socket_outlives_the_process_that_takes_connections_on_it(python, folder):
    supervised = Supervised(python(TAKES, folder / "pids"), folder / "pids")
    port = int(supervised.process.stdout.readline())
    lives = set()
    for _ in range(2):
        # The second waits in the socket until the process has started again.
        with socket.create_connection(("127.0.0.1", port), 30) as connection:
            lives.add(connection.recv(100))
    assert len(lives) == 2
    supervised.process.stdin.close()
    assert supervised.process.wait(30) == 0
