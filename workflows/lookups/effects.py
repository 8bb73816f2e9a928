"""What follows the beginning of a review, or a new version of data: people are looked up.

And what a finding is held against before it is recorded.
"""

from typing import Any

from django.dispatch import receiver

from workflows.cases.effects import case_of
from workflows.cases.staff_actions import finding_check
from workflows.datasets.models import Snapshot
from workflows.datasets.signals import version_read
from workflows.lookups.findings import check_finding
from workflows.lookups.models import ShardScan
from workflows.lookups.services import SCAN, START, look_up_at_review, look_up_version
from workflows.outbox.by_name import by_name
from workflows.outbox.long_work import long_work
from workflows.outbox.models import Effect
from workflows.outbox.periodic import periodic
from workflows.outbox.services import effect_handler

finding_check(check_finding)

_start_lookup = by_name("workflows.lookups.scanning.start_lookup")


@effect_handler("lookups.look_up")
def look_up(effect: Effect) -> None:
    """Look the subject of a case up because its review began."""
    look_up_at_review(case_of(effect))


@effect_handler(START)
def start_lookup(effect: Effect) -> None:
    """Cut a look-up into shards; it ends at once where there is nothing that can be searched."""
    _start_lookup(effect.payload["run"])


# A shard is small: it is searched in the time of any other task.
@long_work(
    SCAN,
    "workflows.lookups.scanning.scan_shard",
    give_up=by_name("workflows.lookups.scanning.abandon_scan"),
    begins_anew=False,
)
def is_unsearched(scan_id: str) -> bool:
    """Return whether a shard has not been searched yet."""
    return ShardScan.objects.filter(pk=scan_id, state=ShardScan.State.WAITING).exists()


@receiver(version_read)
def look_up_new_version(snapshot: Snapshot, **_: Any) -> None:
    """Look all open cases up in a new version of data, in the transaction that says it is read.

    Nothing is made of a version before what was judged in the older one is carried over to it.
    """
    look_up_version(snapshot)


periodic("nightly-pass", "look-ups", "workflows.lookups.services.nightly_pass")
periodic("purge", "look-ups", "workflows.lookups.services.purge_runs")
