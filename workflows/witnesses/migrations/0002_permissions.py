"""Who looks after the running portal sees how its witnesses stand."""

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations


def let_see(apps: Apps, schema_editor: object) -> None:
    from django.apps import apps as installed

    create_permissions(installed.get_app_config("witnesses"), verbosity=0)
    Group = apps.get_model("auth", "Group")
    permission = apps.get_model("auth", "Permission").objects.get(codename="view_witness")
    for group in Group.objects.filter(name__in=("privacy_officer", "administrator")):
        group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [("witnesses", "0001_initial"), ("reports", "0002_roles")]

    operations = [migrations.RunPython(let_see, migrations.RunPython.noop)]
