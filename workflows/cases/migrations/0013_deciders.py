"""Who took part in deciding each case, before and since it was contested: read from the log."""

import django.contrib.postgres.fields
from django.db import migrations, models

DECIDERS = """
UPDATE cases_case SET deciders = took_part.since, earlier_deciders = took_part.before
FROM (
    SELECT
        decided."case",
        coalesce(array_agg(DISTINCT actor) FILTER (WHERE step > coalesce(contested, 0)), '{}')
            AS since,
        coalesce(array_agg(DISTINCT actor) FILTER (WHERE step < contested), '{}') AS before
    FROM ledger_event AS decided
    LEFT JOIN (
        SELECT "case", max(step) AS contested FROM ledger_event
        WHERE name = 'case.contested' GROUP BY "case"
    ) AS contest ON contest."case" = decided."case"
    WHERE actor <> '' AND name IN (
        'decision.proposed', 'decision.approved', 'abuse.reported', 'case.rejected_as_abuse',
        'case.ended_unpaid'
    )
    GROUP BY decided."case"
) AS took_part
WHERE took_part."case" = cases_case.pseudonym
"""

# What one of two people did before a case was contested does not count after it.
VOID = """
UPDATE cases_case SET {column} = ''
WHERE {column} <> '' AND (
    SELECT max(step) FILTER (WHERE name = '{event}')
        < max(step) FILTER (WHERE name = 'case.contested')
    FROM ledger_event WHERE "case" = cases_case.pseudonym
)
"""

CHECKED_NOW = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED"


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0012_clock_rounds"),
        ("ledger", "0007_one_check"),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="deciders",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=32), default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="earlier_deciders",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=32), default=list, size=None
            ),
        ),
        migrations.RunSQL(DECIDERS, migrations.RunSQL.noop),
        *(
            migrations.RunSQL(VOID.format(column=column, event=event), migrations.RunSQL.noop)
            for column, event in (
                ("proposed_by", "decision.proposed"),
                ("abuse_reported_by", "abuse.reported"),
                ("erasure_requested_by", "erasure.requested"),
            )
        ),
        # What the rows above have to wait for at the end of the transaction; no column can be taken
        # out of a table before that was looked at.
        migrations.RunSQL(CHECKED_NOW, migrations.RunSQL.noop),
        migrations.RemoveField(model_name="case", name="earlier_proposers"),
    ]
