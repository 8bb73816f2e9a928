"""What follows the beginning of a review, or a new version of data: people are looked up."""

from workflows.cases.effects import case_of
from workflows.corpus.values import ReadProblem
from workflows.datasets.models import Snapshot
from workflows.datasets.register import LOOK_UP
from workflows.lookups.models import LookupRun, ShardScan
from workflows.lookups.scanning import fail_shard, finish_run, split_into_shards
from workflows.lookups.services import SCAN, START, look_up_at_review, look_up_version
from workflows.outbox.long_work import send_and_recheck
from workflows.outbox.models import Effect
from workflows.outbox.services import effect_handler


@effect_handler("datasets.look_up")
def look_up(effect: Effect) -> None:
    """Look the subject of a case up because its review began."""
    look_up_at_review(case_of(effect))


@effect_handler(START)
def start_lookup(effect: Effect) -> None:
    """Cut a look-up into shards; it ends at once where there is nothing that can be searched."""
    run = LookupRun.objects.get(pk=effect.payload["run"])
    split_into_shards(run)
    finish_run(run)


@effect_handler(SCAN)
def scan_shard(effect: Effect) -> None:
    """Send the task that searches a shard, until it has been searched."""
    waiting = ShardScan.objects.filter(pk=effect.payload["id"], state=ShardScan.State.WAITING)
    scan = waiting.select_related("run").first()
    if scan and not send_and_recheck(effect, "workflows.tasks.scan_shard"):
        fail_shard(scan, ReadProblem.GAVE_UP)


@effect_handler(LOOK_UP)
def look_up_new_version(effect: Effect) -> None:
    """Look all open cases up in a new version of data."""
    look_up_version(Snapshot.objects.get(pk=effect.payload["id"]))
