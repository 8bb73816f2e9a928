"""What the tests of the log share: other roles of the database, and threads."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connection
from psycopg import conninfo


@pytest.fixture(scope="module")
def write_once():
    """Write a log through the services the first time, and the same rows each further time.

    Appending hundreds of events one by one is what the tests that read would spend their time on.
    """
    from django.apps import apps

    models = sorted(apps.get_app_config("ledger").get_models(), key=lambda m: m.__name__ != "Event")
    models = [model for model in models if model._meta.managed]
    written = []

    def write(build):
        if not written:
            build()
            written.extend(list(model.objects.all()) for model in models)
            return
        for model, rows in zip(models, written, strict=True):
            model.objects.bulk_create(rows)

    return write


@pytest.fixture
def connect():
    """Connect to the test database in another role; all connections are closed at the end."""
    made = []

    def open_connection(role):
        settings = connection.settings_dict
        info = conninfo.make_conninfo(
            dbname=settings["NAME"], host=settings["HOST"], port=settings["PORT"], user=role
        )
        try:
            made.append(psycopg.connect(info, autocommit=True))
        except psycopg.OperationalError as error:
            pytest.skip(f"THE ROLE {role} IS NOT THERE ON THIS SERVER: {error}")
        return made[-1]

    yield open_connection
    for each in made:
        each.close()


@pytest.fixture
def in_thread():
    """Start functions in threads with connections of their own; returns futures."""

    def run(function, args):
        try:
            return function(*args)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=8) as pool:
        yield lambda function, *args: pool.submit(run, function, args)
