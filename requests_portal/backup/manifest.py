"""What a backup says of itself: its files with their hashes, the log's checkpoint, the version."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from requests_portal.backup.errors import BackupError

FORMAT = 1
MANIFEST, DUMP, CHECKPOINT, MEDIA = "manifest.json", "database.dump", "checkpoint", "media"
_CHUNK = 4 * 1024 * 1024


@dataclass(frozen=True)
class Manifest:
    """The contents of `manifest.json`.

    `rows` counts each table of the dump, `migrations` names the newest of each app, `roles` are
    those that the dump grants something to, `files` maps a path to size and SHA-256, `index_keys`
    names the keys of stored hashes.
    """

    format: int
    made_at: str
    postgresql: int
    migrations: dict[str, list[str]]
    roles: list[str]
    rows: dict[str, int]
    checkpoint: str
    files: dict[str, tuple[int, str]]
    index_keys: list[str] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """Write the manifest into a backup."""
        text = json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True)
        (folder / MANIFEST).write_text(f"{text}\n", encoding="utf-8")

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(size for size, _hash in self.files.values())


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a backup. Raises `BackupError` for none, or of another version."""
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except OSError as error:
        raise BackupError(f"{folder} is no backup: {MANIFEST}: {error.strerror}.") from error
    except ValueError as error:
        raise BackupError(f"{folder} is no backup: {MANIFEST} cannot be read.") from error
    known = told.get("format") if isinstance(told, dict) else None
    if known != FORMAT:
        raise BackupError(
            f"{folder} was made by another version of the portal (format {known}; this one reads"
            f" {FORMAT}). Restore it with that version, then upgrade."
        )
    try:
        files = {name: (size, sha256) for name, (size, sha256) in told.pop("files").items()}
        return Manifest(files=files, **told)
    except (KeyError, TypeError, ValueError) as error:
        raise BackupError(f"{folder} is no backup: {MANIFEST} lacks something.") from error


def check_files(folder: Path, manifest: Manifest) -> None:
    """Compare every file with the manifest. Raises `BackupError` for the first that differs."""
    try:
        _check_files(folder, manifest)
    except OSError as error:
        raise unreadable(error) from error


def _check_files(folder: Path, manifest: Manifest) -> None:
    present = set(files_below(folder)) - {MANIFEST}
    for name in sorted(present ^ manifest.files.keys()):
        what = "is missing" if name in manifest.files else "does not belong to it"
        raise BackupError(f"The backup is damaged: {name} {what}.")
    for name, (size, sha256) in manifest.files.items():
        if described(folder / name) != (size, sha256):
            raise BackupError(f"The backup is damaged: {name} is not as it was written.")


def files_below(folder: Path) -> Iterator[str]:
    """Yield the paths of all files below a folder, relative to it; none where there is no folder.

    Raises `BackupError` for a folder that cannot be read.
    """
    if not folder.exists():
        return
    found = []
    for place, folders, names in os.walk(folder, onerror=_raise_unreadable):
        links = [name for name in folders if Path(place, name).is_symlink()]
        found += [Path(place, name).relative_to(folder) for name in (*links, *names)]
    for path in sorted(found):
        yield path.as_posix()


def unreadable(error: OSError) -> BackupError:
    """Return what to say of a file or folder that cannot be read."""
    return BackupError(
        f"{error.filename} cannot be read: {error.strerror}. Run the command as a user who may read"
        " all of the folder, such as that of the portal's processes."
    )


def _raise_unreadable(error: OSError) -> None:
    raise unreadable(error) from error


def described(path: Path) -> tuple[int, str]:
    """Return size and SHA-256 of a file."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()
