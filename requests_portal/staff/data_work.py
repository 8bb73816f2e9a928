"""What waits for a data steward, as counts that link to their lists."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from workflows.corrections.models import Manifest, RecipientNotice
from workflows.datasets.models import Dataset, Snapshot
from workflows.datasets.purging import to_be_purged


@dataclass(frozen=True, slots=True)
class DataTile:
    """A count of entries of a list, and the address at which exactly these are shown."""

    name: str
    count: int
    address: str


# A name; the list, which needs the permission to view it; its filter; what is counted.
_LINES: tuple[tuple[Any, str, str, Callable[[], QuerySet[Any]]], ...] = (
    (
        _("Manifests to be applied"),
        "corrections.manifest",
        "state=open",
        lambda: Manifest.objects.filter(state=Manifest.State.OPEN),
    ),
    (
        _("Recipients to be told by staff"),
        "corrections.recipientnotice",
        "state=untold",
        lambda: RecipientNotice.objects.filter(told_at=None),
    ),
    (
        _("Sources not approved"),
        "datasets.dataset",
        "approval=unapproved",
        lambda: Dataset.objects.filter(approval=Dataset.Approval.UNAPPROVED),
    ),
    (
        _("Snapshots that cannot be read"),
        "datasets.snapshot",
        "state=unreadable",
        lambda: Snapshot.objects.filter(state=Snapshot.State.UNREADABLE),
    ),
    (_("Old data to be purged"), "datasets.snapshot", "purge=due", to_be_purged),
)


def data_tiles(request: HttpRequest) -> list[DataTile]:
    """Return the counts of the lists that the reader may see; none for who keeps no data."""
    if not request.user.has_perm("cases.execute_case"):
        return []
    tiles = []
    for name, list_name, query, counted in _LINES:
        app, model = list_name.split(".")
        if request.user.has_perm(f"{app}.view_{model}"):
            address = reverse(f"admin:{app}_{model}_changelist")
            tiles.append(DataTile(str(name), counted().count(), f"{address}?{query}"))
    return tiles
