"""A typed text is there, short enough, and can be stored."""

from django.utils.translation import gettext as _

from workflows.common.errors import InvalidInput

MAX_BODY = 10_000


def is_storable_text(text: str) -> bool:
    """Return whether the database and UTF-8 know every symbol: no NUL, no half of a pair."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def require_text(text: str) -> str:
    """Return a text without outer space.

    Raises `InvalidInput` when it is empty, too long, or cannot be stored.
    """
    text = text.strip()
    if not text:
        raise InvalidInput(_("Write a text first."))
    if not is_storable_text(text):
        raise InvalidInput(_("The text holds a symbol that cannot be stored. Remove it."))
    if len(text) > MAX_BODY:
        raise InvalidInput(_("Write at most %(count)s characters.") % {"count": MAX_BODY})
    return text
