"""The database wakes the relay."""

from django.db import migrations

from workflows.common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial")]

    operations = [run_sql(__file__, "notify")]
