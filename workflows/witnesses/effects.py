"""The effects of the room: one checkpoint to one witness, one timestamp a day."""

from workflows.outbox.models import Effect
from workflows.outbox.services import effect_handler
from workflows.witnesses import services, timestamps


@effect_handler(services.EFFECT)
def submit(effect: Effect) -> None:
    """Show a witness the checkpoints that it has not signed yet."""
    services.submit(int(effect.payload["witness"]), effect)


@effect_handler(timestamps.EFFECT)
def request_timestamp(_effect: Effect) -> None:
    """Get the timestamp of a day."""
    timestamps.request_timestamp()
