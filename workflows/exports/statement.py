"""The event `bundle.exported`: the provider's signed word on what an export holds.

It commits to the tables by their hashes, and the tables say how many steps each case has. So it
proves what no inclusion proof can: that the last step shown is the last one that there was when
the export was made, on the word of the log's key. It also makes every export a step in the log.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import transaction

from workflows.cases.models import Case
from workflows.exports.log_folder import timestamp_facts
from workflows.exports.tables import BundleRequest, TableCounts, file_digests
from workflows.ledger.append import append
from workflows.ledger.models import Checkpoint, Event
from workflows.ledger.selectors import latest_checkpoint, leaf_index
from workflows.ledger.sequencer import sequence
from workflows.oversight.filters import zone_of

NAME = "bundle.exported"
FORMAT = "requests-portal-bundle/1"
TOOL = "requests-portal/0.1.0"
# Stands in the log for a reason that somebody typed.
GIVEN = "given"


def sign_statement(request: BundleRequest, counts: TableCounts, folder: Path, bundle: str) -> Event:
    """Append the event for tables that were just written; call it inside a transaction.

    `bundle` is a random id of the export. The facts hold no personal data: a case is named by its
    pseudonym, and of the reason for identity documents they say only that there is one.
    """
    return append(
        name=NAME,
        role=request.actor.role,
        actor=request.actor.pseudonym,
        facts={
            "format": FORMAT,
            "tool": TOOL,
            "bundle": bundle,
            "regime": request.regime or None,
            "filters": _filters(request),
            "formats": sorted(request.formats),
            "registered": counts.registered,
            "read_from": counts.read_from,
            "cases": counts.cases,
            "events": counts.events,
            "openings": counts.openings,
            "closed": counts.closed,
            "timestamps": timestamp_facts(),
            "files": file_digests(folder, request.files),
        },
    )


def record(request: BundleRequest, counts: TableCounts, folder: Path, bundle: str) -> Event:
    """Append the event in a transaction of its own."""
    with transaction.atomic():
        return sign_statement(request, counts, folder, bundle)


def place(event: Event) -> Checkpoint:
    """Wait until the event has its place in the log; return the newest checkpoint then.

    Takes a turn of the sequencer itself, which does no harm beside the one that runs always.
    """
    while leaf_index(event) is None:
        if not sequence().appended and leaf_index(event) is None:
            raise RuntimeError("The event of the export is neither in the log nor waiting.")
    checkpoint = latest_checkpoint()
    assert checkpoint is not None
    return checkpoint


def _filters(request: BundleRequest) -> Mapping[str, Any]:
    filters = request.filters
    start, end = filters.received_between(zone_of(request.regime))
    pseudonyms = Case.objects.filter(number=filters.case).values_list("pseudonym", flat=True)
    return {
        "since": filters.since.isoformat() if filters.since else None,
        "until": filters.until.isoformat() if filters.until else None,
        "received_from": start.isoformat() if start else None,
        "received_before": end.isoformat() if end else None,
        "states": sorted(filters.states),
        "case": str(pseudonyms.get()) if filters.case else None,
        # Whether the receipts of all requests are there, and so prove that none is missing.
        "register": filters.shows_register or not request.regime,
        # That one was given: its words stay with the export, and out of the log.
        "identity_reason": GIVEN if filters.identity_reason else "",
    }
