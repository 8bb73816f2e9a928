"""Handing a mail to the mail server, and what its refusals mean.

The connection stays open over the mails of a process. Before it is used again the server is asked
whether it is still there, for a mail that breaks off half-way cannot be told from one that was
taken; after a failure, and after a hundred mails, a new one is opened.
"""

import re
import threading
from contextlib import suppress
from smtplib import SMTPException, SMTPRecipientsRefused
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

# No such mailbox, not here, no such name. What else begins with 5 may be about the sender, the
# server or a limit, and is mended by somebody.
_NO_SUCH_ADDRESS = {550, 551, 553}
# An enhanced status (RFC 3463) that says "not for you" rather than "nobody is there".
_POLICY = re.compile(rb"\s*5\.7\.\d")

_OK = 250
_MAILS_A_CONNECTION = 100
_SETTINGS = (
    "EMAIL_BACKEND",
    "EMAIL_HOST",
    "EMAIL_PORT",
    "EMAIL_HOST_USER",
    "EMAIL_HOST_PASSWORD",
    "EMAIL_USE_TLS",
)


class AddressRefused(Exception):
    """The mail server says for good that nobody has this address; holds its code, no address."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__()


def send(mail: EmailMessage) -> None:
    """Hand a mail to the mail server.

    Raises `AddressRefused` when trying again is useless, and whatever else went wrong as it is.
    """
    mail.connection = _open.connection()
    try:
        mail.send()
    except SMTPRecipientsRefused as error:
        _open.close()
        code = _final_code(error)
        if code is None:
            raise
        raise AddressRefused(code) from None
    except Exception:
        _open.close()
        raise


class _OpenConnection(threading.local):
    """The connection of a thread to the mail server, with the settings it was made by."""

    _backend: Any = None
    _made_by: tuple[object, ...] = ()
    _mails = 0

    def connection(self) -> Any:
        """Return an open connection for one more mail. Raises what opening one raises."""
        made_by = tuple(getattr(settings, name) for name in _SETTINGS)
        fits = self._made_by == made_by and self._mails < _MAILS_A_CONNECTION
        if self._backend is None or not fits or not _answers(self._backend):
            self.close()
            self._backend, self._made_by, self._mails = get_connection(), made_by, 0
            self._backend.open()
        self._mails += 1
        return self._backend

    def close(self) -> None:
        """Part with the mail server; the next mail opens another connection."""
        backend, self._backend = self._backend, None
        if backend is not None:
            with suppress(SMTPException, OSError):
                backend.close()


_open = _OpenConnection()


def _answers(backend: Any) -> bool:
    """Ask a server over SMTP whether it is there; others need no connection."""
    smtp = getattr(backend, "connection", None)
    if smtp is None:
        return True
    try:
        return bool(smtp.noop()[0] == _OK)
    except (SMTPException, OSError):
        return False


def _final_code(error: SMTPRecipientsRefused) -> int | None:
    """Return the code with which all recipients were refused for good, else None."""
    answers: list[tuple[int, bytes | str]] = list(error.recipients.values())
    for code, text in answers:
        told = text if isinstance(text, bytes) else text.encode()
        if code not in _NO_SUCH_ADDRESS or _POLICY.match(told):
            return None
    return answers[0][0] if answers else None
