"""The schema describes the API, and the log is public as far as hashes go."""

import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator

from tests.factories import file
from workflows.ledger.sequencer import drain_inbox

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.requests_portal.api.urls")]


def test_the_schema_is_valid_openapi(tmp_path):
    call_command(
        "spectacular",
        "--validate",
        "--fail-on-warn",
        "--file",
        str(tmp_path / "schema.yml"),
        "--urlconf",
        "tests.requests_portal.api.urls",
    )
    assert "file_request" in (tmp_path / "schema.yml").read_text()


def test_lists_that_have_pages_are_described_so():
    schema = SchemaGenerator(urlconf="tests.requests_portal.api.urls").get_schema(public=True)
    for path in (
        "manifests/",
        "datasets/",
        "datasets/{dataset_id}/snapshots/",
        "regulator/cases/",
        "regulator/bundles/",
    ):
        described = schema["paths"][f"/api/v1/{path}"]["get"]
        reference = described["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
        page = schema["components"]["schemas"][reference.rpartition("/")[2]]
        assert set(page["properties"]) == {"next", "previous", "results"}
        assert "cursor" in {parameter["name"] for parameter in described["parameters"]}


def test_the_docs_need_no_inline_script(client):
    page = client.get("/api/v1/docs/").content.decode()

    assert "swagger-ui" in page
    assert "<script>" not in page


def test_the_checkpoint_is_public_and_short_lived(client):
    file()
    size = drain_inbox()

    answer = client.get("/ledger/checkpoint")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.content.decode().splitlines()[1] == str(size)
    assert "max-age=5" in answer.headers["Cache-Control"]


def test_hash_tiles_are_public_and_immutable(client):
    file()
    size = drain_inbox()

    answer = client.get(f"/ledger/tile/0/000.p/{size}")

    assert answer.status_code == 200
    assert len(answer.content) == 32 * size
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    "path", ["tile/entries/000.p/1", "tile/0/001", "tile/0/../../secrets", "nothing", ""]
)
def test_entries_and_everything_else_are_not(client, path):
    file()
    drain_inbox()

    assert client.get(f"/ledger/{path}").status_code == 404
