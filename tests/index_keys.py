"""Changes the index key as whoever runs the portal does: in the settings, then by the command."""

import base64
import io
from typing import Any

from django.core.management import call_command

FORMER = base64.b64encode(b"3" * 32).decode()
CURRENT = base64.b64encode(b"9" * 32).decode()
MOMENTS = ("before the command", "after the command")


def use_former(settings: Any) -> None:
    """Let the portal have but one index key, which is changed later."""
    settings.INDEX_KEY, settings.INDEX_OLD_KEYS = FORMER, []


def change_key(settings: Any) -> None:
    """Put another key into the settings, and keep the former one among the old ones."""
    settings.INDEX_KEY, settings.INDEX_OLD_KEYS = CURRENT, [FORMER]


def rotate(**options: Any) -> list[str]:
    """Run the command; return the lines that it has written."""
    out = io.StringIO()
    call_command("rotate_index_key", stdout=out, **options)
    return out.getvalue().splitlines()


def change_until(settings: Any, moment: str) -> None:
    """Change the key, and run the command where the moment is after it."""
    change_key(settings)
    if moment == MOMENTS[1]:
        rotate()


def drop_former(settings: Any) -> None:
    """Take the former key out of the settings."""
    settings.INDEX_OLD_KEYS = []
