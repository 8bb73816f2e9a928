"""A table of PostgreSQL is read by its pages, with a cursor, and never written."""

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from tests.workflows.corpus.support import WANG, patterns
from workflows.corpus.formats.sql_table import table_shards
from workflows.corpus.locate import locate_shard
from workflows.corpus.values import ReadError, ReadStats, Schema

pytestmark = pytest.mark.django_db(transaction=True)

KNOWN = patterns(WANG)
SCHEMA = Schema("key", ("Body", "title"))


@pytest.fixture
def database():
    """The address of the test database, with a table of posts in it."""
    address = psycopg.conninfo.make_conninfo(
        host=settings.DATABASES["default"]["HOST"],
        port=settings.DATABASES["default"]["PORT"],
        user=settings.DATABASES["default"]["USER"],
        dbname=connection.settings_dict["NAME"],
    )
    with connection.cursor() as cursor:
        cursor.execute('CREATE TABLE posts (key bigint, "Body" text, title varchar(90))')
        cursor.executemany(
            "INSERT INTO posts VALUES (%s, %s, %s)",
            [(n, "padding " * 60 if n % 10 else "王小明 13800138025", None) for n in range(200)],
        )
        cursor.execute("CREATE VIEW some_posts AS SELECT * FROM posts WHERE key < 20")
    yield address
    with connection.cursor() as cursor:
        cursor.execute("DROP VIEW some_posts; DROP TABLE posts")


def located(address, table, **options):
    figures = ReadStats()
    found = [
        hit.id
        for shard in table_shards(address, table, **options)
        for hit in locate_shard(shard, KNOWN, SCHEMA, figures)
    ]
    return found, figures


def test_every_row_is_read_once_whatever_the_pieces(database):
    whole, figures = located(database, "posts")
    pieces, again = located(database, "public.posts", shard_bytes=16384)
    assert whole == [n for n in range(0, 200, 10) for _hit in range(2)]
    assert sorted(pieces) == whole
    assert figures.rows == again.rows == 200
    assert len(table_shards(database, "posts", shard_bytes=16384)) > 3


def test_a_view_is_read_as_one_piece(database):
    assert located(database, "some_posts")[0] == [0, 0, 10, 10]


@pytest.mark.parametrize("table", ["nothing", "public.posts; DROP TABLE posts", 'x"y'])
def test_a_table_that_is_not_there_is_named(database, table):
    with pytest.raises(ReadError, match="There is no table"):
        table_shards(database, table)


def test_a_column_that_is_not_there_is_named(database):
    (shard,) = table_shards(database, "some_posts")
    with pytest.raises(ReadError, match="no column text"):
        list(locate_shard(shard, KNOWN, Schema("key", ("text",))))


def test_an_error_tells_nothing_of_the_address():
    address = "postgresql://who:secret@127.0.0.1:1/nowhere"
    with pytest.raises(ReadError) as error:
        table_shards(address, "posts")
    assert "secret" not in str(error.value)
    assert error.value.__suppress_context__
