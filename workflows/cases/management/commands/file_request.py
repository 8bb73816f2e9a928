"""`manage.py file_request`: files a request that came by letter or from another program."""

import json
import secrets
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from workflows.cases.attachments import Upload
from workflows.cases.clocks import answer_kind
from workflows.cases.errors import AttemptReused, InvalidFiling
from workflows.cases.filing import FilingResult, file_request
from workflows.cases.filing_request import request_from_content
from workflows.vocabulary.people import Channel


class Command(BaseCommand):
    help = (
        "File the request in a JSON file and print case number, receipt and due date. "
        "Fields: items, residence, language, subject_name, and optionally identifiers, "
        "requester_role, requester_name, authority, kinship, own_interest, arrangement, email, "
        "phone, service. "
        "Ends with 1 and one line for each field that is not right."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.json")
        parser.add_argument(
            "--attach", action="append", default=[], type=Path, metavar="F", help="may be repeated"
        )
        parser.add_argument(
            "--received",
            metavar="INSTANT",
            help="when it reached you, such as 2026-01-31T10:00+01:00; now by default",
        )
        parser.add_argument(
            "--attempt",
            metavar="KEY",
            help="a name for this filing: the same again gives the same case and receipt",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        with translation.override("en"):
            filed = self._file(options)
        case = filed.case
        lead = case.lead_regime
        self.stdout.write(f"case {case.number}")
        self.stdout.write(f"receipt {filed.receipt}")
        provisional = " (provisional)" if case.due_provisional else ""
        self.stdout.write(f"due {case.due_on or 'no day set by law'}{provisional}")
        rule = lead.clock(answer_kind(case, lead)).text.in_language(case.language)
        self.stdout.write(f"rule {case.regime}: {rule}")
        if filed.repeated:
            self.stderr.write("This attempt had filed the request already; nothing was added.")

    def _file(self, options: dict[str, Any]) -> FilingResult:
        try:
            return file_request(
                request_from_content(_read_json(options["file"])),
                attempt=options["attempt"] or secrets.token_hex(16),
                channel=Channel.STAFF,
                uploads=tuple(Upload(path.name, _read(path)) for path in options["attach"]),
                at=_instant(options["received"]) if options["received"] else None,
            )
        except InvalidFiling as error:
            lines = (f"{name}: {text}" for name, texts in error.errors.items() for text in texts)
            raise CommandError("\n".join(lines)) from error
        except AttemptReused as error:
            raise CommandError(str(error)) from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"Cannot read {path}: {error.strerror}.") from error


def _read_json(path: Path) -> object:
    try:
        return json.loads(_read(path))
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{path} is not JSON: {error}") from error


def _instant(text: str) -> datetime:
    """Read when the request arrived; raises CommandError for a time that cannot be."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"--received: {error}") from error
    if timezone.is_naive(instant):
        raise CommandError(f"--received: say the time zone as well, such as {text}+08:00")
    if instant > timezone.now():
        raise CommandError("--received: this time has not come yet")
    return instant
