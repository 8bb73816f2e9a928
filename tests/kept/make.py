"""Makes the files of a folder here: `KEPT_OUT=tests/kept/VERSION pytest tests/kept/make.py`.

Run it with the code whose log is to be kept. It is a test for its database alone.
"""

import base64
import lzma
import os
import secrets
from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core import serializers
from django.core.management import call_command
from django.core.serializers.json import DjangoJSONEncoder

from tests import factories as make
from tests.complaints import take_to
from tests.evidence import authority, witness  # noqa: F401 - fixtures
from tests.exports import export, unpack
from workflows.cases import correspondence, staff_actions
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.cases.signed_receipt import receipt_signer, signed_receipt
from workflows.cases.timeline import STAFF_SENTENCES
from workflows.complaints import services as complaints
from workflows.complaints.lifecycle import State as ComplaintState
from workflows.exports import log_folder
from workflows.ledger.keys import log_vkey
from workflows.ledger.selectors import events_of_case, proof_text
from workflows.ledger.sequencer import drain_inbox, sequence
from workflows.outbox.services import drain
from workflows.witnesses.services import submit_due
from workflows.witnesses.timestamps import request_timestamp

OUT = Path(os.environ["KEPT_OUT"])


class Exact(DjangoJSONEncoder):
    """Keeps the microseconds, which are in the leaves."""

    def default(self, o):
        return o.isoformat() if isinstance(o, datetime) else super().default(o)


def others_sign():
    submit_due()
    drain()
    assert request_timestamp() is not None


@pytest.mark.django_db
def test_make(request, settings, tmp_path, monkeypatch):
    settings.DATA_DIR = tmp_path
    settings.LEDGER_KEY = base64.b64encode(secrets.token_bytes(32)).decode()
    watcher = request.getfixturevalue("witness")
    request.getfixturevalue("authority")
    settings.LEDGER_WITNESSES = [f"{watcher.vkey} {watcher.url}/"]
    call_command("load_sample_cases", stdout=StringIO())
    drain()
    for limit in (1, 100, 57):
        sequence(limit)
    others_sign()
    drain_inbox()
    first = unpack(export("UK"))["log/checkpoint"]

    for state in State:
        make.make_case(state)
    make.granted()
    noted = make.make_case(State.IN_REVIEW, make.ERIKA)
    correspondence.write_note(noted, make.INTAKE, "Between us.")
    correspondence.write_to_person(noted, make.REVIEWER, "We are at it.")
    staff_actions.record_view(noted, make.REVIEWER, what="case")
    make.send_malware(noted)
    for state in ComplaintState:
        take_to(complaints.complain(make.make_case(State.IN_REVIEW), "Nobody answers."), state)
    drain()
    drain_inbox()
    others_sign()

    OUT.mkdir(parents=True, exist_ok=True)
    previous = (first.decode(),)
    (OUT / "first.checkpoint").write_bytes(first)
    (OUT / "uk.zip").write_bytes(export("UK", previous=previous))
    (OUT / "log.zip").write_bytes(export("", previous=previous))
    with monkeypatch.context() as patch:
        patch.setattr(log_folder, "PROOFS_UP_TO", 5)
        (OUT / "uk-tiles.zip").write_bytes(export("UK", previous=previous))
    case = Case.objects.filter(regime="UK", erased_at=None).earliest("filed_at")
    (OUT / "uk.receipt").write_text(signed_receipt(case))
    received = events_of_case(case.pseudonym).get(name="case.received")
    (OUT / "uk.tlog-proof").write_text(proof_text(received))
    (OUT / "authority.pem").write_bytes((tmp_path / "ca.pem").read_bytes())
    keys = {
        "LEDGER_KEY": settings.LEDGER_KEY,
        "LEDGER_ORIGIN": settings.LEDGER_ORIGIN,
        "vkey": log_vkey(),
        "receipt-vkey": receipt_signer().verifier.vkey,
        "witness": watcher.vkey,
    }
    (OUT / "keys.txt").write_text("".join(f"{name} {value}\n" for name, value in keys.items()))
    (OUT / "steps.txt").write_text("".join(f"{name}\n" for name in sorted(STAFF_SENTENCES)))
    models = [model for model in apps.get_app_config("ledger").get_models() if model._meta.managed]
    rows = "".join(
        serializers.serialize("jsonl", m.objects.order_by("pk"), cls=Exact) for m in models
    )
    (OUT / "log.jsonl.xz").write_bytes(lzma.compress(rows.encode(), preset=9))
