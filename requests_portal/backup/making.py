"""Making a backup: one snapshot of the database, then the files of the vault."""

import contextlib
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from axes.models import AccessAttempt
from django.conf import settings
from django.db import connection, transaction
from psycopg import sql

from requests_portal.backup.errors import BackupError
from requests_portal.backup.manifest import (
    CHECKPOINT,
    DUMP,
    FORMAT,
    MEDIA,
    Manifest,
    described,
    files_below,
    unreadable,
)
from requests_portal.backup.programs import free_bytes, program, run, server_version
from requests_portal.models import Session
from workflows.ledger.selectors import latest_checkpoint
from workflows.oversight.row_security import ROLE
from workflows.vault import files
from workflows.vault.blind_index import index_keys
from workflows.vault.models import CacheEntry

# Who stole a backup could go on with somebody's session; the rest ends within the hour anyhow.
WITHOUT_ROWS = tuple(model._meta.db_table for model in (Session, CacheEntry, AccessAttempt))


def make_backup(target: Path) -> Manifest:
    """Write a backup into a folder that does not exist yet; it appears whole or not at all.

    Any role that reads all tables will do. Raises `BackupError`.
    """
    if target.exists():
        raise BackupError(f"{target} is there already. Name a folder that does not exist.")
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(mode=0o700, parents=True)
        manifest = _make(part)
        _sync(part)
        part.rename(target)
    except OSError as error:
        raise BackupError(f"{target} cannot be written: {error.strerror}.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return manifest


def _make(folder: Path) -> Manifest:
    made_at = datetime.now(UTC)
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        # Before the first query: everything below is of one moment, that of the snapshot.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot(), pg_database_size(current_database())")
        snapshot, size = cursor.fetchone()
        _require_room(folder, size)
        version = server_version()
        newest = latest_checkpoint()
        checkpoint = newest.note if newest else ""
        rows = count_rows()
        migrations = applied_migrations()
        run(
            program("pg_dump", version),
            "--format=custom",
            f"--file={folder / DUMP}",
            f"--snapshot={snapshot}",
            # The policies hold for the owner, too, and show the owner every row.
            "--enable-row-security",
            "--no-owner",
            *(f"--exclude-table-data={table}" for table in WITHOUT_ROWS),
        )
    # After the database: each file is on the disk before its row is, and goes after it.
    _copy_files(folder / MEDIA)
    (folder / CHECKPOINT).write_text(checkpoint)
    manifest = Manifest(
        format=FORMAT,
        made_at=made_at.isoformat(timespec="seconds"),
        postgresql=version,
        migrations=migrations,
        roles=sorted({settings.DATABASE_RUNTIME_ROLE, ROLE}),
        rows=rows,
        checkpoint=checkpoint,
        files={name: described(folder / name) for name in files_below(folder)},
        index_keys=[key.name for key in index_keys()],
    )
    manifest.write(folder)
    return manifest


def count_rows() -> dict[str, int]:
    """Return how many rows each table has, but for those that a backup leaves empty."""
    counts = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table not in WITHOUT_ROWS:
                statement = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
                cursor.execute(statement)
                counts[table] = cursor.fetchone()[0]
    return counts


def applied_migrations() -> dict[str, list[str]]:
    """Return the migrations that the database has seen, by app."""
    from django.db.migrations.recorder import MigrationRecorder

    found: dict[str, list[str]] = {}
    for app, name in MigrationRecorder(connection).applied_migrations():
        found.setdefault(app, []).append(name)
    return {app: sorted(names) for app, names in sorted(found.items())}


def _require_room(folder: Path, database: int) -> None:
    size = 0
    for name in files_below(files.root()):
        with contextlib.suppress(FileNotFoundError):  # its case was erased a moment ago
            size += (files.root() / name).stat().st_size
    needed, free = database + size, free_bytes(folder)
    if needed > free:
        raise BackupError(
            f"There is no room: up to {needed:,} bytes are needed and {free:,} are free."
        )


def _copy_files(target: Path) -> None:
    (target / "vault").mkdir(mode=0o700, parents=True)
    for name in files_below(files.root()):
        if name.endswith(".part"):  # being written, and of no row of the snapshot
            continue
        source, copy = files.root() / name, target / "vault" / name
        copy.parent.mkdir(mode=0o700, exist_ok=True)
        try:
            shutil.copy2(source, copy)
        except FileNotFoundError:  # its case was erased a moment ago
            copy.unlink(missing_ok=True)
        except PermissionError as error:
            if Path(error.filename) == source:
                raise unreadable(error) from error
            raise


def _sync(folder: Path) -> None:
    """See that the whole backup is on the disk before it bears its name."""
    for path in (folder, *folder.rglob("*")):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        path.chmod(0o700 if path.is_dir() else 0o600)
