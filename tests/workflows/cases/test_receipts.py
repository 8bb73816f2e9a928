"""The signed receipt: genuine, or worth nothing."""

import base64
import re
from dataclasses import replace

import pytest
from django.db import connection

from tests.factories import ERIKA, WANG, file
from workflows.cases.models import Case
from workflows.cases.signed_receipt import (
    FORMAT,
    ReceiptRefused,
    check_receipt,
    receipt_signer,
    signed_receipt,
)
from workflows.common.signed_note import Signer, open_note
from workflows.ledger.keys import log_signer, log_verifier
from workflows.ledger.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> Case:
    return file().case


def test_a_receipt_says_what_was_received_and_names_nobody(case):
    note = signed_receipt(case)
    genuine = check_receipt(note.encode())
    assert (genuine.case_number, genuine.received_at) == (case.number, case.filed_at)
    assert genuine.items == ("correct",)
    assert [Event.objects.get().leaf] == [memoryview(entry) for entry in genuine.entries]
    for secret in (WANG.subject_name, WANG.email, "上海", "住在"):
        assert secret not in note


def test_it_is_the_same_each_time(case):
    assert signed_receipt(case) == signed_receipt(Case.objects.get())


def test_a_case_under_two_laws_has_an_entry_of_each(settings):
    settings.PROVIDER_REGIMES = ["CN", "EU", "UK", "US-CA"]
    case = file(replace(ERIKA, residence="DE-BE")).case
    genuine = check_receipt(signed_receipt(case).encode())
    assert len(genuine.entries) == len(case.regimes)


def test_the_key_of_receipts_signs_no_tree_and_the_key_of_the_log_no_receipt(case):
    assert receipt_signer().verifier.public_key != log_verifier().public_key
    text = open_note(signed_receipt(case), [receipt_signer().verifier]).text
    with pytest.raises(ReceiptRefused, match="not a receipt of ours"):
        check_receipt(log_signer().sign(text).encode())


def forged(text: str) -> str:
    """A receipt signed by somebody who calls their key as ours is called."""
    return Signer(receipt_signer().verifier.name, bytes(32)).sign(text)


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note.replace("correct", "delete"),
        lambda note: re.sub(r"\b20\d\d-", "2025-", note, count=1),
        lambda note: note.split("\n\n")[0] + "\n",
        lambda note: note.replace(FORMAT, FORMAT.replace("v1", "v2")),
        lambda note: note[:-10] + base64.b64encode(b"1234567").decode(),
        lambda note: forged(note.split("\n\n")[0] + "\n"),
        lambda note: note + " ",
        lambda _note: "",
        lambda _note: "a receipt, I swear\n",
    ],
)
def test_a_hand_made_or_changed_receipt_is_worth_nothing(change, case):
    with pytest.raises(ReceiptRefused, match="not a receipt of ours"):
        check_receipt(change(signed_receipt(case)).encode())


def test_bytes_that_are_no_text_are_no_receipt(case):
    with pytest.raises(ReceiptRefused):
        check_receipt(b"\xff\xfe" + signed_receipt(case).encode())


def test_a_signed_receipt_whose_request_was_dropped_says_so(case):
    """What the receipt is for: the provider cannot drop a request and deny it."""
    note = signed_receipt(case)
    Case.objects.filter(pk=case.pk).update(number="2026-AAAA-AAAA")
    with pytest.raises(ReceiptRefused, match="do not hold its request any more"):
        check_receipt(note.encode())


def test_a_signed_receipt_whose_entry_was_exchanged_says_so(case):
    note = signed_receipt(case)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_case SET pseudonym = gen_random_uuid()")
    with pytest.raises(ReceiptRefused, match="do not hold its request any more"):
        check_receipt(note.encode())
