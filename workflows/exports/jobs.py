"""Exports that regulators ask for: made in the background, kept for a week, deleted.

A job can be taken up again at any point. Whoever makes it holds a lock of the database that ends
with their connection, so that a job whose maker was killed is free at once; what was written when
the event `bundle.exported` was appended is kept beside the job and used again.
"""

import logging
import os
import shutil
import time
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from workflows.accounts.regulators import RegulatorScope, regulator_for, scope_of
from workflows.cases.models import Case
from workflows.common.errors import DomainError, InvalidInput
from workflows.exports import statement
from workflows.exports.bundle import BundleResult, ProgressMeter, total_steps, write_bundle
from workflows.exports.encryption import checked_recipient
from workflows.exports.files import (
    bundle_path,
    delete_files,
    fresh_work_folder,
    open_private,
    part_path,
    sweep,
    work_folder,
)
from workflows.exports.formats import Format
from workflows.exports.models import BundleJob
from workflows.exports.tables import BundleRequest, file_digests, write_tables
from workflows.ledger.append import append
from workflows.ledger.models import Event
from workflows.outbox.long_work import advisory_lock
from workflows.outbox.services import enqueue
from workflows.oversight.checkpoints import check_previous, normalise_note
from workflows.oversight.filters import BundleFilters
from workflows.oversight.models import KeptCheckpoint
from workflows.oversight.selectors import find_case

__all__ = ["bundle_path", "make_bundle", "purge_bundles", "record_download", "request_bundle"]

EXPIRES_AFTER = timedelta(days=7)
EFFECT = "reports.make_bundle"
UNFINISHED = (BundleJob.State.WAITING, BundleJob.State.RUNNING)
_REPORT_SECONDS = 1.0

logger = logging.getLogger(__name__)


class _TakenBack(Exception):
    """The job is not ours to make any more: it was set back or ended meanwhile."""


def request_bundle(
    scope: RegulatorScope,
    filters: BundleFilters,
    *,
    formats: Collection[Format] = (),
    recipient: str = "",
    previous: str = "",
    language: str = "en",
) -> BundleJob:
    """Ask for an export; it is made in the background and can be fetched when it is ready.

    `previous` is the last checkpoint that the regulator holds, if any; `recipient` the age
    recipient to whom the file is encrypted, if any. Raises `InvalidInput` for choices that make
    no sense, for an unknown case, for what is no recipient, and for a checkpoint that is not of
    this log or that the log does not continue.
    """
    filters.check()
    recipient = checked_recipient(recipient)
    chosen = filters.to_json()
    if filters.case:
        try:
            chosen["case"] = find_case(scope, filters.case).number
        except Case.DoesNotExist as error:
            raise InvalidInput(_("There is no such case under your regime.")) from error
    previous = normalise_note(previous)
    if previous:
        check_previous(previous)
    with transaction.atomic():
        job = BundleJob.objects.create(
            regime=scope.regime,
            requested_by=scope.account.user,
            filters=chosen,
            formats=sorted(formats),
            recipient=recipient,
            previous=previous,
            language=language,
        )
        enqueue(EFFECT, key=f"{EFFECT}:{job.pk}:1", payload={"job": str(job.pk), "turn": 1})
    return job


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


def fail(job: BundleJob, error: str) -> None:
    """Give up a job that is not finished; `error` is a sentence for the regulator."""
    unfinished = BundleJob.objects.filter(pk=job.pk, state__in=UNFINISHED)
    unfinished.update(
        state=BundleJob.State.FAILED, error=error[:200], finished_at=timezone.now(), event=None
    )
    delete_files(job)


def record_download(scope: RegulatorScope, job: BundleJob) -> None:
    """Write into the log that an export is fetched; call it before the first byte goes out."""
    with transaction.atomic():
        append(
            name="bundle.downloaded",
            role=scope.actor.role,
            actor=scope.actor.pseudonym,
            facts={"bundle": str(job.pk), "regime": job.regime, "sha256": job.sha256},
        )


def withdraw_bundles(regimes: list[str]) -> None:
    """Delete the exports that may hold a case of these regimes, for that case is being erased.

    Call inside the transaction of the erasure; the files go after its commit. An export that is
    being made is made anew.
    """
    alive = (*UNFINISHED, BundleJob.State.READY)
    jobs = list(BundleJob.objects.select_for_update().filter(regime__in=regimes, state__in=alive))
    for job in jobs:
        ready = job.state == BundleJob.State.READY
        job.state = BundleJob.State.EXPIRED if ready else BundleJob.State.WAITING
        job.event = None
        job.save(update_fields=["state", "event"])

    def delete() -> None:
        for job in jobs:
            delete_files(job)

    transaction.on_commit(delete, robust=True)


def purge_bundles(now: datetime | None = None) -> int:
    """Delete exports that have expired, and files that belong to none; return how many expired."""
    expired = BundleJob.objects.filter(
        state=BundleJob.State.READY, expires_at__lte=now or timezone.now()
    )
    jobs = list(expired)
    BundleJob.objects.filter(pk__in=[job.pk for job in jobs]).update(state=BundleJob.State.EXPIRED)
    for job in jobs:
        delete_files(job)
    alive = BundleJob.objects.filter(state__in=(*UNFINISHED, BundleJob.State.READY))
    sweep({str(pk) for pk in alive.values_list("pk", flat=True)})
    return len(jobs)


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


def jobs(scope: RegulatorScope) -> QuerySet[BundleJob]:
    """Return the exports that the account asked for under its present regime, newest first."""
    own = BundleJob.objects.filter(regime=scope.regime, requested_by=scope.account.user)
    return own.order_by("-created_at", "-id")


def find_job(scope: RegulatorScope, job_id: UUID | str) -> BundleJob:
    """Return one of the account's exports. Raises `BundleJob.DoesNotExist`."""
    try:
        return jobs(scope).get(pk=job_id)
    except ValidationError as error:
        raise BundleJob.DoesNotExist from error
