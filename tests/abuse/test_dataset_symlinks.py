"""A link inside a dataset leads to nothing outside of the folders that the server may read.

Whoever fills a dataset's folder, such as a crawler or a partner's upload, could otherwise have the
server read its own files, show places in them, and copy them into a new snapshot.
"""

import re
from pathlib import Path

import pytest

from tests.workflows.datasets.entries import lines, make_dataset, make_snapshot
from workflows.corpus.values import ReadError
from workflows.datasets.inventory import read_snapshot
from workflows.datasets.locations import files_of, path_of, shards_of
from workflows.datasets.models import Snapshot
from workflows.datasets.read_errors import read_error_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def data(tmp_path, settings) -> Path:
    folder = tmp_path / "datasets"
    (folder / "forum" / "part").mkdir(parents=True)
    (folder / "forum" / "a.jsonl").write_text(lines())
    settings.DATASETS_DIRS = [folder]
    return folder


@pytest.fixture
def secret(tmp_path) -> Path:
    """A file of the server that is no training data."""
    folder = tmp_path / "server"
    folder.mkdir()
    (folder / "secret.jsonl").write_text(lines())
    return folder / "secret.jsonl"


def _link_to_file(data: Path, secret: Path) -> None:
    (data / "forum" / "b.jsonl").symlink_to(secret)


def _relative_link(data: Path, secret: Path) -> None:
    (data / "forum" / "part" / "b.jsonl").symlink_to(Path("../../../server") / secret.name)


def _link_to_folder(data: Path, secret: Path) -> None:
    (data / "forum" / "b").symlink_to(secret.parent)


def _link_to_a_link(data: Path, secret: Path) -> None:
    (data / "other").symlink_to(secret)
    (data / "forum" / "b.jsonl").symlink_to(data / "other")


def _link_through_a_linked_folder(data: Path, secret: Path) -> None:
    (data / "elsewhere").symlink_to(secret.parent)
    (data / "forum" / "b.jsonl").symlink_to(data / "elsewhere" / secret.name)


def _hidden_link(data: Path, secret: Path) -> None:
    # Not searched, and yet copied into the snapshot that a manifest makes.
    (data / "forum" / ".b.jsonl").symlink_to(secret)


def _link_in_a_hidden_folder(data: Path, secret: Path) -> None:
    (data / "forum" / ".git").mkdir()
    (data / "forum" / ".git" / "b").symlink_to(secret)


def _link_of_another_format(data: Path, secret: Path) -> None:
    (data / "forum" / "b.png").symlink_to(secret)


def _link_to_nothing(data: Path, secret: Path) -> None:
    (data / "forum" / "b.jsonl").symlink_to(secret.with_name("comes later"))


def _neighbour_of_the_same_beginning(data: Path, secret: Path) -> None:
    neighbour = data.with_name("datasets-of-others")
    neighbour.mkdir()
    (neighbour / "b.jsonl").write_bytes(secret.read_bytes())
    (data / "forum" / "b.jsonl").symlink_to(neighbour / "b.jsonl")


WAYS_OUT = [
    _link_to_file,
    _relative_link,
    _link_to_folder,
    _link_to_a_link,
    _link_through_a_linked_folder,
    _hidden_link,
    _link_in_a_hidden_folder,
    _link_of_another_format,
    _link_to_nothing,
    _neighbour_of_the_same_beginning,
]


@pytest.mark.parametrize("lead_out", WAYS_OUT)
def test_a_dataset_with_a_way_out_is_not_read(data, secret, lead_out):
    lead_out(data, secret)
    snapshot = make_snapshot("forum")
    assert (snapshot.state, snapshot.problem) == (Snapshot.State.UNREADABLE, "outside")
    assert re.search(r"forum/(part/)?\.?(git/)?b", read_error_of(snapshot))
    # Neither where the server keeps its files, nor where the link led.
    assert str(data) not in read_error_of(snapshot)
    assert "server" not in read_error_of(snapshot).replace("this server", "")
    assert not snapshot.files.exists()


@pytest.mark.parametrize("lead_out", WAYS_OUT)
def test_a_link_that_comes_after_the_registration_opens_nothing(data, secret, lead_out):
    snapshot = make_snapshot("forum")
    assert snapshot.is_readable
    lead_out(data, secret)
    for read in (path_of, shards_of, files_of):
        with pytest.raises(ReadError, match="outside of DATASETS_DIRS"):
            read(snapshot)


def test_a_file_that_is_a_link_is_no_way_out(data, secret):
    (data / "b.jsonl").symlink_to(secret)
    assert make_snapshot("b.jsonl").problem == "outside"


def test_links_that_go_round_are_named(data):
    (data / "forum" / "b.jsonl").symlink_to(data / "forum" / "c.jsonl")
    (data / "forum" / "c.jsonl").symlink_to(data / "forum" / "b.jsonl")
    assert make_snapshot("forum").state == Snapshot.State.UNREADABLE


def test_links_within_the_allowed_folders_are_followed(data, tmp_path, settings):
    second = tmp_path / "more"
    second.mkdir()
    settings.DATASETS_DIRS = [data, second]
    (second / "blob").write_text(lines())
    (data / "forum" / "b.jsonl").symlink_to(second / "blob")
    (data / "forum" / "again").symlink_to(data / "forum" / "part")
    dataset = make_dataset()
    snapshot = make_snapshot("forum", dataset)
    assert (snapshot.state, snapshot.rows) == (Snapshot.State.READABLE, 4)

    # What was allowed once is so only while the settings say it.
    settings.DATASETS_DIRS = [data]
    Snapshot.objects.update(state=Snapshot.State.WAITING)
    read_snapshot(snapshot.pk)
    snapshot.refresh_from_db()
    assert snapshot.problem == "outside"


def test_a_folder_of_datasets_may_itself_be_a_link(data, tmp_path, settings):
    (tmp_path / "mounted").symlink_to(data)
    settings.DATASETS_DIRS = [tmp_path / "mounted"]
    assert make_snapshot("forum").is_readable
