"""A regulator has several tokens, each approved; those in use go on until their account ends."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.apps.registry import Apps
from django.db import migrations, models


def keep_tokens(apps: Apps, schema_editor: object) -> None:
    """Make a row of each token that is in use."""
    Token = apps.get_model("reports", "RegulatorToken")
    now = django.utils.timezone.now()
    for account in apps.get_model("reports", "RegulatorAccount").objects.exclude(token_digest=None):
        Token.objects.create(
            account=account,
            name="API",
            token_digest=account.token_digest,
            approved_at=now,
            expires_at=account.expires_at,
        )


class Migration(migrations.Migration):
    dependencies = [("reports", "0008_evidence")]

    operations = [
        migrations.CreateModel(
            name="RegulatorToken",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("token_digest", models.BinaryField(max_length=32, unique=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="made")),
                ("approved_at", models.DateTimeField(null=True, verbose_name="approved")),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                ("last_used_at", models.DateTimeField(null=True, verbose_name="last used")),
                ("revoked_at", models.DateTimeField(null=True, verbose_name="revoked")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tokens",
                        to="reports.regulatoraccount",
                    ),
                ),
            ],
            options={
                "verbose_name": "API token of a regulator",
                "verbose_name_plural": "API tokens of regulators",
                "ordering": ["-created_at"],
                "default_permissions": (),
            },
        ),
        migrations.RunPython(keep_tokens, migrations.RunPython.noop),
        migrations.RemoveField(model_name="regulatoraccount", name="token_digest"),
        migrations.AlterField(
            model_name="regulatoraccount",
            name="expires_at",
            field=models.DateTimeField(null=True, verbose_name="expires"),
        ),
    ]
