"""What witnesses and timestamping authorities say of checkpoints, kept like the log itself."""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

append_only = import_module("workflows.ledger.migrations.0002_append_only")
TABLES = ["ledger_cosignature", "ledger_timestamp"]


def for_each_table(statements):
    return "".join(statements.format(table=table) for table in TABLES)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_append_in_one_statement")]

    operations = [
        migrations.CreateModel(
            name="Cosignature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("witness", models.CharField(max_length=300)),
                ("line", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "checkpoint",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cosignatures",
                        to="ledger.checkpoint",
                    ),
                ),
            ],
            options={"verbose_name": "cosignature", "verbose_name_plural": "cosignatures"},
        ),
        migrations.AddConstraint(
            model_name="cosignature",
            constraint=models.UniqueConstraint(fields=("checkpoint", "witness"), name="ledger_cosignature_once"),
        ),
        migrations.CreateModel(
            name="Timestamp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("authority", models.CharField(max_length=500)),
                ("response", models.BinaryField()),
                ("at", models.DateTimeField()),
                (
                    "checkpoint",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="timestamp",
                        to="ledger.checkpoint",
                    ),
                ),
            ],
            options={"verbose_name": "timestamp", "verbose_name_plural": "timestamps"},
        ),
        migrations.RunSQL(for_each_table(append_only.TRIGGERS), for_each_table(append_only.DROP_TRIGGERS)),
    ]
