"""Complaints follow the regime of their case, for the regulators' role as for all tables of cases.

Words of complaints are messages, which the role may not read at all.
"""

from django.db import migrations

ROLE = "portal_regulator"
OF_CASE = "EXISTS (SELECT FROM cases_case WHERE cases_case.id = {table}.case_id)"
SEEN = {
    "complaints_complaint": OF_CASE,
    "complaints_complaintclock": OF_CASE,
    "complaints_complaint_letters": (
        "EXISTS (SELECT FROM complaints_complaint"
        " WHERE complaints_complaint.id = {table}.complaint_id)"
    ),
}

SECURE = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY portal ON {table} USING (true);
CREATE POLICY one_regime ON {table} AS RESTRICTIVE TO {role} USING ({seen}) WITH CHECK (false);
"""
OPEN = """
DROP POLICY one_regime ON {table};
DROP POLICY portal ON {table};
ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
"""


def each_table(template: str) -> str:
    """Return the statements for every table of `SEEN`."""
    return "".join(
        template.format(table=table, role=ROLE, seen=seen.format(table=table))
        for table, seen in SEEN.items()
    )


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0004_bundle_formats"),
        ("complaints", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(each_table(SECURE), each_table(OPEN)),
        migrations.RunSQL(
            f"GRANT SELECT ON complaints_complaint, complaints_complaintclock TO {ROLE}",
            f"REVOKE SELECT ON complaints_complaint, complaints_complaintclock FROM {ROLE}",
        ),
    ]
