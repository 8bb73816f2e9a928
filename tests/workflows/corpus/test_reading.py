"""How a stretch of text is read: what each character of a reading stands for."""

from hypothesis import given
from hypothesis import strategies as st

from workflows.corpus.normalize.characters import fold
from workflows.corpus.normalize.text_views import NormalizedText, normalize, normalize_all

# Pieces of markup, characters that fold to none or to two, wide ones, lone surrogates.
MARKUP = "<b> </b> <br> [i] &#49; &amp; %E7%8E%8B %ff \\u738b \\ud800 **"
PIECES = st.sampled_from([*MARKUP.split(), *"\u200bæŉ½\0一王Ａ8x \n-<&%["])
TEXTS = st.lists(PIECES | st.characters(), max_size=12).map("".join)


def as_read(reading: NormalizedText) -> tuple[object, ...]:
    return tuple(value.tolist() if isinstance(value, memoryview) else value for value in reading)


@given(st.lists(TEXTS, max_size=5))
def test_texts_that_are_read_at_once_are_read_as_one_by_one(texts):
    assert [*map(as_read, normalize_all(texts))] == [as_read(normalize(text)) for text in texts]


@given(TEXTS)
def test_each_character_of_a_reading_stands_for_some_of_the_source_in_order(text):
    reading = normalize(text)
    assert len(reading.flat) == len(reading.starts) == len(reading.ends)
    position = 0
    for start, end in zip(reading.starts, reading.ends, strict=True):
        assert position <= start < end <= len(text)
        position = start
    assert reading.letters == "".join(filter(str.isalnum, reading.flat))
    assert reading.letters == "".join(reading.flat[index] for index in reading.at)


@given(st.text(st.characters(exclude_characters="<&%[\\\\"), max_size=20))
def test_a_text_without_markup_is_read_as_its_fold(text):
    reading = normalize(text)
    assert reading.flat == fold(text)
    for folded, start, end in zip(reading.flat, reading.starts, reading.ends, strict=True):
        assert end == start + 1
        assert folded in fold(text[start])


def test_what_markup_stands_for_stands_for_all_of_it():
    reading = normalize("1<b>3&#56;æ</b>0")
    spans = zip(reading.starts, reading.ends, strict=True)
    assert [
        (c, "1<b>3&#56;æ</b>0"[i:j]) for c, (i, j) in zip(reading.flat, spans, strict=True)
    ] == [
        ("1", "1"),
        ("3", "3"),
        ("8", "&#56;"),
        ("a", "æ"),
        ("e", "æ"),
        ("0", "0"),
    ]
