"""Who asks for what cannot be taken back is not settled by one member of staff alone."""

import pytest
from django.utils import translation

from requests_portal.staff.case.actions.buttons import buttons_for
from requests_portal.staff.case.presenter import load_case, summary
from tests import factories as make
from tests.personas import signed_in
from tests.requests_portal.staff.addresses import action_url, send_form
from workflows.cases import staff_actions
from workflows.cases.errors import MoveRefused
from workflows.cases.filing_request import FiledItem
from workflows.cases.identity_policy import DEFAULT, policy_in_force, set_policy
from workflows.cases.lifecycle import Action, State
from workflows.cases.models import IdentityPolicy
from workflows.common.errors import InvalidInput
from workflows.ledger.models import Event
from workflows.notices import moves
from workflows.vocabulary.outcomes import Outcome
from workflows.vocabulary.people import Assurance

pytestmark = pytest.mark.django_db

GRANTS = {
    "delete": Outcome.DELETED,
    "copy": Outcome.PROVIDED,
    "transfer": Outcome.PROVIDED,
    "consult": Outcome.PROVIDED,
    "restrict": Outcome.PROCESSING_STOPPED,
}


def accepted(kind: str, level: str = Assurance.DOCUMENT):
    """Return a case in review whose requester one member of intake found to be known."""
    case = make.make_case(State.TRIAGE, make.ERIKA, items=(FiledItem(kind),))
    moves.ask_identity(case, make.INTAKE, "Please show who you are.")
    staff_actions.accept_identity(case, make.INTAKE, level, "Compared a document.")
    make._review(case)
    return case


def refused(move, *arguments) -> str:
    with pytest.raises(MoveRefused) as told:
        move(*arguments)
    return told.value.reason


def grant(case) -> None:
    make.propose(case, make.REVIEWER, GRANTS[case.kinds[0]])


@pytest.mark.parametrize("kind", ["delete", "copy", "transfer"])
@pytest.mark.parametrize("level", [Assurance.DOCUMENT, Assurance.MANDATE])
def test_what_the_law_calls_sensitive_waits_for_a_second_look(kind, level):
    case = accepted(kind, level)

    assert refused(grant, case) == "identity_not_confirmed"
    assert (
        refused(staff_actions.confirm_identity, case, make.INTAKE, "Sure.") == "own_identity_check"
    )
    staff_actions.confirm_identity(case, make.OTHER_REVIEWER, "Compared the document again.")
    grant(case)
    assert case.state == State.DECISION_PROPOSED


@pytest.mark.parametrize(
    ("kind", "level"),
    [("consult", Assurance.DOCUMENT), ("restrict", Assurance.MANDATE), ("copy", Assurance.MATCHED)],
)
def test_what_lies_below_the_policy_does_not_wait(kind, level):
    case = accepted(kind, level)

    grant(case)
    assert case.state == State.DECISION_PROPOSED


def test_to_refuse_nobody_needs_to_be_known():
    case = accepted("delete")

    make.propose(case)
    staff_actions.approve(case, make.APPROVER)
    assert case.state == State.EXECUTING


def test_the_second_look_is_taken_once_and_belongs_to_one_proof():
    case = accepted("delete")
    staff_actions.confirm_identity(case, make.OTHER_REVIEWER, "Compared it.")
    again = refused(staff_actions.confirm_identity, case, make.OFFICER, "So did I.")
    assert again == "identity_confirmed_already"

    moves.ask_identity(case, make.INTAKE, "Your document has expired.")
    staff_actions.accept_identity(case, make.OTHER_REVIEWER, Assurance.DOCUMENT, "A new one.")
    make._review(case)
    assert refused(grant, case) == "identity_not_confirmed"
    assert refused(staff_actions.confirm_identity, case, make.OTHER_REVIEWER, "Sure.") == (
        "own_identity_check"
    )


@pytest.mark.parametrize(
    ("confirmed", "left"), [(True, Assurance.CONTACT), (False, Assurance.NONE)]
)
def test_the_second_person_may_doubt_it(confirmed, left):
    case = accepted("delete")
    if not confirmed:
        type(case).objects.update(contact_confirmed_at=None)
        case.refresh_from_db()
    staff_actions.doubt_identity(case, make.OTHER_REVIEWER, "The birthday differs.")

    assert (case.assurance, case.assurance_set_by) == (left, "")
    assert refused(grant, case) == "assurance_too_low"
    assert refused(staff_actions.doubt_identity, case, make.REVIEWER, "Still.") == (
        "identity_not_accepted"
    )
    event = Event.objects.get(name="identity.doubted")
    assert "birthday" not in str(event.body)


class TestThePolicy:
    def test_begins_with_what_the_law_calls_sensitive(self):
        assert policy_in_force() == DEFAULT
        assert (DEFAULT.level, DEFAULT.kinds) == ("document", {"delete", "copy", "transfer"})

    def test_each_version_stays_and_stands_in_the_log(self):
        set_policy(make.OFFICER, Assurance.MATCHED, ["consult"])
        set_policy(make.OTHER_OFFICER, Assurance.MANDATE, ["delete", "delete"])

        assert policy_in_force().kinds == {"delete"}
        assert [version.level for version in IdentityPolicy.objects.all()] == ["mandate", "matched"]
        facts = [event.facts for event in Event.objects.filter(name="identity_policy.set")]
        assert facts == [
            {"level": "matched", "kinds": ["consult"]},
            {"level": "mandate", "kinds": ["delete"]},
        ]

    @pytest.mark.parametrize(("level", "kinds"), [("none", ["copy"]), ("document", ["everything"])])
    def test_is_made_of_known_words(self, level, kinds):
        with pytest.raises(InvalidInput):
            set_policy(make.OFFICER, level, kinds)
        assert not IdentityPolicy.objects.exists()

    def test_that_became_stricter_holds_for_what_waits_for_approval(self):
        case = accepted("consult")
        grant(case)
        set_policy(make.OFFICER, Assurance.DOCUMENT, ["consult"])

        assert refused(staff_actions.approve, case, make.APPROVER) == "identity_not_confirmed"
        staff_actions.confirm_identity(case, make.OTHER_REVIEWER, "Compared it.")
        staff_actions.approve(case, make.APPROVER)

    def test_without_kinds_needs_nothing(self):
        set_policy(make.OFFICER, Assurance.CONTACT, [])

        grant(accepted("copy"))


class TestInTheAdmin:
    @pytest.fixture(autouse=True)
    def english_pages(self, settings):
        settings.LANGUAGE_CODE = "en"
        settings.MFA_REQUIRED = False

    def test_a_privacy_officer_sets_it_and_nobody_else(self, privacy_officer, administrator):
        address = "/staff/cases/identitypolicy/add/"
        assert signed_in(administrator).get(address).status_code == 403
        client = signed_in(privacy_officer)
        page = client.get(address).content.decode()
        assert 'value="document" selected' in page
        send_form(client, address, {"level": "matched", "kinds": ["delete", "consult"]})

        assert policy_in_force().kinds == {"delete", "consult"}
        assert IdentityPolicy.objects.get().set_by == privacy_officer.staff_identity.pseudonym
        shown = client.get("/staff/cases/identitypolicy/").content.decode()
        assert "Data points matched" in shown
        assert "Delete information" in shown
        version = IdentityPolicy.objects.get().pk
        assert client.post(f"/staff/cases/identitypolicy/{version}/delete/").status_code == 403

    def test_the_case_says_that_it_waits_and_the_second_person_sees_the_grounds(self, reviewer):
        case = accepted("delete")
        with translation.override("en"):
            told = {str(name): str(value) for name, value in summary(load_case(case.pk))}
            assert told["Second look at the identity"] == (
                "Still needed before this is granted: Delete information"
            )
            refused = {
                button.page.slug: button.reason
                for button in buttons_for(load_case(case.pk), make.INTAKE).disabled
            }
        assert refused[Action.CONFIRM_IDENTITY].startswith("You accepted the proof of identity")

        client = signed_in(reviewer)
        page = client.get(action_url(case, "confirm_identity")).content.decode()
        assert "Compared a document." in page
        send_form(client, action_url(case, "confirm_identity"), {"text": "I compared it, too."})
        case.refresh_from_db()
        assert case.assurance_confirmed_by == reviewer.staff_identity.pseudonym
