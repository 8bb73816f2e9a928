"""Registers what a Croissant file describes."""

from django.db import transaction

from workflows.accounts.actors import Actor
from workflows.datasets.croissant.read import read_croissant
from workflows.datasets.models import Dataset, Snapshot
from workflows.datasets.register import save_dataset, save_snapshot


@transaction.atomic
def import_croissant(content: bytes, actor: Actor) -> tuple[Dataset, Snapshot | None]:
    """Register the dataset that a Croissant file describes, or keep what it changes of a known one.

    A snapshot is registered as well if its files are on this server and its version is not known.
    Nothing is approved by it. Raises `InvalidEntry` and `Refused`.
    """
    described = read_croissant(content)
    name = described.dataset.get("name", "")
    dataset = Dataset.objects.filter(name=name).first() or Dataset()
    for field, value in described.dataset.items():
        setattr(dataset, field, value)
    save_dataset(dataset, actor)
    fields = described.snapshot
    if fields is None or dataset.snapshots.filter(version=fields["version"]).exists():
        return dataset, None
    return dataset, save_snapshot(Snapshot(dataset=dataset, **fields), actor)
