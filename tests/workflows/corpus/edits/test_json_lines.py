r"""A text changed in a raw line: every other byte stays, whatever its escapes are."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.corpus.entries import Edit, EditRefused, apply_edits
from workflows.corpus.formats.jsonl_rewriting import with_edits

PLAIN = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TEXTS = st.lists(
    st.one_of(PLAIN, st.sampled_from(['"', "\\", "\n", "\x00", "😀", "é", "/", "王", "\\u0041", "🇨🇳"])),
    max_size=8,
).map("".join)  # fmt: skip


@st.composite
def spelled(draw, text: str) -> str:
    """Spell a text as JSON, each character in a way of its own."""
    pieces = []
    for character in text:
        units = character.encode("utf-16-be", "surrogatepass")
        codes = [units[i : i + 2].hex() for i in range(0, len(units), 2)]
        ways = ["".join(f"\\u{code}" for code in codes), json.dumps(character)[1:-1]]
        if character >= " " and character not in '"\\':
            ways.append(character)
        if character == "/":
            ways.append("\\/")
        pieces.append(draw(st.sampled_from(ways)))
    return f'"{"".join(pieces)}"'


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_only_the_span_changes(data):
    text, new = data.draw(TEXTS), data.draw(TEXTS)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    before, after = data.draw(spelled(text[:start])), data.draw(spelled(text[end:]))
    middle = data.draw(spelled(text[start:end]))
    head = (
        '{"z" : [1.50,{"text":"no"}], "\\u0074ext":  ' if data.draw(st.booleans()) else '{"text":'
    )
    tail = ', "a":"} \\" text" ,"b":1e5}\r\n'
    line = (head + before[:-1] + middle[1:-1] + after[1:] + tail).encode()

    changed = with_edits(line, {"text": [Edit(start, end, new)]})

    assert json.loads(changed)["text"] == text[:start] + new + text[end:]
    assert changed.startswith((head + before[:-1]).encode())
    assert changed.endswith((after[1:] + tail).encode())


def test_the_new_text_is_written_in_the_style_of_the_line():
    edit = {"text": [Edit(0, 1, "王")]}
    assert with_edits(b'{"text":"ab"}', edit) == b'{"text":"\\u738bb"}'
    assert with_edits('{"text":"a明"}'.encode(), edit) == '{"text":"王明"}'.encode()


def test_several_edits_in_several_fields():
    line = b'{"title":"abc","n":null,"text":"defg"}'
    edits = {"text": [Edit(0, 1, "1"), Edit(2, 3, "22")], "title": [Edit(1, 2, "")]}
    assert with_edits(line, edits) == b'{"title":"ac","n":null,"text":"1e22g"}'


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        (b'\xef\xbb\xbf{"text":"abc"}\n', b'\xef\xbb\xbf{"text":"xbc"}\n'),
        (b'{"text":"old","text":"abc"}', b'{"text":"old","text":"xbc"}'),
        (b'{"text":"\\ud83dbc"}', b'{"text":"xbc"}'),
        (b'{"text":"a\xffc"}', '{"text":"x\ufffdc"}'.encode()),
        (b'{"a":{"text":"n"},"text":"abc"}', b'{"a":{"text":"n"},"text":"xbc"}'),
        (b'{"a":"text","text":"abc","b":["text","q"]}', b'{"a":"text","text":"xbc","b":["text","q"]}'),
    ],
)  # fmt: skip
def test_odd_lines(line, changed):
    assert with_edits(line, {"text": [Edit(0, 1, "x")]}) == changed


def test_a_text_with_a_lone_surrogate_stays_one():
    line = b'{"text":"ab\\ud83d"}'
    assert with_edits(line, {"text": [Edit(0, 1, "x")]}) == b'{"text":"xb\\ud83d"}'


@pytest.mark.parametrize("line", [b'{"text":1}', b'{"other":"x"}', b'{"text":"a","text":null}'])
def test_what_is_no_text_is_refused(line):
    with pytest.raises(EditRefused):
        with_edits(line, {"text": [Edit(0, 0, "x")]})


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), PLAIN), max_size=4))
def test_edits_are_made_as_if_one_by_one_from_the_end(text, places):
    edits, reached = [], 0
    for start, length, new in sorted(places):
        if reached <= start and start + length <= len(text):
            edits.append(Edit(start, start + length, new))
            reached = start + length
    expected = text
    for edit in reversed(edits):
        expected = expected[: edit.start] + edit.text + expected[edit.end :]
    assert apply_edits(text, edits) == expected
