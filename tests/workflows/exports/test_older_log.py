"""Events that an older portal has written hold words, and no code can be put in their place."""

import pytest

from tests import factories as make
from tests.exports import export, unpack
from workflows.accounts.regulators import RegulatorScope
from workflows.cases.lifecycle import Action, State
from workflows.cases.models import Case
from workflows.cases.timeline import public_timeline, staff_timeline
from workflows.cases.transition import advance, append_case_event
from workflows.ledger import append
from workflows.ledger.models import Event
from workflows.oversight.selectors import case_file, find_case
from workflows.retention.erasure import erase, erasure_request_of
from workflows.vocabulary.roles import Role

pytestmark = pytest.mark.django_db

GROUND = "保存期限已届满, Art. 47 PIPL"


@pytest.fixture
def old_case(monkeypatch) -> Case:
    """Make a case whose later steps were recorded when facts could still be words."""
    case = make.granted()
    with monkeypatch.context() as older:
        older.setattr(append, "require_codes", lambda _facts: None)
        for position in (1, 2):
            facts = {"item": position, "operation": "correct", "receipt": "Snapshot 7, checked."}
            append_case_event(case, "instruction.applied", role=Role.DATA_STEWARD, facts=facts)
        facts = {"snapshot": 1, "how": "It was somebody else."}
        append_case_event(case, "tombstone.resolved", role=Role.DATA_STEWARD, facts=facts)
        for name in ("recipient.notified", "recipient.confirmed"):
            facts = {"manifest": "m", "recipient": 1, "by": "staff", "remark": "By telephone."}
            append_case_event(case, name, role=Role.DATA_STEWARD, facts=facts)
        Case.objects.filter(pk=case.pk).update(state=State.CLOSED)
        case.refresh_from_db()
        advance(case, Action.REQUEST_ERASURE, make.OFFICER, facts={"ground": GROUND})
        append.append(
            name="dataset.approved",
            role=Role.PRIVACY_OFFICER,
            facts={"dataset": 1, "name": "A forum", "ground": "The terms allow it."},
        )
    return case


def test_they_are_read_by_staff_and_regulators(old_case, scope: RegulatorScope):
    assert erasure_request_of(old_case) == (GROUND, "")
    assert "erasure.requested" in {entry.name for entry in staff_timeline(old_case)}
    assert public_timeline(old_case)
    found = find_case(scope, old_case.number)
    facts = [step.facts for step in case_file(scope, found, "en").steps]
    assert GROUND in {each.get("ground") for each in facts}


def test_exports_with_them_verify_before_and_after_the_erasure(old_case, verify):
    assert verify(unpack(export()))[0] == 0

    erase(old_case, make.OTHER_OFFICER)

    for files in (unpack(export()), unpack(export(regime=""))):
        assert verify(files)[0] == 0
    assert Event.objects.get(name="erasure.requested").facts["ground"] == GROUND
