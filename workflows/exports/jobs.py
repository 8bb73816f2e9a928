"""Exports that regulators ask for: made in the background, kept for a week, deleted.

`making` makes them, and takes a job up again at any point.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.accounts.regulators import RegulatorScope
from workflows.cases.models import Case
from workflows.common.errors import InvalidInput
from workflows.exports.encryption import checked_recipient
from workflows.exports.files import Format, delete_files, sweep
from workflows.exports.models import BundleJob
from workflows.ledger.append import append
from workflows.outbox.long_work import enqueue_task
from workflows.oversight.checkpoints import check_previous, normalise_note
from workflows.oversight.filters import BundleFilters
from workflows.oversight.selectors import find_case

EXPIRES_AFTER = timedelta(days=7)
EFFECT = "exports.make_bundle"
UNFINISHED = (BundleJob.State.WAITING, BundleJob.State.RUNNING)


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
        enqueue_task(EFFECT, str(job.pk), about=str(job.pk))
    return job


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
