"""Facts of a new case are written without a look at what is not there yet."""

from django.db import migrations

from workflows.common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("oversight", "0003_facts")]

    operations = [run_sql(__file__, "facts_of_new_cases")]
