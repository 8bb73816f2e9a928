"""A small corpus in which each record bears a mark that the portal never looks at.

A mark stays with its record whatever number a pipeline gives it. So the model knows about whom a
record is, and what has become of each of its words. The files and rows are written and read here by
other means than those of the portal.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
from psycopg import sql

from tests.workflows.corrections.tables import address

FORMATS = ("jsonl", "jsonl.gz", "parquet", "txt", "table")
CUT = "[REDACTED]"
CLAIMED, CORRECT = "住在上海", "住在杭州"
# What a record may hold: <whom it names|word>, <whose claim!words>. Words of nobody are about a
# namesake. The first two hold the same text, and are about two people.
KINDS = (
    "<wang|王小明>又来了",
    "<|王小明>又来了",
    "<wang|王小明><wang!住在上海>，电话 <wang|13800001234>",
    "<li|李小红>，电话 <li|13900005678>",
    "<wang|王小明>（<wang|13800001234>）和<li|李小红>（<li|13900005678>）<wang!住在上海>",
    "<wang|王小明>和另一个<|李小红>，电话 <wang|13800001234>",
    "<wang|王小明>认识另一个<|王小明>",
    "<|王小明><!住在上海>，养了两只猫",
    "另一个<|王小明>和另一个<|李小红>",
    "公司的总机是 <|13800001234>",
    "<li|李小红>又来了",
    "nothing here",
    "of another dataset",
)
UNRELATED, NOTHING = len(KINDS) - 1, len(KINDS) - 2
_MARKED = re.compile(r"<(\w*)([|!])([^>]+)>")
_MARK = re.compile(r" §(\w+)§")
_TEXT = re.compile(rb'("text"\s*:\s*")[^"]*"')


class Part(NamedTuple):
    """Words of a record which may change: whose they are, and where they stand now."""

    who: str
    is_claim: bool
    start: int
    end: int
    changed: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """A record as it was read: its mark, its id, its text, where it stands, and all else of it."""

    mark: str | None
    id: str | int | None
    text: str
    place: int = 0
    raw: object = None


# The records of each file.
Content = dict[str, list[Piece]]


def text_of(kind: int) -> str:
    """Return the text of a record of a kind."""
    return _MARKED.sub(r"\3", KINDS[kind])


@cache
def people_of(kind: int) -> frozenset[str]:
    """Return about whom a record of a kind is."""
    return frozenset(found[1] for found in _MARKED.finditer(KINDS[kind])) - {""}


@cache
def _becoming(kind: int) -> tuple[re.Pattern[str], tuple[tuple[str, bool, str], ...]]:
    """Return what texts may become of a kind, and its parts."""
    pattern, reached, parts = "", 0, []
    for found in _MARKED.finditer(KINDS[kind]):
        who, sign, words = found.groups()
        is_claim = sign == "!"
        pattern += re.escape(KINDS[kind][reached : found.start()])
        pattern += f"({re.escape(words)}|{re.escape(CORRECT if is_claim else CUT)})"
        parts.append((who, is_claim, words))
        reached = found.end()
    return re.compile(pattern + re.escape(KINDS[kind][reached:])), tuple(parts)


def parts_of(kind: int, text: str) -> list[Part] | None:
    """Return the parts of what has become of a record; None if somebody has made it another."""
    pattern, parts = _becoming(kind)
    found = pattern.fullmatch(text)
    if found is None:
        return None
    return [
        Part(who, is_claim, *found.span(number), found[number] != words)
        for number, (who, is_claim, words) in enumerate(parts, 1)
    ]


def pieces(content: Content) -> list[Piece]:
    """Return the records of all files."""
    return [piece for of_file in content.values() for piece in of_file]


def digest(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


# --- Files ------------------------------------------------------------------------------------


def write(place: Path, ending: str, content: Content, *, alone: bool, ids: bool) -> None:
    """Write records into a folder of files, or as the only file of a snapshot."""
    if alone:
        (rows,) = content.values()
        _write_file(place, ending, rows, ids=ids)
        return
    place.mkdir()
    for name, rows in content.items():
        _write_file(place / name, ending, rows, ids=ids)


def _write_file(path: Path, ending: str, rows: Sequence[Piece], *, ids: bool) -> None:
    if ending == "txt":
        marked = [f"{row.text} §{row.mark}§" if row.mark else row.text for row in rows]
        path.write_text("\n\n".join(marked) + "\n")
        return
    records = [
        {**({"id": row.id} if ids else {}), "text": row.text, "mark": row.mark, "more": [1.5]}
        for row in rows
    ]
    if ending == "parquet":
        columns = [("text", pa.string()), ("mark", pa.string()), ("more", pa.list_(pa.float32()))]
        schema = pa.schema([*([("id", pa.string())] if ids else []), *columns])
        pq.write_table(pa.Table.from_pylist(records, schema), path, row_group_size=2)
        return
    # Lines of one file need not be written alike.
    lines = b"".join(
        json.dumps(
            record,
            ensure_ascii=number % 3 == 1,
            separators=((",", ":"), (" ,  ", ": "))[number % 2],
        ).encode()
        + b"\n"
        for number, record in enumerate(records)
    )
    path.write_bytes(gzip.compress(lines) if ending == "jsonl.gz" else lines)


def read(place: Path, ending: str) -> Content:
    """Return the records of a snapshot, by the names of their files."""
    if place.is_file():
        return {place.name: _read_file(place, ending)}
    files = [path for path in sorted(place.iterdir()) if path.name.endswith(f".{ending}")]
    return {path.name: _read_file(path, ending) for path in files}


def _read_file(path: Path, ending: str) -> list[Piece]:
    if ending == "txt":
        return _paragraphs(path.read_bytes().decode())
    if ending == "parquet":
        return [
            Piece(row["mark"], row.get("id"), row["text"], number, _rest(row))
            for number, row in enumerate(pq.read_table(path).to_pylist())
        ]
    content, found, place = path.read_bytes(), [], 0
    for line in (gzip.decompress(content) if ending == "jsonl.gz" else content).splitlines(True):
        record = json.loads(line)
        found.append(Piece(record["mark"], record.get("id"), record["text"], place, line))
        place += len(line)
    return found


def _rest(row: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name != "text"}


def _paragraphs(document: str) -> list[Piece]:
    found, place = [], 0
    for part in document.removesuffix("\n").split("\n\n"):
        marked = _MARK.search(part)
        text = part[: marked.start()] + part[marked.end() :] if marked else part
        found.append(Piece(marked[1] if marked else None, None, text, place))
        place += len(part) + 2
    return found


def as_document(rows: Sequence[Piece]) -> str:
    """Return paragraphs as the document that they are read from."""
    return "\n\n".join(f"{row.text} §{row.mark}§" if row.mark else row.text for row in rows) + "\n"


def from_document(document: str) -> list[Piece]:
    """Return the paragraphs of a document."""
    return _paragraphs(document)


def same_but_for_text(one: Piece, other: Piece) -> bool:
    """Return whether all stays of a record of which the text was changed."""
    if isinstance(one.raw, bytes) and isinstance(other.raw, bytes):
        return _TEXT.sub(rb'\1"', one.raw) == _TEXT.sub(rb'\1"', other.raw)
    return one.raw == other.raw and one.id == other.id


# --- Tables -----------------------------------------------------------------------------------


def write_table(name: str, rows: Sequence[Piece]) -> None:
    """Let a table hold these rows and no others."""
    table = sql.Identifier(name)
    with psycopg.connect(address()) as keeper:
        create = 'CREATE TABLE IF NOT EXISTS {} (key bigint, "Body" text, mark text)'
        keeper.execute(sql.SQL(create).format(table))
        keeper.execute(sql.SQL("DELETE FROM {}").format(table))
        keeper.cursor().executemany(
            sql.SQL("INSERT INTO {} VALUES (%s, %s, %s)").format(table),
            [(row.id, row.text, row.mark) for row in rows],
        )


def read_table(name: str) -> list[Piece]:
    """Return the rows of a table."""
    query = sql.SQL('SELECT mark, key, "Body" FROM {} ORDER BY mark').format(sql.Identifier(name))
    with psycopg.connect(address()) as keeper:
        return [Piece(*row) for row in keeper.execute(query).fetchall()]
