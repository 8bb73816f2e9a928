"""Showing checkpoints to the witnesses in the settings (c2sp.org/tlog-witness).

A checkpoint covers all before it, so a witness is shown the newest one, and not each of the ten
that a busy log signs in a second. Its answer to a wrong old size is where it stands; a size beyond
ours means that this log was rolled back, and is an error that stays until somebody looks.
"""

from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone

from workflows.ledger.checkpoint import CheckpointError, parse_size
from workflows.ledger.evidence import add_cosignature, witness_verifier
from workflows.ledger.models import Checkpoint
from workflows.ledger.note import NoteError, Verifier
from workflows.ledger.selectors import consistency_text, latest_checkpoint
from workflows.outbox.models import Effect
from workflows.outbox.services import delay_after, enqueue
from workflows.witnesses.http import AddressError, NoAnswerError, check_address, post
from workflows.witnesses.models import ERROR_LENGTH, Witness

EFFECT = "witness.submit"

_SIGNED, _CONFLICT = 200, 409
_REFUSALS = {
    400: "it cannot read the request",
    403: "it does not trust the key of this log",
    404: "it does not know this log",
    422: "it does not accept the proof",
}


class WitnessRefusedError(Exception):
    """A witness did not sign; the message says why."""


@dataclass(frozen=True)
class Configured:
    """A witness of the settings: its key, and the address before `/add-checkpoint`."""

    verifier: Verifier
    url: str


def configured_witnesses() -> dict[str, Configured]:
    """Return the witnesses in LEDGER_WITNESSES (`VKEY URL`) by their vkey.

    Raises ImproperlyConfigured.
    """
    witnesses = {}
    for line in settings.LEDGER_WITNESSES:
        vkey, _, url = line.partition(" ")
        try:
            verifier = witness_verifier(vkey)
            witnesses[vkey] = Configured(verifier, check_address(url.strip().rstrip("/")))
        except (NoteError, AddressError) as error:
            raise ImproperlyConfigured(f"LEDGER_WITNESSES: {error}") from error
    return witnesses


def submit_due() -> int:
    """Write an effect for each witness that lags behind and has none; return how many."""
    newest = latest_checkpoint()
    if newest is None or newest.size == 0:
        return 0
    written = 0
    for vkey in configured_witnesses():
        with transaction.atomic():
            witness, _created = Witness.objects.get_or_create(vkey=vkey)
            waiting = Effect.objects.filter(
                kind=EFFECT, state=Effect.State.PENDING, payload__witness=witness.pk
            )
            if witness.size < newest.size and not waiting.exists():
                key = f"{EFFECT}:{witness.pk}:{newest.size}"
                enqueue(EFFECT, key=key, payload={"witness": witness.pk})
                written += 1
    return written


def submit(witness_id: int, effect: Effect) -> None:
    """Show the newest checkpoint to a witness and store its signature; try again when it fails.

    Called by the effect, in its transaction. A failure is recorded on the witness, and an effect
    for later is written, later and later up to an hour.
    """
    witness = Witness.objects.select_for_update().get(pk=witness_id)
    configured = configured_witnesses().get(witness.vkey)
    checkpoint = latest_checkpoint()
    if configured is None or checkpoint is None or witness.size >= checkpoint.size:
        return
    witness.asked_at = timezone.now()
    try:
        lines = _ask(configured, witness.size, checkpoint)
        with transaction.atomic():
            cosignature = add_cosignature(checkpoint, configured.verifier, lines)
    except (WitnessRefusedError, NoAnswerError, NoteError) as error:
        witness.failures += 1
        witness.error = str(error)[:ERROR_LENGTH]
        enqueue(
            EFFECT,
            key=f"{EFFECT}:after:{effect.pk}",
            payload={"witness": witness.pk},
            due_at=timezone.now() + delay_after(min(witness.failures, 20)),
        )
    else:
        witness.size, witness.signed_at = checkpoint.size, cosignature.at
        witness.failures, witness.error = 0, ""
    witness.save()


def _ask(witness: Configured, old: int, checkpoint: Checkpoint) -> str:
    """Return the signature lines of a witness; once more if it stands at another size."""
    for _attempt in range(2):
        body = consistency_text(old, checkpoint)
        answer = post(f"{witness.url}/add-checkpoint", body.encode(), "text/plain; charset=utf-8")
        if answer.status == _SIGNED:
            return answer.body.decode(errors="replace")
        if answer.status != _CONFLICT:
            reason = _REFUSALS.get(answer.status, "")
            raise WitnessRefusedError(f"It answered {answer.status}: {reason}".rstrip(": ") + ".")
        stands = _size(answer.body)
        if stands > checkpoint.size:
            raise WitnessRefusedError(
                f"It has signed size {stands} of this log, which has {checkpoint.size}: the log"
                " was rolled back."
            )
        if stands == old:
            break
        old = stands
    raise WitnessRefusedError(
        f"It stands at size {old} and does not accept that this log continues from there."
    )


def _size(body: bytes) -> int:
    try:
        return parse_size(body.decode(errors="replace").removesuffix("\n"))
    except CheckpointError as error:
        raise WitnessRefusedError("It answered 409 without its size.") from error
