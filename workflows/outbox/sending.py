"""Handing a mail to the mail server, and what its refusals mean."""

import re
from smtplib import SMTPRecipientsRefused

from django.core.mail import EmailMessage

# No such mailbox, not here, no such name. What else begins with 5 may be about the sender, the
# server or a limit, and is mended by somebody.
_NO_SUCH_ADDRESS = {550, 551, 553}
# An enhanced status (RFC 3463) that says "not for you" rather than "nobody is there".
_POLICY = re.compile(rb"\s*5\.7\.\d")


class AddressRefused(Exception):
    """The mail server says for good that nobody has this address; holds its code, no address."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__()


def send(mail: EmailMessage) -> None:
    """Hand a mail to the mail server.

    Raises `AddressRefused` when trying again is useless, and whatever else went wrong as it is.
    """
    try:
        mail.send()
    except SMTPRecipientsRefused as error:
        code = _final_code(error)
        if code is None:
            raise
        raise AddressRefused(code) from None


def _final_code(error: SMTPRecipientsRefused) -> int | None:
    """Return the code with which all recipients were refused for good, else None."""
    answers: list[tuple[int, bytes | str]] = list(error.recipients.values())
    for code, text in answers:
        told = text if isinstance(text, bytes) else text.encode()
        if code not in _NO_SUCH_ADDRESS or _POLICY.match(told):
            return None
    return answers[0][0] if answers else None
