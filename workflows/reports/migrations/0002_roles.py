"""The roles of the domain as groups with their permissions."""

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations

CASE_ROLES = ("intake", "reviewer", "approver", "data_steward", "privacy_officer")
VIEW = ("view_case", "view_item", "view_message", "view_attachment", "view_clock", "view_instruction")
ROLES: dict[str, tuple[str, ...]] = {
    "intake": (*VIEW, "work_case"),
    "reviewer": (*VIEW, "work_case", "review_case"),
    "approver": (*VIEW, "approve_case"),
    "data_steward": (*VIEW, "execute_case"),
    "privacy_officer": (
        *VIEW,
        "work_case",
        "review_case",
        "approve_case",
        "execute_case",
        "oversee_case",
        *(f"{verb}_{model}" for model in ("team", "routingrule") for verb in ("add", "change", "delete", "view")),
        "view_effect",
        "change_effect",
        "view_bundlejob",
        "view_businesscalendar",
        "add_businesscalendar",
    ),
    # Users and roles, and no case content.
    "administrator": (
        *(f"{verb}_{model}" for model in ("user", "regulatoraccount") for verb in ("add", "change", "view")),
        "view_group",
        "view_effect",
    ),
    "regulator": (),
}


def create_roles(apps: Apps, schema_editor: object) -> None:
    """Make one group a role; permissions are looked up by codename, unique among those named."""
    from django.apps import apps as installed

    for config in installed.get_app_configs():
        if config.models_module is not None:
            create_permissions(config, verbosity=0)
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for name, codenames in ROLES.items():
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.set(Permission.objects.filter(codename__in=codenames))


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0001_initial"),
        ("cases", "0001_initial"),
        ("routing", "0001_initial"),
        ("identity", "0001_initial"),
        ("corrections", "0001_initial"),
        ("outbox", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(create_roles, migrations.RunPython.noop)]
