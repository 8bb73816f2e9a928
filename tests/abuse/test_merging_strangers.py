"""No one member of staff ends a stranger's case by merging it into an unrelated one."""

import pytest
from django.test import Client

from tests import factories as make
from tests.personas import signed_in
from tests.requests_portal.public.person import Visitor, text_of
from tests.requests_portal.staff.addresses import action_url, case_url, send_form
from workflows.cases import merging
from workflows.cases.errors import MoveRefused
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.cases.timeline import public_timeline
from workflows.identity.contact import confirm_contact, open_challenge
from workflows.ledger.models import Event
from workflows.outbox.models import Effect
from workflows.outbox.services import drain

pytestmark = pytest.mark.django_db


def strangers() -> tuple[Case, Case]:
    """Return the case of one person, and an earlier one of somebody else, both confirmed."""
    case = make.make_case(State.TRIAGE, make.ERIKA)
    return case, make.earlier_case(
        case, State.TRIAGE, email="otto@example.de", subject_name="Otto Muster", identifiers=()
    )


def refused(move, *arguments) -> str:
    with pytest.raises(MoveRefused) as told:
        move(*arguments)
    return told.value.reason


@pytest.mark.parametrize("actor", [make.INTAKE, make.REVIEWER, make.OFFICER])
def test_nobody_merges_strangers_alone(actor):
    case, into = strangers()

    assert refused(merging.merge_duplicate, case, actor, into) == "no_contact_in_common"
    merging.propose_merge(case, actor, into, "They look alike.")
    assert refused(merging.approve_merge, case, actor) in {"own_merge_proposal", "wrong_role"}
    assert Case.objects.get(pk=case.pk).state == State.TRIAGE


def test_intake_does_not_approve_what_another_of_intake_proposed():
    case, into = strangers()
    merging.propose_merge(case, make.INTAKE, into, "They look alike.")

    assert refused(merging.approve_merge, case, make.OTHER_REVIEWER) == "wrong_role"


def test_a_second_person_with_authority_can_approve_and_can_decline():
    case, into = strangers()
    merging.propose_merge(case, make.INTAKE, into, "They look alike.")
    merging.decline_merge(case, make.APPROVER, "They are two people.")
    assert (case.merge_proposed_by, case.merge_proposed_into) == ("", None)
    assert refused(merging.approve_merge, case, make.APPROVER) == "merge_not_proposed"

    merging.propose_merge(case, make.INTAKE, into, "Her new address, as she rang to say.")
    merging.approve_merge(case, make.APPROVER)
    assert (case.state, case.merged_into) == (State.MERGED, into)


def test_an_address_that_somebody_only_typed_is_no_contact_in_common():
    """Anybody can write a stranger's address into a request; only the link confirms it."""
    case = make.make_case(State.TRIAGE, make.ERIKA)
    unconfirmed = make.earlier_case(case, State.FILED)
    make.advance(unconfirmed, make.Action.BEGIN_TRIAGE, make.INTAKE)
    listed = make.earlier_case(
        case,
        State.TRIAGE,
        email="otto@example.de",
        identifiers=(make.FiledIdentifier("email", make.ERIKA.email),),
    )

    for into in (unconfirmed, listed):
        assert refused(merging.merge_duplicate, case, make.INTAKE, into) == "no_contact_in_common"
    confirm_contact(open_challenge(unconfirmed, Effect.objects.first().pk))
    merging.merge_duplicate(case, make.INTAKE, unconfirmed)
    assert case.state == State.MERGED


def test_proof_of_identity_is_no_confirmed_address():
    case, _into = strangers()
    other = make.earlier_case(case, State.FILED)
    make.advance(other, make.Action.BEGIN_TRIAGE, make.INTAKE)
    make._prove(other)

    assert refused(merging.merge_duplicate, case, make.INTAKE, other) == "no_contact_in_common"


def test_the_person_is_told_and_can_say_that_it_is_wrong(mailoutbox):
    case, into = strangers()
    merging.propose_merge(case, make.INTAKE, into, "They look alike.")
    merging.approve_merge(case, make.APPROVER)
    drain()
    (mail,) = [each for each in mailoutbox if "put together" in each.subject]
    assert mail.to == [make.ERIKA.email]
    assert "If the other case is not yours" in mail.body

    visitor = Visitor(Client(), "en")
    visitor.open(case)
    page = text_of(visitor.get("status/case/"))
    assert "/en/status/case/unmerge/" in page
    assert "If that is wrong, tell us below" in page
    asked = text_of(visitor.get("status/case/unmerge/"))
    assert "its time counts from the day on which you filed it" in asked
    assert visitor.act("unmerge", reasons="I am not Otto.").status_code == 302

    case.refresh_from_db()
    assert (case.state, case.merged_into, case.merge_contested) == (State.TRIAGE, None, True)
    assert public_timeline(case)[-1].sentence.endswith("goes on by itself.")
    event = Event.objects.get(name="case.unmerged")
    assert "Otto" not in str(event.body)
    assert "/status/case/unmerge/" not in text_of(visitor.get("status/case/"))


def test_after_the_word_of_the_person_two_people_are_needed_even_for_one_address():
    case = make.make_case(State.TRIAGE, make.ERIKA)
    into = make.earlier_case(case)
    merging.merge_duplicate(case, make.INTAKE, into)
    merging.unmerge(case)

    assert refused(merging.merge_duplicate, case, make.INTAKE, into) == "merge_contested"
    merging.propose_merge(case, make.INTAKE, into, "She rang: it is one matter.")
    merging.approve_merge(case, make.APPROVER)
    assert case.state == State.MERGED


def test_an_erased_case_does_not_come_back_out():
    from workflows.retention.erasure import erase, request_erasure

    case = make.make_case(State.MERGED)
    request_erasure(case, make.OFFICER, "retention_over")
    erase(case, make.OTHER_OFFICER)

    assert refused(merging.unmerge, case) == "erased"


class TestInTheAdmin:
    @pytest.fixture(autouse=True)
    def english_pages(self, settings):
        settings.LANGUAGE_CODE = "en"
        settings.MFA_REQUIRED = False

    def test_intake_is_told_to_propose_and_the_approver_sees_both(self, intake, approver):
        case, into = strangers()
        client = signed_in(intake)
        answer = send_form(client, action_url(case, "merge"), {"number": into.number})
        assert "share no e-mail address that was confirmed for both" in answer.content.decode()
        typed = {"number": into.number, "text": "They look alike."}
        send_form(client, action_url(case, "propose_merge"), typed)
        case.refresh_from_db()
        assert (case.state, case.merge_proposed_into) == (State.TRIAGE, into)

        client = signed_in(approver)
        assert into.number in client.get(case_url(case)).content.decode()
        page = client.get(action_url(case, "approve_merge")).content.decode()
        for shown in (case.number, into.number, "Erika Beispiel", "Otto Muster", "otto@example.de"):
            assert shown in page
        looked = Event.objects.filter(name="case.viewed", case=into.pseudonym)
        assert looked.latest("pk").facts["what"] == "merge"
        send_form(client, action_url(case, "approve_merge"), {})
        case.refresh_from_db()
        assert case.merged_into == into

    def test_why_a_button_is_not_offered_stands_beside_it(self, privacy_officer):
        case, into = strangers()
        client = signed_in(privacy_officer)
        client.get("/staff/")
        merging.propose_merge(
            case,
            make.Actor(make.OFFICER.roles, privacy_officer.staff_identity.pseudonym),
            into,
            "They look alike.",
        )
        page = client.get(case_url(case)).content.decode()
        assert "You proposed the merge; somebody else has to approve it." in page
        assert "/do/approve_merge/" not in page
