"""What was found in a line of JSONL is found in its texts, without another search where that goes."""

import json

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.workflows.corpus.support import WANG, patterns
from workflows.corpus.columns import Candidate, Column
from workflows.corpus.formats.jsonl import places_in_text
from workflows.corpus.formats.shards import shards
from workflows.corpus.locate import locate_shard
from workflows.corpus.match.scan import findings
from workflows.corpus.values import Schema

KNOWN = patterns(WANG)
NUMBER = "13800138025"
TEXTS = st.lists(
    st.sampled_from(
        [
            NUMBER,
            "138\n0013\t8025",
            "王小明",
            '"王\\小明"',
            "Wang Xiaoming",
            "\x01",
            "\n",
            "\\n",
            "é",
            "😀",
            "<b>",
            "</b>",
            " ",
            "，",
            "一三八零零一三八零二五",
            "\x7f\u2028",
        ]
    ),
    max_size=12,
).map("".join)


def of_line(line: bytes, *texts: str) -> list[list[str] | None]:
    """Return, for each text of a line, which parts of it the places of NUMBER in the line point to."""
    at = [place for place in range(len(line)) if line.startswith(NUMBER.encode(), place)]
    found = [Candidate(place, place + len(NUMBER), ()) for place in at]
    places = [places_in_text(line, text, found) for text in texts]
    return [
        among and [text.encode()[c.start : c.end].decode() for c in among]
        for text, among in zip(texts, places, strict=True)
    ]


@given(TEXTS)
@example('\\"\n\x01' + NUMBER + "\x1f" + NUMBER)
def test_a_place_in_a_line_is_the_same_characters_in_its_text(text):
    line = orjson.dumps({"id": 1, "text": text})
    (places,) = of_line(line, text)
    assert (places or []) == [NUMBER] * text.count(NUMBER)


def test_what_lies_in_another_field_or_over_an_edge_is_not_in_the_text():
    line = orjson.dumps({"title": NUMBER, "text": f"see {NUMBER}", "url": f"x{NUMBER}"})
    assert of_line(line, f"see {NUMBER}", "", "no such text") == [[NUMBER], None, None]
    start = line.index(b"see ")
    over = Candidate(start - 3, start + 3, ())
    assert places_in_text(line, f"see {NUMBER}", [over]) == []


@pytest.mark.parametrize("text", ["王\ud800", "a/b"])
def test_a_text_that_stands_otherwise_in_the_line_is_not_found_there(text):
    line = json.dumps({"text": text}).replace("/", "\\/").encode()
    assert places_in_text(line, text, []) is None


def safe_in_html(line: str) -> str:
    """Write a line as those writers do who think of web pages: no < and > in it."""
    return line.replace("<", "\\u003c").replace(">", "\\u003E").replace("&", "\\u0026")


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4), st.booleans(), st.booleans())
@example([("<b>", "138</b>0013</b>8025")], False, True)
@example([("", "<&lt; 138<b>0013</b>8025>")], False, True)
def test_a_line_gives_the_hits_that_its_texts_give(tmp_path_factory, records, ascii_only, safe):
    file = tmp_path_factory.mktemp("jsonl") / "a.jsonl"
    lines = [
        json.dumps({"id": n, "title": title, "text": text}, ensure_ascii=ascii_only)
        for n, (title, text) in enumerate(records)
    ]
    file.write_text("".join(f"{safe_in_html(line) if safe else line}\n" for line in lines))
    schema = Schema(text_fields=("title", "text"))
    (shard,) = shards(file)
    found = {
        (hit.id, hit.field, hit.kind, hit.start, hit.end)
        for hit in locate_shard(shard, KNOWN, schema)
    }
    places = {
        (row, place.field, place.identifier.kind, place.start, place.end)
        for field, texts in zip(("title", "text"), zip(*records, strict=True), strict=True)
        for row, among in findings(Column.of_texts(field, texts), KNOWN)
        for place in among
    }
    assert found <= places
    # Of places of one kind that overlap, a hit is one.
    for row, field, kind, start, end in places:
        assert any(
            (row, field, kind) == hit[:3] and hit[3] < end and start < hit[4] for hit in found
        )
