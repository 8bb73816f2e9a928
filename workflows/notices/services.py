"""Sending a notice, and finding what was sent.

A notice is composed, checked against the law, attached to the case as PDF, HTML and text, and put
on record.

    send_notice(case, "fee", facts.Fee("¥20", "…"), key=f"fee:{fee.pk}")

Nothing is sent that lacks an element which a regime of the case prescribes.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from workflows.accounts.actors import SYSTEM, Actor
from workflows.cases.attachments import read_attachment
from workflows.cases.models import Attachment, Case, Message
from workflows.cases.transition import append_case_event, lock_case
from workflows.notices.composing import ComposedNotice, compose
from workflows.notices.document import (
    Bullets,
    Document,
    Heading,
    Node,
    fragment_of,
    to_html,
    to_text,
)
from workflows.notices.facts import NoticeFacts
from workflows.notices.kinds import DEFINITIONS, INTERNAL_KINDS
from workflows.notices.models import Notice
from workflows.outbox.models import Effect
from workflows.outbox.services import Payload, enqueue
from workflows.pdf import render_pdf
from workflows.pdf.fonts import Font, font
from workflows.regimes.rules.regime import Regime
from workflows.vault import files

_TEMPLATE = Path(__file__).with_name("notice.typ")
FactsBuilder = Callable[[Case, Payload], NoticeFacts | None]
_builders: dict[str, FactsBuilder] = {}


def notices_of(case: Case) -> QuerySet[Notice]:
    """Return the notices of a case, latest first, with their files (PDF, HTML, text) and texts."""
    files = Prefetch("files", Attachment.objects.order_by("media_type"))
    return case.notices.order_by("-sent_at", "-id").prefetch_related(files, "texts")


def notices_to_the_person(case: Case) -> QuerySet[Notice]:
    """Return the notices that went to the person, latest first."""
    return notices_of(case).exclude(kind__in=INTERNAL_KINDS)


def other_files(case: Case) -> QuerySet[Attachment]:
    """Return the files of a case that belong to no notice."""
    return case.attachments.filter(notices=None)


def files_of_the_person(case: Case) -> QuerySet[Attachment]:
    """Return the files that the person may fetch: all but those for somebody else."""
    return case.attachments.exclude(notices__kind__in=INTERNAL_KINDS)


def letter_of(message: Message) -> str:
    """Return the notice that a message tells as HTML without its title, all words in it escaped.

    It is empty where the message is no notice, or the file was erased.
    """
    page = (
        Attachment.objects.filter(notices__message=message, media_type="text/html")
        .select_related("file__data_key")
        .first()
    )
    return fragment_of(b"".join(read_attachment(page)).decode()) if page else ""


def to_pdf(document: Document, author: str, at: datetime) -> bytes:
    """Return the notice as a PDF that bears the time `at`. Raises `FontNotFound`, `PdfError`."""
    ours = font()
    data = {
        "title": ours.printable(document.title),
        "author": ours.printable(author),
        "lang": document.language.partition("-")[0],
        "region": "cn" if document.language.startswith("zh") else None,
        "font": ours.family,
        "nodes": [_node(node, ours) for node in document.nodes],
    }
    return render_pdf(_TEMPLATE, data, at=at)


def _node(node: Node, ours: Font) -> dict[str, Any]:
    match node:
        case Bullets(items):
            return {"kind": "bullets", "items": [ours.printable(item) for item in items]}
        case Heading(text, level):
            return {"kind": "heading", "level": level, "text": ours.printable(text)}
        case _:
            return {"kind": "paragraph", "text": ours.printable(node.text)}


@dataclass(frozen=True, slots=True)
class Rendering:
    """One form of a notice: the ending of its file, its media type, and how it is made."""

    ending: str
    media_type: str
    render: Callable[[Document, datetime], bytes]


RENDERINGS = (
    Rendering("pdf", "application/pdf", lambda d, at: to_pdf(d, settings.PROVIDER_NAME, at)),
    Rendering("html", "text/html", lambda d, _at: to_html(d).encode()),
    Rendering("txt", "text/plain", lambda d, _at: to_text(d).encode()),
)


def facts_builder(kind: str) -> Callable[[FactsBuilder], FactsBuilder]:
    """Register how the facts of a notice are read from the ids of an effect `notices.send`.

    The decorated function gets the case and the payload; it returns None when there is nothing
    to tell any more. Place it in the module `effects` of its package.
    """

    def register(builder: FactsBuilder) -> FactsBuilder:
        if _builders.setdefault(kind, builder) is not builder:
            raise ValueError(f"The notice {kind} has a builder of its facts already.")
        return builder

    return register


def enqueue_notice(case: Case, kind: str, *, key: str, **ids: str | int) -> Effect:
    """Have a notice sent after the commit; `ids` are what its facts are read from.

    The `key` is also that of the notice: it is sent once.
    """
    payload: Payload = {"case": str(case.pk), "kind": kind, "key": key, **ids}
    return enqueue("notices.send", key=key, payload=payload)


def send_enqueued(case: Case, payload: Payload) -> Notice | None:
    """Send what `enqueue_notice` enqueued; None when there is nothing to tell any more."""
    kind = str(payload["kind"])
    facts = _builders[kind](case, payload)
    if facts is None or case.erased_at is not None:
        return None
    code = payload.get("regime")
    regime = case.regime_of(str(code)) if code else None
    return send_notice(case, kind, facts, key=str(payload["key"]), regime=regime)


def send_notice(
    case: Case,
    kind: str,
    facts: NoticeFacts,
    *,
    key: str,
    actor: Actor = SYSTEM,
    regime: Regime | None = None,
    mail: bool = True,
) -> Notice:
    """Compose a notice and send it; the same `key` sends it once.

    `facts` is of a class that the definition of the kind names. With a `regime`
    it is a notice under that law of the case alone. With `mail`, the person is told by mail that
    something waits. Raises `ElementMissing`, and then nothing has been sent or changed.
    """
    with transaction.atomic():
        lock_case(case)
        earlier = Notice.objects.filter(key=key).first()
        if earlier is not None:
            return earlier
        composed = compose(case, kind, facts, regime)
        return send_composed(case, composed, key=key, actor=actor, mail=mail)


def send_composed(
    case: Case,
    composed: ComposedNotice,
    *,
    key: str,
    actor: Actor,
    mail: bool = False,
    message_id: UUID | None = None,
    at: datetime | None = None,
) -> Notice:
    """Check and send a composed notice; must run inside a transaction.

    `message_id` is that of the message to the person and `at` its time, where a move has named
    them already. Raises `ElementMissing`.
    """
    composed.check()
    now = at or timezone.now()
    contents = {r.ending: r.render(composed.document, now) for r in RENDERINGS}
    text = contents["txt"].decode()
    kept = [(text.place.kind, text.kept()) for text in composed.texts]
    # The first of a kind is the one in use; what it lacked was added from the others.
    versions = dict(reversed(kept))
    notice = Notice.objects.create(
        case=case,
        key=key,
        kind=composed.kind,
        regime=composed.regime,
        language=composed.document.language,
        elements=sorted(frozenset().union(*composed.contained.values())),
        message=_message(case, composed.kind, text, author=actor, pk=message_id or uuid4(), at=now),
        sent_at=now,
    )
    notice.texts.add(*(version for _kind, version in kept))
    notice.files.add(*_attachments(case, composed.kind, contents, now))
    append_case_event(
        case,
        "notice.sent",
        role=actor.role,
        pseudonym=actor.pseudonym,
        facts={
            "id": str(notice.pk),
            "notice": notice.kind,
            "version": {kind: version.number for kind, version in versions.items()},
            "regime": notice.regime,
            "language": notice.language,
        },
        contents={
            "notice": {
                "text": text,
                "sha256": {
                    ending: hashlib.sha256(content).hexdigest()
                    for ending, content in contents.items()
                },
            }
        },
    )
    if mail and notice.kind not in INTERNAL_KINDS:
        enqueue("mail.message", key=f"mail.message:{notice.pk}", payload={"case": str(case.pk)})
    return notice


def _message(
    case: Case, kind: str, text: str, *, author: Actor, pk: UUID, at: datetime
) -> Message | None:
    message_kind = DEFINITIONS[kind].message
    if message_kind is None:
        return None
    return Message.objects.create(
        id=pk,
        case=case,
        kind=message_kind,
        from_person=False,
        author=author.pseudonym,
        body=text,
        sent_at=at,
    )


def _attachments(
    case: Case, kind: str, contents: dict[str, bytes], at: datetime
) -> list[Attachment]:
    """Seal the files of a notice into the case."""
    number = case.notices.filter(kind=kind).count()
    stem = f"{case.number}-{kind}" + (f"-{number}" if number > 1 else "")
    stored = files.store_all(case.data_key, [contents[each.ending] for each in RENDERINGS])
    return Attachment.objects.bulk_create(
        Attachment(
            case=case,
            file=file,
            name=f"{stem}.{rendering.ending}",
            media_type=rendering.media_type,
            size=len(contents[rendering.ending]),
            from_person=False,
            added_at=at,
        )
        for rendering, file in zip(RENDERINGS, stored, strict=True)
    )
