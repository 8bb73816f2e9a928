"""Who was told of a change and who confirmed it: for stewards to keep, for the others to read."""

import pytest

from tests.requests_portal.staff.addresses import case_url
from tests.requests_portal.staff.test_register import post, text_of
from tests.workflows.corrections.changing import FORUM, told
from tests.workflows.corrections.conftest import data, no_broker
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.cases.models import Case
from workflows.corrections.models import RecipientNotice

__all__ = ["data", "no_broker"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]
NOTICES = "/staff/corrections/recipientnotice/"


@pytest.fixture
def untold(data):
    (data / "forum.jsonl").write_text(lines(FORUM))
    return told(make_snapshot("forum.jsonl"), email="", contact="PO box 1")


def test_a_steward_tells_and_takes_the_confirmation(sign_in, data_steward, untold):
    client = sign_in(data_steward)
    page = f"{NOTICES}{untold.pk}"
    assert "not told yet" in text_of(post(client, f"{page}/confirmed/", {"ground": "By phone."}))
    assert "To be told by staff" in text_of(client.get(NOTICES))
    post(client, f"{page}/told/", {"ground": "By letter."})
    assert "Told, not confirmed" in text_of(client.get(f"{page}/change/"))
    post(client, f"{page}/confirmed/", {"ground": "By letter of the 3rd."})
    shown = text_of(client.get(f"{page}/change/"))
    assert "Confirmed" in shown
    assert "PO box 1" in shown
    assert "By letter of the 3rd." in shown


def test_the_page_of_the_case_says_who_was_told(sign_in, data_steward, untold):
    page = sign_in(data_steward).get(case_url(Case.objects.get()))
    assert "Lab (Forum), who is being told of the change" in text_of(page)
    assert f"{NOTICES}?q={Case.objects.get().number}" in page.content.decode()


def test_the_list_is_searched_by_case_and_filtered_by_state_and_dataset(
    sign_in, data_steward, untold
):
    client = sign_in(data_steward)
    dataset = untold.manifest.snapshot.dataset_id
    for query, found in (
        (f"q={Case.objects.get().number}", True),
        ("q=2026-NONE", False),
        ("state=untold", True),
        ("state=silent", False),
        ("state=confirmed", False),
        (f"manifest__snapshot__dataset__id__exact={dataset}", True),
    ):
        page = client.get(f"{NOTICES}?{query}").content.decode()
        assert (f"{untold.pk}/change/" in page) is found, query


def test_the_list_takes_the_same_queries_however_long(
    sign_in, data_steward, untold, django_assert_max_num_queries
):
    client = sign_in(data_steward)
    client.get(NOTICES)
    with django_assert_max_num_queries(40) as few:
        client.get(NOTICES)
    recipient = untold.recipient
    for number in range(3):
        recipient.pk, recipient.name = None, f"Lab {number}"
        recipient.save()
        RecipientNotice.objects.create(
            manifest=untold.manifest, recipient=recipient, token_digest=bytes([number])
        )
    with django_assert_max_num_queries(len(few)):
        client.get(NOTICES)


def test_reviewers_read_and_cannot_write(sign_in, reviewer, intake, untold):
    client = sign_in(reviewer)
    assert client.get(f"{NOTICES}{untold.pk}/change/").status_code == 200
    assert client.get(f"{NOTICES}{untold.pk}/told/").status_code == 403
    assert sign_in(intake).get(NOTICES).status_code == 403
