"""Who keeps the register: data stewards write it, privacy officers approve, the others read."""

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations

READ = ("dataset", "snapshot", "trainedmodel", "recipient")
KEPT = (*READ, "pipelinetoken")
VIEW = tuple(f"view_{model}" for model in READ)
ROLES: dict[str, tuple[str, ...]] = {
    "intake": VIEW,
    "reviewer": VIEW,
    "approver": VIEW,
    "data_steward": (
        *(f"{verb}_{model}" for model in KEPT for verb in ("view", "add", "change")),
        "delete_pipelinetoken",
        "view_searchindex",
        "add_searchindex",
        "delete_searchindex",
    ),
    "privacy_officer": (*VIEW, "view_pipelinetoken", "view_searchindex", "delete_searchindex", "approve_dataset"),
}


def add_permissions(apps: Apps, schema_editor: object) -> None:
    """Add to what the roles may do already."""
    from django.apps import apps as installed

    create_permissions(installed.get_app_config("datasets"), verbosity=0)
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for name, codenames in ROLES.items():
        Group.objects.get(name=name).permissions.add(
            *Permission.objects.filter(content_type__app_label="datasets", codename__in=codenames)
        )


class Migration(migrations.Migration):
    dependencies = [
        ("datasets", "0001_register"),
        ("reports", "0002_roles"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(add_permissions, migrations.RunPython.noop)]
