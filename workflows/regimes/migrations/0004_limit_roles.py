"""Privacy officers publish time limits."""

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations


def add_permissions(apps: Apps, schema_editor: object) -> None:
    """Add to what the role may do already."""
    from django.apps import apps as installed

    create_permissions(installed.get_app_config("regimes"), verbosity=0)
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    Group.objects.get(name="privacy_officer").permissions.add(
        *Permission.objects.filter(codename__in=("add_publishedlimit", "view_publishedlimit"))
    )


class Migration(migrations.Migration):
    dependencies = [
        ("regimes", "0003_published_limits"),
        ("reports", "0002_roles"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(add_permissions, migrations.RunPython.noop)]
