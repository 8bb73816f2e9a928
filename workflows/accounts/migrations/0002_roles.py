"""Who sees and decides what waits for a second person, and who reads the account log."""

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations

ROLES: dict[str, tuple[str, ...]] = {
    "administrator": ("view_approvalrequest", "decide_approvalrequest"),
    "privacy_officer": ("view_approvalrequest", "decide_approvalrequest", "view_accountevent"),
    # What they asked for themselves: tokens of pipelines.
    "data_steward": ("view_approvalrequest",),
}


def add_permissions(apps: Apps, schema_editor: object) -> None:
    """Add to what the roles may do already."""
    from django.apps import apps as installed

    create_permissions(installed.get_app_config("accounts"), verbosity=0)
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for name, codenames in ROLES.items():
        Group.objects.get(name=name).permissions.add(
            *Permission.objects.filter(content_type__app_label="accounts", codename__in=codenames)
        )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_approvals"),
        ("datasets", "0002_roles"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(add_permissions, migrations.RunPython.noop)]
