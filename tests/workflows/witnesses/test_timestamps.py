"""RFC 3161: a timestamp a day from an authority that openssl plays, kept, served and verified."""

import pytest
from django.db import transaction

from tests.evidence import Authority, openssl
from workflows.ledger import append, selectors, sequencer
from workflows.ledger.models import Timestamp
from workflows.ledger.timestamping import (
    TimestampError,
    check_response,
    make_request,
    read_certificates,
)
from workflows.ledger.verify import LogFaultError, verify_log
from workflows.outbox.models import Effect
from workflows.outbox.services import drain
from workflows.witnesses.timestamps import request_due, request_timestamp

pytestmark = pytest.mark.stack


def grow():
    with transaction.atomic():
        append.append(name="case.viewed", role="reviewer")
    sequencer.drain_inbox()
    return selectors.latest_checkpoint()


@pytest.mark.django_db(transaction=True)
def test_once_a_day_the_newest_checkpoint_is_timestamped_and_served(authority, tmp_path):
    checkpoint = grow()
    assert request_due()
    assert request_due()
    drain()
    assert Effect.objects.get(kind="timestamp.request").state == Effect.State.DONE
    stored = Timestamp.objects.get()
    assert stored.checkpoint == checkpoint
    assert verify_log().timestamps == 1
    note = selectors.public_file("checkpoints/1")
    stamp = selectors.public_file("timestamps/1.tsr")
    assert (note.immutable, stamp.content_type) == (True, "application/timestamp-reply")
    assert selectors.public_file("timestamps/0.tsr") is None
    (tmp_path / "note").write_bytes(note.body)
    (tmp_path / "tsr").write_bytes(stamp.body)
    said = openssl(
        "ts", "-verify", "-in", "tsr", "-data", "note", "-CAfile", "ca.pem", cwd=tmp_path
    )
    assert b"Verification: OK" in said
    grow()
    assert request_timestamp() is not None
    assert request_timestamp() is None


@pytest.mark.django_db(transaction=True)
def test_what_does_not_hold_is_not_kept(authority, tmp_path, settings):
    grow()
    other = tmp_path / "other"
    other.mkdir()
    stranger = Authority(other)
    answer = authority.answer
    wrong = {
        "an answer to another question": lambda query: answer(make_request(b"another").body),
        "an answer cut off": lambda query: answer(query)[:-1],
        "an answer changed": lambda query: answer(query).replace(b"Timestamps", b"Timestampz"),
        "no answer": lambda query: b"",
        "a stranger's answer": stranger.answer,
    }
    for what, way in wrong.items():
        authority.answer = way
        with pytest.raises(TimestampError):
            request_timestamp()
        assert not Timestamp.objects.exists(), what
    settings.TIMESTAMP_CERTIFICATES = str(tmp_path / "nowhere")
    with pytest.raises(TimestampError, match="cannot be read"):
        request_timestamp()


def test_an_old_answer_is_not_taken_for_a_new_one(authority, tmp_path):
    certificates = read_certificates(str(tmp_path / "ca.pem"))
    first, second = make_request(b"data"), make_request(b"data")
    answer = authority.answer(first.body)
    check_response(answer, b"data", certificates, first.nonce)
    with pytest.raises(TimestampError, match="Nonce"):
        check_response(answer, b"data", certificates, second.nonce)


@pytest.mark.django_db(transaction=True)
def test_a_stored_timestamp_that_does_not_hold_is_found(authority):
    first = grow()
    stored = request_timestamp()
    second = grow()
    assert first != second
    Timestamp.objects.create(
        checkpoint=second,
        authority=stored.authority,
        response=bytes(stored.response),
        at=stored.at,
    )
    with pytest.raises(LogFaultError, match="timestamp does not hold"):
        verify_log()


@pytest.mark.django_db(transaction=True)
def test_without_an_authority_nothing_is_asked(settings):
    grow()
    settings.TIMESTAMP_AUTHORITY = ""
    assert not request_due()
    assert request_timestamp() is None
