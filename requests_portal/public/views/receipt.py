"""The receipt of a request that was just sent, its files and proofs, while the draft is kept."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from requests_portal.presentation.applicability import applicability_of
from requests_portal.presentation.deadlines import shown_clocks
from requests_portal.presentation.responses import download, private, unsealed_file
from requests_portal.public import sessions
from requests_portal.public.case_presenter import zone_of
from requests_portal.public.sessions import held_draft, of_own_case, open_case
from workflows.cases.attachments import read_attachment
from workflows.cases.drafts import discard_draft, filed_draft
from workflows.cases.filing import FilingResult
from workflows.cases.models import Case
from workflows.cases.signed_receipt import signed_receipt
from workflows.ledger.keys import log_vkey
from workflows.ledger.models import Event
from workflows.ledger.selectors import events_of_case, leaf_index, proof_text
from workflows.mail.links import status_link
from workflows.notices.services import files_of_the_person

BINARY = "application/octet-stream"


@require_safe
@of_own_case
def attachment(_request: HttpRequest, case: Case, attachment_id: str) -> HttpResponseBase:
    """Give a file of the case as a download, whatever it holds."""
    found = (
        files_of_the_person(case)
        .select_related("case__data_key", "file__data_key")
        .filter(pk=attachment_id)
        .first()
    )
    if found is None or case.erased_at or found.is_locked:
        raise Http404
    return unsealed_file(
        read_attachment(found), name=found.name, size=found.size, content_type=BINARY
    )


@require_safe
@of_own_case
def proof(request: HttpRequest, case: Case) -> HttpResponse:
    """Explain the proof that the request stands in the log, and offer its files."""
    event = _received(case)
    index = leaf_index(event)
    context = {"case": case, "event": event, "index": index, "vkey": log_vkey()}
    return render(request, "public/proof.html", context)


@require_safe
@of_own_case
def proof_file(_request: HttpRequest, case: Case, kind: str) -> HttpResponseBase:
    """Give the signed receipt, the inclusion proof, or the bytes of the entry it is about."""
    if kind == "receipt":
        return receipt_download(case)
    event = _received(case)
    text = proof_text(event)
    if text is None:
        return redirect("status_proof")
    content = text.encode() if kind == "tlog-proof" else bytes(event.leaf)
    return download([content], f"{case.number}.{kind}", BINARY)


def receipt_download(case: Case) -> HttpResponseBase:
    """Return the signed receipt of a case as a file."""
    return download([signed_receipt(case).encode()], f"{case.number}.receipt", BINARY)


def _received(case: Case) -> Event:
    """Return the event by which the request entered the register of its leading regime."""
    return events_of_case(case.pseudonym).get(name="case.received", register=case.regime)


def _filed(request: HttpRequest) -> FilingResult | None:
    """Return case and receipt of the draft that this browser sent; None when there is none.

    It is read and never filed again: a case that was erased meanwhile stays erased.
    """
    held = held_draft(request)
    return filed_draft(held.draft, held.token) if held else None


@private
@require_http_methods(["GET"])
def receipt(request: HttpRequest) -> HttpResponse:
    """Show case number, receipt, due date and what happens next."""
    filed = _filed(request)
    if filed is None:
        return redirect("status_login")
    context = {
        "case": filed.case,
        "receipt": filed.receipt,
        "clocks": shown_clocks(filed.case),
        "applicability": applicability_of(filed.case),
        "zone": zone_of(filed.case),
        "status_address": status_link(get_language() or ""),
    }
    return render(request, "public/receipt.html", context)


@private
@require_safe
def receipt_file(request: HttpRequest) -> HttpResponseBase:
    """Give the signed receipt as a file, which proves that the request was received."""
    filed = _filed(request)
    if filed is None:
        return redirect("status_login")
    return receipt_download(filed.case)


@private
@require_POST
def open_status(request: HttpRequest) -> HttpResponse:
    """Go from the receipt to the status, without typing number and receipt."""
    filed = _filed(request)
    if filed is None:
        return redirect("status_login")
    response = redirect("status")
    open_case(response, filed.case)
    return response


@private
@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    """Take the receipt off this browser; it is kept for a while in case it was lost."""
    held = held_draft(request)
    response = redirect("home")
    if held and held.draft.filed_at:
        discard_draft(held.draft)
        sessions.forget_draft(request, response)
    return response
