"""An encrypted export opens with the regulator's key alone, and is encrypted while it is written."""

import io
import tracemalloc

import pyrage
import pytest

from tests.factories import make_case
from workflows.accounts.actors import SYSTEM
from workflows.cases.lifecycle import State
from workflows.common.errors import InvalidInput
from workflows.exports.bundle import export_bundle
from workflows.exports.encryption import checked_recipient, encrypt
from workflows.exports.tables import BundleRequest
from workflows.oversight.filters import BundleFilters

KEY = pyrage.x25519.Identity.generate()
RECIPIENT = str(KEY.to_public())


def test_who_has_the_key_opens_and_verifies_it(db, verify):
    make_case(State.ANSWERED)
    target = io.BytesIO()
    request = BundleRequest("CN", BundleFilters(), SYSTEM, "en")
    result = export_bundle(request, target, recipient=RECIPIENT)
    encrypted = target.getvalue()
    assert result.size == len(encrypted)
    assert encrypted.startswith(b"age-encryption.org/v1\n")
    assert b"cases.csv" not in encrypted
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(encrypted, [pyrage.x25519.Identity.generate()])
    code, output = verify(pyrage.decrypt(encrypted, [KEY]))
    assert code == 0, output


@pytest.mark.parametrize(
    "typed",
    [RECIPIENT, f" {RECIPIENT}\n", RECIPIENT.upper()],
    ids=["as printed", "with spaces", "in capitals"],
)
def test_a_key_is_taken_however_it_was_typed(typed):
    assert checked_recipient(typed) == RECIPIENT


def test_no_key_means_no_encryption():
    assert checked_recipient(" ") == ""


@pytest.mark.parametrize(
    "typed",
    ["age1", RECIPIENT[:-1], RECIPIENT[:-1] + "b", str(KEY), "ssh-ed25519 AAAA", "王"],
    ids=["nothing", "cut off", "mistyped", "the private half", "of ssh", "no ASCII"],
)
def test_what_is_no_public_key_is_refused_and_not_repeated(typed):
    with pytest.raises(InvalidInput) as refused:
        checked_recipient(typed)
    # It may be the private half.
    assert typed not in str(refused.value) or typed == "age1"


def test_what_the_source_raises_is_raised():
    def pieces():
        yield b"x"
        raise RuntimeError("The log is gone.")

    with pytest.raises(RuntimeError, match="The log is gone"):
        encrypt(pieces(), io.BytesIO(), RECIPIENT)


class Nowhere:
    def write(self, data):
        return len(data)

    def flush(self):
        pass


def test_it_passes_through_in_pieces():
    tracemalloc.start()
    try:
        encrypt((bytes(65536) for _piece in range(400)), Nowhere(), RECIPIENT)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * 1024 * 1024


def test_empty_pieces_are_not_the_end():
    target = io.BytesIO()
    encrypt(iter([b"", b"one ", b"", b"two"]), target, RECIPIENT)
    assert pyrage.decrypt(target.getvalue(), [KEY]) == b"one two"
