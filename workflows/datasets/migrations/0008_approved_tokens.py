"""A pipeline's token opens something once it is approved; those in use count as approved."""

import django.contrib.postgres.fields
from django.apps.registry import Apps
from django.db import migrations, models


def approve_tokens(apps: Apps, schema_editor: object) -> None:
    """Let the tokens that are in use go on for the time that they have."""
    used = apps.get_model("datasets", "PipelineToken").objects.exclude(token_digest=None)
    used.update(approved_until=models.F("expires_at"), approved_scopes=models.F("scopes"))


class Migration(migrations.Migration):
    dependencies = [("datasets", "0007_token_scopes")]

    operations = [
        migrations.AddField(
            model_name="pipelinetoken",
            name="approved_until",
            field=models.DateTimeField(editable=False, null=True, verbose_name="approved until"),
        ),
        migrations.AddField(
            model_name="pipelinetoken",
            name="approved_scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=32),
                blank=True,
                default=list,
                editable=False,
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="pipelinetoken",
            name="waiting_digest",
            field=models.BinaryField(max_length=32, null=True, unique=True),
        ),
        migrations.RunPython(approve_tokens, migrations.RunPython.noop),
    ]
