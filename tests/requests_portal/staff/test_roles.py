"""What each role gets to see: cases for those who work on them, accounts for administrators."""

import pytest
from django.contrib.auth.models import User

from tests.factories import file, make_case
from tests.personas import make_staff
from tests.requests_portal.staff.addresses import QUEUE, action_url, case_url
from workflows.cases.attachments import Upload
from workflows.cases.lifecycle import State
from workflows.ledger.models import Event
from workflows.ledger.sequencer import drain_inbox

pytestmark = pytest.mark.django_db

CASE_ROLES = ("intake", "reviewer", "approver", "data_steward", "privacy_officer")
SETTINGS = (
    "/staff/routing/team/",
    "/staff/routing/routingrule/",
    "/staff/regimes/businesscalendar/",
    "/staff/regimes/publishedlimit/",
)
ACCOUNTS = ("/staff/auth/user/", "/staff/accounts/regulatoraccount/")


@pytest.mark.parametrize("role", CASE_ROLES)
def test_who_works_on_cases_sees_queue_and_case(sign_in, role) -> None:
    client = sign_in(make_staff("someone", role))
    case = make_case(State.TRIAGE)
    assert case.number in client.get(QUEUE).content.decode()
    assert "王小明" in client.get(case_url(case)).content.decode()


@pytest.mark.parametrize("role", [role for role in CASE_ROLES if role != "privacy_officer"])
def test_who_works_on_cases_keeps_neither_settings_nor_accounts(sign_in, role) -> None:
    client = sign_in(make_staff("someone", role))
    for path in (*SETTINGS, *ACCOUNTS, "/staff/outbox/effect/"):
        assert client.get(path).status_code == 403


def test_a_privacy_officer_keeps_the_settings_and_no_accounts(sign_in, privacy_officer) -> None:
    client = sign_in(privacy_officer)
    assert [client.get(path).status_code for path in SETTINGS] == [200] * len(SETTINGS)
    assert [client.get(path).status_code for path in ACCOUNTS] == [403, 403]


class TestWhoSeesNoCase:
    @pytest.fixture(params=["administrator", "superuser", "without a role"])
    def client(self, request, sign_in, db):
        match request.param:
            case "administrator":
                user = make_staff("adam", "administrator")
            case "superuser":
                user = User.objects.create_superuser("root", password="a long enough password")
            case _:
                user = make_staff("nobody")
        return sign_in(user, fresh=True)

    def test_on_no_page_of_a_case(self, client) -> None:
        case = file(uploads=(Upload("a.txt", b"text"),)).case
        drain_inbox()
        event = Event.objects.get(case=case.pseudonym)
        before = Event.objects.count()
        paths = (
            QUEUE,
            case_url(case),
            action_url(case, "note"),
            action_url(case, "erase"),
            f"{QUEUE}{case.pk}/files/{case.attachments.get().pk}/",
            f"{QUEUE}{case.pk}/proofs/{event.uid}/",
        )
        assert [client.get(path).status_code for path in paths] == [403] * len(paths)
        assert Event.objects.count() == before

    def test_by_no_search_and_no_bulk_action(self, client) -> None:
        case = make_case()
        client.get("/accounts/2fa/")
        token = client.cookies["csrf"].value
        answers = (
            client.post(f"{QUEUE}search/", {"term": case.number, "csrfmiddlewaretoken": token}),
            client.post(
                QUEUE,
                {
                    "action": "assign_selected",
                    "_selected_action": str(case.pk),
                    "csrfmiddlewaretoken": token,
                },
            ),
        )
        assert [answer.status_code for answer in answers] == [403, 403]

    def test_nor_any_figure_about_cases(self, client) -> None:
        make_case()
        page = client.get("/staff/").content.decode()
        assert "staff-tile" not in page
        assert QUEUE not in page


def test_an_administrator_keeps_accounts(sign_in, administrator) -> None:
    client = sign_in(administrator)
    assert [client.get(path).status_code for path in ACCOUNTS] == [200, 200]


def test_raw_case_data_are_nowhere_to_be_edited_or_deleted(sign_in, privacy_officer) -> None:
    case = make_case(State.TRIAGE)
    client = sign_in(privacy_officer)
    client.get(QUEUE)
    token = {"csrfmiddlewaretoken": client.cookies["csrf"].value}
    assert client.get(f"{QUEUE}add/").status_code == 403
    assert client.get(f"{QUEUE}{case.pk}/delete/").status_code == 403
    assert client.post(f"{QUEUE}{case.pk}/delete/", token).status_code == 403
    assert client.post(case_url(case), {**token, "state": "closed"}).status_code == 405
    assert "delete_selected" not in client.get(QUEUE).content.decode()
    case.refresh_from_db()
    assert case.state == State.TRIAGE
