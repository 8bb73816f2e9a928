"""The bytes that are searched: letters and digits of a text, and where each came from."""

import itertools
import json
import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workflows.corpus.normalize.characters import TEXT_BREAK, decode, encode, fold
from workflows.corpus.normalize.kernel import native
from workflows.corpus.normalize.stream import (
    NormalizedStream,
    digit_lookalikes,
    fold_bytes,
    normalize_stream,
    numbers_in_words,
)

# Much of what matters, and now and then anything from the ranges that fold.
TEXTS = st.text(
    st.sampled_from('aZ09 .@-<&%\\王小明１Ａé\u0301\u200b\u00a0\u3000。ß①⼩𝟏📱\n"nu')
    | st.characters(max_codepoint=0x4DBF),
    max_size=60,
)


@pytest.fixture(autouse=True, scope="module", params=["compiled", "numpy"])
def way(request):
    """Each test runs with the compiled kernel, where there is one, and with NumPy."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "numpy":
            patch.setattr(native, "load", lambda: None)
        yield


def squeezed(raw: bytes, *, escaped: bool = False) -> NormalizedStream:
    return normalize_stream(fold_bytes(bytearray(raw), escaped=escaped).folded)


def stream(raw: bytes, *, escaped: bool = False) -> str:
    return decode(squeezed(raw, escaped=escaped).stream).decode()


def content(text: str) -> str:
    return "".join(filter(str.isalnum, fold(text)))


@given(TEXTS)
@example("ŉ")
def test_the_stream_is_the_content_of_the_folded_text(text):
    assert stream(text.encode()).replace(" ", "") == content(text)


@given(TEXTS)
def test_a_break_stands_after_a_letter_and_nowhere_else(text):
    assert not re.search(r"(?<![a-z]) ", stream(text.encode()))


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Li Na, Wang", "li na wang"),
        ("Li\u00a0\u00a0Na", "li na"),
        ("Lina", "lina"),
        ("wang.xm@example.com", "wang xm example com"),
        ("138 0013-8000", "13800138000"),
        ("王 小　明", "王小明"),
        ("tel 138 0013", "tel 1380013"),
        ("José García", "jose garcia"),
        ("S ø r é \u200bn", "s o r e n"),
        ("a" + "\u200b" * 99 + " b1" + "\u200b" * 99 + " 2", "a b12"),
    ],
)
def test_words_stay_apart_and_numbers_grow_together(text, result):
    assert stream(text.encode()) == result


def test_very_many_invisible_characters_take_no_longer_than_others():
    folded = fold_bytes(bytearray("a" + "\u200b" * 700_000 + " b", "utf-8")).folded
    started = time.perf_counter()
    assert normalize_stream(folded).stream == b"a b"
    assert time.perf_counter() - started < 1  # each of them was looked at from every place behind


@given(TEXTS)
def test_each_byte_of_the_stream_knows_the_character_it_came_from(text):
    raw = text.encode()
    found = squeezed(raw)
    sources = [
        start for start, _end, _word in found.spans([(i, i) for i in range(len(found.stream))])
    ]
    assert sources == sorted(sources)
    for byte, source in zip(found.stream, sources, strict=True):
        begin = source
        while raw[begin] & 0xC0 == 0x80:
            begin -= 1
        folded = fold(raw[begin:].decode()[0])
        assert byte in encode(folded.encode()) or (byte == TEXT_BREAK and not folded.isalnum())


@pytest.mark.parametrize(
    ("text", "word", "whole"),
    [
        ("Carolina", "lina", False),
        ("é\u200bLi Na\u200b!", "li na", False),
        ("é \u200bLi Na\u200b!", "li na", True),
        ("联系Li Na，", "li na", True),
        ("Ali Na", "li na", False),
        ("Li Nan", "li na", False),
    ],
)
def test_a_word_is_touched_by_no_letter(text, word, whole):
    found = squeezed(text.encode())
    first = found.stream.find(word.encode())
    assert found.spans([(first, first + len(word) - 1)])[0][2] is whole


@given(TEXTS, st.booleans())
def test_raw_json_is_searched_as_the_text_it_stands_for(text, ascii_only):
    raw = json.dumps(text, ensure_ascii=ascii_only).encode()
    assert stream(raw, escaped=True).replace(" ", "") == content(text)


@pytest.mark.parametrize(
    "raw", [b"\\", b"\\u12", b"\\ud800", b"\\ud800\\u0041", b"\\uD83D\\uDE00\\"]
)
def test_a_block_may_end_in_the_middle_of_an_escape(raw):
    found = squeezed(b'"138 ' + raw, escaped=True)
    assert found.stream.startswith(b"138")


@given(st.binary(max_size=40))
def test_bytes_that_are_not_utf_8_do_no_harm(raw):
    found = squeezed(raw, escaped=True)
    assert len(found.spans([(i, i) for i in range(len(found.stream))])) == len(found.stream)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("call one three eight zero zero one three eight", True),
        ("call onethreeeightzerozeroonethreeeight", True),
        ("one three eight, double zero one three, eight", True),
        ("138 zero zero 13 8000", True),
        ("138ohoh138ohohoh", True),
        ("one three eight丨zero zero one杠three eight", True),
        ("one hundred people, two of them then three", False),
        ("one two three", False),
        ("13800138000", False),
    ],
)
def test_numbers_in_words_are_suspected_where_they_stand(text, is_one):
    found = squeezed(text.encode()).stream
    stretches = numbers_in_words(found)
    assert bool(stretches) is is_one or native.load() is None
    assert all(0 <= begin < end <= len(found) for begin, end in stretches)


def test_a_long_row_of_words_is_suspected_all_the_way():
    found = squeezed(b"x " + b"seven " * 100).stream
    stretches = numbers_in_words(found)
    assert stretches[0][0] <= 2
    assert stretches[-1][1] >= len(found) - 1
    # What is read at a time is bounded, and a number of 18 words is whole in one of them.
    assert all(end - begin <= 256 for begin, end in stretches)
    assert all(
        end - later_begin >= 18 * len("seven ")
        for (_begin, end), (later_begin, _end) in itertools.pairwise(stretches)
    )


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("138oo138ooo", True),
        ("I38 0013 8000", True),
        ("13800138000 of", False),  # a letter beside it, but that begins a word
        ("13800138000", False),
        ("hello 13800138000", False),
        ("2013 oil", False),
    ],
)
def test_letters_for_digits_are_suspected(text, is_one):
    found = squeezed(text.encode()).stream
    assert bool(digit_lookalikes(found)) is is_one


def test_letters_for_digits_are_suspected_in_front_of_many_digits():
    assert digit_lookalikes(b"13oo8138" + b"7" * 50)
