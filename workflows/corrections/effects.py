"""What follows an approval: instructions to the data pipelines."""

from workflows.cases.effects import case_of
from workflows.corrections.services import issue_instructions
from workflows.outbox.models import Effect
from workflows.outbox.services import effect_handler


@effect_handler("corrections.instruct")
def instruct(effect: Effect) -> None:
    """Issue the instructions of a case that was just approved."""
    issue_instructions(case_of(effect))
