"""A token opens what it was made for and nothing else; a refusal names the scope that is missing."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from tests.factories import STEWARD
from tests.personas import make_staff
from tests.tokens import pipeline_token
from workflows.accounts.approvals import approve
from workflows.accounts.models import ApprovalRequest, PipelineToken, TokenScope
from workflows.accounts.pipelines import (
    NoPipelineAccess,
    issue_token,
    pipeline_for_token,
    register_pipeline,
)
from workflows.common.errors import InvalidEntry
from workflows.ledger.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.requests_portal.api.urls")]

MANIFEST = "00000000-0000-0000-0000-000000000000"
# An address of each operation, and the one scope that opens it. 404 is an answer from behind it.
OPERATIONS = [
    ("get", "datasets/", "datasets:read"),
    ("post", "datasets/", "datasets:write"),
    ("get", "datasets/0/", "datasets:read"),
    ("patch", "datasets/0/", "datasets:write"),
    ("get", "datasets/0/snapshots/", "datasets:read"),
    ("post", "datasets/0/snapshots/", "datasets:write"),
    ("get", "datasets/0/croissant/", "datasets:read"),
    ("post", "datasets/croissant/", "datasets:write"),
    ("get", "snapshots/0/", "datasets:read"),
    ("get", "manifests/", "manifests:read"),
    ("get", f"manifests/{MANIFEST}/", "manifests:read"),
    ("get", f"manifests/{MANIFEST}/files/entries.jsonl", "manifests:read"),
    ("get", f"manifests/{MANIFEST}/files/replacements.jsonl", "manifests:texts"),
    ("get", f"manifests/{MANIFEST}/files/changes.sql", "manifests:texts"),
    ("post", f"manifests/{MANIFEST}/receipts/", "manifests:acknowledge"),
    ("get", "suppression-list/", "suppression:read"),
]


def client_with(*scopes: str, name: str = "program") -> APIClient:
    row = PipelineToken(
        name=name, scopes=list(scopes), expires_at=timezone.now() + timedelta(days=1)
    )
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {pipeline_token(row, STEWARD)}")
    return client


def ask(client: APIClient, method: str, path: str):
    kind = "application/ld+json" if path.endswith("croissant/") else "application/json"
    return getattr(client, method)(f"/api/v1/{path}", content_type=kind)


@pytest.mark.parametrize(("method", "path", "scope"), OPERATIONS)
def test_an_operation_needs_its_own_scope_and_all_others_do_not_open_it(method, path, scope):
    others = client_with(*(each for each in TokenScope.values if each != scope))

    refused = ask(others, method, path)

    assert refused.status_code == 403
    assert refused.headers["Content-Type"] == "application/problem+json"
    problem = refused.json()
    assert (problem["code"], problem["missing_scope"]) == ("missing_scope", scope)
    assert scope in problem["detail"]
    assert f'error="insufficient_scope", scope="{scope}"' in refused.headers["WWW-Authenticate"]
    PipelineToken.objects.update(scopes=[scope], approved_scopes=[scope])
    assert ask(others, method, path).status_code not in {401, 403}


def test_a_gateway_neither_registers_datasets_nor_fetches_manifests():
    gateway = client_with("suppression:read")
    entry = {"name": "Forum", "origin": "Crawled", "legal_basis": "Consent"}

    assert gateway.post("/api/v1/datasets/", entry, format="json").status_code == 403
    assert gateway.get("/api/v1/manifests/").status_code == 403
    assert gateway.get("/api/v1/suppression-list/").status_code == 200


def test_every_operation_of_a_pipeline_stands_in_this_table_with_the_scope_that_the_schema_names():
    from drf_spectacular.generators import SchemaGenerator

    schema = SchemaGenerator(urlconf="tests.requests_portal.api.urls").get_schema(public=True)
    described = {
        (method, path.removeprefix("/api/v1/")): operation
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
        if any("pipeline" in each for each in operation.get("security", []))
    }
    tried = {
        (method, path.replace("/0/", "/{dataset_id}/").replace(MANIFEST, "{manifest_id}"))
        for method, path, _scope in OPERATIONS
    }
    tried = {
        (method, path.replace("snapshots/{dataset_id}/", "snapshots/{snapshot_id}/"))
        for method, path in tried
    }
    files = "manifests/{manifest_id}/files/"
    tried = {
        (method, f"{files}{{name}}" if path.startswith(files) else path) for method, path in tried
    }
    assert tried == set(described)
    for method, path, scope in OPERATIONS[:10]:
        key = path.replace("snapshots/0/", "snapshots/{snapshot_id}/")
        operation = described[method, key.replace("/0/", "/{dataset_id}/")]
        assert operation["security"] == [{"pipeline": [scope]}]
        assert f"`{scope}`" in operation["description"]
    texts = described["get", f"{files}{{name}}"]
    assert texts["security"] == [{"pipeline": ["manifests:read"]}]
    assert "`manifests:texts`" in texts["description"]
    assert all(
        f"`{scope}`" in schema["components"]["securitySchemes"]["pipeline"]["description"]
        for scope in TokenScope.values
    )


def test_a_token_without_a_scope_or_with_an_unknown_one_is_not_made():
    for scopes in ([], ["everything"], ["datasets:read", "everything"]):
        with pytest.raises(InvalidEntry) as refused:
            client_with(*scopes)
        assert list(refused.value.errors) == ["scopes"]
    assert not PipelineToken.objects.exists()


def test_more_scopes_than_were_approved_open_nothing_and_fewer_take_effect_at_once():
    gateway = client_with("suppression:read", "datasets:read")
    PipelineToken.objects.update(scopes=["manifests:read", "suppression:read"])
    assert gateway.get("/api/v1/manifests/").status_code == 403
    assert gateway.get("/api/v1/datasets/").status_code == 403
    assert gateway.get("/api/v1/suppression-list/").status_code == 200


def test_the_log_tells_what_a_token_opens_and_each_change_of_it():
    pipeline = PipelineToken(
        name="program",
        scopes=["manifests:read", "datasets:read", "manifests:read"],
        expires_at=timezone.now() + timedelta(days=1),
    )
    issue_token(pipeline, STEWARD)
    assert pipeline.scopes == ["datasets:read", "manifests:read"]
    pipeline.scopes = ["datasets:read"]
    register_pipeline(pipeline, STEWARD)
    register_pipeline(pipeline, STEWARD)

    told = Event.objects.filter(name__startswith="pipeline.").order_by("pk")

    assert [(event.name, event.facts["scopes"]) for event in told] == [
        ("pipeline.token_issued", ["datasets:read", "manifests:read"]),
        ("pipeline.admitted", ["datasets:read"]),
    ]


def test_a_token_is_made_by_command_with_its_scopes(capsys):
    make_staff("dana", "data_steward")
    officer = make_staff("pilar", "privacy_officer")

    def approved() -> PipelineToken:
        secret = capsys.readouterr().out.strip()
        with pytest.raises(NoPipelineAccess):
            pipeline_for_token(secret)
        approve(ApprovalRequest.objects.get(state="waiting").pk, officer)
        return pipeline_for_token(secret)

    ask_for = ("issue_pipeline_token", "Gateway", "--by", "dana", "--days", "30")

    with pytest.raises(CommandError):
        call_command(*ask_for)
    with pytest.raises(CommandError, match="everything"):
        call_command(*ask_for, "--scope", "everything")
    call_command(*ask_for, "--scope", "suppression:read")

    first = approved()
    assert (first.name, first.open_scopes) == ("Gateway", ["suppression:read"])
    assert timedelta(29) < first.expires_at - timezone.now() < timedelta(31)
    call_command(*ask_for, "--scope", "datasets:read")
    assert approved().open_scopes == ["datasets:read"]
    assert PipelineToken.objects.count() == 1
