"""Old checkpoints go when a later one of their day covers them; nothing else ever goes."""

from datetime import datetime, timedelta

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from freezegun import freeze_time

from workflows.common.signed_note import (
    COSIGNATURE,
    Signature,
    Verifier,
    cosignature_message,
    parse_note,
)
from workflows.ledger import append, selectors, sequencer, thinning
from workflows.ledger.evidence import add_cosignature
from workflows.ledger.models import Checkpoint, Cosignature, Timestamp
from workflows.ledger.thinning import thin_checkpoints
from workflows.ledger.verify import missing_triggers, verify_log
from workflows.oversight.checkpoints import check_continues

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
WITNESS = Verifier("witness.example/w", COSIGNATURE, KEY.public_key().public_bytes_raw())
# Noon, so that some hours more are the same day.
LONG_AGO = timezone.now().replace(hour=12, minute=0) - timedelta(days=40)


def grow(at: datetime) -> Checkpoint:
    """Sign one event more, at a time."""
    with freeze_time(at):
        with transaction.atomic():
            append.append(name="case.viewed", role="reviewer", facts={})
        sequencer.drain_inbox()
    newest = selectors.latest_checkpoint()
    assert newest is not None
    return newest


def cosign(checkpoint: Checkpoint) -> None:
    moment = int(checkpoint.at.timestamp())
    text = parse_note(checkpoint.note).text
    data = moment.to_bytes(8) + KEY.sign(cosignature_message(moment, text))
    add_cosignature(checkpoint, WITNESS, Signature(WITNESS.name, WITNESS.key_id, data).line())


def sizes() -> list[int]:
    return list(Checkpoint.objects.order_by("size").values_list("size", flat=True))


@pytest.mark.django_db
def test_of_each_day_the_last_one_stays() -> None:
    for day in range(3):
        for hour in range(4):
            grow(LONG_AGO + timedelta(days=day, hours=hour))
    # 0 is of the empty log.
    assert sizes() == list(range(13))
    assert thin_checkpoints() == 10
    assert sizes() == [4, 8, 12]
    assert thin_checkpoints() == 0


@pytest.mark.django_db
def test_the_last_thirty_days_and_the_newest_of_all_stay() -> None:
    grow(LONG_AGO)
    grow(LONG_AGO)
    for hour in range(3):
        grow(timezone.now() - timedelta(days=29, hours=hour))
    thin_checkpoints()
    assert sizes() == [2, 3, 4, 5]


@pytest.mark.django_db
def test_what_others_have_dated_stays_and_of_a_witness_the_last_of_the_day() -> None:
    signed = [grow(LONG_AGO + timedelta(minutes=minute)) for minute in range(6)]
    cosign(signed[1])
    cosign(signed[2])
    Timestamp.objects.create(checkpoint=signed[3], authority="", response=b"", at=signed[3].at)
    thin_checkpoints()
    assert list(Cosignature.objects.values_list("checkpoint", flat=True)) == [3]
    assert sizes() == [3, 4, 6]


@pytest.mark.django_db(transaction=True)
def test_the_log_still_verifies_and_continues_what_was_let_go() -> None:
    gone = grow(LONG_AGO)
    cosign(gone)
    cosign(grow(LONG_AGO + timedelta(hours=1)))
    grow(LONG_AGO + timedelta(days=1))
    newest = grow(timezone.now())
    thin_checkpoints()
    assert not Checkpoint.objects.filter(pk=gone.pk).exists()

    assert missing_triggers() is None
    checked = verify_log(previous=gone.note)
    assert (checked.size, checked.checkpoints, checked.cosignatures) == (4, 3, 1)
    assert check_continues(gone.note, newest).size == gone.size
    assert selectors.public_file(f"checkpoints/{gone.size}") is None


@pytest.mark.django_db
def test_it_goes_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thinning, "AT_ONCE", 3)
    for minute in range(10):
        grow(LONG_AGO + timedelta(minutes=minute))
    assert thin_checkpoints() == 10
    assert sizes() == [10]


@pytest.mark.django_db(transaction=True)
def test_the_site_deletes_only_through_the_function(connect) -> None:
    grow(LONG_AGO)
    grow(LONG_AGO)
    session = connect(settings.DATABASE_RUNTIME_ROLE)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute("DELETE FROM ledger_checkpoint WHERE size = 1")
    session.execute("SELECT ledger_thin(1000)")
    assert sizes() == [2]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_checkpoint SET at = at",
        "DELETE FROM ledger_checkpoint WHERE size = 2",
        "DELETE FROM ledger_checkpoint WHERE size = 3",
        "DELETE FROM ledger_checkpoint WHERE size = 4",
        "DELETE FROM ledger_cosignature",
        "UPDATE ledger_cosignature SET at = at",
        "DELETE FROM ledger_timestamp",
    ],
)
def test_the_owner_is_refused_what_is_not_covered(statement: str) -> None:
    grow(LONG_AGO)
    cosign(grow(LONG_AGO))
    dated = grow(LONG_AGO)
    Timestamp.objects.create(checkpoint=dated, authority="", response=b"", at=dated.at)
    grow(LONG_AGO)
    with (
        pytest.raises(DatabaseError, match="the table is append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert sizes() == [0, 1, 2, 3, 4]
