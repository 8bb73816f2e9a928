"""An index is another copy of personal data: in the register, and gone when the data are."""

import json

import pytest

from tests.factories import INTAKE, STEWARD
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.common.errors import Refused
from workflows.datasets.indexes import (
    ask_for_index,
    build_index,
    drop_index,
    folder_of,
    look_up,
    sweep_folders,
)
from workflows.datasets.lookup.persons import read_persons
from workflows.datasets.models import SearchIndex, Snapshot
from workflows.datasets.register import mark_purged
from workflows.ledger.models import Event

pytestmark = pytest.mark.django_db

WANG = list(read_persons([json.dumps({"ref": 1, "names": ["王小明"]})]))


@pytest.fixture
def snapshot(data) -> Snapshot:
    (data / "a.jsonl").write_text(lines())
    return make_snapshot("a.jsonl")


@pytest.fixture
def index(snapshot) -> SearchIndex:
    index = ask_for_index(snapshot, STEWARD)
    build_index(index.pk)
    index.refresh_from_db()
    return index


def test_it_is_built_and_answers(index):
    assert (index.state, index.records) == ("ready", 2)
    assert index.bytes == sum(file.stat().st_size for file in folder_of(index).iterdir())
    (record,) = look_up(index, WANG).found
    assert record.hits[0].id == "a"
    assert folder_of(index).stat().st_mode & 0o777 == 0o700


def test_it_goes_with_the_data(index, django_capture_on_commit_callbacks):
    folder = folder_of(index)
    with django_capture_on_commit_callbacks(execute=True):
        mark_purged(index.snapshot, STEWARD)
    assert not folder.exists()
    assert not SearchIndex.objects.exists()
    assert Event.objects.filter(name="index.dropped").exists()


def test_what_a_crash_left_behind_is_swept(index, settings):
    (settings.INDEX_ROOT / "0").mkdir()
    assert sweep_folders() == 1
    assert folder_of(index).exists()


def test_only_a_steward_asks_for_one_and_once(snapshot):
    with pytest.raises(Refused):
        ask_for_index(snapshot, INTAKE)
    index = ask_for_index(snapshot, STEWARD)
    with pytest.raises(Refused, match="already"):
        ask_for_index(snapshot, STEWARD)
    with pytest.raises(Refused, match="not ready"):
        look_up(index, WANG)


def test_an_index_that_cannot_be_built_says_so_and_leaves_nothing(snapshot, data):
    index = ask_for_index(snapshot, STEWARD)
    (data / "a.jsonl").unlink()
    build_index(index.pk)
    index.refresh_from_db()
    assert (index.state, index.error) == ("failed", "ReadError")
    assert not folder_of(index).exists()
    drop_index(snapshot, STEWARD)
    assert not SearchIndex.objects.exists()
