"""Published time limits: what the law says beside the form, versions, and who may publish."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from workflows.regimes.models import PublishedLimit

pytestmark = pytest.mark.django_db

LIST = "/staff/regimes/publishedlimit/"
ADD = f"{LIST}add/"


def typed(**changes):
    tomorrow = (timezone.now() + timedelta(days=1)).date()
    return {
        "clock": "CN|response_15wd",
        "amount": "10",
        "unit": "working_days",
        "valid_from": tomorrow.isoformat(),
        **changes,
    }


@pytest.fixture
def client(sign_in, privacy_officer):
    return sign_in(privacy_officer)


def test_a_limit_is_published_and_stands_in_the_list(client, send) -> None:
    send(client, ADD, typed())
    row = PublishedLimit.objects.get()
    assert (row.regime, row.clock, row.amount, row.unit) == (
        "CN",
        "response_15wd",
        10,
        "working_days",
    )
    page = client.get(LIST).content.decode()
    assert "Mainland China · Promised time for the answer" in page
    assert "10 working days" in page


def test_the_limits_of_the_law_stand_in_the_list_before_one_is_published(client) -> None:
    page = client.get(LIST).content.decode()
    assert "What the law says" in page
    assert "Answer within fifteen working days after the day of receipt" in page


def test_the_form_shows_what_the_law_says_and_what_is_published(client, send) -> None:
    today = timezone.localdate(timezone=ZoneInfo("Asia/Shanghai"))
    send(client, ADD, typed(valid_from=today.isoformat()))
    page = client.get(ADD).content.decode()
    assert "Answer within fifteen working days after the day of receipt" in page
    assert "item 6" in page
    assert "Published: 10 working days" in page


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"amount": "16"}, "never longer"),
        ({"valid_from": "2020-01-01"}, "the past does not move"),
        ({"amount": "0"}, "greater than or equal to 1"),
        ({"clock": "EU|retain_until"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_published(client, send, change, sentence) -> None:
    assert sentence in send(client, ADD, typed(**change)).content.decode()
    assert not PublishedLimit.objects.exists()


def test_no_version_is_edited_or_deleted(client, send) -> None:
    send(client, ADD, typed())
    path = f"{LIST}{PublishedLimit.objects.get().pk}"
    assert client.get(f"{path}/change/").status_code == 200
    assert client.get(f"{path}/delete/").status_code == 403


@pytest.mark.parametrize("role", ["intake", "administrator"])
def test_others_publish_nothing(sign_in, request, role) -> None:
    assert sign_in(request.getfixturevalue(role)).get(ADD).status_code == 403
