"""Showing checkpoints to witnesses: signatures are kept and published, refusals are told."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from workflows.ledger import selectors, sequencer, services
from workflows.ledger.checkpoint import open_checkpoint
from workflows.ledger.evidence import cosigned_note, witness_verifier
from workflows.ledger.keys import log_verifier
from workflows.ledger.models import Cosignature
from workflows.ledger.verify import LogFaultError, verify_log
from workflows.outbox.models import Effect
from workflows.outbox.services import drain
from workflows.witnesses.http import AddressError, check_address, post
from workflows.witnesses.models import Witness
from workflows.witnesses.services import EFFECT, configured_witnesses, submit_due

pytestmark = pytest.mark.stack


def grow(count=1):
    with transaction.atomic():
        for number in range(count):
            services.append(name="case.viewed", role="reviewer", facts={"number": number})
    sequencer.sequence_all()


@pytest.fixture
def configured(witness, settings):
    settings.LEDGER_WITNESSES = [f"{witness.vkey} {witness.url}/"]
    return witness


@pytest.mark.django_db(transaction=True)
def test_each_state_is_signed_published_and_verified(configured):
    key = witness_verifier(configured.vkey)
    for count in (3, 300):
        grow(count)
        assert submit_due() == 1
        assert submit_due() == 0
        drain()
        published = selectors.public_file("checkpoint").body.decode()
        head = open_checkpoint(published, log_verifier(), [key])
        assert head.size == selectors.latest_checkpoint().size
        assert len(published.splitlines()) == 6
    row = Witness.objects.get()
    assert (row.name, row.size, row.failures, row.error) == (key.name, 303, 0, "")
    assert verify_log().cosignatures == 2
    assert submit_due() == 0


@pytest.mark.django_db(transaction=True)
def test_it_goes_on_from_where_the_witness_stands(configured):
    grow(5)
    submit_due()
    drain()
    Witness.objects.update(size=2)  # as if its answer had been lost
    grow(5)
    submit_due()
    drain()
    assert Witness.objects.get().size == 10


@pytest.mark.django_db(transaction=True)
def test_a_witness_that_does_not_answer_is_asked_again(configured):
    grow()
    configured.stop()
    submit_due()
    drain()
    row = Witness.objects.get()
    assert (row.size, row.failures, row.error) == (0, 1, "No answer: ConnectionRefusedError.")
    assert submit_due() == 0
    waiting = Effect.objects.get(kind=EFFECT, state=Effect.State.PENDING)
    assert waiting.due_at > row.asked_at
    assert selectors.public_file("checkpoint").body.decode() == selectors.latest_checkpoint().note


@pytest.mark.django_db(transaction=True)
def test_a_log_that_was_rolled_back_is_told_so(configured):
    grow(9)
    submit_due()
    drain()
    row = Witness.objects.get()
    with transaction.atomic():
        Witness.objects.update(size=0)
        newest = selectors.latest_checkpoint()
        older = selectors.checkpoint_at(0)
        assert older is not None
    from workflows.witnesses.services import Configured, WitnessRefusedError, _ask

    ours = Configured(witness_verifier(row.vkey), configured.url)
    grow(1)
    with pytest.raises(WitnessRefusedError, match="rolled back"):
        _ask(ours, 0, older)
    with pytest.raises(WitnessRefusedError, match="rolled back"):
        _ask(ours, 0, _smaller_than(newest))


def _smaller_than(checkpoint):
    """Return what a log restored from an old backup would sign: a state before the witness's."""
    from workflows.ledger.checkpoint import TreeHead
    from workflows.ledger.keys import log_signer
    from workflows.ledger.models import Checkpoint
    from workflows.ledger.tree import StoredTree

    size = checkpoint.size - 2
    root = StoredTree(size).root()
    note = log_signer().sign(TreeHead(log_verifier().name, size, root).format())
    return Checkpoint(size=size, root=root, note=note)


@pytest.mark.django_db(transaction=True)
def test_a_cosignature_that_does_not_hold_is_neither_kept_nor_overlooked(configured):
    grow()
    submit_due()
    drain()
    cosignature = Cosignature.objects.get()
    assert cosigned_note(selectors.latest_checkpoint()).endswith(cosignature.line)
    grow()
    Cosignature.objects.create(
        checkpoint=selectors.latest_checkpoint(),
        witness=cosignature.witness,
        line=cosignature.line,
        at=cosignature.at,
    )
    with pytest.raises(LogFaultError, match="cosignature at size 2 does not hold"):
        verify_log()


@pytest.mark.parametrize(
    "url",
    ["http://witness.example", "ftp://127.0.0.1", "https://user@witness.example", "https://x/?a=b"],
)
def test_only_plain_addresses_with_tls_are_asked(url, settings, witness):
    with pytest.raises(AddressError):
        check_address(url)
    settings.LEDGER_WITNESSES = [f"{witness.vkey} {url}"]
    with pytest.raises(ImproperlyConfigured):
        configured_witnesses()


def test_a_redirect_is_not_followed():
    import http.server
    import threading

    class Redirects(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(307)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Redirects) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert post(f"http://127.0.0.1:{server.server_port}/", b"", "text/plain").status == 307
        thread.join()
