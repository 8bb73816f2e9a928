"""Abuse case 16: a credential made for one door opens no other, and none after its time.

Requests of agents are not signed; an agent holds the receipt of each request that it files.
"""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories
from tests.tokens import pipeline_token
from workflows.accounts.models import PipelineToken, TokenScope

pytestmark = pytest.mark.django_db


def get(client, path: str, secret: str) -> int:
    return client.get(path, headers={"Authorization": f"Bearer {secret}"}).status_code


def test_a_receipt_opens_no_endpoint_of_programs(client):
    receipt = factories.file().receipt

    for path in ("/api/v1/manifests/", "/api/v1/datasets/", "/api/v1/regulator/cases/"):
        assert get(client, path, receipt) in {401, 403}


def test_a_token_opens_what_its_scopes_name_until_it_is_revoked(client):
    gateway = PipelineToken(
        name="gateway",
        scopes=[TokenScope.SUPPRESSION_READ],
        expires_at=timezone.now() + timedelta(days=1),
    )
    secret = pipeline_token(gateway, factories.STEWARD)

    assert get(client, "/api/v1/manifests/", secret) == 403
    assert get(client, "/api/v1/regulator/cases/", secret) in {401, 403}
    PipelineToken.objects.update(expires_at=timezone.now())
    assert get(client, "/api/v1/manifests/", secret) == 401
