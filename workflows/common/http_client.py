"""One POST to an address from the settings: no redirect, no proxy, little time, little memory."""

import http.client
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

SECONDS = 10
LONGEST_ANSWER = 64 * 1024


class AddressError(ValueError):
    """An address is not one that may be asked."""


class NoAnswerError(Exception):
    """Nobody answered, or not in HTTP, or with too much."""


@dataclass(frozen=True)
class Answer:
    """An answer: its status, and its body of at most `LONGEST_ANSWER` bytes."""

    status: int
    body: bytes


def check_address(url: str) -> str:
    """Return an address that may be asked: HTTPS, or plain HTTP on this machine.

    Raises AddressError.
    """
    parts = urlsplit(url)
    if not parts.hostname or parts.username or parts.query or parts.fragment:
        raise AddressError(f"{url} is not a plain address of a server.")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_local(parts.hostname)):
        raise AddressError(f"{url} must begin with https://.")
    return url


def post(url: str, body: bytes, content_type: str) -> Answer:
    """Send a body to an address that the settings name, and return the answer as it is.

    A redirect is an answer like any other: only what the settings name is ever asked. Raises
    NoAnswerError, or AddressError before anything is sent.
    """
    parts = urlsplit(check_address(url))
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        connection.request("POST", parts.path or "/", body, {"Content-Type": content_type})
        response = connection.getresponse()
        answer = response.read(LONGEST_ANSWER + 1)
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswerError(f"No answer: {type(error).__name__}.") from error
    finally:
        connection.close()
    if len(answer) > LONGEST_ANSWER:
        raise NoAnswerError("The answer is too long.")
    return Answer(response.status, answer)


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
