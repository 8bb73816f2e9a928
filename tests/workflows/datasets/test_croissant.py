"""Croissant 1.1 goes out and comes in again as the same entry; others' files are understood."""

import json

import pytest
from django.core.management import CommandError, call_command

from tests.factories import INTAKE, STEWARD
from tests.personas import make_staff
from tests.workflows.datasets.entries import lines, make_dataset, make_snapshot
from workflows.common.errors import InvalidEntry, Refused
from workflows.datasets.croissant.exporting import export_croissant
from workflows.datasets.croissant.importing import import_croissant
from workflows.datasets.models import Dataset, Snapshot, SnapshotFile

pytestmark = pytest.mark.django_db

FULL = {
    "description": "Posts of a forum",
    "scope": "fine_tuning",
    "origin": "Crawled in May",
    "legal_basis": "Consent",
    "licence": "https://spdx.org/licenses/CC-BY-4.0",
    "types": "posts, comments",
    "scale": "3 million posts",
    "labelling_rules": "Two people each",
    "retention": "Two years",
}
SNAPSHOT = ("version", "format", "location", "id_field", "text_fields", "source_field")


def forget_all() -> None:
    SnapshotFile.objects.all().delete()
    Snapshot.objects.all().delete()
    Dataset.objects.all().delete()


@pytest.mark.parametrize("shape", ["one file", "a folder", "parquet", "a table"])
def test_what_goes_out_comes_in_as_the_same(data, shape):
    (data / "posts").mkdir()
    for name in ("a.jsonl", "b.jsonl"):
        (data / "posts" / name).write_text(lines())
    changes = {
        "one file": {"location": "posts/a.jsonl"},
        "a folder": {"location": "posts", "text_fields": ["text", "url"], "source_field": ""},
        "parquet": {"location": "posts", "format": "parquet", "id_field": ""},
        "a table": {"location": "archive/public.posts", "format": "postgresql"},
    }[shape]
    snapshot = make_snapshot(**changes, dataset=make_dataset(approved=True, **FULL))
    expected = {name: getattr(snapshot, name) for name in SNAPSHOT}
    document = json.dumps(export_croissant(snapshot.dataset)).encode()
    forget_all()

    dataset, taken = import_croissant(document, STEWARD)

    assert {name: getattr(dataset, name) for name in FULL} == FULL
    assert {name: getattr(taken, name) for name in SNAPSHOT} == expected
    assert not dataset.is_approved


def test_it_says_what_the_specification_requires(data):
    (data / "a.jsonl").write_text(lines())
    document = export_croissant(make_snapshot("a.jsonl").dataset)
    required = {"@context", "@type", "conformsTo", "description", "license", "name", "url"}
    assert required - {"description", "license"} <= document.keys()  # these two were left empty
    assert {"creator", "datePublished", "distribution", "version"} <= document.keys()
    assert "http://mlcommons.org/croissant/1.1" in document["conformsTo"]
    (file,) = document["distribution"]
    assert (file["@type"], len(file["sha256"])) == ("cr:FileObject", 64)
    (records,) = document["recordSet"]
    assert records["key"] == {"@id": "records/id"}
    assert [field["dataType"] for field in records["field"]] == ["sc:Text", "sc:Text", "sc:URL"]
    assert records["field"][1]["source"] == {
        "fileObject": {"@id": "a.jsonl"},
        "extract": {"column": "text"},
    }


def test_a_file_of_somebody_else_is_understood():
    document = {
        "@context": {"@vocab": "https://schema.org/", "sc": "https://schema.org/"},
        "@type": "sc:Dataset",
        "dct:conformsTo": "http://mlcommons.org/croissant/1.0",
        "sc:name": {"@value": "Stories", "@language": "en"},
        "sc:license": {"@type": "CreativeWork", "url": "https://spdx.org/licenses/MIT"},
        "rai:dataCollection": ["Written by people"],
        "usageInfo": {"@type": "CreativeWork", "name": "Legal basis", "text": "Contract"},
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": "repo",
                "contentUrl": "https://example.org/stories.parquet",
                "encodingFormat": "application/x-parquet",
            }
        ],
    }
    dataset, snapshot = import_croissant(json.dumps(document).encode(), STEWARD)
    assert (dataset.name, dataset.licence) == ("Stories", "https://spdx.org/licenses/MIT")
    assert snapshot is None  # its files are not on this server


def test_a_known_dataset_gets_a_new_snapshot_once(data):
    (data / "a.jsonl").write_text(lines())
    dataset = make_snapshot("a.jsonl").dataset
    document = export_croissant(dataset)
    assert import_croissant(json.dumps(document).encode(), STEWARD) == (dataset, None)
    document["version"] = "2"
    again, snapshot = import_croissant(json.dumps(document).encode(), STEWARD)
    assert (again, snapshot.version) == (dataset, "2")


@pytest.mark.parametrize(
    "urls", [["/data/a.jsonl", "b.jsonl"], ["a.jsonl", "b.jsonl"], ["/a/x.jsonl", "file://b.jsonl"]]
)
def test_files_that_lie_in_no_folder_together_are_refused(data, urls):
    document = export_croissant(make_dataset())
    document["distribution"] = [
        {"@type": "cr:FileObject", "contentUrl": url, "encodingFormat": "application/jsonl"}
        for url in urls
    ]
    forget_all()
    with pytest.raises(InvalidEntry) as refused:
        import_croissant(json.dumps(document).encode(), STEWARD)
    assert "no folder" in str(refused.value.errors["file"])
    assert not Dataset.objects.exists()


@pytest.mark.parametrize("depth", [700, 100_000])
def test_a_document_nested_too_deep_is_refused(depth):
    document = json.dumps(export_croissant(make_dataset()))
    content = document[:-1] + ', "x": ' + "[" * depth + "]" * depth + "}"
    with pytest.raises(InvalidEntry) as refused:
        import_croissant(content.encode(), STEWARD)
    assert "JSON" in str(refused.value.errors["file"])


@pytest.mark.parametrize(
    "content", [b"no", b"[]", b"{}", b'{"conformsTo": "https://example.org/"}', b" " * 3_000_000]
)
def test_what_is_not_croissant_is_refused(content):
    with pytest.raises(InvalidEntry):
        import_croissant(content, STEWARD)


def test_only_a_steward_takes_one_in():
    document = json.dumps(export_croissant(make_dataset())).encode()
    forget_all()
    with pytest.raises(Refused):
        import_croissant(document, INTAKE)
    assert not Dataset.objects.exists()


class TestCommands:
    def test_a_dataset_is_registered_exported_and_imported(self, data, tmp_path, capsys):
        make_staff("dana", "data_steward")
        (data / "a.jsonl").write_text(lines())
        call_command(
            *("register_dataset", "Forum", "--origin", "x", "--legal-basis", "y", "--by", "dana"),
            *("--location", "a.jsonl", "--read"),
        )
        assert "records 2" in capsys.readouterr().out
        call_command("export_croissant", "Forum")
        (tmp_path / "c.json").write_text(capsys.readouterr().out)
        call_command("import_croissant", str(tmp_path / "c.json"), "--by", "dana")
        assert "no new snapshot" in capsys.readouterr().out

    def test_what_is_refused_is_said(self, data):
        make_staff("dana", "data_steward")
        make_staff("ines", "intake")
        full = ("--origin", "x", "--legal-basis", "y")
        for arguments, words in (
            (("x", "--by", "nobody"), "no account"),
            (("x", "--by", "dana"), "origin: "),
            (("x", "--by", "ines", *full), "role"),
            (("x", "--by", "dana", *full, "--location", "a.jsonl", "--read"), r"a\.jsonl"),
        ):
            with pytest.raises(CommandError, match=words):
                call_command("register_dataset", *arguments)
