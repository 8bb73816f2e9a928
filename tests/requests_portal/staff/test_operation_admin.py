"""Operation: effects that failed for good are tried again, exports are seen and not touched."""

import pytest

from tests.requests_portal.staff.addresses import hidden_fields
from workflows.exports.models import BundleJob
from workflows.outbox.models import Effect
from workflows.witnesses.models import Witness

pytestmark = pytest.mark.django_db
EFFECTS = "/staff/outbox/effect/"
WITNESSES = "/staff/witnesses/witness/"


@pytest.fixture
def dead() -> Effect:
    return Effect.objects.create(
        kind="mail.answer",
        key="dead",
        state=Effect.State.DEAD,
        attempts=12,
        last_error="SMTPServerDisconnected",
    )


def retry(client, effect: Effect, action: str = "retry"):
    token = hidden_fields(client.get(EFFECTS).content.decode())["csrfmiddlewaretoken"]
    data = {"action": action, "_selected_action": [str(effect.pk)], "index": "0"}
    return client.post(EFFECTS, {"csrfmiddlewaretoken": token, **data}, follow=True)


def test_dead_ones_are_listed_and_tried_again(sign_in, privacy_officer, dead) -> None:
    Effect.objects.create(kind="mail.message", key="pending")
    client = sign_in(privacy_officer)
    page = client.get(EFFECTS).content.decode()
    assert "SMTPServerDisconnected" in page
    assert "mail.message" not in page
    assert "1 effect will be tried again." in retry(client, dead).content.decode()
    dead.refresh_from_db()
    assert (dead.state, dead.attempts) == (Effect.State.PENDING, 0)


def test_all_of_a_kind_are_tried_again_by_one_of_them(sign_in, privacy_officer, dead) -> None:
    for number, kind in enumerate(("mail.answer", "mail.answer", "mail.fee")):
        Effect.objects.create(kind=kind, key=str(number), state=Effect.State.DEAD)
    answer = retry(sign_in(privacy_officer), dead, action="retry_kinds")
    assert "3 effects will be tried again." in answer.content.decode()
    assert Effect.objects.get(state=Effect.State.DEAD).kind == "mail.fee"


def test_an_administrator_sees_them_and_cannot_try_again(sign_in, administrator, dead) -> None:
    client = sign_in(administrator)
    assert "SMTPServerDisconnected" in client.get(EFFECTS).content.decode()
    retry(client, dead)
    dead.refresh_from_db()
    assert dead.state == Effect.State.DEAD


def test_exports_are_read_only(sign_in, privacy_officer) -> None:
    job = BundleJob.objects.create(
        regime="EU", requested_by=privacy_officer, filters={"states": ["closed"]}
    )
    client = sign_in(privacy_officer)
    path = "/staff/exports/bundlejob/"
    assert "EU" in client.get(path).content.decode()
    page = client.get(f"{path}{job.pk}/change/").content.decode()
    assert "closed" in page
    assert "_save" not in page
    assert client.get(f"{path}add/").status_code == 403
    assert client.get(f"{path}{job.pk}/delete/").status_code == 403


def test_witnesses_are_shown_with_what_is_wrong_and_not_touched(
    sign_in, privacy_officer, reviewer, django_assert_max_num_queries
) -> None:
    for number in range(3):
        Witness.objects.create(
            vkey=f"witness.example/w{number}+00000000+AA==",
            size=41 + number,
            failures=number,
            error="The log was rolled back." if number else "",
        )
    client = sign_in(privacy_officer)
    client.get(WITNESSES)
    with django_assert_max_num_queries(20):
        page = client.get(WITNESSES).content.decode()
    assert "witness.example/w2" in page
    assert "The log was rolled back." in page
    witness = Witness.objects.first()
    assert client.post(f"{WITNESSES}{witness.pk}/change/", {"size": 0}).status_code == 403
    assert client.get(f"{WITNESSES}add/").status_code == 403
    assert sign_in(reviewer).get(WITNESSES).status_code == 403
