"""The files of a manifest, as pipelines and data stewards fetch them."""

import json

from django.utils.translation import gettext as _

from workflows.accounts.actors import Actor
from workflows.cases.staff_actions import log_case_view
from workflows.common.errors import Refused
from workflows.corpus.entries import JSONL, NOTE, PARQUET
from workflows.corrections.models import Manifest
from workflows.corrections.transition import cases_of
from workflows.outbox.by_name import by_name

# Texts that replace others: personal data, and no part of the signed manifest.
REPLACEMENTS = "replacements.jsonl"
# The changes as a transaction, for a table.
SQL = "changes.sql"
# What holds texts about people; the others name places, lengths and hashes.
FILES_WITH_TEXTS = frozenset({REPLACEMENTS, SQL})
FILES = (NOTE, JSONL, PARQUET, REPLACEMENTS)

_changes_sql = by_name("workflows.corrections.manifest_builder.changes_sql")


def files_of(manifest: Manifest) -> tuple[str, ...]:
    """Return the names of the files that a manifest has."""
    return FILES if manifest.snapshot.traits.can_apply_here else (*FILES, SQL)


def download_file(manifest: Manifest, name: str, actor: Actor) -> bytes:
    """Return a file of a manifest to whoever fetches it: a look at each of its cases.

    Raises as `content_of` does, and `Refused` for one that was withdrawn.
    """
    if manifest.state == Manifest.State.WITHDRAWN or (
        manifest.state == Manifest.State.OPEN and not manifest.is_current
    ):
        raise Refused(_("This manifest was withdrawn: nothing is to be changed by it."))
    content = content_of(manifest, name)
    for case in cases_of(manifest):
        log_case_view(case, actor, what="manifest")
    return content


def content_of(manifest: Manifest, name: str) -> bytes:
    """Return a file of a manifest, one of those that `files_of` names.

    Raises KeyError for another name, `Shredded` after one of its cases was erased, and
    `Refused` where the table is not as it was.
    """
    if name not in files_of(manifest):
        raise KeyError(name)
    if name == SQL:
        script: bytes = _changes_sql(manifest)
        return script
    if name == REPLACEMENTS:
        return "".join(
            json.dumps({"ref": ref, "text": text}, ensure_ascii=False) + "\n"
            for ref, text in manifest.replacements.items()
        ).encode()
    contents = {NOTE: manifest.note.encode(), JSONL: manifest.jsonl, PARQUET: manifest.parquet}
    return contents[name]
