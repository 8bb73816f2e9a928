"""A worker keeps its connection to the database from one task to the next."""

import time

import psycopg
import pytest
from celery import signals
from celery.fixups.django import DjangoWorkerFixup
from django.db import connection

from requests_portal.celery import app
from workflows.outbox.tasks import canary

pytestmark = pytest.mark.django_db(transaction=True)


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def between_two_tasks() -> None:
    """Do what Celery does when a task has ended and another begins."""
    fixup = DjangoWorkerFixup(app)
    fixup.close_database()
    fixup.close_database()
    signals.task_prerun.send(sender=canary, task=canary, task_id="1")


def test_the_connection_is_kept():
    before = backend()
    between_two_tasks()
    assert backend() == before


def test_one_that_is_too_old_is_not_kept():
    before = backend()
    connection.close_at = time.monotonic() - 1
    between_two_tasks()
    assert backend() != before


def test_one_that_the_server_has_ended_is_noticed_before_it_is_used():
    before = backend()
    with psycopg.connect(connection.connection.info.dsn) as another:
        another.execute("SELECT pg_terminate_backend(%s, 1000)", [before])
    between_two_tasks()
    assert backend() != before
