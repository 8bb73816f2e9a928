"""Exports: asking, following, fetching; the key they are encrypted to, kept checkpoints."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from requests_portal.presentation.responses import page_errors, ranged_file
from requests_portal.regulators.access import (
    fresh_account_page,
    fresh_regulator_page,
    regulator_page,
)
from requests_portal.regulators.forms import (
    FORMAT_NAMES,
    ExportForm,
    KeepCheckpointForm,
    RecipientForm,
)
from workflows.accounts.regulators import RegulatorScope
from workflows.cases.signed_receipt import receipt_signer
from workflows.common.errors import InvalidInput
from workflows.exports.encryption import keep_recipient
from workflows.exports.files import (
    WITNESS_PROGRAM,
    Format,
    bundle_path,
    download_name,
    download_type,
)
from workflows.exports.jobs import UNFINISHED, find_job, jobs, record_download, request_bundle
from workflows.exports.models import BundleJob
from workflows.ledger.keys import log_vkey
from workflows.ledger.selectors import checkpoint_at, latest_checkpoint
from workflows.oversight.checkpoints import CheckpointRefused, keep_checkpoint
from workflows.oversight.selectors import kept_checkpoints

JOBS_ON_A_PAGE = 50


KEPT_ON_A_PAGE = 20


@require_safe
@regulator_page
def export_list(request: HttpRequest, scope: RegulatorScope) -> HttpResponse:
    """List the regulator's own exports, the newest first."""
    page = Paginator(jobs(scope), JOBS_ON_A_PAGE).get_page(request.GET.get("page"))
    unfinished = any(job.state in UNFINISHED for job in page)
    context = {"jobs": page, "page": page, "unfinished": unfinished, "here": "exports"}
    return render(request, "regulators/exports.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_regulator_page
def new_export(request: HttpRequest, scope: RegulatorScope) -> HttpResponse:
    """Choose what to export, and ask for it."""
    recipient = scope.account.age_recipient
    if request.method != "POST":
        kept = kept_checkpoints(scope).first()
        initial = {"previous": kept.note if kept else "", "encrypt": True}
        return _choose(request, ExportForm(initial=initial, recipient=recipient))
    form = ExportForm(request.POST, recipient=recipient)
    if not form.is_valid():
        return _choose(request, form)
    try:
        job = request_bundle(
            scope,
            form.cleaned_data["filters"],
            formats=form.cleaned_data["formats"],
            recipient=form.cleaned_data["recipient"],
            previous=form.cleaned_data["previous"],
            language=get_language() or "en",
        )
    except InvalidInput as error:
        form.add_error("previous" if isinstance(error, CheckpointRefused) else "case", str(error))
        return _choose(request, form)
    return redirect("regulators:export", job_id=job.pk)


@require_safe
@regulator_page
def export(request: HttpRequest, scope: RegulatorScope, job_id: UUID) -> HttpResponse:
    """Show how far an export is; when it is ready, the file and how to verify it."""
    job = _find(scope, job_id)
    checkpoint = checkpoint_at(job.log_size) if job.log_size else None
    context = {
        "job": job,
        "unfinished": job.state in UNFINISHED,
        "ready": job.state_now == BundleJob.State.READY,
        "percent": 100 * job.done // job.total if job.total else 0,
        "checkpoint": checkpoint,
        "kept": kept_checkpoints(scope).filter(size=job.log_size or -1).exists(),
        "file_name": download_name(job),
        "zip_name": download_name(job).removesuffix(".age"),
        "formats": [FORMAT_NAMES[Format(each)] for each in job.formats],
        "vkey": log_vkey(),
        "receipt_vkey": receipt_signer().verifier.vkey,
        "here": "exports",
    }
    return render(request, "regulators/export.html", context)


@require_safe
@regulator_page
def download(request: HttpRequest, scope: RegulatorScope, job_id: UUID) -> HttpResponseBase:
    """Give the file of an export that is ready, whole or in part; each time a step in the log."""
    job = _find(scope, job_id)
    path = bundle_path(job)
    if job.state_now != BundleJob.State.READY or not path.exists():
        raise Http404
    if request.method == "GET":
        record_download(scope, job)
    return ranged_file(
        request.headers,
        path,
        name=download_name(job),
        etag=job.sha256,
        content_type=download_type(job),
    )


@require_POST
@regulator_page
def keep_checkpoint_of(request: HttpRequest, scope: RegulatorScope, job_id: UUID) -> HttpResponse:
    """Keep the checkpoint of an export for the next one."""
    job = _find(scope, job_id)
    checkpoint = checkpoint_at(job.log_size) if job.log_size else None
    if checkpoint is None:
        raise Http404
    try:
        keep_checkpoint(scope, checkpoint.note)
    except InvalidInput as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The checkpoint is kept. Keep a copy of your own as well."))
    return redirect("regulators:export", job_id=job.pk)


def _choose(request: HttpRequest, form: ExportForm) -> HttpResponse:
    context = {"form": form, "errors": page_errors(form), "here": "exports"}
    return render(request, "regulators/new_export.html", context)


def _find(scope: RegulatorScope, job_id: UUID) -> BundleJob:
    try:
        return find_job(scope, job_id)
    except BundleJob.DoesNotExist:
        raise Http404 from None


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_account_page
def key(request: HttpRequest, scope: RegulatorScope) -> HttpResponse:
    """Show the public key that is kept, say how to make one, and take another."""
    kept = scope.account.age_recipient
    form = RecipientForm(request.POST or None, initial={"recipient": kept})
    if form.is_valid():
        try:
            kept = keep_recipient(scope.account, form.cleaned_data["recipient"])
        except InvalidInput as error:
            form.add_error("recipient", str(error))
        else:
            told = _("The key is kept. You can now have an export encrypted to it.")
            messages.success(request, told if kept else _("No key is kept any more."))
            return redirect("regulators:new_export")
    context = {"form": form, "errors": page_errors(form), "here": "exports"}
    return render(request, "regulators/key.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@regulator_page
def checkpoints(request: HttpRequest, scope: RegulatorScope) -> HttpResponse:
    """Show the newest checkpoint and those kept; take one that was kept elsewhere."""
    form = KeepCheckpointForm(request.POST or None)
    if form.is_valid():
        try:
            keep_checkpoint(scope, form.cleaned_data["checkpoint"])
        except InvalidInput as error:
            form.add_error("checkpoint", str(error))
        else:
            messages.success(request, _("The log continues this checkpoint, and it is kept."))
            return redirect("regulators:checkpoints")
    context = {
        "form": form,
        "errors": page_errors(form),
        "newest": latest_checkpoint(),
        "page": Paginator(kept_checkpoints(scope), KEPT_ON_A_PAGE).get_page(
            request.GET.get("page")
        ),
        "vkey": log_vkey(),
        "here": "checkpoints",
    }
    return render(request, "regulators/checkpoints.html", context)


@require_safe
@regulator_page
def witness_program(request: HttpRequest, scope: RegulatorScope) -> HttpResponse:
    """Hand out the program of a witness."""
    return HttpResponse(
        WITNESS_PROGRAM.read_bytes(),
        content_type="text/x-python; charset=utf-8",
        headers={"Content-Disposition": content_disposition_header(True, WITNESS_PROGRAM.name)},
    )
