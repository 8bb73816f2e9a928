"""Making stored hashes anew after `INDEX_KEY` was changed: in batches, and again where it stopped.

What can be made anew says a `RotationStep` of the package that stores it. Nothing is lost when it
stops half way: until a step has reached a row, its old hash is found by the key before.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from workflows.vault.blind_index import current_key
from workflows.vault.models import IndexKeyRotation


@dataclass(frozen=True, slots=True)
class RotationStep:
    """Rows whose hashes can be made anew. `renew` gets one, locked, and tells how many it made."""

    name: str
    rows: Callable[[], QuerySet[Any]]
    renew: Callable[[Any], int]
    batch: int = 100


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What one batch came to."""

    step: str
    rows: int
    renewed: int


def rotation_status() -> IndexKeyRotation:
    """Return how far it is under the current key; its first call is taken for the beginning."""
    found, _created = IndexKeyRotation.objects.get_or_create(key_name=current_key().name)
    return found


def has_begun() -> bool:
    """Return whether it was ever begun under the current key."""
    return IndexKeyRotation.objects.filter(key_name=current_key().name).exists()


def rotate(steps: Sequence[RotationStep]) -> Iterator[BatchResult]:
    """Make anew what the steps name, each batch in a transaction of its own; yield each batch.

    Stopped and run again it goes on after the last batch; run again at the end it begins anew,
    which does no harm. Of two runs at once, each does the batches that the other has not done.
    """
    for step in steps:
        while done := _batch(step):
            yield done
    own = IndexKeyRotation.objects.filter(key_name=current_key().name)
    own.update(reached={}, finished_at=timezone.now())


def _batch(step: RotationStep) -> BatchResult | None:
    """Do the next batch of a step; None when there is none."""
    with transaction.atomic():
        state = IndexKeyRotation.objects.select_for_update().get(pk=rotation_status().pk)
        rows = step.rows().select_for_update(of=("self",)).order_by("pk")
        if step.name in state.reached:
            rows = rows.filter(pk__gt=state.reached[step.name])
        batch = list(rows[: step.batch])
        if not batch:
            return None
        renewed = sum(step.renew(row) for row in batch)
        state.reached[step.name] = str(batch[-1].pk)
        state.save(update_fields=["reached"])
        return BatchResult(step.name, len(batch), renewed)
