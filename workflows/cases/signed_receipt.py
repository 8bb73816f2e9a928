"""The signed receipt: a file by which a person can prove later that a request was received.

It is a signed note (c2sp.org/signed-note) of two lines: the name of the format, and the receipt as
canonical JSON. `entries` names, for each body of law, the leaf hash of the entry by which the
request stands in the log, so a receipt and the log vouch for each other. It holds neither a name
nor the secret that opens the case.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from workflows.cases.models import Case
from workflows.common.errors import DomainError
from workflows.common.signed_note import NoteError, Signer, open_note
from workflows.ledger.append import CASE_RECEIVED, format_time
from workflows.ledger.canonical import Json, canonical_json
from workflows.ledger.keys import RECEIPTS, signer_for
from workflows.ledger.models import Event
from workflows.ledger.selectors import events_of_case

FORMAT = "requests-portal/receipt/v1"
LONGEST_RECEIPT = 10_000


class ReceiptRefused(DomainError):
    """A receipt is not one that this portal has signed, or the log does not bear it out."""


@dataclass(frozen=True, slots=True)
class VerifiedReceipt:
    """What a receipt says that was found genuine, and the bytes of its entries in the log."""

    case_number: str
    received_at: datetime
    items: tuple[str, ...]
    entries: tuple[bytes, ...]


def receipt_signer() -> Signer:
    """Return the key that signs receipts, and nothing else."""
    return signer_for(RECEIPTS)


def signed_receipt(case: Case) -> str:
    """Return the receipt of a case as a signed note; the same one each time."""
    received = events_of_case(case.pseudonym).filter(name=CASE_RECEIVED)
    body: dict[str, Json] = {
        "case_number": case.number,
        "entries": {str(event.register): bytes(event.leaf_hash).hex() for event in received},
        "items": [*case.kinds],
        "log": settings.LEDGER_ORIGIN,
        "received_at": format_time(case.filed_at),
    }
    return receipt_signer().sign(f"{FORMAT}\n{canonical_json(body).decode()}\n")


def check_receipt(note: bytes) -> VerifiedReceipt:
    """Return what a receipt says if this portal has signed it and the log holds its entries.

    Raises `ReceiptRefused` with a sentence that says what is wrong.
    """
    try:
        opened = open_note(note[:LONGEST_RECEIPT], [receipt_signer().verifier])
    except NoteError as error:
        raise ReceiptRefused(
            _("This is not a receipt of ours: it does not carry our signature, or it was changed.")
        ) from error
    # Whatever carries the signature was written by `signed_receipt`.
    body = json.loads(opened.text.split("\n")[1])
    entries = {regime: bytes.fromhex(leaf) for regime, leaf in body["entries"].items()}
    found = Event.objects.filter(name=CASE_RECEIVED, register__in=entries).filter(
        case__in=Case.objects.filter(number=body["case_number"]).values("pseudonym")
    )
    held = [
        bytes(event.leaf)
        for event in found
        if bytes(event.leaf_hash) == entries[str(event.register)]
    ]
    if len(held) != len(entries):
        raise ReceiptRefused(
            _(
                "We have signed this receipt, but our records do not hold its request any more."
                " Keep the file, and tell the authority: with it you can prove that you asked."
            )
        )
    return VerifiedReceipt(
        case_number=body["case_number"],
        received_at=datetime.fromisoformat(body["received_at"]),
        items=tuple(body["items"]),
        entries=tuple(held),
    )
