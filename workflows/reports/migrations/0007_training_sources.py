"""Regulators may read the register of datasets and models; who was given data, they may not."""

from django.db import migrations

ROLE = "portal_regulator"
TABLES = (
    "datasets_dataset, datasets_snapshot, datasets_trainedmodel, datasets_trainedmodel_snapshots"
)


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0006_access_log"),
        ("datasets", "0005_mechanism"),
    ]

    operations = [
        migrations.RunSQL(
            f"GRANT SELECT ON {TABLES} TO {ROLE}", f"REVOKE SELECT ON {TABLES} FROM {ROLE}"
        ),
    ]
