"""What was sealed opens in its own place only, and not at all after any change."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.vault.crypto import DecryptionFailed, SealedPlace, Shredded, encrypt, seal, unseal
from workflows.vault.keyring import keyring
from workflows.vault.models import DataKey

PLACE = SealedPlace("cases_person", "name", "17")
WORDS = st.text(st.characters(categories=["L"]), min_size=1)


def data_key(number: int) -> DataKey:
    key = DataKey(id=UUID(int=number))
    ring = keyring()
    key.kek, key.wrapped = ring.current(), ring.wrap(bytes([number]) * 32, key.wrap_context())
    return key


KEY, OTHER = data_key(1), data_key(2)


@given(plaintext=st.binary())
def test_what_was_sealed_opens(plaintext: bytes) -> None:
    assert unseal(KEY, seal(KEY, plaintext, PLACE), PLACE) == plaintext


@given(plaintext=st.binary(max_size=100), data=st.data())
def test_a_change_of_any_bit_is_refused(plaintext: bytes, data: st.DataObject) -> None:
    sealed = bytearray(seal(KEY, plaintext, PLACE))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8

    with pytest.raises(DecryptionFailed):
        unseal(KEY, bytes(sealed), PLACE)


@given(plaintext=st.binary(max_size=100), data=st.data())
def test_a_cut_value_is_refused(plaintext: bytes, data: st.DataObject) -> None:
    sealed = seal(KEY, plaintext, PLACE)
    length = data.draw(st.integers(0, len(sealed) - 1))

    with pytest.raises(DecryptionFailed):
        unseal(KEY, sealed[:length], PLACE)


@given(table=WORDS, column=WORDS, row=WORDS)
def test_another_table_column_or_row_is_refused(table: str, column: str, row: str) -> None:
    sealed = seal(KEY, b"Zhang Wei", PLACE)

    for place in (
        replace(PLACE, table=table),
        replace(PLACE, column=column),
        replace(PLACE, row=row),
        SealedPlace(table, column, row),
    ):
        if place != PLACE:
            with pytest.raises(DecryptionFailed):
                unseal(KEY, sealed, place)


def unbound(plaintext: bytes, place: SealedPlace = PLACE) -> bytes:
    """Seal as version 1 did, which named no row."""
    associated = f"{KEY.pk}|{place.table}|{place.column}|1".encode()
    return bytes([1]) + encrypt(KEY.secret(), plaintext, associated)


@given(plaintext=st.binary())
def test_a_value_of_version_1_does_not_open(plaintext: bytes) -> None:
    for version in (1, 2):
        with pytest.raises(DecryptionFailed):
            unseal(KEY, bytes([version]) + unbound(plaintext)[1:], PLACE)


def test_another_key_is_refused() -> None:
    with pytest.raises(DecryptionFailed):
        unseal(OTHER, seal(KEY, b"Zhang Wei", PLACE), PLACE)


def test_the_key_of_another_row_is_refused_even_with_the_same_secret() -> None:
    twin = DataKey(id=UUID(int=3), kek=KEY.kek, wrapped=KEY.wrapped)

    with pytest.raises(DecryptionFailed):
        twin.secret()


def test_another_case_is_refused_even_with_the_same_secret() -> None:
    twin = DataKey(id=UUID(int=3), kek=KEY.kek)
    twin.wrapped = keyring().wrap(KEY.secret(), twin.wrap_context())

    with pytest.raises(DecryptionFailed):
        unseal(twin, seal(KEY, b"Zhang Wei", PLACE), PLACE)


def test_no_nonce_is_used_twice() -> None:
    sealed = [seal(KEY, b"the same", PLACE) for _ in range(5000)]

    assert len({value[1:13] for value in sealed}) == 5000


@settings(max_examples=20)
@given(plaintext=st.binary())
def test_a_shredded_key_neither_seals_nor_opens(plaintext: bytes) -> None:
    gone = data_key(4)
    sealed = seal(gone, plaintext, PLACE)
    gone.wrapped = None

    with pytest.raises(Shredded):
        unseal(gone, sealed, PLACE)
    with pytest.raises(Shredded):
        seal(gone, plaintext, PLACE)
