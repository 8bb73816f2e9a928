"""Every state can be reached by moves that people take."""

import pytest

from tests.factories import ERIKA, WANG, granted, make_case
from workflows.cases.lifecycle import State
from workflows.outbox.services import drain

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("request_", [WANG, ERIKA], ids=["wang", "erika"])
def test_a_case_reaches(state, request_):
    case = make_case(state, request_)

    case.refresh_from_db()
    assert case.state == state


def test_a_granted_correction_waits_for_its_receipt():
    case = granted()
    drain()

    assert not case.items.get().executed
    assert case.items.get().instructions.count() == 1
