"""Reads JSONL, plain or compressed: whole lines, of which only those asked for are parsed."""

import gzip
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Any

import orjson

from workflows.corpus.columns import Batch, Candidate, Column, Filter
from workflows.corpus.entries import ManifestError, Replacements
from workflows.corpus.formats.files import (
    GZIP,
    UNREADABLE,
    ZSTD,
    create_compressed,
    open_compressed,
    unpacked_zstd,
)
from workflows.corpus.formats.jsonl_rewriting import MAX_RECORD, parse_record, rewrite
from workflows.corpus.formats.protocol import Placed, Rows, Shard, Source
from workflows.corpus.normalize.stream import count
from workflows.corpus.values import (
    FORMATS,
    ReadError,
    ReadProblem,
    ReadStats,
    Schema,
    as_record_id,
)

_ESCAPE = re.compile(rb"\\(?:u[0-9a-f]{4}|.)")


def places_in_text(
    line: bytes | bytearray, text: str, found: Sequence[Candidate]
) -> list[Candidate] | None:
    """Return which of the places in a line are within a text of it, in bytes of that.

    None if the text is not to be found in the line. If it stands there twice, the first is taken.
    """
    try:
        quoted = orjson.dumps(text)
    except orjson.JSONEncodeError:  # a lone surrogate
        return None
    start = line.find(quoted) + 1
    if not start:
        return None
    stop = start + len(quoted) - 2
    inside = [place for place in found if start <= place.start and place.end <= stop]
    if b"\\" not in quoted:
        return [place.moved(-start) for place in inside]
    ends = sorted({position - start for place in inside for position in (place.start, place.end)})
    moved = dict(zip(ends, positions_in_text(quoted, ends), strict=True))
    return [
        Candidate(moved[place.start - start], moved[place.end - start], place.targets)
        for place in inside
    ]


def positions_in_text(quoted: bytes, positions: Iterable[int]) -> Iterator[int]:
    """Yield where positions in a text as JSON quotes it, in order, are in the text itself."""
    escapes = _ESCAPE.finditer(quoted)  # one by one: a long text has very many
    escape = next(escapes, None)
    lost = 0
    for position in positions:
        while escape is not None and escape.end() - 1 <= position:
            lost += escape.end() - escape.start() - 1
            escape = next(escapes, None)
        yield position - lost


# Bytes that are read at a time, as many as the cache of a processor keeps until they are searched.
_CHUNK = 1 << 20
# Lines, or bytes of lines, that are handed on at once: each time costs as much as many of them.
_RECORDS_AT_ONCE = 256
_BYTES_AT_ONCE = 4 * _CHUNK
# Room for the rest of the last line behind what is read at a time.
_ROOM = 64 * 1024
# Lines that tell in which encoding a file is.
_MANY = 8


def jsonl_batches(shard: Shard, schema: Schema, where: Filter) -> Iterator[Batch]:
    """Yield the lines to which `where` points. Raises ReadError."""
    lines = _Lines(schema)
    for number, (position, chunk) in enumerate(_chunks(shard)):
        if number == 0 and shard.start == 0:
            _check_beginning(chunk, shard, schema)
        lines.add(chunk, position, where)
        if lines.are_enough:
            yield lines.batch()
            lines = _Lines(schema)
    yield lines.batch()


def _chunks(shard: Shard) -> Iterator[tuple[int, bytearray]]:
    """Yield whole lines of a shard, some megabytes at a time, and where in the file they begin."""
    with shard.path.open("rb") as file:
        try:
            if shard.path.suffix == GZIP:
                yield from _whole_lines(gzip.GzipFile(fileobj=file), shard)
            elif shard.path.suffix == ZSTD:
                with unpacked_zstd(file) as frames:
                    yield from _whole_lines(frames, shard)
            else:
                yield from _whole_lines(file, shard, _first_line(file, shard))
        except (OSError, EOFError) as error:
            raise ReadError(
                f"{shard.file} cannot be read to its end.", ReadProblem.BROKEN, shard.file
            ) from error


def _first_line(file: io.BufferedReader, shard: Shard) -> int:
    """Go to the first line that begins in the shard, and return where that is."""
    if shard.start == 0:
        return 0
    file.seek(shard.start - 1)
    return shard.start - 1 + len(_rest_of_line(file, shard))


def _whole_lines(
    file: gzip.GzipFile | io.BufferedReader, shard: Shard, position: int = 0
) -> Iterator[tuple[int, bytearray]]:
    """Yield the lines from `position` on, with theirs.

    Of plain JSONL, those that begin within the shard.
    """
    bounded = not _is_packed(shard.path)
    while not bounded or position < shard.stop:
        size = min(_CHUNK, shard.stop - position) if bounded else _CHUNK
        chunk = bytearray(size + _ROOM)
        del chunk[file.readinto(memoryview(chunk)[:size]) :]
        if not chunk:
            if bounded:
                raise ReadError(
                    f"{shard.file} became shorter while it was read.",
                    ReadProblem.CHANGED,
                    shard.file,
                )
            return
        if not chunk.endswith(b"\n"):
            chunk += _rest_of_line(file, shard)
        yield position, chunk
        position += len(chunk)


def _rest_of_line(file: gzip.GzipFile | io.BufferedReader, shard: Shard) -> bytes:
    rest = file.readline(MAX_RECORD)
    if len(rest) == MAX_RECORD:
        raise ReadError(
            f"{shard.file} has a record of more than {MAX_RECORD} bytes.",
            ReadProblem.TOO_LONG,
            shard.file,
        )
    return rest


def _check_beginning(chunk: bytearray, shard: Shard, schema: Schema) -> None:
    """Refuse a file that begins otherwise than a file of records with these fields.

    It is packed under a wrong name, or in another encoding, or the name of a field is mistyped: to
    find nobody in it would prove nothing.
    """
    parsed = map(parse_record, chunk.split(b"\n"))
    records = (record for record in parsed if record is not None)
    first = next(records, None)
    if first is None:
        if chunk.strip():
            raise ReadError(
                f"{shard.file} does not begin with JSON objects, one a line, in UTF-8.",
                ReadProblem.BROKEN,
                shard.file,
            )
        return
    if _is_otherwise_encoded(chunk):
        raise ReadError(f"{shard.file} is not UTF-8.", ReadProblem.NOT_UTF8, shard.file)
    names = ", ".join(schema.text_fields)
    if not set(schema.text_fields) & first.keys():
        raise ReadError(f"{shard.file} has no field {names}.", ReadProblem.NO_FIELD, names)
    for record in chain([first], records):
        if any(isinstance(record.get(name, ()), str | None) for name in schema.text_fields):
            return
    raise ReadError(f"The field {names} of {shard.file} is not text.", ReadProblem.NOT_TEXT, names)


def _is_otherwise_encoded(chunk: bytearray) -> bool:
    """Tell whether every line of many is no UTF-8: some broken ones are in every crawl."""
    try:
        chunk.decode()
    except UnicodeDecodeError:
        lines = [line for line in chunk.split(b"\n") if not line.isascii()]
        return len(lines) >= _MANY and not any(map(_is_utf8, lines))
    return False


def _is_utf8(line: bytearray) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Record:
    """A parsed line, where it begins, and the places in it at which an identifier may stand."""

    line: bytearray
    position: int
    fields: dict[str, Any]
    found: list[Candidate]

    def text(self, name: str) -> str:
        text = self.fields.get(name)
        return text if isinstance(text, str) else ""


class _Lines:
    """The lines that were asked for, gathered from several chunks until they are enough."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._figures = ReadStats()
        self._records: list[_Record] = []
        self._size = 0

    @property
    def are_enough(self) -> bool:
        return len(self._records) >= _RECORDS_AT_ONCE or self._size >= _BYTES_AT_ONCE

    def add(self, chunk: bytearray, position: int, where: Filter) -> None:
        """Take from a chunk of whole lines, which begins there, those to which `where` points."""
        self._figures.bytes += len(chunk)
        self._figures.rows += count(chunk, ord("\n")) + (not chunk.endswith(b"\n"))
        start, end = 0, -1
        found: list[Candidate] = []
        for place in sorted(where(memoryview(chunk)), key=attrgetter("start")):
            if place.start >= end:
                start = chunk.rfind(b"\n", 0, place.start) + 1
                end = chunk.find(b"\n", place.start)
                end = len(chunk) if end < 0 else end
                found = []
                self._add_line(chunk[start:end], position + start, found)
            found.append(place.moved(-start))

    def _add_line(self, line: bytearray, position: int, found: list[Candidate]) -> None:
        fields = parse_record(line)
        if fields is None:
            self._figures.unreadable += 1
        else:
            self._figures.unreadable += any(
                not isinstance(fields.get(name), str | None) for name in self._schema.text_fields
            )
            self._records.append(_Record(line, position, fields, found))
            self._size += len(line)

    def batch(self) -> Batch:
        schema, records = self._schema, self._records

        def source(index: int) -> str:
            return str(as_record_id(records[index].fields.get(schema.source_field)) or "")

        return Batch(
            [_column(name, records) for name in schema.text_fields],
            lambda index: as_record_id(records[index].fields.get(schema.id_field)),
            self._figures,
            source,
            lambda index: records[index].position,
        )


def _column(name: str, records: Sequence[_Record]) -> Column:
    """Return the texts of one field, with what was found in them if that is known of all."""
    texts = [record.text(name) for record in records]
    found = []
    for record, text in zip(records, texts, strict=True):
        places = places_in_text(record.line, text, record.found)
        if places is None:
            return Column.of_texts(name, texts)
        found.append(places)
    return Column.of_texts(name, texts, found)


def _is_packed(path: Path) -> bool:
    return path.suffix in (GZIP, ZSTD)


class JsonlFormat:
    """JSONL, plain or compressed. It is searched as it stands, and only lines asked for are parsed.

    A shard of a plain file is what begins in the bytes `start` to before `stop`; a compressed one
    cannot be entered in the middle and is one shard.
    """

    traits = FORMATS["jsonl"]

    def shards(self, source: Source, shard_bytes: int) -> Iterator[Shard]:
        """Cut a file at bytes."""
        if _is_packed(source.path):
            yield Shard(source.path, source.file, self.traits.name)
            return
        size = source.path.stat().st_size
        for start in range(0, size, shard_bytes):
            stop = min(start + shard_bytes, size)
            yield Shard(source.path, source.file, self.traits.name, start, stop)

    def batches(self, shard: Shard, schema: Schema, where: Filter) -> Iterator[Batch]:
        """Yield the lines to which `where` points. Raises ReadError."""
        return jsonl_batches(shard, schema, where)

    def records(self, source: Source, schema: Schema) -> Iterator[Placed]:  # noqa: ARG002
        """Yield the records; a line that is none only counts. Raises ManifestError.

        Also if there are lines, and none of them is a record.
        """
        return _placed(source.path)

    def rewrite(
        self, source: Source, target: Path, rows: Rows, wording: Replacements, id_field: str
    ) -> None:
        """Copy the lines, of which only the characters of a span are exchanged."""
        with open_compressed(source.path) as lines, create_compressed(target) as out:
            rewrite(lines, out, rows, wording, id_field)


def _placed(path: Path) -> Iterator[Placed]:
    try:
        found = broken = False
        position = 0
        with open_compressed(path) as lines:
            for row, line in enumerate(lines):
                parsed = parse_record(line)
                if parsed is not None:
                    found = True
                    yield row, position, parsed
                else:
                    broken = broken or bool(line.strip())
                position += len(line)
        if broken and not found:
            raise ManifestError(f"{path} holds lines, but none is a JSON object in UTF-8.")
    except UNREADABLE as error:
        raise ManifestError(f"{path} cannot be read to its end.") from error
