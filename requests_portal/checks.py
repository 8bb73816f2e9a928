"""Checks for deployment: what an operator may have left open on a server. Loaded by the app."""

import ipaddress
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register

from workflows.cases.clamd import split_address

# Longer than a working day is for nobody; longer than a meeting, nobody is there.
LONGEST_SESSION = 24 * 3600
LONGEST_IDLE = 2 * 3600


@register(Tags.security, deploy=True)
def check_sign_in(**_: Any) -> list[CheckMessage]:
    """Name accounts without a second factor, and sign-ins that last too long."""
    found: list[CheckMessage] = []
    if not settings.MFA_REQUIRED:
        found.append(
            checks.Warning(
                "MFA_REQUIRED is off: a password alone opens every case.",
                hint="Leave it unset; with an https:// address it is on.",
                id="portal.W001",
            )
        )
    if settings.SESSION_COOKIE_AGE > LONGEST_SESSION or settings.SESSION_IDLE_AGE > LONGEST_IDLE:
        found.append(
            checks.Warning(
                "A sign-in of staff lasts longer than a day (SESSION_AGE), or longer than two hours"
                " without a page (SESSION_IDLE_AGE).",
                hint="Set SESSION_AGE to 86400 at most and SESSION_IDLE_AGE to 7200 at most.",
                id="portal.W003",
            )
        )
    return found


@register(Tags.security, deploy=True)
def check_mail(**_: Any) -> list[CheckMessage]:
    """Name mail that goes to another machine in the clear."""
    by_smtp = settings.EMAIL_BACKEND.endswith("smtp.EmailBackend")
    safe = settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL or _is_here(settings.EMAIL_HOST)
    if not by_smtp or safe:
        return []
    return [
        checks.Warning(
            "Mail goes to EMAIL_HOST without TLS: addresses, links that confirm and the password of"
            " the mail server can be read on the way.",
            hint="Set EMAIL_USE_TLS=yes, or hand mail to a server on this machine.",
            id="portal.W002",
        )
    ]


@register(Tags.security, deploy=True)
def check_broker(**_: Any) -> list[CheckMessage]:
    """Name a broker on another machine that anybody can write to or listen in on."""
    address = urlsplit(settings.CELERY_BROKER_URL)
    if address.scheme not in {"redis", "rediss"} or _is_here(address.hostname or "localhost"):
        return []
    found: list[CheckMessage] = []
    if not address.password and not _has_certificate(address):
        found.append(
            checks.Warning(
                "The broker of REDIS_URL asks for no password: who reaches it can have workers run"
                " any task, or take them away.",
                hint="Give it one (requirepass) and set REDIS_URL=rediss://:password@host:6379/0.",
                id="portal.W004",
            )
        )
    if address.scheme == "redis" and not _is_near(address.hostname or ""):
        found.append(
            checks.Warning(
                "The broker of REDIS_URL is reached in the clear through a network that others may"
                " listen to; its password can be read there.",
                hint="Use rediss://, or a broker on this machine or in its private network.",
                id="portal.W005",
            )
        )
    return found


@register(Tags.security, deploy=True)
def check_files(**_: Any) -> list[CheckMessage]:
    """Name files of which nobody has said that they lie on an encrypted disk.

    It cannot be seen from here. What people send is sealed by the portal itself, but an export is
    written in the clear before it is packed.
    """
    if settings.MEDIA_ENCRYPTED:
        return []
    return [
        checks.Warning(
            "Nobody has said that MEDIA_ROOT lies on an encrypted disk; exports"
            " lie there in the clear.",
            hint="Put it on an encrypted disk, then set MEDIA_ENCRYPTED=yes.",
            id="portal.W006",
        )
    ]


@register(Tags.security, deploy=True)
def check_malware(**_: Any) -> list[CheckMessage]:
    """Name files of strangers that nobody scans, or that travel in the clear to be scanned."""
    if not settings.CLAMD_ADDRESS:
        return [
            checks.Warning(
                "Files of strangers are handed to staff without a malware scan.",
                hint="Run clamd (ClamAV) and name its socket or host:port in CLAMD_ADDRESS.",
                id="portal.W007",
            )
        ]
    try:
        place = split_address(settings.CLAMD_ADDRESS)
    except ValueError as error:
        return [checks.Error(str(error), id="portal.E001")]
    if place is None or _is_near(place[0]) or _is_here(place[0]):
        return []
    return [
        checks.Warning(
            "Files of strangers travel in the clear to the malware scanner of CLAMD_ADDRESS.",
            hint="Run clamd on this machine or in its private network: it knows no TLS.",
            id="portal.W008",
        )
    ]


def _is_here(host: str) -> bool:
    address = _ip(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _is_near(host: str) -> bool:
    """Whether a host is of a private network: by its address, or by a name without a domain."""
    address = _ip(host)
    if address is None:
        return "." not in host
    # Not `is_private`, which also holds for addresses of documentation.
    return address.is_loopback or any(
        address.version == network.version and address in network for network in _PRIVATE
    )


_PRIVATE = [
    ipaddress.ip_network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10")
]


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _has_certificate(address: SplitResult) -> bool:
    return address.scheme == "rediss" and "ssl_certfile" in parse_qs(address.query)
