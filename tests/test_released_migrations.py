"""What a release has shipped of migrations is never changed: databases were made by it.

`released_migrations.txt` holds the digests as `sha256sum` writes them; CONTRIBUTING says when and how
it is written anew. A migration that has not been released may still be changed.
"""

import hashlib
from pathlib import Path

import pytest

from requests_portal.local.folders import PROJECT

LIST = PROJECT / "tests" / "released_migrations.txt"


def differences(listing: str, root: Path) -> list[str]:
    """Return what is missing under `root`, or not as the list says."""
    found = []
    for line in listing.splitlines():
        digest, name = line.split("  ", 1)
        path = root / name
        if not path.is_file():
            found.append(f"{name} is missing")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            found.append(f"{name} was changed")
    return found


def test_what_was_released_is_as_it_was():
    assert differences(LIST.read_text(), PROJECT) == []


@pytest.fixture
def released(tmp_path):
    """A project with two released files, and its list."""
    files = {"cases/migrations/0001_initial.py": b"tables", "cases/migrations/sql/a.sql": b"rows"}
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in files)


def test_one_that_was_not_touched_is_in_order(released, tmp_path):
    (tmp_path / "cases/migrations/0002_not_released.py").write_text("more")
    assert differences(released, tmp_path) == []


def test_a_changed_one_and_one_that_was_taken_out_are_named(released, tmp_path):
    (tmp_path / "cases/migrations/0001_initial.py").write_bytes(b"Tables")
    (tmp_path / "cases/migrations/sql/a.sql").unlink()
    assert differences(released, tmp_path) == [
        "cases/migrations/0001_initial.py was changed",
        "cases/migrations/sql/a.sql is missing",
    ]
