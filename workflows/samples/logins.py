"""Writes who can log in with what, as a table that a person reads and only the owner can."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from workflows.mail import links
from workflows.samples.staff import Login
from workflows.vocabulary.roles import Role

FILE_NAME = "sample-logins.txt"


@dataclass(frozen=True, slots=True)
class Requester:
    """A sample case that its requester can open."""

    number: str
    receipt: str
    state: str
    language: str


def logins_file() -> Path:
    """Return where the log-ins are written."""
    return Path(settings.DATA_DIR) / FILE_NAME


def write_logins(logins: Sequence[Login], requesters: Sequence[Requester]) -> None:
    """Write the table anew, with mode 0600, in one step."""
    path = logins_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{FILE_NAME}.{os.getpid()}.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(logins_text(logins, requesters))
    fresh.replace(path)


def logins_text(logins: Sequence[Login], requesters: Sequence[Requester]) -> str:
    """Return the two tables: accounts, and cases for the status page."""
    accounts = [
        ("role", "user name", "pass phrase", "where to log in"),
        *((login.role, login.username, login.passphrase, _area(login.role)) for login in logins),
    ]
    cases = [
        ("state", "case number", "receipt", "where to look"),
        *((r.state, r.number, r.receipt, links.status_link(r.language)) for r in requesters),
    ]
    return "\n".join([*_table(accounts), "", *_table(cases), ""])


def _area(role: str) -> str:
    if role == Role.REGULATOR:
        return links.public_link("en", "regulators/")
    return f"{settings.PUBLIC_BASE_URL}/staff/"


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
