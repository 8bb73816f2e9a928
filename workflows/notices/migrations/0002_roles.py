"""Who keeps the texts of notices: privacy officers write and publish them."""

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations

PRIVACY_OFFICER = ("view_noticetext", "add_noticetext")


def add_permissions(apps: Apps, schema_editor: object) -> None:
    """Add to what the role may do already."""
    from django.apps import apps as installed

    create_permissions(installed.get_app_config("notices"), verbosity=0)
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    Group.objects.get(name="privacy_officer").permissions.add(
        *Permission.objects.filter(
            content_type__app_label="notices", codename__in=PRIVACY_OFFICER
        )
    )


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0001_initial"),
        ("reports", "0002_roles"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(add_permissions, migrations.RunPython.noop)]
