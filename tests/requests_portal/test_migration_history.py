"""A database that another version has made is left alone, and its owner is told so."""

from importlib import import_module

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from requests_portal.migration_history import check_history, unknown_migrations

pytestmark = pytest.mark.django_db
OLD = [("accounts", "0001_of_old"), ("cases", "0002_of_old"), ("cases", "0003_of_old")]


@pytest.fixture
def recorder():
    return MigrationRecorder(connection)


def migrate() -> None:
    # As from the command line; `call_command` alone leaves out the checks.
    call_command("migrate", skip_checks=False, verbosity=0)


def test_a_database_of_this_version_is_migrated():
    assert check_history(databases=["default"]) == []
    migrate()


def test_one_of_another_version_is_refused_in_words(recorder):
    for key in [*OLD, ("cases", "0099_of_tomorrow")]:
        recorder.record_applied(*key)
    with pytest.raises(SystemCheckError) as refused:
        migrate()
    words = str(refused.value)
    assert "(accounts.0001_of_old, cases.0002_of_old, cases.0003_of_old and 1 more)" in words
    assert "Nothing in it was changed." in words
    assert "HINT: A database from before 0.1.0 cannot be upgraded." in words


def test_it_is_refused_before_anything_is_made(recorder):
    """Also where Django itself would stop at a history that contradicts itself."""
    recorder.record_applied(*OLD[0])
    for app in ("cases", "vault"):
        recorder.migration_qs.filter(app=app).delete()
    before = recorder.applied_migrations().keys()
    tables = connection.introspection.table_names()
    with pytest.raises(SystemCheckError, match="made by another version"):
        migrate()
    assert recorder.applied_migrations().keys() == before
    assert connection.introspection.table_names() == tables


def test_old_migrations_of_packages_and_of_apps_that_are_gone_are_no_matter(recorder):
    for app in ("auth", "an_app_that_is_gone"):
        recorder.record_applied(app, "0001_of_old")
    assert check_history(databases=["default"]) == []


def test_an_empty_database_is_no_matter(recorder):
    with connection.schema_editor() as editor:
        editor.delete_model(recorder.Migration)
    assert check_history(databases=["default"]) == []


def test_what_was_squashed_is_known(monkeypatch):
    key = ("cases", "0002_of_old")
    assert unknown_migrations([key]) == [key]
    initial = import_module("workflows.cases.migrations.0001_initial")
    monkeypatch.setattr(initial.Migration, "replaces", [key])
    assert unknown_migrations([key]) == []
