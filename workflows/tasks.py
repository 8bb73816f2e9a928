"""Thin Celery entries: ids go in, one service is called, nothing personal comes out."""

import logging

from celery import shared_task

from workflows.cases.drafts import purge_drafts as _purge_drafts
from workflows.identity.contact import sweep_unconfirmed
from workflows.identity.reminders import sweep_waiting
from workflows.outbox import services as outbox
from workflows.reports.bundle_jobs import make_bundle as _make_bundle
from workflows.reports.bundle_jobs import purge_bundles as _purge_bundles
from workflows.routing.sweep import sweep_clocks as _sweep_clocks
from workflows.vault.files import sweep_orphans

logger = logging.getLogger(__name__)


@shared_task
def run_effect(effect_id: str) -> None:
    """Run one effect of the outbox; does nothing when it is done or being done."""
    outbox.run_effect(effect_id)


@shared_task
def sweep_clocks() -> None:
    """Remind, escalate and mark late."""
    steps = _sweep_clocks()
    if steps:
        logger.info("Clocks swept: %s steps", steps)


@shared_task
def sweep_challenges() -> None:
    """Remind who has not confirmed or answered, and let go of what never was confirmed."""
    reminded, expired = sweep_unconfirmed()
    waiting = sweep_waiting()
    logger.info("Unconfirmed: %s reminded, %s expired; %s questions", reminded, expired, waiting)


@shared_task
def purge_drafts() -> None:
    """Forget drafts that nobody has touched for long, and files that belong to nothing."""
    logger.info("Drafts purged: %s, orphan files: %s", _purge_drafts(), sweep_orphans())


@shared_task
def make_bundle(job_id: str) -> None:
    """Write the export that a regulator asked for."""
    _make_bundle(job_id)


@shared_task
def purge_bundles() -> None:
    """Delete exports that have expired."""
    logger.info("Exports purged: %s", _purge_bundles())
