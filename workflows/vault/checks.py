"""System checks: the site does not start with keys that are missing or too short."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from workflows.vault.keys import key_from_base64


@register(Tags.security)
def check_keys(**_: Any) -> list[CheckMessage]:
    """Require base64 of 32 bytes in `VAULT_KEY`, `INDEX_KEY` and each of the older keys."""
    found: list[CheckMessage] = []
    for name, text in _keys():
        try:
            key_from_base64(text)
        except ValueError as error:
            found.append(
                Error(
                    f"{name} must be base64 of 32 random bytes. {error}",
                    hint="Make one with: openssl rand -base64 32",
                    id="vault.E001",
                )
            )
    if settings.VAULT_KEY and settings.VAULT_KEY == settings.INDEX_KEY:
        found.append(Error("VAULT_KEY and INDEX_KEY must differ.", id="vault.E002"))
    if settings.INDEX_KEY in settings.INDEX_OLD_KEYS:
        found.append(Error("INDEX_KEY must not be in INDEX_OLD_KEYS as well.", id="vault.E005"))
    return found


def _keys() -> Iterator[tuple[str, str]]:
    yield "VAULT_KEY", settings.VAULT_KEY
    yield "INDEX_KEY", settings.INDEX_KEY
    for number, text in enumerate(getattr(settings, "VAULT_OLD_KEYS", ()), start=1):
        yield f"VAULT_OLD_KEYS[{number}]", text
    for number, text in enumerate(settings.INDEX_OLD_KEYS, start=1):
        yield f"INDEX_OLD_KEYS[{number}]", text
