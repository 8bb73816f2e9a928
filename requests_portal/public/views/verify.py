"""Checking a receipt or a proof: in the reader's browser, or by asking the portal."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from requests_portal.public.forms.verify import VerifyForm
from requests_portal.public.page_errors import page_errors
from requests_portal.templatetags.portal import moment
from workflows.cases.signed_receipt import ReceiptRefused, check_receipt, receipt_signer
from workflows.ledger.checkpoints import CheckpointError, parse_proof, verify_proof
from workflows.ledger.keys import log_verifier, log_vkey
from workflows.ledger.merkle import ProofError


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked: whether it holds, and what there is to say."""

    holds: bool
    text: str


@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Show the page on which files are checked; check those that were sent."""
    form = VerifyForm(request.POST, request.FILES) if request.method == "POST" else VerifyForm()
    context = {
        "form": form,
        "findings": list(_findings(form)) if form.is_valid() else [],
        "errors": page_errors(form),
        "vkey": log_vkey(),
        "receipt_key": receipt_signer().verifier.vkey,
    }
    return render(request, "public/verify.html", context)


def _findings(form: VerifyForm) -> Iterator[Finding]:
    receipt, proof, entry = (form.content(name) for name in ("receipt", "proof", "entry"))
    entries = [entry] if entry else []
    if receipt:
        try:
            genuine = check_receipt(receipt)
        except ReceiptRefused as refused:
            yield Finding(holds=False, text=str(refused))
            return
        yield Finding(
            holds=True,
            text=_(
                "The receipt is genuine. Case %(number)s was received on %(at)s, and its entry"
                " stands in our records."
            )
            % {"number": genuine.case_number, "at": _in_utc(genuine.received_at)},
        )
        entries = entries or list(genuine.entries)
    if proof:
        yield _of_proof(proof, entries)


def _in_utc(value: datetime) -> str:
    """Return a moment with its zone: the receipt says nothing of where the person lives."""
    with timezone.override(UTC):
        return f"{moment(value)} (UTC)"


def _of_proof(proof: bytes, entries: list[bytes]) -> Finding:
    """Check a proof, which is about one of these entries."""
    try:
        read = parse_proof(proof.decode())
    except (UnicodeDecodeError, ProofError):
        return Finding(holds=False, text=_("The proof cannot be read: it was cut off or changed."))
    for entry in entries:
        try:
            head = verify_proof(read, entry, log_verifier())
        except CheckpointError:
            return Finding(
                holds=False, text=_("The proof does not carry the signature of our log.")
            )
        except ProofError:
            continue
        return Finding(
            holds=True,
            text=_("The proof holds: the entry is number %(index)s of the %(size)s in the log.")
            % {"index": read.index, "size": head.size},
        )
    return Finding(
        holds=False,
        text=_("The proof and the entry do not belong together, or one of them was changed."),
    )
