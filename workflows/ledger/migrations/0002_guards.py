"""What the database itself enforces on the log; each file of SQL says why."""

from django.db import migrations

from workflows.common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        run_sql(__file__, "append_only"),
        run_sql(__file__, "whole_events"),
        run_sql(__file__, "append"),
        run_sql(__file__, "leaf_hashes"),
        run_sql(__file__, "storage"),
        run_sql(__file__, "thinning"),
    ]
