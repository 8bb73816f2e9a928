"""An index of a corpus for the look-up of one person at a time: which records may be about them.

What is indexed is the squeezed stream of `squeeze`, so that an odd spelling is found as the pass
finds it: each Han character, each run of Latin letters and each run of digits is a word, with its
position. Runs of digits grow together with their neighbours in the stream, so that numbers are
indexed by all their stretches of six digits as well. What the index points at is then confirmed as
in the pass; numbers written in words are found by the pass only.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import orjson
import tantivy

from workflows.datasets.lookup.hits import Finding, Hit, judge
from workflows.datasets.lookup.literals import whole_words
from workflows.datasets.lookup.markup import without_markup
from workflows.datasets.lookup.patterns import Patterns
from workflows.datasets.lookup.persons import Identifier
from workflows.datasets.lookup.readers import Figures, Schema, batches
from workflows.datasets.lookup.records import every_line
from workflows.datasets.lookup.scan import Column, findings
from workflows.datasets.lookup.shards import Shard
from workflows.datasets.lookup.squeeze import fold_bytes, squeeze
from workflows.datasets.lookup.stream_bytes import decode
from workflows.datasets.lookup.variants import spellings

_WORDS = r"[a-z]+|[0-9]+|[^\x00-\x7f]"
_WORD = re.compile(_WORDS)
_NUMBER = re.compile(r"[0-9]{6,}")
_STRETCH = 6
# Letters of a spelling that are enough to look for without the digits around them.
_ENOUGH = 4
_HEAP = 128 * 1024 * 1024
# Records that are looked at for one person; a common name alone may stand in many more.
MOST_RECORDS = 200


@dataclass(frozen=True, slots=True)
class Found:
    """A record with hits, and its texts by field."""

    hits: Sequence[Hit]
    texts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an index says of one person. `candidates` of its records may hold them in all.

    When these are more than `MOST_RECORDS`, only the most similar were looked at.
    """

    found: Sequence[Found]
    candidates: int

    @property
    def complete(self) -> bool:
        """Whether all records that may hold the person were looked at."""
        return self.candidates <= MOST_RECORDS


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("stream", tokenizer_name="stream", index_option="position")
    builder.add_text_field("numbers", tokenizer_name="stretches", index_option="basic")
    builder.add_bytes_field("record", stored=True)
    return builder.build()


def _register_tokenizers(index: tantivy.Index) -> tantivy.Index:
    for name, tokenizer in (
        ("stream", tantivy.Tokenizer.regex(_WORDS)),
        ("stretches", tantivy.Tokenizer.whitespace()),
    ):
        index.register_tokenizer(name, tantivy.TextAnalyzerBuilder(tokenizer).build())
    return index


def build(folder: Path, shards: Iterable[Shard], schema: Schema) -> Iterator[Figures]:
    """Write the index of these shards into an empty folder; yield what was read, shard by shard.

    Raises ReadError.
    """
    index = _register_tokenizers(tantivy.Index(_schema(), path=str(folder)))
    writer = index.writer(_HEAP, 1)
    for shard in shards:
        figures = Figures()
        for batch in batches(shard, schema, every_line):
            figures.add(batch.figures)
            for row in range(len(batch.columns[0])):
                texts = {column.field: column.text(row) for column in batch.columns}
                record = [shard.file, batch.record_id(row), texts]
                writer.add_document(_document(record, texts.values()))
        yield figures
    writer.commit()
    writer.wait_merging_threads()


def _document(record: list[Any], texts: Iterable[str]) -> tantivy.Document:
    document = tantivy.Document()
    document.add_bytes("record", orjson.dumps(record))
    for text in texts:
        for stream in _streams(text):
            document.add_text("stream", stream)
            stretches = " ".join(_stretches(stream))
            if stretches:
                document.add_text("numbers", stretches)
    return document


def _streams(text: str) -> Iterator[str]:
    """Yield the streams that the pass searches: of the text, and around its markup."""
    folded = fold_bytes(bytearray(text.encode("utf-8", "replace")))
    for squeezed in (squeeze(folded.folded), *without_markup(folded, escaped=False)):
        yield decode(squeezed.stream).decode("utf-8", "replace")


def _stretches(stream: str) -> Iterator[str]:
    for number in _NUMBER.findall(stream):
        for start in range(len(number) - _STRETCH + 1):
            yield number[start : start + _STRETCH]


class PersonIndex:
    """An index that was built, open for reading; may be kept open and shared by threads."""

    def __init__(self, folder: Path) -> None:
        self._index = _register_tokenizers(tantivy.Index.open(str(folder)))
        self._searcher = self._index.searcher()

    @property
    def records(self) -> int:
        """The number of records in the index."""
        return int(self._searcher.num_docs)

    def look_up(self, identifiers: Sequence[Identifier]) -> Answer:
        """Return the records in which the identifiers of one person stand, the likeliest first."""
        result: Any = self._searcher.search(self._query(identifiers), MOST_RECORDS)
        records = [
            orjson.loads(cast("bytes", self._searcher.doc(address).get_first("record")))
            for _score, address in result.hits
        ]
        patterns = Patterns(identifiers, numerals=False)
        return Answer(list(_confirmed(records, patterns)), int(result.count))

    def _query(self, identifiers: Iterable[Identifier]) -> tantivy.Query:
        wanted = dict.fromkeys(
            _wanted(words)
            for identifier in identifiers
            for spelling in spellings(identifier)
            for words in whole_words(spelling)
        )
        return tantivy.Query.boolean_query(
            [(tantivy.Occur.Should, self._all_of(*words)) for words in wanted if any(words)]
        )

    def _all_of(self, phrase: tuple[str, ...], stretches: tuple[str, ...]) -> tantivy.Query:
        schema = self._index.schema
        parts = [tantivy.Query.term_query(schema, "numbers", stretch) for stretch in stretches]
        if len(phrase) == 1:
            parts.append(tantivy.Query.term_query(schema, "stream", phrase[0]))
        elif phrase:
            parts.append(tantivy.Query.phrase_query(schema, "stream", list(phrase)))
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, part) for part in parts])


def _wanted(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the phrase and the stretches of digits that stand where a text stands in a stream.

    Digits at its ends may have grown together with others in the stream: of these only the
    stretches are certain, and of shorter ones nothing.
    """
    words = _WORD.findall(text)
    stretches: list[str] = []
    for end in (0, -1):
        if words and words[end].isdecimal():
            number = words[end]
            letters = sum(len(word) for word in words if not word.isdecimal())
            if len(number) >= _STRETCH:
                stretches += {number[:_STRETCH]: 0, number[-_STRETCH:]: 0}
            if len(number) >= _STRETCH or letters >= _ENOUGH:
                del words[end]
    return tuple(words), tuple(stretches)


def _confirmed(records: Sequence[list[Any]], patterns: Patterns) -> Iterator[Found]:
    """Decide on the records as the pass does."""
    by_record: dict[int, list[Finding]] = {}
    for field in dict.fromkeys(name for _file, _id, texts in records for name in texts):
        column = Column.of_texts(field, [texts.get(field, "") for _file, _id, texts in records])
        for row, found in findings(column, patterns):
            by_record.setdefault(row, []).extend(found)
    for row in sorted(by_record):
        file, record_id, texts = records[row]
        yield Found(list(judge(by_record[row], file=file, record=record_id)), texts)
