"""Snapshots that came out of one another: a family, in which the newest one is to be changed."""

from collections import defaultdict
from uuid import UUID

from django.db.models import Q

from workflows.cases.models import Case
from workflows.datasets.models import Snapshot
from workflows.lookups.models import LookupRun, ShardScan


def related_versions(snapshot: Snapshot) -> list[Snapshot]:
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


def lineage(snapshot: Snapshot) -> list[Snapshot]:
    """Return a snapshot with those that it was made from, the oldest first."""
    return [snapshot, *snapshot.ancestors()][::-1]


def line_of(snapshot: Snapshot) -> list[int]:
    """Return the ids of a snapshot and of those that it was made from, the nearest first."""
    return [snapshot.pk, *(older.pk for older in snapshot.ancestors())]


def tips(members: list[Snapshot]) -> list[Snapshot]:
    """Return the members that can be read and of which nothing was made that can, newest first.

    Of a version several may have been made: each is in use until it was deleted.
    """
    readable = [member for member in members if member.is_readable]
    readable.sort(key=lambda member: (member.registered_at, member.pk), reverse=True)
    replaced = _replaced_by(members, readable)
    # Of a circle from before, the newest entry.
    return [member for member in readable if member.pk not in replaced] or readable[:1]


def _replaced_by(members: list[Snapshot], newer: list[Snapshot]) -> set[int]:
    """Return the ids of the members of which these were made, at once or over others."""
    parents = {member.pk: member.parent_id for member in members}
    replaced: set[int] = set()
    for member in newer:
        older = member.parent_id
        while older in parents and older not in replaced:
            replaced.add(older)
            older = parents[older]
    return replaced


def newest_readable(members: list[Snapshot]) -> Snapshot | None:
    """Return the newest member that can be read, if there is one."""
    return next(iter(tips(members)), None)


def is_outdated(snapshot: Snapshot) -> bool:
    """Return whether another version was made of a snapshot that can be read."""
    members = related_versions(snapshot)
    return snapshot.pk in _replaced_by(members, tips(members))


def is_searched(case: Case, snapshot: Snapshot) -> bool:
    """Return whether a case was looked up in all of a snapshot since it was read."""
    first = case.lookup_runs.order_by("requested_at").first()
    if first is None:
        return False
    # In a pass over all open cases only when it was one of them.
    passes = Q(case=None, requested_at__gte=first.requested_at)
    runs = LookupRun.objects.filter(
        Q(case=case) | passes, requested_at__gte=snapshot.read_at or snapshot.registered_at
    ).exclude(finished_at=None)
    states: dict[UUID, set[str]] = defaultdict(set)
    scans = ShardScan.objects.filter(run__in=runs, snapshot=snapshot).order_by()
    for run, state in scans.values_list("run", "state").distinct():
        states[run].add(state)
    return {ShardScan.State.DONE} in states.values()
