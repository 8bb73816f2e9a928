"""The function of the database by which a case is filed; its file of SQL says why."""

from django.db import migrations

from workflows.common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0004_former_regimes"),
        ("ledger", "0002_guards"),
        ("outbox", "0001_initial"),
        ("regimes", "0003_rules_version"),
        ("vault", "0001_initial"),
    ]

    operations = [run_sql(__file__, "file_case")]
