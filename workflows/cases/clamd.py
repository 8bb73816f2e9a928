"""Asking clamd, the daemon of ClamAV, whether it knows some bytes for malware.

Its protocol is four lines long: `zINSTREAM`, each piece with its length before it, a piece of no
length, and the answer. The client on PyPI has not been kept for ten years.
"""

import socket
from collections.abc import Iterable

CONNECT_SECONDS = 5
# Of one piece, and of the answer: the scan itself is made when all pieces are there.
ANSWER_SECONDS = 60
LONGEST_ANSWER = 4096


class ScannerUnreachable(Exception):
    """Nobody answers at the address, or breaks off: the same bytes can be asked about later."""


class ScanFailed(Exception):
    """The scanner does not judge these bytes, for instance because they are more than it takes."""


def scan(address: str, pieces: Iterable[bytes]) -> str:
    """Return the name of the malware that clamd finds in a stream, or an empty text for none.

    `address` is the path of a socket or `host:port`. Raises `ScannerUnreachable` or `ScanFailed`.
    """
    try:
        with _connected(address) as connection:
            answer = _ask(connection, pieces)
    except OSError as error:
        raise ScannerUnreachable(f"clamd cannot be reached: {type(error).__name__}.") from error
    said = answer.rstrip(b"\0\n").decode("utf-8", "replace").removeprefix("stream: ")
    if said == "OK":
        return ""
    if said.endswith(" FOUND"):
        return said.removesuffix(" FOUND")
    if not said:
        raise ScannerUnreachable("clamd broke off.")
    raise ScanFailed(f"clamd does not judge the file: {said}")


def split_address(address: str) -> tuple[str, int] | None:
    """Return host and port of an address, or None for the path of a socket. Raises ValueError."""
    if address.startswith("/"):
        return None
    host, colon, port = address.rpartition(":")
    if not host or not colon or not port.isdigit():
        raise ValueError("The address of clamd is the path of its socket, or host:port.")
    return host.strip("[]"), int(port)


def _connected(address: str) -> socket.socket:
    place = split_address(address)
    if place is not None:
        connection = socket.create_connection(place, timeout=CONNECT_SECONDS)
    else:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(CONNECT_SECONDS)
            connection.connect(address)
        except OSError:
            connection.close()
            raise
    connection.settimeout(ANSWER_SECONDS)
    return connection


def _ask(connection: socket.socket, pieces: Iterable[bytes]) -> bytes:
    try:
        connection.sendall(b"zINSTREAM\0")
        for piece in pieces:
            if piece:  # one of no length would be the end
                connection.sendall(len(piece).to_bytes(4) + piece)
        connection.sendall(bytes(4))
    except (BrokenPipeError, ConnectionResetError):
        pass  # it may have said why before it closed
    answer = b""
    while len(answer) < LONGEST_ANSWER and (more := connection.recv(LONGEST_ANSWER)):
        answer += more
        if answer.endswith(b"\0"):
            break
    return answer
