"""Sending a notice: composed, checked against the law, attached to the case, and put on record.

    send_notice(case, "fee", facts.Fee("¥20", "…"), key=f"fee:{fee.pk}")

Nothing is sent that lacks an element which a regime of the case prescribes.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from workflows.cases.actors import SYSTEM, Actor
from workflows.cases.models import Attachment, Case, Message
from workflows.cases.record import record_event
from workflows.cases.transition import lock_case
from workflows.notices.composing import Composed, compose
from workflows.notices.facts import Facts
from workflows.notices.kinds import DEFINITIONS, NOT_FOR_THE_PERSON
from workflows.notices.models import Notice
from workflows.notices.renderings import RENDERINGS
from workflows.outbox.models import Effect
from workflows.outbox.services import Payload, enqueue
from workflows.regimes.schema import Regime
from workflows.vault import files

FactsBuilder = Callable[[Case, Payload], Facts | None]
_builders: dict[str, FactsBuilder] = {}


def facts_builder(kind: str) -> Callable[[FactsBuilder], FactsBuilder]:
    """Register how the facts of a notice are read from the ids of an effect `notices.send`.

    The decorated function gets the case and the payload; it returns None when there is nothing
    to tell any more. Place it in the module `effects` of its room.
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
    facts: Facts,
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
    composed: Composed,
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
    record_event(
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
    if mail and notice.kind not in NOT_FOR_THE_PERSON:
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
    return [
        Attachment.objects.create(
            case=case,
            file=files.store(case.data_key, contents[rendering.ending]),
            name=f"{stem}.{rendering.ending}",
            media_type=rendering.media_type,
            size=len(contents[rendering.ending]),
            from_person=False,
            added_at=at,
        )
        for rendering in RENDERINGS
    ]
