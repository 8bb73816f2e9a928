"""The bytes that are searched: letters and digits of a text, and where each came from."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.datasets.lookup.escapes import resolve_escapes
from workflows.datasets.lookup.folding import fold
from workflows.datasets.lookup.squeeze import Squeezed, fold_bytes, squeeze

# Much of what matters, and now and then anything from the ranges that fold.
TEXTS = st.text(
    st.sampled_from('aZ09 .@-<&%\\王小明１Ａé\u0301\u200b\u00a0\u3000。ß①⼩𝟏📱\n"nu')
    | st.characters(max_codepoint=0x4DBF),
    max_size=60,
)


def stream(text: str) -> Squeezed:
    return squeeze(fold_bytes(text.encode()).result)


def expected(text: str) -> str:
    """Return letters and digits of the folded text, with the first letter of each word raised."""
    raised = re.sub(r"(?<![a-z])[a-z]", lambda letter: letter[0].upper(), fold(text))
    return "".join(filter(str.isalnum, raised))


@given(TEXTS)
def test_the_stream_is_the_content_of_the_folded_text(text):
    assert stream(text).stream.tobytes().decode() == expected(text)


@given(TEXTS)
def test_each_byte_of_the_stream_knows_the_character_it_came_from(text):
    squeezed = stream(text)
    raw = text.encode()
    sources = squeezed.sources(range(squeezed.stream.size)).tolist()
    assert sources == sorted(sources)
    for byte, source in zip(squeezed.stream.tobytes(), sources, strict=True):
        begin = source
        while raw[begin] & 0xC0 == 0x80:
            begin -= 1
        character = raw[begin:].decode()[0]
        assert byte in fold(character).encode() + fold(character).upper().encode()


def test_a_dense_text_and_a_sparse_one_know_their_places_alike():
    for text in ("王小明" * 100 + "，", "a b " * 100):
        squeezed = stream(text)
        places = squeezed.sources(range(squeezed.stream.size))
        raw = text.encode()
        assert bytes(raw[place] for place in places).lower() == squeezed.stream.tobytes().lower()


@given(TEXTS, st.booleans())
def test_raw_json_is_searched_as_the_text_it_stands_for(text, ascii_only):
    raw = json.dumps(text, ensure_ascii=ascii_only).encode()
    folded = fold_bytes(raw)
    resolve_escapes(folded)
    assert squeeze(folded.result).stream.tobytes().decode() == expected(text)


@pytest.mark.parametrize(
    "raw", [b"\\", b"\\u12", b"\\ud800", b"\\ud800\\u0041", b"\\uD83D\\uDE00\\"]
)
def test_a_block_may_end_in_the_middle_of_an_escape(raw):
    folded = fold_bytes(b'"138 ' + raw)
    resolve_escapes(folded)
    assert squeeze(folded.result).stream.tobytes().startswith(b"138")


@given(st.binary(max_size=40))
def test_bytes_that_are_not_utf_8_do_no_harm(raw):
    folded = fold_bytes(raw)
    resolve_escapes(folded)
    squeezed = squeeze(folded.result)
    assert squeezed.sources(range(squeezed.stream.size)).size == squeezed.stream.size
