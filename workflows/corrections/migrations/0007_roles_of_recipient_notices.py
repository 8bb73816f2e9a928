"""Who sees which recipients were told, and who keeps record of it."""

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations

VIEW = ("view_recipientnotice",)
ROLES: dict[str, tuple[str, ...]] = {
    "reviewer": VIEW,
    "approver": VIEW,
    "data_steward": (*VIEW, "change_recipientnotice"),
    "privacy_officer": VIEW,
}


def add_permissions(apps: Apps, schema_editor: object) -> None:
    """Add to what the roles may do already."""
    from django.apps import apps as installed

    create_permissions(installed.get_app_config("corrections"), verbosity=0)
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for name, codenames in ROLES.items():
        Group.objects.get(name=name).permissions.add(
            *Permission.objects.filter(
                content_type__app_label="corrections", codename__in=codenames
            )
        )


class Migration(migrations.Migration):
    dependencies = [
        ("corrections", "0006_recipient_notices"),
        ("reports", "0002_roles"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(add_permissions, migrations.RunPython.noop)]
