"""Showing checkpoints to witnesses: signatures are kept and published, refusals are told."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone
from freezegun import freeze_time

from workflows.common.http_client import AddressError, Answer, check_address, post
from workflows.common.signed_note import (
    COSIGNATURE,
    Signature,
    Verifier,
    cosignature_message,
    parse_note,
)
from workflows.ledger import append, selectors, sequencer
from workflows.ledger.checkpoints import open_checkpoint, parse_proof, verify_proof
from workflows.ledger.evidence import COSIGN_DEADLINE, cosigned_note, witness_verifier
from workflows.ledger.keys import log_verifier
from workflows.ledger.models import Cosignature, Event
from workflows.ledger.verify import LogFaultError, verify_log
from workflows.outbox.models import Effect
from workflows.outbox.services import drain, run_effect
from workflows.witnesses.models import Witness
from workflows.witnesses.services import (
    EFFECT,
    MAX_CHECKPOINTS_EACH,
    WitnessConfig,
    WitnessRefusedError,
    _ask,
    configured_witnesses,
    submit_due,
)

pytestmark = pytest.mark.stack


def grow(count=1):
    with transaction.atomic():
        for number in range(count):
            append.append(name="case.viewed", role="reviewer", facts={"number": number})
    sequencer.drain_inbox()


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
def test_after_a_quiet_hour_the_cosigned_state_is_published_until_the_next_one_waits(configured):
    def published() -> int:
        note = selectors.public_file("checkpoint").body.decode()
        return open_checkpoint(note, log_verifier()).size

    grow(3)
    submit_due()
    drain()
    with freeze_time(timezone.now() + timedelta(hours=1)) as clock:
        grow(4)
        assert published() == 3
        clock.tick(COSIGN_DEADLINE + timedelta(seconds=1))
        assert published() == 7


def cosigned_sizes():
    return sorted(Cosignature.objects.values_list("checkpoint", flat=True))


@pytest.mark.django_db(transaction=True)
def test_each_checkpoint_between_two_turns_is_signed(configured):
    for _number in range(MAX_CHECKPOINTS_EACH):
        grow()
    submit_due()
    drain()
    assert cosigned_sizes() == list(range(1, MAX_CHECKPOINTS_EACH + 1))
    assert verify_log().cosignatures == MAX_CHECKPOINTS_EACH
    assert Effect.objects.filter(kind=EFFECT).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_a_flood_of_checkpoints_the_newest_is_signed_and_covers_the_rest(configured):
    grow()
    submit_due()
    drain()
    for _number in range(MAX_CHECKPOINTS_EACH + 1):
        grow()
    submit_due()
    drain()
    newest = selectors.latest_checkpoint().size
    assert cosigned_sizes() == [1, newest]
    proof = selectors.consistency_proof(newest - 1, newest)
    assert proof
    grow()
    submit_due()
    drain()
    assert cosigned_sizes() == [1, newest, newest + 1]


@pytest.mark.django_db(transaction=True)
def test_what_was_signed_before_a_failure_is_kept(configured, monkeypatch):
    for _number in range(3):
        grow()

    times = iter(range(2))

    def post_twice(url, body, content_type):
        if next(times, None) is None:
            configured.stop()
        return post(url, body, content_type)

    monkeypatch.setattr("workflows.witnesses.services.post", post_twice)
    submit_due()
    drain()
    row = Witness.objects.get()
    assert cosigned_sizes() == [1, 2]
    assert (row.size, row.failures, row.error) == (2, 1, "No answer: ConnectionRefusedError.")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("moment", [2**64 - 1, 2**40])
def test_a_witness_with_an_impossible_time_is_told_and_asked_again(moment, settings, monkeypatch):
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    verifier = Verifier("witness.example.net/w2", COSIGNATURE, key.public_key().public_bytes_raw())

    def answer(_url, body, _content_type):
        text = parse_note(body.decode().partition("\n\n")[2]).text
        data = moment.to_bytes(8) + key.sign(cosignature_message(moment, text))
        return Answer(200, Signature(verifier.name, verifier.key_id, data).line().encode())

    settings.LEDGER_WITNESSES = [f"{verifier.vkey} https://witness.example.net"]
    monkeypatch.setattr("workflows.witnesses.services.post", answer)
    grow()
    submit_due()
    run_effect(Effect.objects.get(kind=EFFECT).pk)
    row = Witness.objects.get()
    assert (row.size, row.failures, row.error) == (0, 1, "A cosignature has an impossible time.")
    assert Effect.objects.filter(kind=EFFECT, state=Effect.State.PENDING).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_slow_witness_does_not_hold_the_worker(configured, monkeypatch):
    monkeypatch.setattr("workflows.witnesses.services.TURN_TIME_LIMIT", 0.0)
    for _number in range(3):
        grow()
    submit_due()
    for sizes in ([1], [1, 2], [1, 2, 3]):
        run_effect(Effect.objects.get(kind=EFFECT, state=Effect.State.PENDING).pk)
        assert cosigned_sizes() == sizes
    assert not Effect.objects.filter(kind=EFFECT, state=Effect.State.PENDING).exists()


@pytest.mark.django_db(transaction=True)
def test_a_witness_whose_answers_were_lost_is_taken_up_where_it_stands(configured):
    """It has signed more than we know; what it signed last it signs again, the rest is covered."""
    witness = WitnessConfig(witness_verifier(configured.vkey), configured.url)
    for size in (1, 2, 3):
        grow()
        _ask(witness, size - 1, selectors.latest_checkpoint(), newest=size)
    grow()
    submit_due()
    drain()
    row = Witness.objects.get()
    assert (row.size, row.failures, row.error) == (4, 0, "")
    assert cosigned_sizes() == [3, 4]


@pytest.mark.django_db(transaction=True)
def test_the_proof_of_a_step_carries_the_signature_of_the_witness(configured):
    """Whoever was given a proof before can have it anew, and need not trust the log's key alone."""
    key = witness_verifier(configured.vkey)
    grow()
    event = Event.objects.get()
    before = parse_proof(selectors.proof_text(event))
    assert before.checkpoint == selectors.latest_checkpoint().note
    submit_due()
    drain()
    grow()  # a newer state, which nobody has signed yet
    proof = parse_proof(selectors.proof_text(event))
    head = verify_proof(proof, bytes(event.leaf), log_verifier(), [key])
    assert head.size == 1
    assert proof.checkpoint.splitlines()[-1].split()[1] == key.name
    newer = Event.objects.latest("pk")
    assert parse_proof(selectors.proof_text(newer)).checkpoint == selectors.latest_checkpoint().note


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
    ours = WitnessConfig(witness_verifier(row.vkey), configured.url)
    grow(1)
    with pytest.raises(WitnessRefusedError, match="rolled back"):
        _ask(ours, 0, older, newest=older.size)
    smaller = _smaller_than(newest)
    with pytest.raises(WitnessRefusedError, match="rolled back"):
        _ask(ours, 0, smaller, newest=smaller.size)


def _smaller_than(checkpoint):
    """Return what a log restored from an old backup would sign: a state before the witness's."""
    from workflows.ledger.checkpoints import TreeHead
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
