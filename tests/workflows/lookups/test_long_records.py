"""Records of millions of letters: what a hit in one costs does not grow with its record."""

import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from tests.workflows.corpus.support import WANG, patterns
from workflows.corpus.formats.jsonl import positions_in_text
from workflows.corpus.formats.shards import shards
from workflows.corpus.locate import locate_records
from workflows.lookups.excerpts import CONTEXT_CHARS, excerpt

LETTERS = 1_500_000
HITS = 300
KNOWN = patterns(WANG)


def text_with(hits: int) -> str:
    between = "今天天气很好，我们去公园玩。\n" * (LETTERS // hits // 15)
    return (between + "联系王小明。\n") * hits


def peak(work: Callable[[], Any]) -> tuple[Any, int]:
    """Return what a piece of work gives, and the most memory that it took meanwhile."""
    tracemalloc.start()
    try:
        return work(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
def test_an_excerpt_takes_no_more_memory_than_it_shows(place):
    text = text_with(1)
    start = int((len(text) - 3) * place)
    shown, memory = peak(lambda: excerpt(text, start, start + 3, own=[(start, start + 3)]))
    assert shown.hit == text[start : start + 3]
    assert len(shown.before) <= CONTEXT_CHARS + 1
    assert memory < 256 * 1024


def test_places_in_a_line_are_moved_without_keeping_its_escapes():
    text = text_with(1)
    quoted = json.dumps(text, ensure_ascii=False).encode()
    place = quoted.index("王小明".encode()) - 1
    positions, memory = peak(lambda: list(positions_in_text(quoted, [place, place + 9])))
    assert text.encode()[slice(*positions)] == "王小明".encode()
    assert memory < 64 * 1024


def located(tmp_path, text):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"id": 1, "text": text}, ensure_ascii=False) + "\n")
    (record,) = locate_records(shards(path)[0], KNOWN)
    return record


def test_many_hits_in_a_long_record_cost_hardly_more_than_one(tmp_path):
    one, many = text_with(1), text_with(HITS)
    located(tmp_path, one)  # what is learned once for all is not counted
    _record, least = peak(lambda: located(tmp_path, one))
    record, most = peak(lambda: located(tmp_path, many))
    assert [record.texts["text"][hit.start : hit.end] for hit in record.hits] == ["王小明"] * HITS
    assert most < least + 2 * 1024 * 1024
