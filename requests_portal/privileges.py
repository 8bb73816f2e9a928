"""What the runtime role of the database may do: everything but alter the log."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connections
from psycopg import sql


def grant_runtime_privileges(using: str = "default", **_: Any) -> None:
    """Grant the runtime role its rights on all tables, and on append-only tables only two.

    A model says `append_only = True` when its rows may be read and added but never changed.
    Runs after each migration as the owner; does nothing where owner and runtime role are one,
    or where the runtime role does not exist.
    """
    runtime = settings.DATABASE_RUNTIME_ROLE
    connection = connections[using]
    if not runtime or runtime == connection.settings_dict["USER"]:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [runtime])
        if cursor.fetchone() is None:
            return
        role = sql.Identifier(runtime)
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {role}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        ):
            cursor.execute(sql.SQL(statement).format(role=role))
        existing = set(connection.introspection.table_names(cursor))
        for model in apps.get_models():
            table = model._meta.db_table
            if getattr(model, "append_only", False) and table in existing:
                cursor.execute(
                    sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}").format(
                        table=sql.Identifier(table), role=role
                    )
                )
