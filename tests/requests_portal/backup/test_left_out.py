"""What a backup leaves out: sessions, counts of the hour, exports."""

from dataclasses import replace

import pytest
from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from requests_portal.backup import restoring
from requests_portal.backup.errors import BackupError
from requests_portal.backup.making import WITHOUT_ROWS, count_rows
from requests_portal.backup.manifest import Manifest
from requests_portal.models import Session
from requests_portal.sign_in.session_store import SessionStore
from workflows.exports.models import BundleJob

pytestmark = pytest.mark.django_db


def manifest_of(rows: dict[str, int]) -> Manifest:
    return Manifest(1, "", 18, {}, [], rows, "", {})


def test_the_sessions_of_the_portal_are_left_out():
    store = import_string(f"{settings.SESSION_ENGINE}.SessionStore")
    assert store.get_model_class()._meta.db_table in WITHOUT_ROWS
    assert set(WITHOUT_ROWS) <= set(connection.introspection.table_names())
    assert not set(WITHOUT_ROWS) & set(count_rows())


def test_sessions_in_a_backup_of_an_earlier_release_are_no_fault_and_are_ended():
    SessionStore().create()
    told = manifest_of({**count_rows(), "requests_portal_session": 1})
    restoring._require_all_rows(told)
    restoring._empty_tables()
    assert not Session.objects.exists()
    restoring._require_all_rows(told)
    with pytest.raises(BackupError, match="auth_user has 0 rows, and the backup was of 1"):
        restoring._require_all_rows(replace(told, rows={"auth_user": 1}))


def test_exports_that_were_ready_are_so_no_more(reviewer):
    job = BundleJob.objects.create(requested_by=reviewer, state=BundleJob.State.READY)

    restoring._expire_exports()

    job.refresh_from_db()
    assert job.state == BundleJob.State.EXPIRED
