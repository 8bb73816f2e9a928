"""Snapshots that came out of one another: a family, in which the newest one is to be changed."""

from pathlib import Path

from django.db.models import Q

from workflows.cases.models import Case
from workflows.corrections.manifests.plain_text import is_text
from workflows.corrections.manifests.table import Table
from workflows.datasets.findings import not_kept_of
from workflows.datasets.lookup.shards import Format, format_of
from workflows.datasets.models import LookupRun, Match, ShardScan, Snapshot
from workflows.datasets.sources import table_of


def format_of_data(snapshot: Snapshot, path: Path) -> Format | None:
    """Return how a file of a snapshot is read; None for one that is no part of its data."""
    if snapshot.format == Snapshot.Format.TEXT:
        return Format.TEXT if is_text(path) else None
    return format_of(path)


def as_table(snapshot: Snapshot) -> Table:
    """Return the table of a snapshot that is one. Raises `ReadError`."""
    return Table(*table_of(snapshot.location), snapshot.schema)


def family(snapshot: Snapshot) -> list[Snapshot]:
    """Return a snapshot with those that it was made from, and all that were made from these.

    Each once, the oldest first, and none of another dataset.
    """
    oldest = _oldest(snapshot)
    found, layer = [oldest], [oldest]
    while layer:
        made = Snapshot.objects.filter(parent__in=layer, dataset=oldest.dataset_id)
        layer = list(made.exclude(pk__in=[old.pk for old in found]).order_by("registered_at"))
        found += layer
    return found


def _oldest(snapshot: Snapshot) -> Snapshot:
    """Return from which snapshot all of a family came; of a circle, the first to be registered."""
    line = [snapshot, *snapshot.ancestors()]
    ids = [member.pk for member in line]
    if line[-1].parent_id not in ids:
        return line[-1]
    circle = line[ids.index(line[-1].parent_id) :]
    return min(circle, key=lambda member: (member.registered_at, member.pk))


def newest(members: list[Snapshot]) -> Snapshot | None:
    """Return the newest member that can be read, if there is one."""
    readable = [member for member in members if member.is_readable]
    return max(readable, key=lambda member: (member.registered_at, member.pk), default=None)


def is_clean_of(case: Case, snapshot: Snapshot) -> bool:
    """Return whether a case was looked up in all of a snapshot and nothing in it may be theirs.

    Not where places were counted that nobody can judge, as they were not kept.
    """
    runs = LookupRun.objects.filter(
        Q(case=case) | Q(case=None), requested_at__gte=snapshot.read_at or snapshot.registered_at
    ).exclude(finished_at=None)
    searched = any(
        set(run.scans.filter(snapshot=snapshot).values_list("state", flat=True))
        == {ShardScan.State.DONE}
        for run in runs
    )
    if not searched or snapshot.pk in not_kept_of(case):
        return False
    found = Match.objects.filter(case=case, snapshot=snapshot)
    return not found.filter(verdict__in=("", Match.Verdict.THEIRS)).exists()
