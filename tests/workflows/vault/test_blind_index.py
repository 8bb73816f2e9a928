"""Finding a case by a sealed value: exact, keyed, gone after shredding."""

import hashlib
import hmac
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from workflows.vault.blind_index import find, index, index_many, keyed_hash
from workflows.vault.crypto import Shredded
from workflows.vault.models import BlindIndexEntry, DataKey
from workflows.vault.services import shred


def test_every_case_with_the_value_is_found(key: DataKey, other_key: DataKey) -> None:
    index(key, "person.email", "zhang@example.org")
    index(other_key, "person.email", "zhang@example.org")
    index(other_key, "person.email", "li@example.org")

    assert find("person.email", "zhang@example.org") == sorted([key.pk, other_key.pk])
    assert find("person.email", "li@example.org") == [other_key.pk]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("person.email", "zhang@example.or"),
        ("person.email", "Zhang@example.org"),
        ("person.phone", "zhang@example.org"),
    ],
)
def test_only_the_same_value_of_the_same_column_is_found(
    key: DataKey, column: str, value: str
) -> None:
    index(key, "person.email", "zhang@example.org")

    assert find(column, value) == []


def test_indexing_twice_changes_nothing(key: DataKey) -> None:
    for _ in range(2):
        index(key, "person.email", "zhang@example.org")

    assert BlindIndexEntry.objects.count() == 1


def test_many_values_take_one_query(key: DataKey, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        index_many(key, [("person.email", "zhang@example.org"), ("person.phone", "+8613800000000")])

    assert find("person.phone", "+8613800000000") == [key.pk]


def test_the_table_holds_sixteen_bytes_and_not_the_value(key: DataKey) -> None:
    index(key, "person.email", "zhang@example.org")

    with connection.cursor() as cursor:
        cursor.execute("SELECT digest FROM vault_blindindexentry")
        digest = bytes(cursor.fetchone()[0])
    assert len(digest) == 16
    assert digest != hashlib.sha256(b"zhang@example.org").digest()[:16]


def test_without_the_index_key_nothing_matches(key: DataKey, settings: Any) -> None:
    index(key, "person.email", "zhang@example.org")
    settings.INDEX_KEY = settings.VAULT_KEY

    assert find("person.email", "zhang@example.org") == []


def test_an_empty_value_is_refused(key: DataKey) -> None:
    with pytest.raises(ValueError, match="empty"):
        index(key, "person.email", "")
    with pytest.raises(ValueError, match="empty"):
        find("person.email", "")


def test_a_shredded_case_is_neither_found_nor_indexed(key: DataKey) -> None:
    index(key, "person.email", "zhang@example.org")
    shred(key)

    assert find("person.email", "zhang@example.org") == []
    with pytest.raises(Shredded):
        index(key, "person.email", "zhang@example.org")


def test_a_keyed_hash_is_an_hmac_under_a_key_of_its_purpose() -> None:
    subkey = hmac.digest(bytes([3]) * 32, b"keyed hash|receipt", "sha256")

    assert keyed_hash("receipt", b"secret") == hmac.digest(subkey, b"secret", "sha256")


@given(first=st.binary(), second=st.binary())
def test_keyed_hashes_differ_by_secret_and_by_purpose(first: bytes, second: bytes) -> None:
    assert (keyed_hash("receipt", first) == keyed_hash("receipt", second)) == (first == second)
    assert keyed_hash("receipt", first) != keyed_hash("token", first)
