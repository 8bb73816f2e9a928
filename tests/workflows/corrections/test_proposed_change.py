"""The proposed change: what whoever approves a decision sees of it."""

import pytest

from tests.factories import APPROVER, REVIEWER, WANG, in_review_with_proof
from tests.requests_portal.staff.addresses import action_url, case_url, send_form
from tests.workflows.corrections.changing import FORUM, judge_all, look_up
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.cases import staff_actions
from workflows.cases.lifecycle import State
from workflows.cases.models import Case, EventContent
from workflows.cases.staff_actions import ItemProposal
from workflows.common.errors import InvalidInput
from workflows.corpus.entries import Op
from workflows.corrections.proposed_change import Passage, passage_of, proposed_change_of
from workflows.ledger.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]


@pytest.fixture
def forum(data):
    (data / "forum.jsonl").write_text(lines(FORUM))
    return make_snapshot("forum.jsonl")


EXCERPT = {"before": "born in 1960, ", "hit": "Nell", "after": " lives here"}


@pytest.mark.parametrize(
    ("op", "pairs", "after"),
    [
        (Op.DELETE, [], ""),
        (Op.REDACT, [], "born in 1960, [REDACTED] lives here"),
        (Op.REPLACE, [("1960", "1970")], "born in 1970, Nell lives here"),
        (Op.REPLACE, [("1950", "1970")], None),
        (Op.REPLACE, [("1960", "1960, ")], None),
    ],
)
def test_a_passage_is_told_before_and_after(op, pairs, after):
    assert passage_of(op, EXCERPT, pairs) == Passage("born in 1960, Nell lives here", after)


def proposed(theirs):
    case = in_review_with_proof(WANG)
    look_up()
    if theirs:
        judge_all(case, theirs)
    item = case.items.get()
    proposal = ItemProposal(item, "corrected", "The record was wrong.")
    staff_actions.propose_decision(case, REVIEWER, [proposal])
    return case


def test_it_holds_the_records_judged_theirs(forum):
    change = proposed_change_of(proposed({"a"}))
    assert [record.matches[0].record for record in change.records] == ["a"]
    assert change.unjudged == 0
    assert not change.without_record


def test_it_says_what_was_not_judged_and_that_it_holds_no_record(forum):
    change = proposed_change_of(proposed(set()))
    assert change.unjudged
    assert change.without_record
    assert not change.records


def test_who_approves_sees_the_text_before_and_after(forum, client, approver):
    case = proposed({"a"})
    client.force_login(approver)
    page = client.get(action_url(case, "approve")).content.decode()
    (record,) = proposed_change_of(case).records
    for passage in record.passages:
        assert f"<del>{passage.before}</del>" in page
        assert f"<ins>{passage.after}</ins>" in page
    assert 'name="explanation"' not in page


def test_who_approves_is_warned_that_no_manifest_will_be_made(forum, client, approver):
    case = proposed(set())
    client.force_login(approver)
    page = client.get(action_url(case, "approve")).content.decode()
    assert "因此不会生成更改清单" in page
    assert "尚未作出确定的判定" in page


def test_what_does_not_fit_is_approved_only_with_an_explanation(forum):
    case = proposed(set())
    with pytest.raises(InvalidInput, match="does not fit what was found"):
        staff_actions.approve(case, APPROVER)
    assert Case.objects.get(pk=case.pk).state == State.DECISION_PROPOSED

    staff_actions.approve(case, APPROVER, "I read the whole record.")

    event = Event.objects.get(case=case.pseudonym, name="decision.approved")
    assert event.facts["mismatches"] == ["unjudged", "without_record"]
    kept = EventContent.objects.get(event=event.uid)
    assert kept.name == "explanation"


def test_who_approves_is_asked_why_where_it_does_not_fit(forum, client, approver):
    case = proposed(set())
    client.force_login(approver)
    assert 'name="explanation"' in client.get(action_url(case, "approve")).text
    send_form(client, action_url(case, "approve"), {})
    assert Case.objects.get(pk=case.pk).state == State.DECISION_PROPOSED

    send_form(client, action_url(case, "approve"), {"explanation": "I read the whole record."})
    assert Case.objects.get(pk=case.pk).state == State.EXECUTING
    assert "I read the whole record." in client.get(case_url(case)).text
