"""The access log: who may read it, and the index that keeps it fast in a log of millions."""

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations

# Not on the model: the log knows not which of its steps are looks.
INDEX = """
CREATE INDEX reports_look ON ledger_event (at DESC, id DESC) WHERE name IN (
    'case.viewed', 'register.viewed', 'bundle.exported', 'bundle.downloaded',
    'access_log.viewed', 'access_log.exported'
)
"""


def let_privacy_officers_read(apps: Apps, schema_editor: object) -> None:
    """Give the group the permission, which `migrate` would make only afterwards."""
    from django.apps import apps as installed

    create_permissions(installed.get_app_config("reports"), verbosity=0)
    permission = apps.get_model("auth", "Permission").objects.get(
        codename="view_look", content_type__app_label="reports"
    )
    apps.get_model("auth", "Group").objects.get(name="privacy_officer").permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0005_complaint_rows"),
        ("ledger", "0003_leaf_hashes"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="Look",
            fields=[],
            options={
                "verbose_name": "look",
                "verbose_name_plural": "access log",
                "proxy": True,
                "default_permissions": ("view",),
                "indexes": [],
                "constraints": [],
            },
            bases=("ledger.event",),
        ),
        migrations.RunSQL(INDEX, "DROP INDEX reports_look"),
        migrations.RunPython(let_privacy_officers_read, migrations.RunPython.noop),
    ]
