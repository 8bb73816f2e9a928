"""The index of the account log, over the table of all steps."""

from django.db import migrations

from workflows.common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("ledger", "0001_initial")]

    operations = [run_sql(__file__, "account_log_index")]
