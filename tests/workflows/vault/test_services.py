"""Data keys: made, wrapped anew, and destroyed with everything that hangs on them."""

import base64
import os
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from workflows.vault import services
from workflows.vault.blind_index import find, index
from workflows.vault.crypto import DecryptionFailed, Shredded
from workflows.vault.files import store, sweep_orphans
from workflows.vault.models import BlindIndexEntry, DataKey, StoredFile
from workflows.vault.services import create_data_key, rewrap, shred


def new_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


# Too large for its row.
PASSPORT = b"passport" * 10_000


def files_in(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


def test_every_case_has_a_key_of_its_own(key: DataKey, other_key: DataKey) -> None:
    assert key.secret() != other_key.secret()
    assert len(key.secret()) == 32


def test_the_table_holds_the_key_only_wrapped(key: DataKey) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT wrapped FROM vault_datakey")
        wrapped = bytes(cursor.fetchone()[0])

    assert key.secret() not in wrapped


def test_a_key_read_again_is_the_same(key: DataKey) -> None:
    assert DataKey.objects.get(pk=key.pk).secret() == key.secret()


def test_an_unwrapped_key_leaves_no_trace_in_a_pickle(key: DataKey) -> None:
    secret = key.secret()

    assert secret not in repr(key.__reduce__()).encode()
    assert "_secret" not in key.__getstate__()


def test_wrapped_keys_exchanged_between_rows_do_not_open(key: DataKey, other_key: DataKey) -> None:
    DataKey.objects.filter(pk=key.pk).update(wrapped=other_key.wrapped)

    with pytest.raises(DecryptionFailed):
        DataKey.objects.get(pk=key.pk).secret()


def test_rewrapping_keeps_the_keys_and_frees_the_old_one(settings: Any, db: None) -> None:
    secrets = {key.pk: key.secret() for key in (create_data_key() for _ in range(5))}
    gone = create_data_key()
    shred(gone)
    settings.VAULT_OLD_KEYS, settings.VAULT_KEY = [settings.VAULT_KEY], new_key()

    assert rewrap(batch=2) == 5

    settings.VAULT_OLD_KEYS = []
    assert rewrap() == 0
    assert {key.pk: key.secret() for key in DataKey.objects.exclude(pk=gone.pk)} == secrets


def test_before_rewrapping_the_old_key_still_opens(key: DataKey, settings: Any) -> None:
    secret = key.secret()
    settings.VAULT_OLD_KEYS, settings.VAULT_KEY = [settings.VAULT_KEY], new_key()

    assert DataKey.objects.get(pk=key.pk).secret() == secret


def test_the_command_reports_how_many_it_wrapped(key: DataKey, settings: Any) -> None:
    settings.VAULT_OLD_KEYS, settings.VAULT_KEY = [settings.VAULT_KEY], new_key()
    out = StringIO()

    call_command("vault_rewrap", stdout=out)

    assert out.getvalue() == "1 data keys wrapped anew.\n"


def test_the_command_fails_without_the_old_key(key: DataKey, settings: Any) -> None:
    settings.VAULT_KEY = new_key()

    with pytest.raises(CommandError, match="in no setting"):
        call_command("vault_rewrap")


@pytest.mark.django_db(transaction=True)
def test_shredding_leaves_nothing_to_open(key: DataKey, other_key: DataKey, media: Path) -> None:
    for owner in (key, other_key):
        index(owner, "person.email", "zhang@example.org")
        store(owner, PASSPORT)
        store(owner, b"visa")
    assert key.secret()

    shred(key)

    assert find("person.email", "zhang@example.org") == [other_key.pk]
    assert {stored.data_key_id for stored in StoredFile.objects.all()} == {other_key.pk}
    assert len(files_in(media)) == 1
    for gone in (key, DataKey.objects.get(pk=key.pk)):
        assert gone.is_shredded
        assert gone.wrapped is None
        assert gone.shredded_at is not None
        assert gone._secret is None
        with pytest.raises(Shredded):
            gone.secret()
    assert other_key.secret()


@pytest.mark.django_db(transaction=True)
def test_shredding_again_keeps_the_first_time(key: DataKey) -> None:
    shred(key)
    first = key.shredded_at

    shred(DataKey.objects.get(pk=key.pk))

    assert DataKey.objects.get(pk=key.pk).shredded_at == first


@pytest.mark.django_db(transaction=True)
def test_shredding_rolled_back_changes_nothing(key: DataKey, media: Path) -> None:
    index(key, "person.email", "zhang@example.org")
    store(key, PASSPORT)

    with transaction.atomic():
        shred(DataKey.objects.get(pk=key.pk))
        transaction.set_rollback(True)

    assert DataKey.objects.get(pk=key.pk).secret() == key.secret()
    assert BlindIndexEntry.objects.count() == 1
    assert len(files_in(media)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_crash_after_the_commit_is_mended_by_the_sweep(
    key: DataKey, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(key, PASSPORT)

    def crash(_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(services, "remove_files", crash)
        with pytest.raises(SystemExit):
            shred(key)
    assert len(files_in(media)) == 1

    assert sweep_orphans(older_than=timedelta(seconds=-60)) == 1
    assert files_in(media) == []
    assert DataKey.objects.get(pk=key.pk).is_shredded
