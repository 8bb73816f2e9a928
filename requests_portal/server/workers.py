"""Granian's worker processes, on a socket that stays ours, and exchanged without a gap."""

import functools
import multiprocessing
import socket
import time
from collections.abc import Callable
from multiprocessing.synchronize import Event
from typing import Any

from granian._granian import SocketHolder
from granian.server.common import Interfaces, logger
from granian.server.mp import MPServer, WorkerProcess

# A worker that does not answer so long after its start will not answer at all.
START_SECONDS = 120
_LOOK_SECONDS = 0.1
_NOTED_SECONDS = 1

Loader = Callable[[], Any]


def load_and_tell(load: Loader, ready: Event) -> Any:
    """Load the application, in the worker, and tell that it is about to answer."""
    application = load()
    ready.set()
    return application


class Server(MPServer):
    """Serves the ASGI application `target` on a socket that listens already.

    Granian lets each worker bind the port for itself (SO_REUSEPORT): another program of the same
    user could then take requests from us, and requests that wait for a worker which ends are lost.
    Here all of them accept from one socket, which outlives each of them. At SIGHUP a worker ends
    when the new one in its place answers, and stays when that does not come up.
    """

    def __init__(self, listener: socket.socket, target: str, **options: Any) -> None:
        """Take the socket; `options` are Granian's."""
        # For all connections that come by it: the end of an answer shall not wait until the client
        # has confirmed the beginning, which takes 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        address, port = listener.getsockname()[:2]
        super().__init__(target, address, port, interface=Interfaces.ASGINL, **options)
        self._listener = listener
        self._ready: dict[int, Event] = {}

    def _init_shared_socket(self) -> None:
        self._ssp = None
        self._sso = self._listener
        self._shd = SocketHolder(  # type: ignore[call-arg]
            self._listener.fileno(), False, self.backlog
        )

    def _spawn_worker(self, idx: int, target: Any, callback_loader: Loader) -> WorkerProcess:
        self._ready[idx] = multiprocessing.Event()
        loader = functools.partial(load_and_tell, callback_loader, self._ready[idx])
        return super()._spawn_worker(idx, target, loader)

    def _respawn_workers(
        self, workers: list[int], spawn_target: Any, target_loader: Loader, delay: float = 0
    ) -> None:
        for idx in workers:
            self.respawned_wrks[idx] = time.monotonic()
            old = self.wrks[idx]
            new = self._spawn_worker(idx, spawn_target, target_loader)
            # While there is an old one, the death of the new one is no reason to start another.
            new.interrupt_by_parent = old.is_alive()
            new.start()
            if old.is_alive() and not self._answers(idx, new):
                logger.error(f"New worker-{idx + 1} does not come up; the old one stays")
                self._end(new)
                continue
            new.interrupt_by_parent = False
            self.wrks[idx] = new
            self._end(old)
        self._metrics.incr_spawn(len(workers))

    def _answers(self, idx: int, worker: WorkerProcess) -> bool:
        """Wait until a worker answers; False when it ends before that, or we are told to end."""
        deadline = time.monotonic() + START_SECONDS
        while worker.is_alive() and not self.interrupt_signal and time.monotonic() < deadline:
            if self._ready[idx].wait(_LOOK_SECONDS):
                return True
        return False

    def _end(self, worker: WorkerProcess) -> None:
        """Let a worker finish what it has begun, and end it when that takes too long."""
        worker.terminate()
        worker.join(self.workers_kill_timeout)
        # Another thread of Granian waits for it, too, and may have to note its end first.
        noted = time.monotonic() + _NOTED_SECONDS
        while worker.is_alive() and time.monotonic() < noted:
            time.sleep(_LOOK_SECONDS / 10)
        if worker.is_alive():
            logger.warning(f"Killing worker-{worker.idx + 1}, which does not finish")
            worker.kill()
            worker.join()
