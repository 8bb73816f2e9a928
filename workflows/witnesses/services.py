"""Showing checkpoints to the witnesses in the settings (c2sp.org/tlog-witness).

A witness is shown each checkpoint, in their order. A checkpoint covers all before it, so one that
lags more than `MAX_CHECKPOINTS_EACH` behind is shown the newest alone: a busy log signs ten in a
second. See docs/decisions/0010-witnesses.md. Its answer to a wrong old size is where it stands; a
size beyond ours means that this log was rolled back, and is an error that stays until somebody
looks.
"""

import time
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone

from workflows.common.http_client import AddressError, NoAnswerError, check_address, post
from workflows.common.signed_note import NoteError, Verifier
from workflows.ledger.checkpoints import CheckpointError, parse_size
from workflows.ledger.evidence import add_cosignature, witness_verifier
from workflows.ledger.models import Checkpoint
from workflows.ledger.selectors import consistency_text, latest_checkpoint
from workflows.outbox.models import Effect
from workflows.outbox.services import delay_after, enqueue
from workflows.witnesses.models import ERROR_LENGTH, Witness

EFFECT = "witness.submit"
# Checkpoints at a time, and seconds after which the rest is left to the next turn.
MAX_CHECKPOINTS_EACH = 20
TURN_TIME_LIMIT = 5.0

_SIGNED, _CONFLICT = 200, 409
_REFUSALS = {
    400: "it cannot read the request",
    403: "it does not trust the key of this log",
    404: "it does not know this log",
    422: "it does not accept the proof",
}


class WitnessRefusedError(Exception):
    """A witness did not sign; the message says why."""


class _FurtherOnError(Exception):
    """A witness has signed a later checkpoint already; its answer was lost on the way."""

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__()


@dataclass(frozen=True)
class WitnessConfig:
    """A witness of the settings: its key, and the address before `/add-checkpoint`."""

    verifier: Verifier
    url: str


def configured_witnesses() -> dict[str, WitnessConfig]:
    """Return the witnesses in LEDGER_WITNESSES (`VKEY URL`) by their vkey.

    Raises ImproperlyConfigured.
    """
    witnesses = {}
    for line in settings.LEDGER_WITNESSES:
        vkey, _, url = line.partition(" ")
        try:
            verifier = witness_verifier(vkey)
            witnesses[vkey] = WitnessConfig(verifier, check_address(url.strip().rstrip("/")))
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
    """Show a witness what it has not signed yet and store its signatures; try again on a failure.

    Called by the effect, in its transaction. A failure is recorded on the witness, and an effect
    for later is written, later and later up to an hour.
    """
    witness = Witness.objects.select_for_update().get(pk=witness_id)
    configured = configured_witnesses().get(witness.vkey)
    checkpoints = _to_show(witness.size)
    if configured is None or not checkpoints:
        return
    witness.asked_at = timezone.now()
    try:
        _show(witness, configured, checkpoints)
    except (WitnessRefusedError, NoAnswerError, NoteError) as error:
        witness.failures += 1
        witness.error = str(error)[:ERROR_LENGTH]
        _again(witness, effect, delay_after(witness.failures))
    else:
        if witness.size < checkpoints[-1].size:
            _again(witness, effect, timedelta())
    witness.save()


def _again(witness: Witness, effect: Effect, delay: timedelta) -> None:
    """Write the effect that follows one which has not come to the end."""
    key = f"{EFFECT}:after:{effect.pk}"
    enqueue(EFFECT, key=key, payload={"witness": witness.pk}, delay=delay)


def _to_show(size: int) -> list[Checkpoint]:
    """Return the checkpoints to show to a witness that has signed the one of `size`."""
    later = Checkpoint.objects.filter(size__gt=size)
    each = list(later.order_by("size")[: MAX_CHECKPOINTS_EACH + 1])
    return each if len(each) <= MAX_CHECKPOINTS_EACH else list(later.order_by("-size")[:1])


def _show(witness: Witness, configured: WitnessConfig, checkpoints: list[Checkpoint]) -> None:
    """Show checkpoints to a witness, smallest first, and note how far it has come."""
    stands, newest = witness.size, checkpoints[-1].size
    end = time.monotonic() + TURN_TIME_LIMIT
    for checkpoint in checkpoints:
        if checkpoint.size < stands:
            continue
        try:
            lines = _ask(configured, stands, checkpoint, newest)
        except _FurtherOnError as further:
            stands = further.size
            continue
        with transaction.atomic():
            cosignature = add_cosignature(checkpoint, configured.verifier, lines)
        stands = witness.size = checkpoint.size
        witness.signed_at = cosignature.at
        witness.failures, witness.error = 0, ""
        if time.monotonic() > end:
            return


def _ask(witness: WitnessConfig, old: int, checkpoint: Checkpoint, newest: int) -> str:
    """Return the signature lines of a witness; once more if it stands at another size.

    `newest` is the size of this log. Raises _FurtherOnError for a witness that stands between.
    """
    for _attempt in range(2):
        body = consistency_text(old, checkpoint)
        answer = post(f"{witness.url}/add-checkpoint", body.encode(), "text/plain; charset=utf-8")
        if answer.status == _SIGNED:
            return answer.body.decode(errors="replace")
        if answer.status != _CONFLICT:
            reason = _REFUSALS.get(answer.status, "")
            raise WitnessRefusedError(f"It answered {answer.status}: {reason}".rstrip(": ") + ".")
        stands = _size(answer.body)
        if stands > newest:
            raise WitnessRefusedError(
                f"It has signed size {stands} of this log, which has {newest}: the log was rolled"
                " back."
            )
        if stands > checkpoint.size:
            raise _FurtherOnError(stands)
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
