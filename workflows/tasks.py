"""Thin Celery entries: ids go in, one service is called, nothing personal comes out."""

import logging
from collections.abc import Callable

from celery import shared_task
from django.conf import settings
from django.core.management import call_command

from workflows.cases.admission import purge_proofs
from workflows.cases.drafts import purge_draft_files, purge_drafts
from workflows.cases.idempotency import purge_keys
from workflows.cases.sign_ins import purge_login_attempts
from workflows.complaints.effects import sweep_complaints
from workflows.corrections import (
    carried_out,
    checking,
    making,
    manifest_application,
    manifests,
    redo_removal,
)
from workflows.corrections.recipients import sweep_recipients
from workflows.datasets import inventory
from workflows.exports.jobs import make_bundle as _make_bundle
from workflows.exports.jobs import purge_bundles
from workflows.identity.contact import sweep_unconfirmed
from workflows.identity.reminders import sweep_unpaid, sweep_waiting
from workflows.ledger.thinning import thin_checkpoints
from workflows.lookups import scanning, services
from workflows.mail.outbound import purge_tallies
from workflows.outbox import services as outbox
from workflows.outbox.canaries import note_seen
from workflows.routing.effects import sweep_clocks as _sweep_clocks
from workflows.vault.cache import purge_cache
from workflows.vault.files import sweep_orphans
from workflows.witnesses.services import submit_due
from workflows.witnesses.timestamps import request_due

logger = logging.getLogger(__name__)
# For work on a whole snapshot, which begins anew when it is stopped.
long_task = shared_task(time_limit=settings.LONG_TASK_TIME_LIMIT)
_PURGES: dict[str, Callable[[], int]] = {
    "drafts": purge_drafts,
    "files of drafts": purge_draft_files,
    "proofs of work": purge_proofs,
    "idempotency keys": purge_keys,
    "exports": purge_bundles,
    "tallies": purge_tallies,
    "effects": outbox.purge_done,
    "checkpoints": thin_checkpoints,
    "files": sweep_orphans,
    "look-ups": services.purge_runs,
    "wrong passwords": purge_login_attempts,
    "cache entries": purge_cache,
}


@shared_task
def run_effect(effect_id: str) -> None:
    """Run one effect of the outbox; does nothing when it is done or being done."""
    outbox.run_effect(effect_id)


@shared_task
def canary(canary_id: str) -> None:
    """Note that this message came out of its queue; the id is the queue's name, or beat's."""
    note_seen(canary_id)


@shared_task
def sweep_clocks() -> None:
    """Remind, escalate and mark late."""
    steps = _sweep_clocks() + sweep_complaints()
    if steps:
        logger.info("Clocks swept: %s steps", steps)


@shared_task
def sweep_challenges() -> None:
    """Remind who has not confirmed or answered, and let go of what never was confirmed."""
    reminded, expired = sweep_unconfirmed()
    waiting = sweep_waiting()
    logger.info("Unconfirmed: %s reminded, %s expired; %s questions", reminded, expired, waiting)
    logger.info("Fees: %s not paid in time", sweep_unpaid())
    logger.info("Recipients of data: %s to be told or reminded", sweep_recipients())


@shared_task
def purge() -> None:
    """Forget what is kept for a while only: drafts, exports, tallies, sessions and the like."""
    call_command("clearsessions")
    purged = []
    for name, purge_one in _PURGES.items():
        try:
            purged.append(f"{purge_one()} {name}")
        except Exception as error:  # noqa: BLE001 - one that fails does not stop the others
            # Its text and traceback could hold personal data.
            logger.error("The purge of %s: %s", name, type(error).__name__)  # noqa: TRY400
    logger.info("Purged: %s", ", ".join(purged))


@shared_task
def make_bundle(job_id: str) -> None:
    """Write the export that a regulator asked for."""
    _make_bundle(job_id)


@long_task
def read_snapshot(snapshot_id: str) -> None:
    """Count, hash and check the data of a snapshot that was registered."""
    inventory.read_snapshot(snapshot_id)


@shared_task
def scan_shard(scan_id: str) -> None:
    """Search one shard of a look-up."""
    scanning.scan_shard(scan_id)


@shared_task
def nightly_pass() -> None:
    """Look everybody up whose case is open."""
    if services.nightly_pass() is None:
        logger.warning("The nightly pass before is still running")


@long_task
def make_manifest(snapshot_id: str) -> None:
    """Make the manifest of what is to be changed in a snapshot."""
    making.build_manifest(snapshot_id)


@shared_task
def sweep_manifests() -> None:
    """Have manifests made for what waits for one, and complete what waits for nothing more."""
    carried_out.complete_verified()
    manifests.sweep_manifests()


@long_task
def apply_manifest(manifest_id: str) -> None:
    """Apply a manifest on this machine."""
    manifest_application.apply_locally(manifest_id)


@long_task
def check_manifest(manifest_id: str) -> None:
    """Re-scan the snapshot that came out of a manifest."""
    checking.verify_manifest(manifest_id)


@long_task
def guard_snapshot(snapshot_id: str) -> None:
    """Look in a new snapshot for what was taken out of others."""
    redo_removal.find_reingested(snapshot_id)


@long_task
def take_out_again(return_id: str) -> None:
    """Make the manifest of what came back with a new snapshot."""
    redo_removal.redo_removal(return_id)


@shared_task
def submit_checkpoints() -> None:
    """Have new checkpoints shown to the witnesses that lag behind."""
    submit_due()


@shared_task
def request_timestamp() -> None:
    """Have the newest checkpoint timestamped, once a day."""
    request_due()
