"""Reads what older portals have left, and puts their log into the test database."""

import lzma
from pathlib import Path

from django.core import serializers
from django.core.management.color import no_style
from django.db import connection

VERSIONS = sorted(
    folder for folder in Path(__file__).parent.iterdir() if (folder / "keys.txt").exists()
)
assert VERSIONS, "Nothing is kept: every test here would be left out."


def keys_of(folder: Path) -> dict[str, str]:
    """Return the keys of a kept log by their names."""
    return dict(line.split(" ", 1) for line in (folder / "keys.txt").read_text().splitlines())


def load_log(folder: Path) -> None:
    """Put the rows of a kept log into the database, as a restored backup does.

    A field that there is no more is named by the error.
    """
    rows: dict[type, list] = {}
    with lzma.open(folder / "log.jsonl.xz", "rt") as lines:
        for row in serializers.deserialize("jsonl", lines):
            rows.setdefault(type(row.object), []).append(row.object)
    for model, objects in rows.items():
        model.objects.bulk_create(objects)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), rows):
            cursor.execute(statement)
