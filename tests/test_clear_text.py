"""What tests of sealing rest on: a text that is not sealed is found, in whatever column it lies."""

import pytest
from django.db import connection

from tests.clear_text import tables_with

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("column", ["words", "bytes"])
def test_a_text_that_is_not_sealed_is_found(column):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE open_book (words text, bytes bytea)")
        value = "住在杭州" if column == "words" else "住在杭州".encode()
        cursor.execute(f"INSERT INTO open_book ({column}) VALUES (%s)", [value])

    assert tables_with("在杭", ["open_book"]) == ["open_book"]
    assert tables_with("在上", ["open_book"]) == []
