"""Gives each token scopes: those that its traces in the log show, and of a gateway's the list.

A gateway leaves no trace, for it only fetches the list of suppressed phrases; its filter must not
stop with this migration. A token that needs more is refused with the name of the missing scope.
"""

from collections import Counter
from collections.abc import Mapping

import django.contrib.postgres.fields
from django.db import migrations, models
from django.db.models import Count

CHOICES = [
    ("datasets:read", "Read the register of datasets and snapshots"),
    ("datasets:write", "Register and change datasets and snapshots"),
    ("manifests:read", "List manifests and fetch which records are to be changed, without texts about people"),
    ("manifests:texts", "Fetch the texts of manifests: they are personal data"),
    ("manifests:acknowledge", "Post receipts for manifests, each with the snapshot that came out"),
    ("suppression:read", "Fetch the list of suppressed phrases: they can be personal data"),
]


def evident_scopes(left: Mapping[str, int]) -> list[str]:
    """Return the scopes of a token by how many events of each name it has left in the log."""
    scopes = []
    receipts = left.get("manifest.receipt", 0)
    changed = left.get("dataset.registered", 0) + left.get("dataset.changed", 0)
    # A receipt registers the snapshot that came out.
    if changed or left.get("snapshot.registered", 0) > receipts:
        scopes += ["datasets:read", "datasets:write"]
    if left.get("case.viewed") or receipts:
        scopes += ["manifests:read", "manifests:texts"]
    if receipts:
        scopes += ["manifests:acknowledge"]
    return scopes or ["suppression:read"]


def fill(apps, _schema_editor):
    PipelineToken = apps.get_model("datasets", "PipelineToken")
    Event = apps.get_model("ledger", "Event")
    pipelines = {row.pseudonym: row for row in PipelineToken.objects.filter(scopes=[])}
    left = {pseudonym: Counter() for pseudonym in pipelines}
    events = Event.objects.filter(actor__in=list(pipelines)).order_by()
    for actor, name, count in events.values_list("actor", "name").annotate(n=Count("pk")):
        left[actor][name] = count
    for pseudonym, row in pipelines.items():
        row.scopes = evident_scopes(left[pseudonym])
        row.save(update_fields=["scopes"])


class Migration(migrations.Migration):

    dependencies = [
        ("datasets", "0006_purging"),
        ("ledger", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="pipelinetoken",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(choices=CHOICES, max_length=32),
                default=list,
                help_text="What the program may do. Choose no more than it needs.",
                size=None,
                verbose_name="access scopes",
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
