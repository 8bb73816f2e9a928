"""Key-encryption keys: strict in their form, replaceable as a whole."""

import base64
from typing import Any

import pytest

from workflows.vault.crypto import DecryptionFailed
from workflows.vault.keyring import check_keys, key_from_base64, keyring
from workflows.vault.models import DataKey
from workflows.vault.services import create_data_key

THIRTY_TWO = base64.b64encode(bytes(range(32))).decode()
WRONG = ["", "secret", "####", base64.b64encode(bytes(31)).decode(), THIRTY_TWO + "\n" + THIRTY_TWO]


def test_a_key_is_base64_of_thirty_two_bytes() -> None:
    assert key_from_base64(THIRTY_TWO) == bytes(range(32))


@pytest.mark.parametrize("text", WRONG)
def test_anything_else_is_no_key(text: str) -> None:
    with pytest.raises(ValueError, match="The key"):
        key_from_base64(text)


def test_the_name_of_a_key_does_not_give_it_away() -> None:
    assert keyring().current().startswith("local:")
    assert len(keyring().current()) == len("local:") + 16


def test_an_unknown_key_and_another_context_are_refused() -> None:
    ring = keyring()
    wrapped = ring.wrap(bytes(32), b"here")

    assert ring.unwrap(ring.current(), wrapped, b"here") == bytes(32)
    with pytest.raises(DecryptionFailed):
        ring.unwrap(ring.current(), wrapped, b"there")
    with pytest.raises(DecryptionFailed):
        ring.unwrap("local:0000000000000000", wrapped, b"here")


class Upside:
    """A keyring of another kind, as a key management service would be."""

    def current(self) -> str:
        return "upside"

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        return secret[::-1]

    def unwrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
        return wrapped[::-1]


def test_another_keyring_takes_over(db: None, settings: Any) -> None:
    settings.VAULT_KEYRING = f"{__name__}.Upside"

    key = create_data_key()

    assert key.kek == "upside"
    assert DataKey.objects.get(pk=key.pk).secret() == key.secret()


def test_the_test_keys_pass_the_system_check() -> None:
    assert check_keys() == []


@pytest.mark.parametrize("name", ["VAULT_KEY", "INDEX_KEY"])
@pytest.mark.parametrize("text", WRONG)
def test_the_system_check_refuses_a_wrong_key(settings: Any, name: str, text: str) -> None:
    setattr(settings, name, text)

    assert [error.id for error in check_keys()] == ["vault.E001"]


def test_the_system_check_looks_at_old_keys_and_at_keys_used_twice(settings: Any) -> None:
    settings.VAULT_OLD_KEYS = ["secret"]
    settings.INDEX_OLD_KEYS = ["secret", settings.VAULT_KEY]
    settings.INDEX_KEY = settings.VAULT_KEY

    found = check_keys()
    assert [error.id for error in found] == ["vault.E001", "vault.E001", "vault.E002", "vault.E005"]
    assert [error.msg.split()[0] for error in found[:2]] == [
        "VAULT_OLD_KEYS[1]",
        "INDEX_OLD_KEYS[1]",
    ]
    assert not [error for error in found if settings.VAULT_KEY in error.msg]
