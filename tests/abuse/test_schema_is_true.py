"""What the schema says is what the server does, and a client made from it files a request."""

import importlib
import json
import subprocess
import sys
import urllib.request
import uuid
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from jsonschema import ValidationError
from rest_framework.test import APIClient

from requests_portal.api.v1 import requests
from tests.openapi import hold_to_schema, schema
from tests.requests_portal.api.test_regulator import client_of
from tests.stack import Stack
from workflows.cases.filing_request import MAX_IDENTIFIERS, MAX_ITEMS
from workflows.cases.models import Case

api_alone = pytest.mark.urls("tests.requests_portal.api.urls")
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def component(name: str) -> dict[str, Any]:
    return schema()["components"]["schemas"][name]


def defaults_of(name: str) -> dict[str, Any]:
    properties = component(name)["properties"]
    return {key: value["default"] for key, value in properties.items() if "default" in value}


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, operations in schema()["paths"].items()
        for method, operation in operations.items()
    ]


@api_alone
@pytest.mark.django_db
def test_every_default_of_a_filing_is_taken():
    details = defaults_of("DetailsRequest")
    filing = defaults_of("FilingRequest")
    assert (len(details), len(filing)) == (4, 9)

    answer = APIClient().post(
        "/api/v1/requests/",
        {
            "items": [{"kind": "delete", "details": details}],
            "residence": "CN",
            "language": "zh-hans",
            "subject_name": "王小明",
            **filing,
        },
        format="json",
        headers={"Idempotency-Key": str(uuid.uuid4())},
    )

    assert answer.status_code == 201, answer.content
    assert Case.objects.get().items.get().details == {}


@api_alone
@pytest.mark.django_db
def test_every_default_of_an_export_is_taken():
    chosen = defaults_of("BundleRequest")
    assert set(chosen) == {"case", "identity_reason", "recipient", "register", "previous"}

    answer = client_of("CN").post("/api/v1/regulator/bundles/", chosen, format="json")

    assert answer.status_code == 202, answer.content


@api_alone
def test_each_refusal_of_each_operation_has_a_described_body():
    for path, method, operation in operations():
        described = operation["responses"]
        wanted = {"400", "429", "503"}
        if operation.get("security", [{}]) != [{}]:
            wanted.add("401")
        if any("pipeline" in each for each in operation.get("security", [])):
            wanted.add("403")
        if "{" in path:
            wanted.add("404")
        if "requestBody" in operation:
            wanted |= {"413", "415"}
        if any(each["name"] == "Idempotency-Key" for each in operation.get("parameters", [])):
            wanted.add("422")
        assert wanted <= set(described), f"{method} {path}"
        for status, answer in described.items():
            if status.startswith(("4", "5")) and status != "416":
                assert answer["content"] == PROBLEM, f"{method} {path} {status}"
        for status in ("429", "503"):
            assert described[status]["headers"]["Retry-After"]["schema"]["type"] == "integer"


@api_alone
def test_lengths_and_patterns_are_told_as_they_are_enforced():
    filing = component("FilingRequest")["properties"]
    assert (filing["items"]["minItems"], filing["items"]["maxItems"]) == (1, MAX_ITEMS)
    assert filing["identifiers"]["maxItems"] == MAX_IDENTIFIERS
    for name, field in filing.items():
        if field.get("type") == "string":
            assert field["maxLength"] > 0, name
            # What must be told must not be empty.
            assert ("minLength" in field) == (name in component("FilingRequest")["required"]), name
    filed = component("Filed")["properties"]
    assert filed["case_number"]["pattern"].startswith("^[0-9]{4}-")
    assert filed["receipt"]["pattern"].endswith("{6}$")
    (key,) = [
        each
        for each in schema()["paths"]["/api/v1/requests/"]["post"]["parameters"]
        if each["name"] == "Idempotency-Key"
    ]
    assert key["schema"]["pattern"] == "^[A-Za-z0-9_-]{22,200}$"


@api_alone
@pytest.mark.django_db
def test_an_answer_that_is_not_as_described_fails_the_tests_of_the_api(monkeypatch):
    monkeypatch.setattr(
        requests,
        "_receipt",
        lambda _filed: {"case_number": "17", "receipt": "x", "status": "y", "due_on": None},
    )
    answer = APIClient().post(
        "/api/v1/requests/",
        {
            "items": [{"kind": "delete"}],
            "residence": "CN",
            "language": "zh-hans",
            "subject_name": "王小明",
        },
        format="json",
        headers={"Idempotency-Key": str(uuid.uuid4())},
    )
    with pytest.raises(ValidationError):
        hold_to_schema(answer, b"", "")


@pytest.fixture
def portal_client(stack: Stack, tmp_path: Path, monkeypatch) -> ModuleType:
    """A client that openapi-python-client has made from the schema of the running portal."""
    described = tmp_path / "schema.json"
    with urllib.request.urlopen(f"{stack.url}/api/v1/schema/?format=json", timeout=60) as answer:
        described.write_bytes(answer.read())
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({"post_hooks": []}))
    generator = Path(sys.executable).with_name("openapi-python-client")
    subprocess.run(
        [
            generator, "generate", "--path", described, "--config", settings, "--meta", "none",
            "--output-path", tmp_path / "portal_client", "--fail-on-warning",
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    monkeypatch.syspath_prepend(tmp_path)
    return importlib.import_module("portal_client")


@pytest.mark.stack
def test_a_generated_client_files_a_request_and_reads_its_status(stack, portal_client):
    models = importlib.import_module("portal_client.models")
    file_request = importlib.import_module("portal_client.api.requests.file_request")
    request_status = importlib.import_module("portal_client.api.requests.request_status")
    # No field but those that must be told: the client fills in all the others.
    body = models.FilingRequest(
        items=[models.ItemRequest(kind=models.ItemKindEnum.DELETE)],
        residence="CN",
        language=models.LanguageEnum.EN,
        subject_name="Li Example",
    )
    usual = {"base_url": stack.url, "raise_on_unexpected_status": True}

    with portal_client.Client(**usual) as client:
        filed = file_request.sync(client=client, body=body, idempotency_key=str(uuid.uuid4()))
        refused = file_request.sync(client=client, body=body, idempotency_key="JIRA-1234")
    assert isinstance(filed, models.Filed), filed
    with portal_client.AuthenticatedClient(**usual, token=filed.receipt) as client:
        status = request_status.sync(filed.case_number, client=client)
    with portal_client.AuthenticatedClient(**usual, token="wrong") as client:
        unknown = request_status.sync(filed.case_number, client=client)

    assert isinstance(status, models.Status), status
    assert status.case_number == filed.case_number
    assert [item.kind for item in status.items] == [models.ItemKindEnum.DELETE]
    assert isinstance(refused, models.Problem)
    assert (refused.status, refused.code) == (400, "idempotency_key_guessable")
    assert isinstance(unknown, models.Problem)
    assert unknown.status == 404
