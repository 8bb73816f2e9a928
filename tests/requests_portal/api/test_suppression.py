"""Gateways pull the list with their token, and are told when it has not changed."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from examples.output_filter import read_list
from tests.factories import STEWARD, make_case
from tests.tokens import pipeline_token
from workflows.accounts.models import PipelineToken
from workflows.model_outputs.suppression import suppress, suppression_signer

pytestmark = [pytest.mark.urls("tests.requests_portal.api.urls"), pytest.mark.django_db]
LIST = "/api/v1/suppression-list/"


@pytest.fixture
def gateway() -> APIClient:
    pipeline = PipelineToken(
        name="gateway",
        scopes=["suppression:read"],
        expires_at=timezone.now() + timedelta(days=1),
    )
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {pipeline_token(pipeline, STEWARD)}")
    return client


def test_a_gateway_gets_the_list_and_then_304_until_it_changes(gateway):
    item = make_case().items.get()
    suppress(item, STEWARD, "王小明")
    first = gateway.get(LIST)
    (entry,) = read_list(first.content.decode(), suppression_signer().verifier.vkey)
    assert entry["phrase"] == "王小明"

    again = gateway.get(LIST, HTTP_IF_NONE_MATCH=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")

    suppress(item, STEWARD, "王小红")
    changed = gateway.get(LIST, HTTP_IF_NONE_MATCH=first["ETag"])
    assert changed.status_code == 200
    assert int(changed["X-List-Version"]) == int(first["X-List-Version"]) + 1


@pytest.mark.parametrize("token", ["", "Bearer nonsense"])
def test_nobody_else_gets_it(token):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=token)
    assert client.get(LIST).status_code == 401


def test_the_number_of_queries_does_not_grow(gateway, django_assert_max_num_queries):
    item = make_case().items.get()
    for number in range(5):
        suppress(item, STEWARD, f"phrase {number}")
    with django_assert_max_num_queries(12):
        gateway.get(LIST)
