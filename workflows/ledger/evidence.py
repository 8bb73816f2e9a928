"""What others say about a checkpoint: cosignatures of witnesses, timestamps of an authority.

A log proves nothing against its own operator, who can write another history and sign it. Somebody
else who has signed the same checkpoint, and when, is what such a history cannot have.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from workflows.common.signed_note import (
    COSIGNATURE,
    NoteError,
    Verifier,
    cosignature_time,
    parse_note,
    parse_signature_line,
)
from workflows.ledger.models import Checkpoint, Cosignature, Timestamp
from workflows.ledger.timestamping import TimestampError, check_response, read_certificates

# A log that grows all the time never has its newest checkpoint cosigned. What is published lags
# this far behind at most; when no witness answers, it does not wait for one.
COSIGN_DEADLINE = timedelta(minutes=1)


def witness_verifier(vkey: str) -> Verifier:
    """Return the key of a witness. Raises NoteError for one that is not of type 0x04."""
    verifier = Verifier.from_vkey(vkey)
    if verifier.key_type != COSIGNATURE:
        raise NoteError(f"The key of {verifier.name} is not that of a witness (type 0x04).")
    return verifier


def add_cosignature(checkpoint: Checkpoint, witness: Verifier, lines: str) -> Cosignature:
    """Store the signature of a witness from its answer, if it holds. Raises NoteError."""
    text = parse_note(checkpoint.note).text
    for line in lines.removesuffix("\n").split("\n"):
        signature = parse_signature_line(line)
        if witness.made(signature):
            witness.verify(text, signature)
            try:
                at = datetime.fromtimestamp(cosignature_time(signature), UTC)
            except (OverflowError, ValueError, OSError) as error:
                raise NoteError("A cosignature has an impossible time.") from error
            stored, _created = Cosignature.objects.get_or_create(
                checkpoint=checkpoint,
                witness=witness.vkey,
                defaults={"line": signature.line(), "at": at},
            )
            return stored
    raise NoteError(f"The answer holds no signature of {witness.name}.")


def cosigned_note(checkpoint: Checkpoint) -> str:
    """Return the note of a checkpoint with the cosignatures that it has by now."""
    lines = checkpoint.cosignatures.order_by("witness").values_list("line", flat=True)
    return checkpoint.note + "".join(lines)


def newest_cosigned(up_to: int) -> Checkpoint | None:
    """Return the newest checkpoint up to a size that a witness has signed."""
    return (
        Checkpoint.objects.filter(size__lte=up_to, cosignatures__isnull=False)
        .order_by("-size")
        .first()
    )


def published_checkpoint() -> Checkpoint | None:
    """Return the newest cosigned checkpoint, or the newest if witnesses do not keep up.

    They do while no checkpoint waits for them longer than COSIGN_DEADLINE, however long before it
    the log had stood still: what is published is cosigned then, and never becomes smaller.
    """
    newest = Checkpoint.objects.order_by("-size").first()
    if newest is None:
        return None
    cosigned = newest_cosigned(newest.size)
    if cosigned is None:
        return newest
    waiting = Checkpoint.objects.filter(size__gt=cosigned.size).order_by("size").first()
    keeps_up = waiting is None or timezone.now() - waiting.at <= COSIGN_DEADLINE
    return cosigned if keeps_up else newest


def timestamps_up_to(size: int) -> QuerySet[Timestamp]:
    """Return the timestamps on checkpoints up to a size, with these, oldest first."""
    timestamps = Timestamp.objects.filter(checkpoint__lte=size)
    return timestamps.select_related("checkpoint").order_by("checkpoint")


def first_timestamps(count: int | None = None) -> QuerySet[Timestamp]:
    """Return the timestamps in the order in which they came, or the first `count` of them.

    Later ones change nothing in what this returns for a number that was read before.
    """
    return Timestamp.objects.select_related("checkpoint").order_by("pk")[:count]


def check_cosignature(cosignature: Cosignature) -> None:
    """Raise NoteError unless a stored cosignature holds."""
    witness = witness_verifier(cosignature.witness)
    signature = parse_signature_line(cosignature.line.removesuffix("\n"))
    if not witness.made(signature):
        raise NoteError(f"The signature is not of {witness.name}.")
    witness.verify(parse_note(cosignature.checkpoint.note).text, signature)


def check_timestamps(timestamps: Iterable[Timestamp]) -> bool:
    """Check stored timestamps; tell whether the certificates to check them with are set.

    Raises TimestampError for the first that does not hold.
    """
    if not settings.TIMESTAMP_CERTIFICATES:
        return False
    certificates = read_certificates(settings.TIMESTAMP_CERTIFICATES)
    for timestamp in timestamps:
        note = timestamp.checkpoint.note.encode()
        if check_response(bytes(timestamp.response), note, certificates) != timestamp.at:
            raise TimestampError("The timestamp says another time.")
    return True
