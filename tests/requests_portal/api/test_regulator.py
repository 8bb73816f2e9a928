"""A regulator's programs see the cases of one regime and export them."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone
from rest_framework.test import APIClient

from tests.factories import ERIKA, WANG, file
from tests.tokens import regulator_token
from workflows.accounts.models import RegulatorAccount
from workflows.exports.files import bundle_path
from workflows.exports.making import make_bundle
from workflows.exports.models import BundleJob
from workflows.ledger.models import Event
from workflows.ledger.sequencer import drain_inbox

pytestmark = pytest.mark.urls("tests.requests_portal.api.urls")


def client_of(regime: str, **changes: object) -> APIClient:
    user = User.objects.create_user(f"officer-{regime}")
    user.groups.add(Group.objects.get(name="regulator"))
    account = RegulatorAccount.objects.create(
        user=user,
        regime=regime,
        authority="An authority",
        **{"expires_at": timezone.now() + timedelta(days=1), **changes},
    )
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {regulator_token(account)}")
    return client


@pytest.mark.django_db
def test_only_cases_of_the_own_regime_are_listed():
    chinese = file(WANG).case
    file(ERIKA)

    answer = client_of("CN").get("/api/v1/regulator/cases/")

    assert [case["case_number"] for case in answer.json()["results"]] == [chinese.number]


@pytest.mark.django_db
def test_the_list_tells_nothing_of_the_person():
    file(WANG)

    answer = client_of("CN").get("/api/v1/regulator/cases/")

    assert WANG.subject_name not in answer.content.decode()
    assert WANG.email not in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", "Bearer wrong", "Bearer", "Basic dGVzdA==", "Bearer a b"])
def test_without_a_live_token_nothing_is_told(token):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=token)

    answer = client.get("/api/v1/regulator/cases/")

    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
def test_an_expired_account_has_no_access():
    client = client_of("CN")
    RegulatorAccount.objects.update(expires_at=timezone.now())

    assert client.get("/api/v1/regulator/cases/").status_code == 401


@pytest.mark.django_db(transaction=True)
def test_an_export_is_asked_for_made_and_downloaded():
    file(WANG)
    drain_inbox()
    client = client_of("CN")

    asked = client.post("/api/v1/regulator/bundles/", {}, format="json")
    assert asked.status_code == 202, asked.content
    make_bundle(asked.json()["id"])
    told = client.get(asked.headers["Location"]).json()
    assert told["state"] == "ready"
    answer = client.get(f"{asked.headers['Location']}file/")

    names = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))).namelist()
    assert "verify.py" in names
    assert Event.objects.filter(name="bundle.downloaded").count() == 1


@pytest.mark.django_db
def test_an_export_whose_time_is_over_is_not_given_though_nobody_has_swept(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client = client_of("CN")
    address = client.post("/api/v1/regulator/bundles/", {}, format="json").headers["Location"]
    BundleJob.objects.update(state="ready", expires_at=timezone.now() + timedelta(minutes=1))
    bundle_path(BundleJob.objects.get()).parent.mkdir(parents=True)
    bundle_path(BundleJob.objects.get()).write_bytes(b"a file")
    assert client.get(f"{address}file/").status_code == 200

    BundleJob.objects.update(expires_at=timezone.now())
    assert client.get(address).json()["state"] == "expired"
    assert client.get(f"{address}file/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_export_of_another_regime_is_not_there():
    file(WANG)
    drain_inbox()
    asked = client_of("CN").post("/api/v1/regulator/bundles/", {}, format="json")
    other = client_of("EU")

    assert other.get(asked.headers["Location"]).status_code == 404
    assert other.get(f"{asked.headers['Location']}file/").status_code == 404
    assert other.get("/api/v1/regulator/bundles/").json()["results"] == []


@pytest.mark.django_db
def test_a_filter_that_cannot_be_is_named():
    answer = client_of("CN").post(
        "/api/v1/regulator/bundles/", {"since": "2026-02-30"}, format="json"
    )

    assert answer.status_code == 400
    assert "since" in answer.json()["errors"]
    assert not BundleJob.objects.exists()


RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"


@pytest.mark.django_db(transaction=True)
def test_a_broken_download_goes_on_and_each_part_is_a_step_in_the_log():
    file(WANG)
    drain_inbox()
    client = client_of("CN")
    asked = client.post("/api/v1/regulator/bundles/", {"formats": ["xlsx"]}, format="json")
    make_bundle(asked.json()["id"])
    address = f"{asked.headers['Location']}file/"
    head = client.head(address)
    size, etag = int(head.headers["Content-Length"]), head.headers["ETag"]
    assert etag == f'"{BundleJob.objects.get().sha256}"'

    first = client.get(address, headers={"Range": "bytes=0-99"})
    rest = client.get(address, headers={"Range": "bytes=100-", "If-Range": etag})
    beyond = client.get(address, headers={"Range": f"bytes={size}-"})
    changed = client.get(address, headers={"Range": "bytes=100-", "If-Range": '"older"'})

    statuses = [answer.status_code for answer in (first, rest, beyond, changed)]
    assert statuses == [206, 206, 416, 200]
    assert rest.headers["Content-Range"] == f"bytes 100-{size - 1}/{size}"
    content = b"".join([*first.streaming_content, *rest.streaming_content])
    assert content == b"".join(changed.streaming_content)
    assert "cases.xlsx" in zipfile.ZipFile(io.BytesIO(content)).namelist()
    # Looking at the size is no download.
    assert Event.objects.filter(name="bundle.downloaded").count() == 4


@pytest.mark.django_db(transaction=True)
def test_an_export_is_encrypted_to_the_key_that_was_sent():
    file(WANG)
    client = client_of("CN")
    asked = client.post("/api/v1/regulator/bundles/", {"recipient": RECIPIENT}, format="json")
    assert asked.json()["recipient"] == RECIPIENT
    make_bundle(asked.json()["id"])

    answer = client.get(f"{asked.headers['Location']}file/")

    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert b"".join(answer.streaming_content).startswith(b"age-encryption.org/v1")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("chosen", "status"), [({"recipient": "age1nothing"}, 400), ({"formats": ["exe"]}, 400)]
)
def test_a_form_or_a_key_that_cannot_be_is_refused(chosen, status):
    answer = client_of("CN").post("/api/v1/regulator/bundles/", chosen, format="json")

    assert answer.status_code == status
    assert not BundleJob.objects.exists()
