"""Asks an operation of the API for a model, in a process of its own.

`test_a_new_endpoint` runs it in a copy of the code. It prints what came out as JSON, on its last
line.
"""

import importlib
import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import django
import httpx

django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402 - after the set-up
from django.utils import timezone  # noqa: E402
from rest_framework.test import APIClient  # noqa: E402

from tests.factories import STEWARD  # noqa: E402
from tests.openapi import hold_to_schema, operation_of, schema  # noqa: E402
from tests.tokens import pipeline_token  # noqa: E402
from workflows.accounts.models import PipelineToken  # noqa: E402
from workflows.datasets.models import TrainedModel  # noqa: E402

SCOPE = "models:read"


def caller(*scopes: str) -> tuple[APIClient, str]:
    """Return a client of a pipeline with these scopes, and its token."""
    pipeline = PipelineToken(
        name=f"with {scopes}", scopes=scopes, expires_at=timezone.now() + timedelta(days=1)
    )
    token = pipeline_token(pipeline, STEWARD)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client, token


def asked(client: APIClient, address: str) -> Any:
    """Return an answer that is as the schema says."""
    answer = client.get(address)
    hold_to_schema(answer, b"", "")
    return answer


def by_generated_client(token: str, number: int) -> dict[str, str]:
    """Return the model as a client says it that was generated from the schema."""
    described, settings = Path("schema.json"), Path("generator.json")
    described.write_text(json.dumps(schema()), encoding="utf-8")
    settings.write_text(json.dumps({"post_hooks": []}), encoding="utf-8")
    subprocess.run(
        [
            Path(sys.executable).with_name("openapi-python-client"), "generate",
            "--path", described, "--config", settings, "--meta", "none",
            "--output-path", "portal_client", "--fail-on-warning",
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    portal = importlib.import_module("portal_client")
    operation = importlib.import_module("portal_client.api.models.trained_model")
    server = httpx.WSGITransport(get_wsgi_application())
    with portal.AuthenticatedClient(
        base_url="http://testserver", token=token, httpx_args={"transport": server}
    ) as client:
        answered: dict[str, str] = operation.sync(number, client=client).to_dict()
    return answered


def main() -> None:
    """Ask as each caller may, and may not."""
    model = TrainedModel.objects.create(name="Example", version="2", trained_on=date(2026, 11, 24))
    address = f"/api/v1/models/{model.pk}/"
    client, token = caller(SCOPE)
    found = asked(client, address)
    refused = asked(caller("datasets:read")[0], address)
    told = {
        "asked": [found.status_code, found.json()],
        "described": operation_of(found)["description"],
        "without a token": asked(APIClient(), address).status_code,
        "with another scope": [refused.status_code, refused.json()["missing_scope"]],
        "unknown": asked(client, "/api/v1/models/0/").status_code,
        "generated client": by_generated_client(token, model.pk),
    }
    sys.stdout.write(json.dumps(told) + "\n")


main()
