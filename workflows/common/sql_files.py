"""Operations of migrations for what Django has no words for: triggers, row security, grants.

The SQL lies in files beside the migration, where an editor and `psql` know it for what it is.
"""

from pathlib import Path

from django.db.migrations import RunSQL


def run_sql(migration: str, name: str) -> RunSQL:
    """Return the operation that runs `sql/<name>.sql` beside a migration, given as its `__file__`.

    `sql/<name>.reverse.sql` undoes it. Both belong to the migration: once it is released, neither
    is changed.
    """
    folder = Path(migration).parent / "sql"
    forwards, backwards = folder / f"{name}.sql", folder / f"{name}.reverse.sql"
    return RunSQL(forwards.read_text(encoding="utf-8"), backwards.read_text(encoding="utf-8"))
