"""Restoring a backup into an empty database and an empty folder: all of it, or nothing."""

import shutil
from pathlib import Path

from django.db import DatabaseError, connection
from psycopg import sql

from requests_portal.backup.errors import BackupError
from requests_portal.backup.making import WITHOUT_ROWS, count_rows
from requests_portal.backup.manifest import (
    DUMP,
    MEDIA,
    Manifest,
    check_files,
    read_manifest,
)
from requests_portal.backup.programs import free_bytes, program, run, server_version
from requests_portal.migration_history import unknown_migrations
from requests_portal.privileges import grant_runtime_privileges
from workflows.exports.models import BundleJob
from workflows.ledger.checkpoints import CheckpointError, open_checkpoint
from workflows.ledger.keys import log_verifier
from workflows.vault import files
from workflows.vault.blind_index import index_keys
from workflows.vault.crypto import DecryptionFailed
from workflows.vault.models import DataKey


def restore_backup(folder: Path) -> Manifest:
    """Restore a backup; must run as the owner of the tables. Raises `BackupError`.

    Everything that can be known beforehand is checked before anything is changed: the backup's
    hashes, its version, that database and folder are empty, that there is room.
    """
    manifest = read_manifest(folder)
    _require_known_version(manifest)
    _require_empty()
    _require_roles(manifest)
    _require_room(folder, manifest)
    check_files(folder, manifest)
    tool = program("pg_restore", max(manifest.postgresql, server_version()))
    part = files.root().with_name(".vault.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        shutil.copytree(folder / MEDIA / "vault", part)
        part.chmod(0o700)
        run(
            tool,
            "--no-owner",
            "--exit-on-error",
            "--single-transaction",
            str(folder / DUMP),
        )
        if files.root().exists():
            files.root().rmdir()  # it is empty
        part.rename(files.root())
    except OSError as error:
        raise BackupError(f"The files cannot be written: {error.strerror}.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    _require_all_rows(manifest)
    _empty_tables()
    grant_runtime_privileges()
    _expire_exports()
    return manifest


def missing_keys(manifest: Manifest) -> list[str]:
    """Return what the keys in the settings do not fit, in sentences; call after the restore."""
    found = []
    for kek in DataKey.objects.exclude(wrapped=None).values_list("kek", flat=True).distinct():
        try:
            DataKey.objects.exclude(wrapped=None).filter(kek=kek)[0].secret()
        except DecryptionFailed:
            found.append(
                f"VAULT_KEY does not open what the key {kek} has sealed: set the key of the backup,"
                " or add it to VAULT_OLD_KEYS."
            )
    if set(manifest.index_keys) - {key.name for key in index_keys()}:
        found.append(
            "INDEX_KEY and INDEX_OLD_KEYS lack a key of the backup, which made hashes in it: add"
            " it to INDEX_OLD_KEYS."
        )
    if manifest.checkpoint:
        try:
            open_checkpoint(manifest.checkpoint, log_verifier())
        except CheckpointError:
            found.append(
                "LEDGER_KEY and LEDGER_ORIGIN are not those of the log in the backup: it cannot go"
                " on."
            )
    return found


def _require_known_version(manifest: Manifest) -> None:
    seen = ((app, name) for app, names in manifest.migrations.items() for name in names)
    for app, name in unknown_migrations(seen):
        raise BackupError(
            f"The backup was made by a newer version of the portal, or by another one: it"
            f" knows {app}.{name}. Restore it with that version."
        )
    if server_version() < manifest.postgresql:
        raise BackupError(
            f"The backup is of PostgreSQL {manifest.postgresql}, and this server is older"
            f" ({server_version()})."
        )


def _require_empty() -> None:
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    if tables:
        raise BackupError(
            f"The database is not empty: it has {len(tables)} tables. Make a new one, and name it"
            " in DATABASE_URL and DATABASE_OWNER_URL."
        )
    if files.root().exists() and any(files.root().iterdir()):
        raise BackupError(f"{files.root()} is not empty. Move it away first.")


def _require_roles(manifest: Manifest) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [manifest.roles])
        missing = set(manifest.roles) - {row[0] for row in cursor.fetchall()}
    if missing:
        raise BackupError(
            f"The server has no role {', '.join(sorted(missing))}. Make it first, as"
            " docs/operate.md says (Database roles)."
        )


def _require_room(folder: Path, manifest: Manifest) -> None:
    needed = sum(
        size for name, (size, _hash) in manifest.files.items() if name.startswith(f"{MEDIA}/")
    )
    free = free_bytes(files.root())
    if needed > free:
        raise BackupError(
            f"There is no room for the files of {folder}: {needed:,} bytes are needed, {free:,} are"
            " free."
        )


def _require_all_rows(manifest: Manifest) -> None:
    try:
        found = count_rows()
    except DatabaseError as error:
        raise BackupError(f"The restored database cannot be read: {error}") from error
    for table, count in manifest.rows.items():
        if found.get(table) != count and table not in WITHOUT_ROWS:
            raise BackupError(
                f"The restored table {table} has {found.get(table, 'no')} rows, and the backup was"
                f" of {count}. Do not use this database."
            )


def _empty_tables() -> None:
    """Delete the rows that a backup leaves out; those of earlier releases have some of them."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table in WITHOUT_ROWS:
                cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))


def _expire_exports() -> None:
    """Say of exports, whose files are no part of a backup, that they are gone."""
    BundleJob.objects.filter(state=BundleJob.State.READY).update(state=BundleJob.State.EXPIRED)
