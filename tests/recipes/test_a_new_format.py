"""A new format is its traits, its class and its line in the registry: nothing else is touched.

The test adds one in a copy of the engine, and finds and changes a person's text in it there.
"""

import json
from pathlib import Path

from tests.recipes.copies import Copy
from workflows.corpus.values import FORMATS
from workflows.datasets.models import Snapshot

TRAITS = Path("workflows/corpus/values.py")
CLASS = Path("workflows/corpus/formats/csv_lines.py")
REGISTRY = Path("workflows/corpus/formats/registry.py")

MODULE = '''
"""CSV with a line of names; a shard is a file."""

import csv

from workflows.corpus.columns import Batch, Column
from workflows.corpus.entries import verified_edits, apply_edits
from workflows.corpus.formats.protocol import Shard
from workflows.corpus.values import FORMATS, ReadStats


class CsvFormat:
    traits = FORMATS["csv"]

    def shards(self, source, shard_bytes):
        yield Shard(source.path, source.file, self.traits.name)

    def batches(self, shard, schema, where):
        rows = _rows(shard.path)
        columns = [Column.of_texts(name, [row[name] for row in rows]) for name in schema.text_fields]
        figures = ReadStats(sum(column.size for column in columns), len(rows))
        yield Batch(
            columns, lambda n: rows[n][schema.id_field], figures, position=lambda index: index
        )

    def records(self, source, schema):
        return ((number, number, row) for number, row in enumerate(_rows(source.path)))

    def rewrite(self, source, target, rows, wording, id_field):
        changed, kept = dict(rows), []
        records = _rows(source.path)
        for number, record in enumerate(records):
            edits = verified_edits(record, id_field, changed.get(number, ()), wording)
            if edits is not None:
                texts = {name: apply_edits(record[name], of_field) for name, of_field in edits.items()}
                kept.append(record | texts)
        with target.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(records[0]))
            writer.writeheader()
            writer.writerows(kept)


def _rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
'''

DOCUMENTS = '''
"""Notes, of which each heading begins a record; a shard is a file."""

from workflows.corpus.columns import Batch, Column
from workflows.corpus.entries import apply_edits, verified_edits
from workflows.corpus.formats.protocol import DOCUMENT_ID, DOCUMENT_TEXT, Shard
from workflows.corpus.values import FORMATS, ReadStats


class NotesFormat:
    traits = FORMATS["notes"]

    def shards(self, source, shard_bytes):
        yield Shard(source.path, source.file, self.traits.name)

    def batches(self, shard, schema, where):
        column = Column.of_texts(DOCUMENT_TEXT, _pieces(shard.path))
        yield Batch(
            [column], lambda n: f"{shard.file}#{n}", ReadStats(column.size, len(column)),
            position=lambda n: n,
        )

    def records(self, source, schema):
        for number, text in enumerate(_pieces(source.path)):
            yield number, number, {DOCUMENT_ID: f"{source.file}#{number}", DOCUMENT_TEXT: text}

    def rewrite(self, source, target, rows, wording, id_field):
        target.write_text(self._rewritten(source, rows, wording))

    def is_rewritten(self, source, new, rows, wording):
        return new.read_text() == self._rewritten(source, rows, wording)

    def _rewritten(self, source, rows, wording):
        changed, texts = dict(rows), []
        for number, _position, record in self.records(source, None):
            edits = verified_edits(record, DOCUMENT_ID, changed.get(number, ()), wording)
            texts.append(apply_edits(record[DOCUMENT_TEXT], edits.get(DOCUMENT_TEXT, ())))
        return "".join(texts)


def _pieces(path):
    first, *others = path.read_text().split("# ")
    return [first, *("# " + text for text in others)]
'''

JOURNEY = """
import json, sys
from pathlib import Path
from workflows.corpus.commands import locate
from workflows.corpus.edits.apply import apply_entries
from workflows.corpus.edits.manifest_files import read_hits
from workflows.corpus.edits.residual import OriginalSnapshot, rescan
from workflows.corpus.edits.resolve import resolve
from workflows.corpus.entries import RequestedChange, Op, EntryOrigin, Replacements
from workflows.corpus.match.patterns import Patterns
from workflows.corpus.values import Schema, read_persons_file

sys.argv[1:] = ["data", "--persons", "persons.jsonl", "--out", "hits.jsonl", "--processes", "1"]
assert locate.command() == 0
hits, data, new, wording = list(read_hits(Path("hits.jsonl"))), Path("data"), Path("new"), Replacements({})
changes = [
    RequestedChange(op, h.file, h.id, h.field, h.start, h.end)
    for op, h in zip([Op.REDACT, Op.DELETE], hits, strict=True)
]
entries = list(resolve(changes, data, EntryOrigin(), wording))
apply_entries(entries, data, new, wording)
before = OriginalSnapshot(data, wording)
known = Patterns(read_persons_file(Path("persons.jsonl")))
print(json.dumps({
    "found": [[hit.file, hit.id, hit.kind] for hit in hits],
    "left": len(list(rescan(entries, new, Schema(), known, before=before))),
    "left in the old one": len(list(rescan(entries, data, Schema(), known, before=before))) > 0,
}))
"""


def test_traits_a_class_and_a_line_are_enough(tmp_path):
    copy = Copy(tmp_path, ("workflows/corpus", "workflows/common"))
    traits = '        FormatTraits("csv", ("text/csv",), (".csv",)),\n'
    copy.insert(TRAITS, traits, before='        FormatTraits("text",')
    copy.write(CLASS, MODULE)
    imported = "from workflows.corpus.formats.csv_lines import CsvFormat\n"
    copy.insert(REGISTRY, imported, before="from workflows.corpus.formats.jsonl import")
    copy.insert(REGISTRY, "CsvFormat(), ", before="JsonlFormat(), ")
    (tmp_path / "data").mkdir()
    lines = "id,text\n1,Write to erika@example.org.\n2,Nobody\n3,erika@example.org\n"
    (tmp_path / "data/people.csv").write_text(lines, encoding="utf-8")
    person = json.dumps({"ref": "E", "emails": ["erika@example.org"]})
    (tmp_path / "persons.jsonl").write_text(person, encoding="utf-8")

    printed = copy.run("-c", JOURNEY)

    assert json.loads(printed.splitlines()[-1]) == {
        "found": [["people.csv", "1", "email"], ["people.csv", "3", "email"]],
        "left": 0,
        "left in the old one": True,
    }
    changed = (tmp_path / "new/people.csv").read_text(encoding="utf-8").splitlines()
    assert changed == ["id,text", "1,Write to [REDACTED].", "2,Nobody"]


def test_a_format_of_documents_says_what_becomes_of_one(tmp_path):
    copy = Copy(tmp_path, ("workflows/corpus", "workflows/common"))
    traits = '        FormatTraits("notes", ("text/markdown",), (".md",), holds_documents=True),\n'
    copy.insert(TRAITS, traits, before='        FormatTraits("text",')
    copy.write(CLASS.with_name("notes.py"), DOCUMENTS)
    imported = "from workflows.corpus.formats.notes import NotesFormat\n"
    copy.insert(REGISTRY, imported, before="from workflows.corpus.formats.parquet import")
    copy.insert(REGISTRY, "NotesFormat(), ", before="PlainTextFormat(),)")
    (tmp_path / "data").mkdir()
    text = "Hers: erika@example.org\n\n# Another\n\nAlso erika@example.org, alone.\n\nNobody."
    (tmp_path / "data/a.md").write_text(text, encoding="utf-8")
    person = json.dumps({"ref": "E", "emails": ["erika@example.org"]})
    (tmp_path / "persons.jsonl").write_text(person, encoding="utf-8")

    printed = copy.run("-c", JOURNEY)

    assert json.loads(printed.splitlines()[-1]) == {
        "found": [["a.md", "a.md#0", "email"], ["a.md", "a.md#1", "email"]],
        "left": 0,
        "left in the old one": True,
    }
    changed = (tmp_path / "new/a.md").read_text(encoding="utf-8")
    assert changed == "Hers: [REDACTED]\n\n# Another\n\n[REDACTED]\n\nNobody."


def test_the_register_has_a_word_for_each_format():
    assert set(Snapshot.Format.values) == FORMATS.keys()
