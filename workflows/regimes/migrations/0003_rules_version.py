"""The version of what is stored beside the rule files, which triggers keep."""

from django.db import migrations, models

from workflows.common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("regimes", "0002_provider_profile")]

    operations = [
        migrations.CreateModel(
            name="RulesVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.UUIDField()),
            ],
        ),
        run_sql(__file__, "rules_version"),
    ]
