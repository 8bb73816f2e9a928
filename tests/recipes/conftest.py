"""A copy of the portal with a database that was migrated by the code as it is."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.prepared import migrated_database, with_database
from tests.recipes.copies import PORTAL, Copy

DATABASE = f"recipe_{os.getpid()}"


@pytest.fixture
def copy(tmp_path: Path, django_db_modify_db_settings: None) -> Iterator[Copy]:
    """A copy of the portal with a database of its own, which is dropped afterwards."""
    owner = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]
    name = sql.Identifier(DATABASE)
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name)
    with psycopg.connect(with_database(owner, "postgres"), autocommit=True) as server:
        template = sql.Identifier(migrated_database(owner))
        server.execute(drop)
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, template))
        urls = {
            "DATABASE_URL": with_database(os.environ["DATABASE_URL"], DATABASE),
            "DATABASE_OWNER_URL": with_database(owner, DATABASE),
        }
        try:
            yield Copy(tmp_path, PORTAL, urls)
        finally:
            server.execute(drop)
