"""What goes out as Croissant is read by the reference reader, and nothing is fetched for it.

`no_way_out` of the tests fails every connection that would leave this machine.
"""

import json
from pathlib import Path

import mlcroissant
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.workflows.datasets.entries import RECORDS, lines, make_dataset, make_snapshot
from tests.workflows.datasets.test_croissant import FULL
from workflows.datasets.croissant.exporting import export_croissant
from workflows.datasets.models import Dataset

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib"),
    pytest.mark.filterwarnings("ignore:The inplace keyword"),
]
SHAPES = {
    "one file": {"location": "posts/[1].jsonl"},
    "a folder": {"location": "posts"},
    "parquet": {"location": "table.parquet", "format": "parquet"},
    "text": {"location": "text.txt", "format": "text"},
    "a table": {"location": "archive/public.posts", "format": "postgresql"},
    "not read yet": {"location": "posts", "read": False},
}


@pytest.fixture
def files(data: Path) -> Path:
    (data / "posts").mkdir()
    # What stands in brackets would be a pattern.
    for name, record in zip(("[1].jsonl", "2.jsonl"), RECORDS, strict=True):
        (data / "posts" / name).write_text(lines([record]))
    pq.write_table(pa.Table.from_pylist(RECORDS), data / "table.parquet")
    (data / "text.txt").write_text("A text.")
    return data


def read_back(dataset: Dataset, folder: Path) -> mlcroissant.Dataset:
    path = folder / "croissant.json"
    path.write_text(json.dumps(export_croissant(dataset), ensure_ascii=False))
    return mlcroissant.Dataset(path)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_reader_finds_no_fault_and_every_field(files, shape):
    dataset = make_dataset(**FULL)
    make_snapshot(**SHAPES[shape], dataset=dataset)

    metadata = read_back(dataset, files).metadata

    assert metadata.ctx.issues.errors == set()
    # It recommends a way to cite the dataset, which the register does not keep.
    assert [each for each in metadata.ctx.issues.warnings if "citeAs" not in each] == []
    assert (metadata.name, metadata.description) == ("Forum", "Posts of a forum")
    assert metadata.license == ["https://spdx.org/licenses/CC-BY-4.0"]
    (record_set,) = metadata.record_sets
    expected = ["text"] if shape == "text" else ["id", "text", "url"]
    assert [field.name for field in record_set.fields] == expected
    assert metadata.ctx.is_live_dataset == (True if shape in {"a table", "not read yet"} else None)


def test_a_dataset_without_a_snapshot_and_with_little_said_is_read(data):
    metadata = read_back(make_dataset(), data).metadata

    assert metadata.ctx.issues.errors == set()
    assert metadata.record_sets == []


@pytest.mark.parametrize(
    ("shape", "count"), [("one file", 1), ("a folder", 2), ("parquet", 2), ("text", 1)]
)
def test_the_reader_reads_the_records_behind_it(files, shape, count):
    dataset = make_dataset(**FULL)
    make_snapshot(**SHAPES[shape], dataset=dataset)

    records = list(read_back(dataset, files).records("records"))

    if shape == "text":
        assert records == [{"records/text": b"A text."}]
        return
    told = [
        {name.removeprefix("records/"): value.decode() for name, value in record.items()}
        for record in records
    ]
    assert sorted(told, key=lambda record: record["id"]) == RECORDS[:count]
