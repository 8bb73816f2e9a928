"""`manage.py export_bundle`: writes the regulator's export, or that of the whole log."""

import os
import sys
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from workflows.accounts.actors import SYSTEM
from workflows.cases.access import normalise_number
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.common.errors import DomainError, InvalidInput
from workflows.exports.bundle import BundleResult, export_bundle
from workflows.exports.encryption import checked_recipient
from workflows.exports.files import Format, open_private
from workflows.exports.tables import BundleRequest
from workflows.oversight.checkpoints import normalise_note
from workflows.oversight.filters import BundleFilters
from workflows.regimes.services import all_regimes


class Command(BaseCommand):
    help = (
        "Write the export of one regime, with the proofs of every step, or of the whole log. "
        "The export is itself a step in the log. Progress goes to standard error. Ends with 1 and "
        "one line when it is refused: a file in the way, an unknown case, a checkpoint that the "
        "log does not continue, a key that is none."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        scope = parser.add_mutually_exclusive_group(required=True)
        scope.add_argument("--regime", choices=[regime.code for regime in all_regimes()])
        scope.add_argument(
            "--full-log",
            action="store_true",
            help="all regimes with every entry and hash of the log, without personal contents",
        )
        parser.add_argument("--out", type=Path, required=True, metavar="FILE")
        parser.add_argument("--force", action="store_true", help="overwrite the file")
        parser.add_argument("--since", type=date.fromisoformat, metavar="DAY")
        parser.add_argument("--until", type=date.fromisoformat, metavar="DAY")
        parser.add_argument("--case", default="", metavar="NUMBER")
        parser.add_argument(
            "--register",
            action="store_true",
            help="with --case: the receipts of all other requests, to prove that none is missing",
        )
        parser.add_argument(
            "--state", action="append", default=[], choices=list(State), help="may be repeated"
        )
        parser.add_argument(
            "--previous",
            type=Path,
            metavar="CHECKPOINT",
            help="file with the last checkpoint that the regulator kept",
        )
        parser.add_argument(
            "--identity-documents",
            default="",
            metavar="REASON",
            help="include them; the reason goes into the log and names no person",
        )
        parser.add_argument(
            "--bom", action="store_true", help="begin the CSV files with a byte order mark"
        )
        parser.add_argument("--xlsx", action="store_true", help="add a spreadsheet")
        parser.add_argument("--pdf", action="store_true", help="add a summary with charts")
        parser.add_argument(
            "--age",
            default="",
            metavar="RECIPIENT",
            help="encrypt the file to this public key (age1…); only its owner can open it",
        )
        parser.add_argument(
            "--language", default="en", choices=[code for code, _name in settings.LANGUAGES]
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        out: Path = options["out"]
        if out.exists() and not options["force"]:
            raise CommandError(f"{out} exists; --force overwrites it.")
        previous = [_read_note(options["previous"])] if options["previous"] else []
        with translation.override("en"):
            try:
                recipient = checked_recipient(options["age"])
                result = self._export(_request(options), out, previous, recipient)
            except DomainError as error:
                raise CommandError(str(error)) from error
            except OSError as error:
                raise CommandError(f"Cannot write {out}: {error.strerror}.") from error
        for name in ("bundle", "cases", "size", "sha256", "log_size"):
            self.stdout.write(f"{name} {getattr(result, name)}")

    def _export(
        self, request: BundleRequest, out: Path, previous: list[str], recipient: str
    ) -> BundleResult:
        part = out.with_name(f"{out.name}.part")
        try:
            with open_private(part) as target:
                result = export_bundle(
                    request,
                    target,
                    previous=previous,
                    recipient=recipient,
                    progress=self._show_progress,
                )
                target.flush()
                os.fsync(target.fileno())
            part.rename(out)
        finally:
            part.unlink(missing_ok=True)
        return result

    def _show_progress(self, done: int, total: int) -> None:
        end = "\r" if sys.stderr.isatty() and done < total else "\n"
        self.stderr.write(f"{done} of {total}", ending=end)


def _request(options: dict[str, Any]) -> BundleRequest:
    regime = options["regime"] or ""
    number = normalise_number(options["case"]) if options["case"] else ""
    filters = BundleFilters(
        since=options["since"],
        until=options["until"],
        states=tuple(options["state"]),
        case=number,
        identity_reason=options["identity_documents"],
        register=options["register"],
    )
    formats = frozenset(each for each in Format if options[each])
    request = BundleRequest(regime, filters, SYSTEM, options["language"], formats)
    cases = Case.objects.filter(number=number)
    if regime:
        cases = cases.filter(regimes__contains=[regime])
    if number and not cases.exists():
        raise InvalidInput(f"There is no case {number} under {regime or 'any regime'}.")
    return request


def _read_note(path: Path) -> str:
    try:
        return normalise_note(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"Cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not a checkpoint: it is not text.") from error
