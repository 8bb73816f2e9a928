"""What people write on a case, and the moves that go with a text."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from workflows.accounts.actors import PUBLIC, Actor
from workflows.cases.attachments import Upload, add_attachments, check_uploads
from workflows.cases.errors import InvalidFiling
from workflows.cases.lifecycle import Action, State
from workflows.cases.models import Case, Message
from workflows.cases.transition import advance, append_case_event
from workflows.common.inputs import require_text
from workflows.vocabulary.roles import Role

# Each message may bring as many files as the filing: who has filed with files can still prove
# who they are. All messages together may not fill the disk.
MAX_FILES_OF_CASE = 25


def _message(
    case: Case, body: str, *, kind: str = Message.Kind.MESSAGE, author: Actor = PUBLIC
) -> Message:
    return Message.objects.create(
        case=case,
        kind=kind,
        from_person=Role.PUBLIC in author.roles,
        author=author.pseudonym,
        body=body,
        sent_at=timezone.now(),
    )


def move_with_text(case: Case, action: Action, actor: Actor, body: str, kind: str) -> Message:
    """Take a move that sends a text to the person or receives one from them."""
    body = require_text(body)
    with transaction.atomic():
        message = _message(case, body, kind=kind, author=actor)
        advance(case, action, actor, facts={"message": str(message.pk)}, contents={"text": body})
    return message


def write_to_person(case: Case, actor: Actor, body: str) -> Message:
    """Send a message to the person; they are told by mail that it waits, never what it says."""
    return move_with_text(case, Action.WRITE_TO_PERSON, actor, body, Message.Kind.MESSAGE)


def contest(case: Case, reasons: str) -> Message:
    """Let the person contest the answer; another reviewer takes it up."""
    return move_with_text(case, Action.CONTEST, PUBLIC, reasons, Message.Kind.CONTEST)


def write_to_provider(case: Case, body: str, uploads: tuple[Upload, ...] = ()) -> Message:
    """Take a message of the person, with files; it answers a request for information if one waits.

    Raises `InvalidFiling` for files that cannot be taken.
    """
    body = require_text(body)
    earlier = (
        case.attachments.filter(from_person=True).count()
        + settings.ATTACHMENT_MAX_COUNT
        - MAX_FILES_OF_CASE
    )
    errors = check_uploads(uploads, already=max(0, earlier))
    if errors:
        raise InvalidFiling(errors)
    with transaction.atomic():
        message = _message(case, body)
        files = add_attachments(case, uploads, from_person=True, at=message.sent_at)
        waits = case.state == State.INFORMATION_NEEDED
        advance(
            case,
            Action.GIVE_INFORMATION if waits else Action.WRITE_TO_PROVIDER,
            PUBLIC,
            facts={"message": str(message.pk), "files": len(files)},
            contents={"text": body, "files": files},
        )
    return message


def write_note(case: Case, actor: Actor, body: str) -> Message:
    """Keep a note among staff; the person does not see it, the log knows that it was written."""
    body = require_text(body)
    with transaction.atomic():
        note = _message(case, body, kind=Message.Kind.NOTE, author=actor)
        append_case_event(
            case,
            "note.written",
            role=actor.role,
            pseudonym=actor.pseudonym,
            contents={"text": body},
        )
    return note


def withdraw(case: Case, reasons: str = "") -> None:
    """Let the person withdraw the request; no reason is needed."""
    if reasons.strip():
        reasons = require_text(reasons)
    advance(case, Action.WITHDRAW, PUBLIC, contents={"text": reasons.strip()})
