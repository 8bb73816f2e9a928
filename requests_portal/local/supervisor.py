"""Keeps the portal's processes alive on one machine and ends them all together."""

import contextlib
import io
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from requests_portal.local.folders import PROJECT
from requests_portal.local.parent_death_signal import with_parent_death_signal
from requests_portal.local.processes import PORTAL, Process

_TURN_SECONDS = 0.2
# Longer than the web server lets what it has begun take.
_STOP_SECONDS = 25
_LONGEST_PAUSE = 30.0
# Who has run this long starts again at once after the next accident.
_SETTLED_SECONDS = 30


class Child:
    """One process of the table and its life: started, died, started again."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.wanted = True
        self.popen: subprocess.Popen[bytes] | None = None
        self.start_at = 0.0
        self._began = 0.0
        self._pause = 0.0
        self._unfinished_line = b""

    @property
    def runs(self) -> bool:
        """Whether the process was started and has not been seen to end."""
        return self.popen is not None

    def start(
        self, environment: dict[str, str], listener: socket.socket | None = None
    ) -> IO[bytes]:
        """Start the process in a group of its own; return what it writes.

        It finds the number of `listener` in `LISTEN_FD`.
        """
        inherited = () if listener is None else (listener.fileno(),)
        if listener is not None:
            environment = {**environment, "LISTEN_FD": str(listener.fileno())}
        self.popen = subprocess.Popen(
            self.process.argv,
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=inherited,
            preexec_fn=with_parent_death_signal(self.process.stop_signal),  # noqa: PLW1509 - we have one thread
        )
        self._began = time.monotonic()
        self._unfinished_line = b""
        assert self.popen.stdout is not None
        return self.popen.stdout

    def lines(self, data: bytes) -> list[str]:
        """Return the lines that `data` completes."""
        *complete, self._unfinished_line = (self._unfinished_line + data).split(b"\n")
        return [line.decode("utf-8", errors="replace") for line in complete]

    def ended(self) -> int | None:
        """Return the exit code when the process has ended, and end what it left behind."""
        if self.popen is None or self.popen.poll() is None:
            return None
        code = self.popen.returncode
        self.kill()
        self.popen = None
        settled = time.monotonic() - self._began > _SETTLED_SECONDS
        self._pause = 0.5 if settled or not self._pause else min(self._pause * 2, _LONGEST_PAUSE)
        self.start_at = time.monotonic() + self._pause
        return code

    def forget_accidents(self) -> None:
        """Start without a pause, and after the next accident as after the first."""
        self._pause = self.start_at = 0.0

    @property
    def pause(self) -> float:
        """Seconds to wait before the next start."""
        return self._pause

    def ask_to_end(self) -> None:
        """Send the stop signal to the process, which tells its own children."""
        if self.popen is not None and self.popen.poll() is None:
            self.popen.send_signal(self.process.stop_signal)

    def kill(self) -> None:
        """End the whole process group at once."""
        if self.popen is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.popen.pid, signal.SIGKILL)


class Supervisor:
    """Runs processes until told to end; one thread, no other program needed.

    `state_file` always holds the pid of each running process as JSON. `listeners` holds a socket
    for each process that is to take connections on one: it stays ours while the process starts
    again. With `controlled`, lines `stop NAME` and `start NAME` are read from stdin, and the end of
    stdin ends everything. What is ordered to start, also when it runs, is
    not held back for its earlier accidents.
    """

    def __init__(
        self,
        processes: Sequence[Process],
        environment: dict[str, str],
        state_file: Path,
        *,
        listeners: Mapping[str, socket.socket] | None = None,
        controlled: bool = False,
    ) -> None:
        self._children = {process.name: Child(process) for process in processes}
        self._environment = environment
        self._state_file = state_file
        self._listeners = listeners or {}
        self._selector = selectors.DefaultSelector()
        self._width = max(len(process.name) for process in processes)
        self._ending = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._end)
        if controlled:
            self._selector.register(sys.stdin, selectors.EVENT_READ, None)

    def run(self, *, when_ready: Callable[[], bool]) -> None:
        """Keep the processes running until a signal comes, then end them all.

        `when_ready` is called each turn until it returns True.
        """
        ready = False
        try:
            while not self._ending:
                self._start_due()
                self._pass_output_on(_TURN_SECONDS)
                self._notice_deaths()
                ready = ready or when_ready()
        finally:
            self._end_all()

    def say(self, name: str, text: str) -> None:
        """Print a line with the name of the process it is about; end when nobody reads us."""
        try:
            print(f"{name:{self._width}} | {text}", flush=True)
        except BrokenPipeError:
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
            self._ending = True

    def _end(self, *_: object) -> None:
        self._ending = True

    def _start_due(self) -> None:
        for name, child in self._children.items():
            if child.wanted and not child.runs and time.monotonic() >= child.start_at:
                output = child.start(self._environment, self._listeners.get(name))
                self._selector.register(output, selectors.EVENT_READ, child)
                self._write_state()

    def _pass_output_on(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            data = os.read(key.fd, 65536)
            if isinstance(key.data, Child):
                for line in key.data.lines(data):
                    self.say(key.data.process.name, line)
                if not data:
                    # What an earlier life of the process wrote: the next may write already.
                    output = key.fileobj
                    self._selector.unregister(output)
                    if isinstance(output, io.IOBase):
                        output.close()
            elif data:
                self._obey(data.decode())
            else:
                self._ending = True

    def _notice_deaths(self) -> None:
        for name, child in self._children.items():
            code = child.ended()
            if code is not None:
                self._write_state()
                if child.wanted:
                    self.say(name, f"ended with code {code}; starts again in {child.pause:g} s.")

    def _obey(self, text: str) -> None:
        for line in text.splitlines():
            order, _, name = line.partition(" ")
            child = self._children.get(name)
            if child is None:
                self.say("supervisor", f"There is no process {name!r}.")
                continue
            child.wanted = order == "start"
            child.forget_accidents()
            if not child.wanted:
                child.ask_to_end()

    def _end_all(self) -> None:
        """End the portal first and then the servers that it uses."""
        children = list(self._children.values())
        portal = [child for child in children if child.process in PORTAL]
        servers = [child for child in children if child.process not in PORTAL]
        for group in (portal, servers):
            for child in group:
                child.wanted = False
                child.ask_to_end()
            deadline = time.monotonic() + _STOP_SECONDS
            while any(child.runs for child in group) and time.monotonic() < deadline:
                self._pass_output_on(0.05)
                self._notice_deaths()
            for child in group:
                child.kill()
        self._state_file.unlink(missing_ok=True)

    def _write_state(self) -> None:
        pids = {n: c.popen.pid for n, c in self._children.items() if c.popen is not None}
        unfinished = self._state_file.with_suffix(".part")
        unfinished.write_text(json.dumps(pids))
        unfinished.rename(self._state_file)
