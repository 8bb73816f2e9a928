"""The regulators' role: what the database itself lets it see and do. And the index of the access log.

The role reads what the regulators' pages and exports show, adds to the log, and asks for exports;
`row_security` and `regulator_rights` say it table by table.
"""

from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.utils import ProgrammingError

from workflows.common.sql_files import run_sql

ROLE = "portal_regulator"


def make_role(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make the role, and let owner and runtime role take it, where this was not done before.

    Without inheriting it: the policies for the role would hold for who inherits its rights.
    """
    connection = schema_editor.connection
    members = {settings.DATABASE_OWNER_ROLE, settings.DATABASE_RUNTIME_ROLE}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE ROLE {ROLE} NOLOGIN")
            cursor.execute(
                "SELECT quote_ident(rolname) FROM pg_roles"
                " WHERE rolname = ANY(%s) AND NOT pg_has_role(rolname, %s, 'SET')",
                [list(members), ROLE],
            )
            for (member,) in cursor.fetchall():
                cursor.execute(f"GRANT {ROLE} TO {member} WITH INHERIT FALSE, SET TRUE")
    except ProgrammingError as error:
        raise RuntimeError(
            f"The role {ROLE} is missing or may not be taken. Let an administrator of the database"
            f" run: CREATE ROLE {ROLE} NOLOGIN; and for each of {', '.join(sorted(members))}:"
            f" GRANT {ROLE} TO … WITH INHERIT FALSE, SET TRUE; then migrate again."
        ) from error


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0001_initial"),
        ("complaints", "0001_initial"),
        ("corrections", "0001_initial"),
        ("datasets", "0001_initial"),
        ("exports", "0001_initial"),
        ("ledger", "0002_guards"),
        ("outbox", "0001_initial"),
        ("regimes", "0001_initial"),
        ("oversight", "0001_initial"),
        ("vault", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(make_role, migrations.RunPython.noop),
        run_sql(__file__, "row_security"),
        run_sql(__file__, "regulator_rights"),
        run_sql(__file__, "access_log_index"),
    ]
