"""The search indexes of snapshots: asked for, built in the background, dropped with the data."""

import functools
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.cases.actors import Actor
from workflows.common.errors import Refused
from workflows.datasets.lookup.index import Answer, PersonIndex, build
from workflows.datasets.lookup.persons import Identifier
from workflows.datasets.lookup.shards import ReadError
from workflows.datasets.models import SearchIndex, Snapshot
from workflows.datasets.roles import OFFICERS, STEWARDS, require_role
from workflows.datasets.sources import shards_of
from workflows.ledger.services import append
from workflows.outbox.long_work import ask_for, held
from workflows.vocabulary.roles import Role

BUILD = "datasets.build_index"
UNBUILT = (SearchIndex.State.WAITING, SearchIndex.State.BUILDING)

logger = logging.getLogger(__name__)


def folder_of(index: SearchIndex) -> Path:
    """Return where an index lies; each one that is asked for has a folder of its own."""
    return Path(settings.INDEX_ROOT) / str(index.pk)


@transaction.atomic
def ask_for_index(snapshot: Snapshot, actor: Actor) -> SearchIndex:
    """Have an index of a snapshot built in the background. Raises `Refused`."""
    role = require_role(actor, STEWARDS)
    locked = Snapshot.objects.select_for_update().get(pk=snapshot.pk)
    if not locked.is_readable:
        raise Refused(_("Only a snapshot that can be read can be indexed."))
    if SearchIndex.objects.filter(snapshot=locked).exists():
        raise Refused(_("This snapshot has an index already."))
    index = SearchIndex.objects.create(snapshot=locked)
    _append("index.requested", role, actor.pseudonym, locked)
    ask_for(BUILD, str(index.pk), about=str(index.pk))
    return index


def build_index(index_id: int | str) -> None:
    """Build an index that is not built, unless another process does; begins anew after a crash."""
    with held(BUILD, str(index_id)) as free:
        unbuilt = SearchIndex.objects.filter(pk=index_id, state__in=UNBUILT)
        if not free or not unbuilt.update(state=SearchIndex.State.BUILDING):
            return
        index = SearchIndex.objects.select_related("snapshot").get(pk=index_id)
        try:
            _build(index)
        except (ReadError, OSError) as error:
            fail_index(index, type(error).__name__)
            logger.warning("Index %s cannot be built: %s", index.pk, type(error).__name__)


def fail_index(index: SearchIndex, error: str) -> None:
    """Note why an index cannot be built, and leave nothing of it behind."""
    SearchIndex.objects.filter(pk=index.pk).update(state=SearchIndex.State.FAILED, error=error)
    shutil.rmtree(folder_of(index), ignore_errors=True)


def _build(index: SearchIndex) -> None:
    folder = folder_of(index)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    Path(settings.INDEX_ROOT).chmod(0o700)
    rows = done = 0
    for figures in build(folder, shards_of(index.snapshot), index.snapshot.schema):
        rows, done = rows + figures.rows, done + figures.bytes
        SearchIndex.objects.filter(pk=index.pk).update(bytes_done=done)
    size = sum(file.stat().st_size for file in folder.iterdir())
    with transaction.atomic():
        ready = SearchIndex.objects.filter(pk=index.pk).update(
            state=SearchIndex.State.READY, bytes=size, records=rows, built_at=timezone.now()
        )
        if ready:
            _append("index.built", Role.SYSTEM, "", index.snapshot, {"bytes": size})
    if not ready:  # dropped meanwhile
        shutil.rmtree(folder, ignore_errors=True)


@transaction.atomic
def drop_index(snapshot: Snapshot, actor: Actor) -> None:
    """Delete the index of a snapshot, if it has one. Raises `Refused`."""
    role = require_role(actor, STEWARDS | OFFICERS)
    index = SearchIndex.objects.filter(snapshot=snapshot).first()
    if index is None:
        return
    folder = folder_of(index)
    index.delete()
    _append("index.dropped", role, actor.pseudonym, snapshot)
    transaction.on_commit(functools.partial(shutil.rmtree, folder, ignore_errors=True), robust=True)


def sweep_folders() -> int:
    """Delete folders that belong to no index, as a crash may leave them; return how many."""
    root = Path(settings.INDEX_ROOT)
    if not root.exists():
        return 0
    known = {str(pk) for pk in SearchIndex.objects.values_list("pk", flat=True)}
    orphans = [folder for folder in root.iterdir() if folder.name not in known]
    for folder in orphans:
        shutil.rmtree(folder, ignore_errors=True)
    return len(orphans)


def look_up(index: SearchIndex, identifiers: Sequence[Identifier]) -> Answer:
    """Return the records of a snapshot in which one person may stand.

    Quick enough to wait for; the pass alone proves that a person is nowhere. Raises
    `Refused` when the index is not ready.
    """
    if index.state != SearchIndex.State.READY:
        raise Refused(_("The index of this snapshot is not ready."))
    return _open(folder_of(index)).look_up(identifiers)


@functools.lru_cache(maxsize=32)
def _open(folder: Path) -> PersonIndex:
    return PersonIndex(folder)


def _append(
    name: str, role: str, actor: str, snapshot: Snapshot, facts: dict[str, int] | None = None
) -> None:
    append(name=name, role=role, actor=actor, facts={"snapshot": snapshot.pk, **(facts or {})})
