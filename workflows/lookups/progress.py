"""How far the look-up of a case is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils import timezone

from workflows.cases.models import Case
from workflows.lookups.models import LookupRun, ShardScan


@dataclass(frozen=True, slots=True)
class Progress:
    """The last look-up of a case; `run` is None if there was none. Bytes, and bytes a second."""

    run: LookupRun | None
    shards: int = 0
    done: int = 0
    failed: tuple[ShardScan, ...] = ()
    bytes: int = 0
    speed: int = 0
    strong: int = 0
    weak: int = 0

    @property
    def is_running(self) -> bool:
        """Whether shards are still to be searched."""
        return self.run is not None and self.run.finished_at is None

    @property
    def percent(self) -> int:
        """The part of the shards that were searched or have failed."""
        if not self.is_running:
            return 100 if self.run else 0
        return 100 * self.done // self.shards if self.shards else 0

    @property
    def megabytes(self) -> float:
        """What was read so far, in millions of bytes."""
        return self.bytes / 1e6

    @property
    def megabytes_a_second(self) -> float:
        """How fast it was read, by all workers together."""
        return self.speed / 1e6

    def as_json(self) -> dict[str, Any]:
        """Return what the page shows while it waits."""
        return {
            "running": self.is_running,
            "percent": self.percent,
            "shards": self.shards,
            "done": self.done,
            "megabytes": round(self.megabytes, 1),
            "speed": round(self.megabytes_a_second, 1),
            "strong": self.strong,
            "weak": self.weak,
        }


def progress_of(case: Case) -> Progress:
    """Return how far the newest look-up of a case is."""
    run = LookupRun.objects.filter(case=case).first()
    if run is None:
        return Progress(None)
    waiting = Q(state=ShardScan.State.WAITING)
    sums = run.scans.aggregate(
        shards=Count("pk"),
        done=Count("pk", filter=~waiting),
        bytes=Sum("bytes"),
        strong=Sum("strong"),
        weak=Sum("weak"),
    )
    failed = run.scans.filter(state=ShardScan.State.FAILED).select_related("snapshot__dataset")
    return Progress(
        run,
        shards=sums["shards"],
        done=sums["done"],
        failed=tuple(failed[:20]),
        bytes=sums["bytes"] or 0,
        speed=_speed(run, sums["bytes"] or 0, timezone.now()),
        strong=sums["strong"] or 0,
        weak=sums["weak"] or 0,
    )


def _speed(run: LookupRun, size: int, now: datetime) -> int:
    if run.started_at is None or not size:
        return 0
    elapsed = (run.finished_at or now) - run.started_at
    return int(size / max(elapsed, timedelta(milliseconds=1)).total_seconds())
