"""Checking a receipt or a proof: in the reader's browser, or by asking the portal."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from requests_portal.presentation.responses import page_errors
from requests_portal.templatetags.portal import moment
from workflows.cases.signed_receipt import ReceiptRefused, check_receipt, receipt_signer
from workflows.ledger.checkpoints import CheckpointError, parse_proof, verify_proof
from workflows.ledger.keys import log_verifier, log_vkey
from workflows.ledger.merkle import ProofError

# The longest entry of a log has 65,535 bytes, and a proof is shorter by far.
LARGEST_FILE = 100_000


def _file(label: Any, hint: Any, accept: str) -> forms.FileField:
    return forms.FileField(
        label=label,
        help_text=hint,
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": accept}),
    )


class VerifyForm(forms.Form):
    """A receipt, or a proof with its entry; the keys are for the check in the browser."""

    use_required_attribute = False

    receipt = _file(
        gettext_lazy("Receipt file"),
        gettext_lazy("A file whose name ends in .receipt"),
        ".receipt,.txt",
    )
    proof = _file(
        gettext_lazy("Proof file"),
        gettext_lazy("A file whose name ends in .tlog-proof"),
        ".tlog-proof,.txt",
    )
    entry = _file(
        gettext_lazy("Entry file"),
        gettext_lazy(
            "The file that came with the proof; its name ends in .entry. A receipt does instead."
        ),
        ".entry,.json",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    def clean(self) -> dict[str, Any]:
        """Ask for enough to check something, and refuse files that can be none of these."""
        cleaned: dict[str, Any] = super().clean() or {}
        for name, file in list(cleaned.items()):
            if file and file.size > LARGEST_FILE:
                self.add_error(
                    name, gettext_lazy("This file is too large to be what is asked for.")
                )
        receipt, proof, entry = (cleaned.get(name) for name in ("receipt", "proof", "entry"))
        if not (receipt or proof) and not self.errors:
            self.add_error("receipt", gettext_lazy("Choose a receipt or a proof first."))
        if proof and not (entry or receipt):
            self.add_error(
                "entry", gettext_lazy("Choose the entry as well: a proof is about its bytes.")
            )
        return cleaned

    def content(self, name: str) -> bytes:
        """Return the bytes of a file of a valid form; none where no file was chosen."""
        file = self.cleaned_data.get(name)
        return file.read() if file else b""


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
