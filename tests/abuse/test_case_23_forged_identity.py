"""Abuse case 23: who cannot show who they are gets nobody's data and deletes nobody's.

`test_second_look_at_identity.py` holds who may say that an identity is proved.
"""

import pytest

from tests.factories import ERIKA, REVIEWER, make_case, propose
from workflows.cases.errors import MoveRefused
from workflows.cases.filing_request import FiledItem
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.vocabulary.outcomes import Outcome
from workflows.vocabulary.people import Assurance

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [("copy", Outcome.PROVIDED), ("delete", Outcome.DELETED), ("transfer", Outcome.PROVIDED)],
)
def test_nothing_is_granted_on_a_name_and_an_address_alone(kind, outcome):
    case = make_case(State.IN_REVIEW, ERIKA, items=(FiledItem(kind, {"statement": "Mine."}),))
    Case.objects.filter(pk=case.pk).update(assurance=Assurance.NONE)
    case.refresh_from_db()

    with pytest.raises(MoveRefused) as refused:
        propose(case, REVIEWER, outcome)
    assert refused.value.reason == "assurance_too_low"
    case.refresh_from_db()
    assert case.state == State.IN_REVIEW
