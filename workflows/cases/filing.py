"""Filing a request: one service for the web form, the API, the commands and the staff.

A filing is prepared without a look at the database and written in one statement, which refuses it
where the rules have changed meanwhile: then it is prepared anew. ADR 34 says why.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from workflows.cases.access import derive_receipt
from workflows.cases.admission import Calm
from workflows.cases.applicable_law import laws_of_place
from workflows.cases.attachments import Upload, add_attachments, check_uploads
from workflows.cases.errors import AttemptReused, InvalidFiling
from workflows.cases.filing_request import FilingRequest, check_filing
from workflows.cases.filing_writer import (
    EarlierCase,
    IntakeIsBusy,
    RulesChanged,
    find_earlier,
    write_filing,
)
from workflows.cases.models import Case, IdempotencyKey
from workflows.cases.models.case import keep_unread, keep_versions, kept_version
from workflows.cases.prepared_filing import (
    EFFECTS,
    EMAIL_INDEX,
    Attempt,
    new_case,
    prepare_filing,
    received_facts,
)
from workflows.ledger.canonical import canonical_json
from workflows.regimes.stored_rules import StoredRules, forget_rules, known_rules, stored_rules
from workflows.vault.blind_index import IndexKey, index_keys
from workflows.vocabulary.people import Channel

__all__ = [
    "EFFECTS",
    "EMAIL_INDEX",
    "FilingResult",
    "file_request",
    "filed_by",
    "received_facts",
]

# Rules change a few times a year; each try reads those that hold then.
_MOST_TRIES = 5


@dataclass(frozen=True, slots=True)
class FilingResult:
    """What filing gives back: the case and the receipt, which is shown once and kept nowhere."""

    case: Case
    receipt: str
    repeated: bool = False


def file_request(
    request: FilingRequest,
    *,
    attempt: str,
    channel: Channel = Channel.WEB,
    uploads: tuple[Upload, ...] = (),
    at: datetime | None = None,
    admit: Callable[[], None] | None = None,
    calm: Calm | None = None,
) -> FilingResult:
    """File a request and return its case with the receipt.

    `attempt` names this attempt to file (a draft's secret, an `Idempotency-Key`): the same attempt
    with the same content gives the same case and receipt again. `at` back-dates the receipt by
    law, for a request that reached the provider by letter. `admit` may refuse by raising; it is
    not asked where the attempt has filed before, nor while the intake is `calm`.

    One transaction writes case, people, identifiers, items, files, clocks, the event
    `case.received` once for each regime, and the effects. Raises `InvalidFiling`, or
    `AttemptReused` when the same attempt comes back with another content.
    """
    errors = check_filing(request)
    errors.update(check_uploads(uploads))
    if errors:
        raise InvalidFiling(errors)
    content = request.as_content()
    attempts = [_attempt_under(key, attempt, channel, content) for key in index_keys()]
    filing = _Filing(request, channel, at or timezone.now(), attempts)
    for _try in range(_MOST_TRIES):
        try:
            if uploads or (admit is not None and calm is None):
                return filing.with_admission(admit, uploads)
            try:
                return filing.at_once(calm)
            except IntakeIsBusy:
                return filing.with_admission(admit, uploads)
        except RulesChanged:
            forget_rules()
            kept_version.cache_clear()
    raise RulesChanged


@dataclass(frozen=True, slots=True)
class _Filing:
    """One call of `file_request`; `attempts` is the attempt under each index key."""

    request: FilingRequest
    channel: Channel
    at: datetime
    attempts: list[Attempt]

    def at_once(self, calm: Calm | None) -> FilingResult:
        """File in one statement. Raises `IntakeIsBusy`, `RulesChanged` and `AttemptReused`."""
        rules = known_rules()
        keep_unread(laws_of_place(rules, self.request.residence, self.at).versions)
        case = new_case(self.request, self.channel, self.at, rules)
        return self._write(case, rules, calm=calm)

    def with_admission(
        self, admit: Callable[[], None] | None, uploads: tuple[Upload, ...]
    ) -> FilingResult:
        """File with what has to be looked at or stored before. Raises `RulesChanged` and others."""
        with transaction.atomic():
            earlier = find_earlier(self.attempts)
            if earlier is not None:
                return self._repeated(earlier)
            if admit is not None:
                admit()
            # A file that is stored on the disk stays there if the rules turn out to be old: here
            # they are asked for.
            rules = stored_rules()
            keep_versions(laws_of_place(rules, self.request.residence, self.at).regimes)
            case = new_case(self.request, self.channel, self.at, rules)
            # Their rows refer to the case, for which PostgreSQL looks at the commit.
            files = add_attachments(case, uploads, from_person=True, at=case.filed_at)
            return self._write(case, rules, files)

    def _write(
        self,
        case: Case,
        rules: StoredRules,
        files: list[dict[str, Any]] | None = None,
        calm: Calm | None = None,
    ) -> FilingResult:
        current = self.attempts[0]
        filing = prepare_filing(case, self.request, current, rules, files or [])
        earlier = write_filing(filing, self.attempts, calm)
        if earlier is not None:
            return self._repeated(earlier)
        return FilingResult(case, current.receipt)

    def _repeated(self, earlier: EarlierCase) -> FilingResult:
        attempt = next(each for each in self.attempts if each.digest == earlier.attempt)
        if attempt.body != earlier.body:
            raise AttemptReused
        case = Case.objects.select_related("data_key").get(pk=earlier.case)
        return FilingResult(case, attempt.receipt, repeated=True)


def filed_by(attempt: str, *, channel: Channel = Channel.WEB) -> FilingResult | None:
    """Return what an attempt to file has made, with its receipt, without filing anything.

    None where it made nothing, or where its case was erased.
    """
    keys = {_attempt_digest(key, attempt, channel): key for key in index_keys()}
    earlier = _kept_of(list(keys))
    if earlier is None:
        return None
    digest, body = bytes(earlier.digest), bytes(earlier.body_digest)
    return FilingResult(earlier.case, derive_receipt(digest + body, keys[digest]), repeated=True)


def _attempt_digest(key: IndexKey, attempt: str, channel: Channel) -> bytes:
    return key.keyed_hash("filing.attempt", f"{channel}|{attempt}".encode())


def _attempt_under(
    key: IndexKey, attempt: str, channel: Channel, content: dict[str, Any]
) -> Attempt:
    digest = _attempt_digest(key, attempt, channel)
    body = key.keyed_hash("filing.body", canonical_json(content))
    return Attempt(digest, body, derive_receipt(digest + body, key))


def _kept_of(digests: list[bytes]) -> IdempotencyKey | None:
    kept = IdempotencyKey.objects.select_related("case__data_key")
    return kept.filter(digest__in=digests).first()
