"""A receipt that a person shows is held against an export: a request cannot be dropped quietly."""

import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from workflows.cases.signed_receipt import receipt_signer
from workflows.ledger.append import format_time
from workflows.ledger.canonical import canonical_json


@pytest.fixture
def show(world, verify, tmp_path):
    """Verify an export with one receipt."""

    def run(files, receipt, *, vkey=None):
        path = tmp_path / "receipt"
        path.write_text(receipt)
        key = vkey or receipt_signer().verifier.vkey
        return verify(files, vkey=world.vkey, receipt=str(path), **{"receipt-vkey": key})

    return run


def signed(receipt, **changes):
    """Return the receipt with other contents, signed by the provider."""
    form, body, *_rest = receipt.split("\n")
    changed = canonical_json({**json.loads(body), **changes}).decode()
    return receipt_signer().sign(f"{form}\n{changed}\n")


@pytest.mark.parametrize("name", ["answered", "closed", "erased"])
@pytest.mark.parametrize("of", ["china", "packed", "closed", "whole"])
def test_a_request_that_is_in_the_log_is_found_with_its_entry(show, world, name, of):
    """Also when the tables leave its case out, and after its erasure."""
    code, output = show(getattr(world, of), world.receipts[name])
    assert code == 0, output
    assert re.search(rf"\n  receipt of case {world.numbers[name]}: entry \d+\n", output)


@pytest.mark.parametrize("of", ["china", "packed", "whole"])
def test_a_request_that_was_dropped_is_a_fault(show, world, of):
    dropped = signed(world.receipts["answered"], entries={"CN": "ab" * 32})
    long_ago = format_time(timezone.now() - timedelta(days=2))
    code, output = show(getattr(world, of), signed(dropped, received_at=long_ago))
    assert code == 1
    assert "FAULT: The request of a receipt is not in the log: case " in output
    assert long_ago in output


def test_a_request_that_came_while_the_export_was_made_need_not_be_in_it(show, world):
    young = signed(
        world.receipts["answered"],
        entries={"CN": "ab" * 32},
        received_at=format_time(timezone.now()),
    )
    code, output = show(world.china, young)
    assert code == 0
    assert "  - a receipt that may be younger than this export: case" in output


def test_another_day_of_receipt_than_the_log_has_is_a_fault(show, world):
    code, output = show(
        world.china, signed(world.receipts["answered"], received_at="2026-01-01T00:00:00.000000Z")
    )
    assert code == 1
    assert "says 2026-01-01T00:00:00.000000Z, the log " in output


def test_another_number_than_the_tables_have_is_a_fault(show, world):
    receipt = signed(world.receipts["answered"], case_number="2026-AAAA-AAAA")
    code, output = show(world.china, receipt)
    assert code == 1
    assert f"the tables name its case {world.numbers['answered']}" in output


def test_a_receipt_that_somebody_made_is_worth_nothing(show, world):
    forged = world.receipts["answered"].replace('"received_at":"2', '"received_at":"1')
    code, output = show(world.china, forged)
    assert code == 1
    assert "A receipt: the signature of" in output


def test_a_receipt_of_another_log_or_another_law_is_refused(show, world):
    other = signed(world.receipts["answered"], log="other.example/log")
    assert "A receipt is of another log" in show(world.china, other)[1]
    assert "is none under CN" in show(world.china, world.receipts["european"])[1]
    assert show(world.whole, world.receipts["european"])[0] == 0


def test_what_is_no_receipt_is_refused(show, world):
    note = world.china["log/checkpoint"].decode()
    assert "none, or of another form" in show(world.china, note, vkey=world.vkey)[1]
    assert "not a signed note" in show(world.china, "hello")[1]


def test_without_the_key_of_receipts_the_signature_stays_open(world, verify, tmp_path):
    path = tmp_path / "receipt"
    path.write_text(world.receipts["answered"])
    code, output = verify(world.china, vkey=world.vkey, receipt=str(path))
    assert code == 0
    assert f"receipt of case {world.numbers['answered']}: entry" in output
    assert "  - who signed the receipts: pass --receipt-vkey" in output
