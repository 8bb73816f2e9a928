"""What a recipient of data is told: a notice in each case of a manifest, and one mail."""

from collections.abc import Iterable, Iterator
from json import dumps

from django.conf import settings
from django.core.mail import EmailMessage

from workflows.cases.models import Case
from workflows.corpus.entries import ManifestEntry, Op
from workflows.corrections.manifests import entries_of
from workflows.corrections.models import RecipientNotice
from workflows.corrections.recipients import token_of
from workflows.corrections.transition import cases_of
from workflows.datasets.models import Snapshot
from workflows.mail import links
from workflows.mail.outbound import compose, may_send, next_quota_reset
from workflows.notices.facts import Recipients
from workflows.notices.languages import language_of
from workflows.notices.phrases import phrase
from workflows.notices.services import send_notice
from workflows.outbox.models import Effect
from workflows.outbox.services import RetryAt
from workflows.vault.crypto import Shredded

# So many records stand in a notice; the page behind the link has all.
RECORDS_NAMED = 50


def mail_recipient(notice: RecipientNotice, effect: Effect) -> EmailMessage | None:
    """Send the notice of each case, once, and compose a mail where there is an address.

    Nothing in the mail is personal: it names the dataset and has the link. Without an address,
    staff tell the recipient. Raises `RetryAt` over the day's limit of mails.
    """
    if notice.confirmed_at is not None:
        return None
    _send_notices(notice)
    address = notice.recipient.email
    if not address:
        return None
    if not may_send(effect, address, confirmed=True):
        raise RetryAt(next_quota_reset())
    return _mail(notice, address, effect)


def entries_for_recipient(notice: RecipientNotice) -> list[ManifestEntry]:
    """Return what the recipient is to change; nothing after a case of the manifest was erased."""
    try:
        return [entry for entry in entries_of(notice.manifest) if entry.changes_data]
    except Shredded:
        return []


def lines_for_recipient(notice: RecipientNotice) -> Iterator[str]:
    """Yield what is to be changed as JSONL, without what is the provider's alone."""
    for entry in entries_for_recipient(notice):
        values = entry.as_dict()
        del values["case_pseudonym"]
        yield dumps(values, ensure_ascii=False) + "\n"


def _send_notices(notice: RecipientNotice) -> None:
    entries = entries_for_recipient(notice)
    for case in cases_of(notice.manifest):
        own = [entry for entry in entries if entry.case_pseudonym == str(case.pseudonym)]
        if own and case.erased_at is None:
            key = f"recipients:{notice.pk}:{case.pk}"
            send_notice(case, "recipients", _facts(notice, case, own), key=key)


def _facts(notice: RecipientNotice, case: Case, entries: list[ManifestEntry]) -> Recipients:
    language = language_of(case.language)
    action = phrase("recipient.action", language)
    if any(entry.op is Op.REPLACE for entry in entries):
        action = f"{action} {phrase('recipient.wording', language)}"
    return Recipients(version_given(notice, language), action, tuple(_records(entries, language)))


def version_given(notice: RecipientNotice, language: str) -> str:
    """Return which dataset it is, and which snapshot the places are told of."""
    snapshot: Snapshot = notice.manifest.snapshot
    return phrase(
        "recipient.version", language, dataset=snapshot.dataset.name, version=snapshot.version
    )


def _records(entries: Iterable[ManifestEntry], language: str) -> Iterator[str]:
    listed = list(entries)
    for entry in listed[:RECORDS_NAMED]:
        span = ""
        if entry.op is not Op.DELETE:
            span = phrase("recipient.span", language, start=entry.start, end=entry.end)
        yield phrase(
            "recipient.record",
            language,
            op=phrase(f"recipient.{entry.op}", language),
            file=entry.file,
            id=entry.id,
            field=entry.field,
            span=span,
            sha256=entry.sha256_before,
        )
    if len(listed) > RECORDS_NAMED:
        yield phrase("recipient.more", language, count=len(listed) - RECORDS_NAMED)


def _mail(notice: RecipientNotice, address: str, effect: Effect) -> EmailMessage:
    """Write to the organisation in the language of this installation."""
    language = settings.LANGUAGE_CODE
    snapshot = notice.manifest.snapshot
    values = {
        "provider_name": settings.PROVIDER_NAME,
        "dataset": snapshot.dataset.name,
        "version": snapshot.version,
        "given_on": notice.recipient.given_on,
        "again": notice.told_at is not None,
        "link": links.confirm_recipient_link(language, token_of(notice)),
    }
    return compose("recipient_notice", [address], language, effect, values)
