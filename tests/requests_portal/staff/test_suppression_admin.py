"""The suppression list in the staff's pages: added, tested, withdrawn; never changed or deleted."""

import pytest

from tests.factories import STEWARD, make_case
from tests.requests_portal.staff.addresses import hidden_fields
from workflows.ledger.models import Event
from workflows.model_outputs.models import Suppression
from workflows.model_outputs.suppression import suppress

pytestmark = pytest.mark.django_db
LIST = "/staff/model_outputs/suppression/"


def act(client, name, entry):
    token = hidden_fields(client.get(LIST).content.decode())["csrfmiddlewaretoken"]
    data = {"action": name, "_selected_action": [str(entry.pk)], "index": "0"}
    return client.post(LIST, {"csrfmiddlewaretoken": token, **data}, follow=True)


def test_a_steward_adds_tests_and_withdraws(sign_in, data_steward, send):
    case = make_case()
    client = sign_in(data_steward)
    data = {
        "case_number": case.number, "position": "1", "words": "王小明住在上海", "form": "exact",
        "prompt": "Where does he live?",
    }  # fmt: skip
    answer = send(client, f"{LIST}add/", data, follow=True)
    entry = Suppression.objects.get()
    assert (entry.phrase, entry.form, entry.case) == ("王小明住在上海", "exact", case)
    page = answer.content.decode()
    assert "suppressed, not deleted" in page
    assert data_steward.username in page  # who answers for it
    assert "object (" not in page

    act(client, "mark_shown", entry)
    entry.refresh_from_db()
    assert entry.test_result == "shown"
    shown = client.get(f"{LIST}{entry.pk}/change/").content.decode()
    assert "Where does he live?" in shown
    assert f"{case.number} · 1" in shown
    assert "_save" not in shown

    act(client, "take_off", entry)
    assert "off the list already" in act(client, "take_off", entry).content.decode()
    assert client.get(f"{LIST}{entry.pk}/delete/").status_code == 403


def test_what_is_wrong_is_said_on_the_form(sign_in, data_steward, send):
    case = make_case()
    client = sign_in(data_steward)
    data = {"case_number": "nonsense", "position": "1", "words": "王小明", "form": "exact"}
    assert "There is no such item" in send(client, f"{LIST}add/", data).content.decode()
    data = {**data, "case_number": case.number, "words": "王"}
    assert "too short" in send(client, f"{LIST}add/", data).content.decode()
    assert not Suppression.objects.exists()


def test_the_list_shows_no_phrase_and_who_looks_at_one_is_logged(sign_in, reviewer):
    case = make_case()
    entry = suppress(case.items.get(), STEWARD, "王小明住在上海")
    client = sign_in(reviewer)
    assert "王小明" not in client.get(LIST).content.decode()
    assert not Event.objects.filter(name="case.viewed").exists()

    assert "王小明住在上海" in client.get(f"{LIST}{entry.pk}/change/").content.decode()
    look = Event.objects.get(name="case.viewed", case=case.pseudonym)
    assert look.facts == {"what": "suppression"}


@pytest.mark.parametrize("key", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_an_entry_that_there_is_not_is_no_error(sign_in, reviewer, key):
    answer = sign_in(reviewer).get(f"{LIST}{key}/change/", follow=True)
    assert answer.status_code == 200
    assert not Event.objects.filter(name="case.viewed").exists()


def test_a_reviewer_reads_and_intake_does_not(sign_in, reviewer, intake):
    case = make_case()
    suppress(case.items.get(), STEWARD, "王小明住在上海")
    assert case.number in sign_in(reviewer).get(LIST).content.decode()
    assert sign_in(reviewer).get(f"{LIST}add/").status_code == 403
    assert sign_in(intake).get(LIST).status_code == 403


def test_the_number_of_queries_does_not_grow(sign_in, reviewer, django_assert_max_num_queries):
    item = make_case().items.get()
    client = sign_in(reviewer)
    for number in range(8):
        suppress(item, STEWARD, f"phrase {number}")
    with django_assert_max_num_queries(17):
        client.get(LIST)
