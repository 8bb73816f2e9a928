"""A second look at who asks: who accepted a proof of identity so far is read from the log."""

import django.contrib.postgres.fields
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

from workflows.vocabulary.people import ACCEPTED_BY_STAFF
from workflows.vocabulary.item_kinds import ItemKind

ACCEPTED = """
UPDATE cases_case SET assurance_set_by = accepted.actor
FROM (
    SELECT DISTINCT ON ("case") "case", actor FROM ledger_event
    WHERE name = 'identity.proved' ORDER BY "case", step DESC
) AS accepted
WHERE accepted."case" = cases_case.pseudonym
"""


def add_permissions(apps: Apps, schema_editor: object) -> None:
    """Let privacy officers set the policy."""
    from django.apps import apps as installed

    create_permissions(installed.get_app_config("cases"), verbosity=0)
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    Group.objects.get(name="privacy_officer").permissions.add(
        *Permission.objects.filter(codename__in=("add_identitypolicy", "view_identitypolicy"))
    )


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0013_deciders"),
        ("ledger", "0007_one_check"),
        ("reports", "0002_roles"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="IdentityPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[(level.value, level.label) for level in ACCEPTED_BY_STAFF],
                        max_length=10,
                        verbose_name="from which assurance on",
                    ),
                ),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(choices=ItemKind.choices, max_length=20),
                        blank=True,
                        size=None,
                        verbose_name="for which items",
                    ),
                ),
                ("set_by", models.CharField(max_length=32, verbose_name="set by")),
                ("set_at", models.DateTimeField(auto_now_add=True, verbose_name="set at")),
            ],
            options={
                "verbose_name": "policy for second looks at identity",
                "verbose_name_plural": "second looks at identity",
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="case",
            name="assurance_set_by",
            field=models.CharField(blank=True, max_length=32),
        ),
        migrations.AddField(
            model_name="case",
            name="assurance_confirmed_by",
            field=models.CharField(blank=True, max_length=32),
        ),
        migrations.RunSQL(ACCEPTED, migrations.RunSQL.noop),
        migrations.RunPython(add_permissions, migrations.RunPython.noop),
    ]
