"""What follows a commit in the room of complaints: the complaint that a request itself makes."""

from workflows.cases.effects import case_of
from workflows.complaints.services import open_from_request
from workflows.outbox.models import Effect
from workflows.outbox.services import effect_handler


@effect_handler("complaints.open")
def open_complaint(effect: Effect) -> None:
    """Open the complaint that a request makes, once."""
    open_from_request(case_of(effect))
