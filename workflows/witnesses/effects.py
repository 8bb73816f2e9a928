"""When checkpoints are shown to witnesses, and timestamped."""

from workflows.outbox.models import Effect
from workflows.outbox.periodic import periodic
from workflows.outbox.services import effect_handler
from workflows.witnesses import timestamps
from workflows.witnesses.services import EFFECT, submit

periodic("submit-checkpoints", "checkpoints", "workflows.witnesses.services.submit_due")
periodic("request-timestamp", "timestamps", "workflows.witnesses.timestamps.request_due")


@effect_handler(EFFECT)
def submit_checkpoints(effect: Effect) -> None:
    """Show a witness the checkpoints that it has not signed yet."""
    submit(int(effect.payload["witness"]), effect)


@effect_handler(timestamps.EFFECT)
def request_timestamp(_effect: Effect) -> None:
    """Get the timestamp of a day."""
    timestamps.request_timestamp()
