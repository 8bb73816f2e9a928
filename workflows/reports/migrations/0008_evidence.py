"""What others say of checkpoints goes into every export, whatever its regime."""

from django.db import migrations

ROLE = "portal_regulator"


class Migration(migrations.Migration):
    dependencies = [("reports", "0007_training_sources"), ("ledger", "0005_evidence")]

    operations = [
        migrations.RunSQL(
            f"GRANT SELECT ON ledger_cosignature, ledger_timestamp TO {ROLE}",
            f"REVOKE SELECT ON ledger_cosignature, ledger_timestamp FROM {ROLE}",
        ),
    ]
