"""The checkpoints that a regulator keeps: the memory that nobody else can change."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from requests_portal.public.page_errors import page_errors
from requests_portal.regulators.access import regulator_page
from requests_portal.regulators.forms import KeepCheckpointForm
from workflows.accounts.regulators import RegulatorScope
from workflows.common.errors import InvalidInput
from workflows.ledger.keys import log_vkey
from workflows.ledger.selectors import latest_checkpoint
from workflows.oversight.checkpoints import WITNESS_PROGRAM, keep_checkpoint
from workflows.oversight.selectors import kept_checkpoints

KEPT_ON_A_PAGE = 20


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
