"""What the database itself lets the regulators' role see and do: the rows of one regime.

The role reads what the regulators' pages and exports show, adds to the log, and asks for exports.
It has no right on any other table, and on the tables of cases a policy besides. For every other
role a policy lets each row through; the planner drops it, so that it costs nothing.

`portal.regime`, `portal.actor` and `portal.account` are set with the role, for one transaction.
Without them the role sees nothing.
"""

from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.utils import ProgrammingError

ROLE = "portal_regulator"

OF_CASE = "EXISTS (SELECT FROM cases_case WHERE cases_case.id = {table}.case_id)"
OWN_REGIME = "regime = current_setting('portal.regime', true)"
OWN_ACCOUNT = "account_id::text = current_setting('portal.account', true)"
OF_LOGGED_CASE = "EXISTS (SELECT FROM cases_case WHERE cases_case.pseudonym = {table}.case)"
OWN_EVENT = "{table}.case IS NULL AND actor = current_setting('portal.actor', true)"

# Which rows of a table the role sees, and which it may write; a row is written only where a right
# below allows it. In an expression the policies of the tables that it reads hold as well.
POLICIES: dict[str, tuple[str, str]] = {
    "cases_case": ("regimes @> ARRAY[current_setting('portal.regime', true)::varchar]", "false"),
    "vault_datakey": (
        "EXISTS (SELECT FROM cases_case WHERE cases_case.data_key_id = {table}.id)",
        "false",
    ),
    **{
        table: (OF_CASE, "false")
        for table in (
            "cases_attachment",
            "cases_clock",
            "cases_clockevent",
            "cases_eventcontent",
            "cases_identifier",
            "cases_item",
            "cases_message",
            "cases_person",
        )
    },
    "corrections_instruction": (
        "EXISTS (SELECT FROM cases_item WHERE cases_item.id = {table}.item_id)",
        "false",
    ),
    "ledger_casecounter": (OF_LOGGED_CASE, OF_LOGGED_CASE),
    "ledger_event": (f"{OF_LOGGED_CASE} OR {OWN_EVENT}", f"{OF_LOGGED_CASE} OR {OWN_EVENT}"),
    "ledger_inbox": (
        "EXISTS (SELECT FROM ledger_event WHERE ledger_event.id = {table}.event_id)",
        "EXISTS (SELECT FROM ledger_event WHERE ledger_event.id = {table}.event_id)",
    ),
    "outbox_effect": (
        "EXISTS (SELECT FROM reports_bundlejob"
        " WHERE reports_bundlejob.id::text = {table}.payload->>'job')",
        "kind = 'reports.make_bundle' AND EXISTS (SELECT FROM reports_bundlejob"
        " WHERE reports_bundlejob.id::text = {table}.payload->>'job')",
    ),
    "reports_bundlejob": (OWN_REGIME, OWN_REGIME),
    "reports_keptcheckpoint": (OWN_ACCOUNT, OWN_ACCOUNT),
}

# The right to update one column of a case is what the lock of an export needs; the policy lets no
# update through.
RIGHTS = f"""
GRANT USAGE ON SCHEMA public TO {ROLE};
GRANT SELECT ON
    cases_case, cases_clock, cases_clockevent, cases_eventcontent, cases_item, cases_regimeversion,
    ledger_checkpoint, ledger_event, ledger_leaf, ledger_leafhash, ledger_tile,
    regimes_businesscalendar, vault_datakey
    TO {ROLE};
GRANT UPDATE (id) ON cases_case TO {ROLE};
GRANT INSERT ON ledger_event, ledger_inbox TO {ROLE};
GRANT SELECT, INSERT, UPDATE ON ledger_casecounter, reports_keptcheckpoint TO {ROLE};
GRANT SELECT, INSERT ON outbox_effect, reports_bundlejob TO {ROLE};
"""
NO_RIGHTS = f"""
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {ROLE};
REVOKE UPDATE (id) ON cases_case FROM {ROLE};
REVOKE USAGE ON SCHEMA public FROM {ROLE};
"""

SECURE = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON {table} USING (true);
CREATE POLICY one_regime ON {table} AS RESTRICTIVE TO {role} USING ({seen}) WITH CHECK ({written});
"""
OPEN = """
DROP POLICY one_regime ON {table};
DROP POLICY portal ON {table};
ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
"""


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


def each_table(template: str) -> str:
    """Return the statements for every table of `POLICIES`."""
    return "".join(
        template.format(
            table=table,
            role=ROLE,
            seen=seen.format(table=table),
            written=written.format(table=table),
        )
        for table, (seen, written) in POLICIES.items()
    )


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0002_roles"),
        ("cases", "0002_accessthrottle"),
        ("corrections", "0001_initial"),
        ("ledger", "0003_leaf_hashes"),
        ("outbox", "0001_initial"),
        ("regimes", "0002_chinese_notices"),
        ("vault", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(make_role, migrations.RunPython.noop),
        migrations.RunSQL(each_table(SECURE), each_table(OPEN)),
        migrations.RunSQL(RIGHTS, NO_RIGHTS),
    ]
