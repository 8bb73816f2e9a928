"""Check for deployment: the log of a portal on the internet has a name of its own."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security, deploy=True)
def check_origin(**_: Any) -> list[CheckMessage]:
    """Refuse a name below `localhost`, as the default is: two logs could not be told apart."""
    host = settings.LEDGER_ORIGIN.partition("/")[0]
    if not settings.PUBLIC_BASE_URL.startswith("https://") or host.split(".")[-1] != "localhost":
        return []
    return [
        Error(
            f"LEDGER_ORIGIN is {settings.LEDGER_ORIGIN}, a name that any other log may have too.",
            hint="Before the log begins, name it below a host name of yours, such as"
            " portal.example.org/log. A log that has begun keeps its name.",
            id="ledger.E001",
        )
    ]
