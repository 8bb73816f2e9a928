"""Makes complaints for tests, by the steps that people take."""

from collections.abc import Callable
from datetime import datetime

from tests.factories import ERIKA, OTHER_REVIEWER, file, make_case
from workflows.cases.filing_request import FiledItem, FilingRequest
from workflows.cases.lifecycle import State as CaseState
from workflows.complaints import services
from workflows.complaints.lifecycle import State
from workflows.complaints.models import Complaint

TEXT = "Nobody answers my letters."
# Had no part in any decision of a case that `factories.make_case` makes.
HANDLER = OTHER_REVIEWER


def complain_in(
    state: State = State.RECEIVED,
    case_state: CaseState = CaseState.TRIAGE,
    request: FilingRequest = ERIKA,
    **changes: object,
) -> Complaint:
    """Make a complaint about the handling of a case, and take it to `state`."""
    complaint = services.complain(make_case(case_state, request, **changes), TEXT)
    take_to(complaint, state)
    return complaint


def received(at: datetime, **changes: object) -> Complaint:
    """Make a complaint that was received at a moment: one that a request itself makes."""
    item = FiledItem("complaint", {"statement": TEXT})
    case = file(ERIKA, items=(item,), at=at, **changes).case
    complaint = services.open_from_request(case)
    assert complaint is not None
    return complaint


def take_to(complaint: Complaint, state: State) -> None:
    """Take a complaint that was just received to `state`."""
    if state == State.WITHDRAWN:
        services.withdraw(complaint)
        return
    steps: list[Callable[[], object]] = [
        lambda: services.acknowledge(complaint, HANDLER, "We have it."),
        lambda: services.take_up(complaint, HANDLER),
        lambda: services.answer(complaint, HANDLER, "upheld", "The letters lay.", "Answered now."),
        lambda: services.close(complaint, HANDLER),
    ]
    for step in steps[: list(State).index(state)]:
        step()
