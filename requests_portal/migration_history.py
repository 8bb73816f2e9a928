"""Which migrations a database has seen, and whether this version has them.

Before the first release the migrations of each app were made anew. A database from before that, or
of a newer version, must not be migrated: some of its tables would be made twice, others never.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import apps
from django.core import checks
from django.core.checks import CheckMessage, Tags, register
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

_NAMED = 3


def unknown_migrations(seen: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return those of some migrations, each as app and name, that this version does not have.

    What one of its migrations replaces, it has.
    """
    found: Any = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    known = {*found, *(name for migration in found.values() for name in migration.replaces)}
    return sorted(set(seen) - known)


# Called before `migrate` does anything, and by `check --database default`.
@register(Tags.database)
def check_history(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Refuse a database of which a part was made by migrations that are not here."""
    # Packages may take their own old migrations out.
    roots = ("requests_portal", "workflows")
    ours = {app.label for app in apps.get_app_configs() if app.name.split(".")[0] in roots}
    found: list[CheckMessage] = []
    for alias in databases or ():
        seen = MigrationRecorder(connections[alias]).applied_migrations()
        unknown = unknown_migrations(key for key in seen if key[0] in ours)
        if unknown:
            names = ", ".join(".".join(key) for key in unknown[:_NAMED])
            more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
            found.append(
                checks.Error(
                    "The database was made by another version of the portal: it has seen"
                    f" migrations that this version does not have ({names}{more}). Nothing in it"
                    " was changed.",
                    hint="A database from before 0.1.0 cannot be upgraded. Keep it for the version"
                    " that made it, and give this one an empty database: another DATABASE_URL and"
                    " DATABASE_OWNER_URL; after `make run` another DATA_DIR, or move .data away."
                    " If a newer version made the database, run that version.",
                    id="portal.E002",
                )
            )
    return found
