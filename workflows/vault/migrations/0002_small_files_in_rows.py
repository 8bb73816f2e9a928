"""A small file lies in its row, encrypted."""

from django.db import migrations, models

from workflows.common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("vault", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="storedfile",
            name="content",
            field=models.BinaryField(null=True),
        ),
        run_sql(__file__, "external_storage"),
    ]
