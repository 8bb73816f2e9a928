"""What a person takes home from their case: attachments, and the proof out of the log."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from requests_portal.downloads import unsealed_file
from requests_portal.public.case_session import of_own_case
from requests_portal.public.responses import download
from workflows.cases.attachments import read_attachment
from workflows.cases.models import Case
from workflows.cases.signed_receipt import signed_receipt
from workflows.ledger.keys import log_vkey
from workflows.ledger.models import Event
from workflows.ledger.selectors import events_of_case, leaf_index, proof_text
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
