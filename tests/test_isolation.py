"""Tests leave nothing behind for each other, and reach nothing outside this machine."""

import socket

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import DatabaseError, connection

from workflows.ledger.models import Tile
from workflows.ledger.verify import missing_triggers


def a_tile() -> Tile:
    return Tile.objects.create(level=0, index=0, hashes=b"0", root=b"0")


@pytest.mark.django_db(transaction=True)
def test_a_flush_empties_the_append_only_tables_and_leaves_them_protected():
    a_tile()
    call_command("flush", interactive=False, verbosity=0)
    assert not Tile.objects.exists()
    assert missing_triggers() is None
    a_tile()
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute("TRUNCATE ledger_tile")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_real_transactions_begin_with_what_migrations_made_and_nothing_else(turn):
    assert Group.objects.filter(name="reviewer").exists()
    assert not User.objects.exists()
    User.objects.create_user("left behind")


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "portal.example.org"])
def test_no_connection_leaves_this_machine(host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as connection, pytest.raises(RuntimeError, match="tried to connect"):
        connection.connect((host, 80))
