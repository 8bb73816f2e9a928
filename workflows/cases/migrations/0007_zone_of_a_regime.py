"""The time zone in which figures count the days of a law, where the database can see it."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def take_from_rules(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give each version the zone that the rules of today name; none of them has changed so far."""
    from workflows.regimes.services import all_regimes

    versions = apps.get_model("cases", "RegimeVersion").objects
    for regime in all_regimes():
        versions.filter(code=regime.code).update(zone=regime.zone)


class Migration(migrations.Migration):
    dependencies = [("cases", "0006_indexes_of_the_queue")]

    operations = [
        migrations.AddField(
            model_name="regimeversion",
            name="zone",
            field=models.CharField(default="UTC", max_length=40),
            preserve_default=False,
        ),
        migrations.RunPython(take_from_rules, migrations.RunPython.noop),
    ]
