"""Clients that hold connections open: they send hardly anything, or nothing at all."""

import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

# A form whose view reads the body, because it must find the token that belongs to the cookie.
UPLOAD = (
    b"POST /en/request/ HTTP/1.1\r\nHost: localhost\r\nCookie: csrf=abcdefghijklmnopqrstuvwxyz012345"
    b"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000000\r\n\r\na=1"
)
HEADER = b"GET /en/ HTTP/1.1\r\nHost: localhost\r\n"
NOTHING = b""
_PAUSE = 0.5


class SlowClients:
    """Connections of one kind, and what became of them."""

    def __init__(self, port: int, number: int, begin: bytes, drip: bytes) -> None:
        self.open = number
        # What the server said, and after how many seconds.
        self.ended: list[tuple[bytes, float]] = []
        self._drip = drip
        self._began = time.monotonic()
        self._selector = selectors.DefaultSelector()
        for _ in range(number):
            connection = socket.create_connection(("127.0.0.1", port), 10)
            connection.sendall(begin)
            self._selector.register(connection, selectors.EVENT_READ)

    def go_on(self) -> None:
        """Send the next drop on each connection, and close those that the server has answered."""
        for key, _ in self._selector.select(0):
            try:
                said = key.fileobj.recv(1000)
            except OSError:
                said = b""
            self._end(key.fileobj, said)
        for key in list(self._selector.get_map().values()):
            try:
                key.fileobj.sendall(self._drip)
            except OSError:
                self._end(key.fileobj, b"")

    def close(self) -> None:
        """Close what is open still."""
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()
        self._selector.close()

    def _end(self, connection: socket.socket, said: bytes) -> None:
        self.ended.append((said, time.monotonic() - self._began))
        self.open -= 1
        self._selector.unregister(connection)
        connection.close()


@contextmanager
def slow_clients(port: int, number: int, begin: bytes, drip: bytes) -> Iterator[SlowClients]:
    """Open so many connections, send `begin`, then `drip` each half second, until the end."""
    clients = SlowClients(port, number, begin, drip)
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(_PAUSE):
            clients.go_on()

    dripping = threading.Thread(target=go_on)
    dripping.start()
    try:
        yield clients
    finally:
        over.set()
        dripping.join()
        clients.close()
