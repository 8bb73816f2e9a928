"""The compiled kernel: says what NumPy says, and is not missed where it cannot be compiled."""

import json
import os
import re
import shutil
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workflows.corpus.normalize import markup
from workflows.corpus.normalize.characters import LOOKALIKES, encode
from workflows.corpus.normalize.kernel import native, numpy_twin
from workflows.corpus.normalize.numerals import NUMBER_IN_WORDS, NUMERALS, STROKES, WORDS_IN_NUMBERS
from workflows.corpus.normalize.stream import fold_bytes

pytestmark = pytest.mark.skipif(
    shutil.which("cc") is None or native.build() is None or native.load() is None,
    reason="no C compiler, or another processor than x86-64 with AVX2",
)

# Several times the 32 bytes that the kernel looks at together, and characters of each length.
TEXTS = st.text(
    st.sampled_from("aZ09 .<&%[*\\王小明１Ａé\u0301\u200b\u3000ß①⼩𝟏📱ﬁæ\n") | st.characters(),
    max_size=150,
)


def folded_by_numpy(raw: bytearray, *, escaped: bool) -> tuple[bytearray, list[int]]:
    """Fold a text with NumPy; also return where its markup begins."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "load", lambda: None)
        folded = fold_bytes(raw, escaped=escaped)
    pattern = markup.MARKUP_IN_JSON if escaped else markup.MARKUP_IN_BYTES
    return folded.folded, [at for at in folded.marks if pattern.match(raw, at)]


@given(TEXTS, st.integers(0, 3))
@example("", 0)
@example("a" * 32, 0)
@example("𝟏" * 16, 3)
@example(r"<b>&amp;%e7**\u738b\\u738b&", 0)
@example("x**y**z", 0)
def test_it_folds_as_numpy_does_and_marks_where_markup_begins(text, cut):
    raw = bytearray(text.encode("utf-8", "replace"))
    del raw[len(raw) - cut :]  # a block may end within a character
    folded = fold_bytes(raw, escaped=False)
    expected, begins = folded_by_numpy(raw, escaped=False)
    assert folded.folded == expected
    assert set(begins) <= set(folded.marks)
    assert sorted(set(folded.marks)) == folded.marks.tolist()


@given(TEXTS, st.booleans(), st.integers(0, 12))
@example(r"王\n\u738b</b>&#64;", True, 0)
@example("\ud83d\U0001f4f1\ude00", True, 3)
@example("**a**b %E7 [b] \\", False, 0)
def test_it_resolves_the_escapes_of_json_as_numpy_does(text, ascii_only, cut):
    raw = bytearray(json.dumps(text, ensure_ascii=ascii_only).encode("utf-8", "replace"))
    del raw[len(raw) - cut :]
    folded = fold_bytes(raw, escaped=True)
    expected, begins = folded_by_numpy(raw, escaped=True)
    assert folded.folded == expected
    assert set(begins) <= set(folded.marks)


@given(st.text(st.sampled_from('\\u"nx<Dd83E0c4&%41'), max_size=60))
def test_broken_escapes_are_read_as_numpy_reads_them(text):
    raw = bytearray(text.encode())
    folded = fold_bytes(raw, escaped=True)
    expected, begins = folded_by_numpy(raw, escaped=True)
    assert folded.folded == expected
    assert set(begins) <= set(folded.marks)


# Of what markup consists, and what nearly is some.
SIGNS = st.sampled_from(
    [*'<>/!&#;%[]=\\"*{}\n ax王é_', "--", "**", "p", "BR", "h1", "at", "dot", "ps:", "P:", "amp;", "nbsp", "shy",
     "lt;", "65", "x41", "25", "e7", "41", "u4e00", "u003c", "u003E", "u0026", "url", "b", "\\\\", "\\/",
     "a" * 99, "a" * 398]
)  # fmt: skip


def around_markup(raw: bytearray, *, escaped: bool) -> tuple[list[list[int]], list[bytes]]:
    """Return where markup is and whether it is inside of a tag, and the streams around it."""
    folded = fold_bytes(raw, escaped=escaped)
    pieces = markup.pieces(folded, bytearray(folded.folded), escaped=escaped)
    streams = [squeezed.stream for squeezed in markup.without_markup(folded, escaped=escaped)]
    return [[start, stop, kind & native.INSIDE] for start, stop, kind in pieces.tolist()], streams


@settings(max_examples=300)
@given(
    st.lists(SIGNS | st.characters(), max_size=40).map("".join), st.booleans(), st.integers(0, 8)
)
@example("<!-- a --><!a><!-->x--><b<p></p><at></dot><a u003e", False, 0)
@example(r"<\/p>\u003cbr\u003e\u0026amp;#65;<a \"><a \q><pé><h\u0031>[\/url][url=\"]", True, 0)
@example("&amp;amp;&amp;lt;&amp;x&#12345678;&#xfffffff&nbspfoo;&nbspfoo &shy&a;", False, 0)
@example("%25%2541%252525%25u4e00%u4e00%4%e7%8e%8b", False, 0)
@example("\\" * 17 + r"u4e00 \\u{41} \\u{} \\x4 \x41", True, 0)
@example("<a title='%41 &lt; [b] <'>**a**b**ps:[color=red]", False, 0)
@example("h**ps://a h**p: h**PS: h**p:** a**Ps:", False, 0)
@example(f"<{'a' * 401}><{'a' * 402}>[url={'a' * 100}][url={'a' * 101}]", False, 0)
def test_it_finds_the_markup_that_the_patterns_describe(text, escaped, cut):
    raw = bytearray(text.encode("utf-8", "surrogatepass"))
    del raw[len(raw) - cut :]
    assert_markup_is_that_of_the_patterns(raw, escaped=escaped)


@settings(max_examples=300)
@given(st.lists(SIGNS.map(str.encode) | st.binary(max_size=3), max_size=40), st.booleans())
@example([b"<b\xff>", b"<b \xe7>", b"[url=\xff]", b"<!-- \xff -->", b"a**\xe7**b&\xff;"], False)
@example([b"<b\xff>", b"<b \xe7>", b"[url=\xff]", b"<!-- \xff -->", b"a**\xe7**b&\xff;"], True)
@example([b"<b \\ud83d\\u12>", b"<b \\ud83d\\q>", b"<b \\ud83d\\ude00>", b"<b \\U0041>"], True)
@example([b"<p\0>", b"<\0p>", b"[b\0]", b"<!--\0-->", b"<b \\\0>"], True)
def test_in_broken_bytes_it_finds_the_markup_that_the_patterns_describe(pieces, escaped):
    assert_markup_is_that_of_the_patterns(bytearray(b"".join(pieces)), escaped=escaped)


def assert_markup_is_that_of_the_patterns(raw: bytearray, *, escaped: bool) -> None:
    found = around_markup(raw, escaped=escaped)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "load", lambda: None)
        assert found == around_markup(raw, escaped=escaped)


@given(st.lists(st.sampled_from(b"\x01 az09\x80\xc0\xf1"), max_size=150))
@example([])
@example(list(b"a" * 32 + b" " * 32))
def test_it_squeezes_as_numpy_does(values):
    folded = bytes(values)
    stream, expected = (
        native.normalize_stream(native.load(), folded),
        numpy_twin.normalize_stream(folded),
    )
    assert stream.content == expected.content
    assert stream.kept.tolist() == expected.kept.tolist()
    assert stream.before.tolist() == expected.before.tolist()


@given(st.lists(st.sampled_from(LOOKALIKES + b"x"), max_size=150).map(bytes))
@example(b"138ooo138ooo" * 8)
@example(b"x" * 31 + b"0" * 8)
def test_it_finds_letters_for_digits_where_numpy_does(stream):
    assert native.digit_lookalikes(native.load(), stream) == numpy_twin.digit_lookalikes(stream)


@given(st.text(st.sampled_from(["\x01", " ", "a", "z", "0", "王", "é"]), min_size=1, max_size=150))
def test_it_knows_where_a_byte_came_from_as_numpy_does(text):
    folded = text.encode()
    stream = numpy_twin.normalize_stream(folded)
    stretches = [(place, len(stream.content) - 1) for place in range(len(stream.content))]
    if stretches:
        ends, words = native.spans(native.load(), folded, stream, stretches)
        expected, expected_words = numpy_twin.spans(folded, stream, stretches)
        assert ends.tolist() == expected.tolist()
        assert words == expected_words


@given(
    st.lists(
        st.sampled_from([*WORDS_IN_NUMBERS, *"0123456789oil x", "hundred", *STROKES, *NUMERALS]),
        max_size=60,
    ).map("".join)
)
@example("one" * 40)
@example("")
def test_it_finds_numbers_in_words_where_they_stand(text):
    stream = encode(text.encode())
    stretches = native.numbers_in_words(native.load(), stream)
    assert all(0 <= begin < end <= len(stream) for begin, end in stretches)
    assert all(end - begin <= 256 for begin, end in stretches)
    words = re.compile("|".join(WORDS_IN_NUMBERS))
    for number in NUMBER_IN_WORDS.finditer(text):
        signs = re.search(f"[0-9oil {STROKES}{NUMERALS}]*(?={words.pattern})", number[0])
        # It reads "ohundred" as "oh" first, and does not come back to it.
        from_signs = signs and re.sub("oh(?=undred|yphen)", "x", number[0][signs.start() :])
        if signs and NUMBER_IN_WORDS.match(from_signs):
            first, word, stop = (
                len(text[: number.start() + at].encode())
                for at in (signs.start(), signs.end(), len(number[0]))
            )
            # Before the first word it goes no farther back than a number is long.
            assert any(begin <= max(first, word - 125) <= end for begin, end in stretches)
            assert any(begin < stop <= end for begin, end in stretches)


# What is a lead, goes on with a character or does neither, at the edges of what each may be.
EDGES = st.sampled_from(
    [bytes([byte]) for byte in b"a\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xe1\xec\xed\xee\xef"
     b"\xf0\xf1\xf3\xf4\xf5\xff"] + ["é".encode(), "王".encode(), "📱".encode(), b"a" * 31]
)  # fmt: skip
BROKEN = st.lists(EDGES, max_size=40).map(b"".join)


@given(BROKEN | st.binary(max_size=100), st.booleans())
@example(b"a" * 31 + b"\xe2", False)
@example(b"a" * 30 + b"\xed\xa0\x80", False)
@example(b"a" * 32 + b"\xf4\x90", True)
def test_bytes_that_are_not_utf_8_are_folded_as_numpy_folds_them(raw, escaped):
    folded = fold_bytes(bytearray(raw), escaped=escaped)
    expected, begins = folded_by_numpy(bytearray(raw), escaped=escaped)
    assert folded.folded == expected
    assert set(begins) <= set(folded.marks)


@given(TEXTS.map(lambda text: text.encode("utf-8", "replace")) | BROKEN | st.binary(max_size=100))
@example(b"a" * 32)
@example(b"a" * 29 + "📱".encode())
@example(b"a" * 31 + b"\xc3")
def test_it_knows_what_the_decoder_takes_for_well_formed(raw):
    # These begin no character and may stand between two.
    between = bytes.maketrans(b"\xc0\xc1" + bytes(range(0xF5, 0x100)), b"?" * 13)
    try:
        raw.translate(between).decode()
    except UnicodeDecodeError:
        assert not native.is_well_formed(native.load(), raw)
    else:
        assert native.is_well_formed(native.load(), raw)


@given(st.binary(max_size=100), st.booleans())
def test_bytes_that_are_not_utf_8_stay_within_their_block(raw, escaped):
    folded, marks = native.fold_bytes(native.load(), bytearray(raw), escaped=escaped)
    assert len(folded) == len(raw)
    assert all(0 <= position < len(raw) for position in marks)


def test_more_new_characters_than_it_names_at_once_are_all_folded():
    raw = bytearray("".join(map(chr, range(0x1D400, 0x1D600))).encode())
    folded, _marks = native.fold_bytes(native.load(), raw, escaped=False)
    assert folded == numpy_twin.fold_bytes(raw)[0]


@pytest.fixture
def source(tmp_path, monkeypatch):
    """One file of a copy of the sources, beside which the library is put."""
    for file in native.sources():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(native, "FOLDER", tmp_path)
    native.load.cache_clear()
    yield tmp_path / "kernel_fold.c"
    native.load.cache_clear()


def test_a_library_of_an_older_source_is_not_loaded_and_goes_when_it_is_compiled_again(source):
    old = native.build()
    assert native.load() is not None
    native.load.cache_clear()
    source.write_text(source.read_text() + "/* changed */\n")
    assert native.load() is not None
    new = native.library()
    assert new != old
    assert [file.name for file in source.parent.glob("*.so")] == [new.name]


def test_without_a_compiler_nothing_is_compiled_and_nothing_fails(source, monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    assert native.build() is None
    assert native.load() is None


def test_what_the_compiler_refuses_is_told(source):
    source.write_text("this is not C")
    with pytest.raises(subprocess.CalledProcessError):
        native.build()
    assert native.load() is None
    assert not list(source.parent.glob("*.so"))


@pytest.fixture
def read_only(source, monkeypatch):
    """Nobody may write beside the sources, not even root."""
    access = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: path != source.parent and access(path, mode)
    )


def test_where_it_is_installed_read_only_it_is_compiled_into_the_cache_of_the_user(
    read_only, source, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    assert native.load() is not None

    assert not list(source.parent.glob("*.so"))
    assert [path.parent for path in tmp_path.rglob("*.so")] == [tmp_path / "cache/requests-portal"]


def test_where_nothing_can_be_written_numpy_does_it(read_only, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "cache").write_text("no folder")

    assert native.load() is None


@given(st.binary(max_size=100).map(lambda data: data.replace(b"0", b"\n")))
def test_it_counts_as_numpy_does(data):
    data = bytearray(data)
    counted = native.count(native.load(), data, ord("\n"))
    assert counted == numpy_twin.count(data, ord("\n")) == data.count(b"\n")
