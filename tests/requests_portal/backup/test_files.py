"""A backup holds every file, or says which of them it could not read."""

import os
from pathlib import Path

import pytest

from requests_portal.backup import making
from requests_portal.backup.errors import BackupError
from requests_portal.backup.manifest import Manifest, check_files, described, files_below


def filled(folder: Path) -> Path:
    """Make a folder with two files and a link in it."""
    for name in ("aa/one", "bb/two"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(name)
    (folder / "link").symlink_to("aa")
    return folder


def no_permission(monkeypatch, module, function, place):
    """Have a function refuse this place, as it does for a user who is not root."""
    real = getattr(module, function)

    def refuse(path, *arguments, **named):
        if Path(path) == place:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *arguments, **named)

    monkeypatch.setattr(module, function, refuse)


@pytest.fixture
def vault(tmp_path, settings) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return filled(tmp_path / "media" / "vault")


def test_files_are_found_in_order_and_links_are_not_followed(tmp_path):
    assert list(files_below(filled(tmp_path / "a"))) == ["aa/one", "bb/two", "link"]
    assert list(files_below(tmp_path / "none")) == []


def test_a_folder_that_cannot_be_read_stops_a_backup(vault, tmp_path, monkeypatch):
    no_permission(monkeypatch, os, "scandir", vault / "bb")
    for make in (
        lambda: making._copy_files(tmp_path / "copy"),
        lambda: making._require_room(tmp_path, 0),
    ):
        with pytest.raises(BackupError, match="vault/bb cannot be read: Permission denied") as said:
            make()
        assert "Run the command as a user who may read all of the folder" in str(said.value)


def test_a_file_that_cannot_be_read_stops_a_backup(vault, tmp_path, monkeypatch):
    (vault / "link").unlink()
    no_permission(monkeypatch, making.shutil, "copy2", vault / "bb" / "two")
    with pytest.raises(BackupError, match="vault/bb/two cannot be read: Permission denied"):
        making._copy_files(tmp_path / "copy")


def test_a_copy_that_cannot_be_written_is_not_said_to_be_unreadable(vault, tmp_path, monkeypatch):
    (vault / "link").unlink()

    def refuse(_source, copy):
        raise PermissionError(1, "Operation not permitted", str(copy))

    monkeypatch.setattr(making.shutil, "copy2", refuse)
    with pytest.raises(PermissionError):
        making._copy_files(tmp_path / "copy")


def test_a_file_that_is_erased_meanwhile_is_left_out(vault, tmp_path, monkeypatch):
    (vault / "link").unlink()
    monkeypatch.setattr(making, "files_below", lambda _folder: ["aa/gone", "aa/one"])
    making._require_room(tmp_path, 0)
    making._copy_files(tmp_path / "copy")
    assert list(files_below(tmp_path / "copy")) == ["vault/aa/one"]


def test_a_backup_that_cannot_be_read_is_said_to_be_so(tmp_path, monkeypatch):
    folder = filled(tmp_path / "backup")
    (folder / "link").unlink()
    files = {name: described(folder / name) for name in files_below(folder)}
    manifest = Manifest(1, "", 18, {}, [], {}, "", files)
    check_files(folder, manifest)
    no_permission(monkeypatch, Path, "open", folder / "aa" / "one")
    with pytest.raises(BackupError, match="aa/one cannot be read: Permission denied"):
        check_files(folder, manifest)
