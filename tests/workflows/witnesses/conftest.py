"""A real witness: `witness.py` as a process of its own, over HTTP on this machine."""

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[3] / "workflows" / "reports" / "verifier" / "witness.py"
# Dies in the moment between what it has put on disk and its answer.
DIES_BEFORE_ANSWERING = """
import os, runpy, sys
sys.argv = sys.argv[1:]
names = runpy.run_path(sys.argv[0], run_name="witness")
persist = names["Witness"].persist
names["Witness"].persist = lambda self, seen: (persist(self, seen), os._exit(9))
names["main"]()
"""


@dataclass
class RunningWitness:
    """A witness with its files in `folder`; `start` again after `stop`, on the same state."""

    folder: Path
    log_vkey: str
    name: str = "witness.example.net/w1"
    vkey: str = ""
    url: str = ""
    process: subprocess.Popen | None = None
    before: list[str] = field(default_factory=list)

    def make_key(self):
        """Make the key, as a regulator does."""
        done = subprocess.run(
            [sys.executable, "-I", PROGRAM, "--new-key", self.name, "--key", self.folder / "key"],
            capture_output=True,
            text=True,
            check=True,
        )
        self.vkey = done.stdout.strip()

    def start(self, wrapper=()):
        """Start the process and return when it serves."""
        command = [
            sys.executable,
            "-I",
            *wrapper,
            PROGRAM,
            "--log-vkey",
            self.log_vkey,
            "--key",
            self.folder / "key",
            "--state",
            self.folder / "state",
            "--port",
            "0",
        ]
        self.process = subprocess.Popen(
            list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        vkey, self.url = self.process.stdout.readline().split()
        assert vkey == self.vkey

    def start_one_that_dies(self):
        """Start a witness that dies between putting a checkpoint on disk and answering."""
        self.start(["-c", DIES_BEFORE_ANSWERING])

    def stop(self):
        """`kill -9`."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None


@pytest.fixture
def witness(tmp_path):
    from workflows.ledger.keys import log_vkey

    running = RunningWitness(tmp_path, log_vkey())
    running.make_key()
    running.start()
    yield running
    running.stop()
