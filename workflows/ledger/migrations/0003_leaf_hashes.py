"""The hashes of the leaves, readable by whoever may read the tree though not the entries."""

from django.db import migrations, models

# A view reads with the rights of its owner, so row-level security on the events does not thin out
# the tree. The planner unfolds it: it costs what the join costs.
VIEW = """
CREATE VIEW ledger_leafhash AS
    SELECT leaf.index, event.leaf_hash AS hash
    FROM ledger_leaf leaf JOIN ledger_event event ON event.id = leaf.event_id
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_append_only")]

    operations = [
        migrations.RunSQL(VIEW, "DROP VIEW ledger_leafhash"),
        migrations.CreateModel(
            name="LeafHash",
            fields=[
                ("index", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("hash", models.BinaryField()),
            ],
            options={
                "verbose_name": "leaf hash",
                "verbose_name_plural": "leaf hashes",
                "db_table": "ledger_leafhash",
                "managed": False,
            },
        ),
    ]
