"""Sealed values are bound to their rows: those that are not yet are sealed once more.

Needs `VAULT_KEY` (and `VAULT_OLD_KEYS`) where there are cases. Works in short transactions and may
be run again after it was broken off.
"""

from django.apps.registry import Apps
from django.db import migrations

from workflows.vault.binding import SealedTable, bind_rows

_OF_CASE = "(SELECT c.data_key_id FROM cases_case AS c WHERE c.id = t.case_id)"
_OF_DRAFT = "(SELECT d.data_key_id FROM cases_draft AS d WHERE d.id = t.draft_id)"
TABLES = (
    SealedTable("vault_storedfile", ("sha256",), "t.data_key_id"),
    SealedTable("cases_case", ("service", "kin_finding"), "t.data_key_id"),
    SealedTable("cases_person", ("name", "email", "phone", "authority", "kin"), _OF_CASE),
    SealedTable("cases_identifier", ("value",), _OF_CASE),
    SealedTable(
        "cases_item",
        ("details", "finding", "reasons", "instead_because", "verification"),
        _OF_CASE,
    ),
    SealedTable("cases_message", ("body",), _OF_CASE),
    SealedTable("cases_attachment", ("name",), _OF_CASE),
    SealedTable("cases_eventcontent", ("opening",), _OF_CASE),
    SealedTable("cases_draft", ("answers",), "t.data_key_id"),
    SealedTable("cases_draftfile", ("details",), _OF_DRAFT),
    SealedTable("datasets_spelling", ("value",), _OF_CASE),
    SealedTable("datasets_match", ("record", "source", "excerpt"), _OF_CASE),
    SealedTable("corrections_itemchange", ("pairs",), _OF_CASE),
    SealedTable(
        "corrections_manifest",
        ("note", "jsonl", "parquet", "replacements", "left"),
        "t.data_key_id",
    ),
    SealedTable("corrections_suppression", ("phrase", "test_prompt"), _OF_CASE),
)


def bind(apps: Apps, schema_editor: object) -> None:
    """Bind the values of every table."""
    for table in TABLES:
        bind_rows(table)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("reports", "0009_regulator_tokens"),
        ("cases", "0014_second_look_at_identity"),
        ("corrections", "0011_withdrawn"),
        ("datasets", "0009_approval_nonce"),
        ("vault", "0002_shared_cache"),
    ]

    operations = [migrations.RunPython(bind, migrations.RunPython.noop)]
