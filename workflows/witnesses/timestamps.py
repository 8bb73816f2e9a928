"""Asking the authority in the settings for a timestamp on the newest checkpoint (RFC 3161)."""

from django.conf import settings
from django.utils import timezone

from workflows.common.http_client import post
from workflows.ledger.models import Timestamp
from workflows.ledger.selectors import latest_checkpoint
from workflows.ledger.timestamping import (
    TimestampError,
    check_response,
    make_request,
    read_certificates,
)
from workflows.outbox.services import enqueue

EFFECT = "timestamp.request"

_OK = 200


def request_due() -> bool:
    """Write the effect for a timestamp of today; tell whether an authority is configured."""
    if not settings.TIMESTAMP_AUTHORITY:
        return False
    today = timezone.now().date().isoformat()
    enqueue(EFFECT, key=f"{EFFECT}:{today}", payload={"day": today})
    return True


def request_timestamp() -> Timestamp | None:
    """Get a timestamp on the newest checkpoint, check it, store it; None when it has one.

    Raises NoAnswerError or TimestampError; the outbox then tries again.
    """
    checkpoint = latest_checkpoint()
    if not settings.TIMESTAMP_AUTHORITY or checkpoint is None:
        return None
    if Timestamp.objects.filter(checkpoint=checkpoint).exists():
        return None
    certificates = read_certificates(settings.TIMESTAMP_CERTIFICATES)
    note = checkpoint.note.encode()
    request = make_request(note)
    answer = post(settings.TIMESTAMP_AUTHORITY, request.body, "application/timestamp-query")
    if answer.status != _OK:
        raise TimestampError(f"The authority answered {answer.status}.")
    moment = check_response(answer.body, note, certificates, request.nonce)
    return Timestamp.objects.create(
        checkpoint=checkpoint,
        authority=settings.TIMESTAMP_AUTHORITY,
        response=answer.body,
        at=moment,
    )
