"""Making an export that was asked for, in the background.

A job can be taken up again at any point. Whoever makes it holds a lock of the database that ends
with their connection, so that a job whose maker was killed is free at once; what was written when
the event `bundle.exported` was appended is kept beside the job and used again.
"""

import logging
import os
import shutil
import time
from typing import cast
from uuid import UUID

from django.db import transaction
from django.utils import timezone, translation

from workflows.accounts.regulators import RegulatorScope, regulator_for, scope_of
from workflows.common.errors import DomainError
from workflows.exports import statement
from workflows.exports.bundle import BundleResult, ProgressMeter, total_steps, write_bundle
from workflows.exports.files import (
    Format,
    bundle_path,
    delete_files,
    fresh_work_folder,
    open_private,
    part_path,
    work_folder,
)
from workflows.exports.jobs import EFFECT, EXPIRES_AFTER, UNFINISHED, fail
from workflows.exports.models import BundleJob
from workflows.exports.tables import BundleRequest, file_digests, write_tables
from workflows.ledger.models import Event
from workflows.outbox.long_work import advisory_lock
from workflows.oversight.filters import BundleFilters
from workflows.oversight.models import KeptCheckpoint

logger = logging.getLogger(__name__)

_REPORT_SECONDS = 1.0


class _TakenBack(Exception):
    """The job is not ours to make any more: it was set back or ended meanwhile."""


def make_bundle(job_id: UUID | str) -> None:
    """Make the export of a job, unless it is finished or being made by another process.

    Ends in READY or FAILED. A job whose maker was killed stays RUNNING and can be made again.
    """
    with advisory_lock(EFFECT, str(job_id)) as free:
        while free and _take(job_id):
            job = BundleJob.objects.select_related("requested_by").get(pk=job_id)
            try:
                _make(job)
            except _TakenBack:
                delete_files(job)


def _take(job_id: UUID | str) -> bool:
    unfinished = BundleJob.objects.filter(pk=job_id, state__in=UNFINISHED)
    return bool(unfinished.update(state=BundleJob.State.RUNNING, done=0))


def _make(job: BundleJob) -> None:
    """Make an export that was taken; a refusal, such as an expired account, ends it as FAILED."""
    try:
        with translation.override(job.language):
            result = _write(job, scope_of(regulator_for(job.requested_by)))
    except DomainError as error:
        fail(job, str(error))
    else:
        logger.info("Export %s is ready: %s cases, %s bytes", job.pk, result.cases, result.size)


def _write(job: BundleJob, scope: RegulatorScope) -> BundleResult:
    request = BundleRequest(
        regime=job.regime,
        filters=BundleFilters.from_json(job.filters),
        actor=scope.actor,
        language=job.language,
        formats=frozenset(map(Format, job.formats)),
    )
    meter = ProgressMeter(total_steps(request), _Reporter(job))
    event = _kept_event(job) or _begin(job, request, meter)
    checkpoint = statement.place(event)
    kept = KeptCheckpoint.objects.filter(account=scope.account).values_list("note", flat=True)
    previous = [note for note in (job.previous, *kept) if note]
    with open_private(part_path(job)) as target:
        result = write_bundle(
            target,
            work_folder(job),
            event,
            checkpoint,
            previous=previous,
            recipient=job.recipient,
            meter=meter,
        )
        target.flush()
        os.fsync(target.fileno())
    now = timezone.now()
    with transaction.atomic():
        # An erasure locks the row as well: what it finds ready it deletes, what it has set back
        # is not finished here.
        _update(
            job,
            state=BundleJob.State.READY,
            size=result.size,
            sha256=result.sha256,
            log_size=result.log_size,
            finished_at=now,
            expires_at=now + EXPIRES_AFTER,
        )
        part_path(job).rename(bundle_path(job))
    shutil.rmtree(work_folder(job), ignore_errors=True)
    return result


def _begin(job: BundleJob, request: BundleRequest, meter: ProgressMeter) -> Event:
    """Write the tables and append the event, which the job remembers from the same commit on."""
    folder = fresh_work_folder(job)
    counts = write_tables(request, folder, meter.advance)
    with transaction.atomic():
        event = statement.sign_statement(request, counts, folder, str(job.pk))
        _update(job, event=event.uid)
    return event


def _kept_event(job: BundleJob) -> Event | None:
    """Return the event of an earlier attempt if the files that it commits to are still there."""
    event = Event.objects.filter(uid=job.event).first() if job.event else None
    if event is None:
        return None
    folder = work_folder(job)
    files = cast("dict[str, str]", event.facts["files"])
    if not all((folder / name).exists() for name in files):
        return None
    return event if files == file_digests(folder, files) else None


class _Reporter:
    """Stores the progress of a job, at most once a second."""

    def __init__(self, job: BundleJob) -> None:
        self._job = job
        self._next = 0.0

    def __call__(self, done: int, total: int) -> None:
        """Store it. Raises `_TakenBack` when the job is not ours any more."""
        if done < total and time.monotonic() < self._next:
            return
        _update(self._job, done=done, total=total)
        self._next = time.monotonic() + _REPORT_SECONDS


def _update(job: BundleJob, **columns: object) -> None:
    running = BundleJob.objects.filter(pk=job.pk, state=BundleJob.State.RUNNING)
    if not running.update(**columns):
        raise _TakenBack
