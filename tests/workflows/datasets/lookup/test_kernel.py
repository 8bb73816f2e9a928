"""The compiled kernel: says what NumPy says, and is not missed where it cannot be compiled."""

import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workflows.datasets.lookup import kernel, squeeze_in_c, squeeze_in_numpy
from workflows.datasets.lookup.stream_bytes import LOOKALIKES

pytestmark = pytest.mark.skipif(
    shutil.which("cc") is None or kernel.build() is None or kernel.load() is None,
    reason="no C compiler, or another processor than x86-64 with AVX2",
)

# Several times the 32 bytes that the kernel looks at together, and characters of each length.
TEXTS = st.text(
    st.sampled_from("aZ09 .<&%[*\\王小明１Ａé\u0301\u200b\u3000ß①⼩𝟏📱ﬁæ\n") | st.characters(),
    max_size=150,
)


@given(TEXTS, st.integers(0, 3))
@example("", 0)
@example("a" * 32, 0)
@example("𝟏" * 16, 3)
def test_it_folds_as_numpy_does(text, cut):
    raw = bytearray(text.encode("utf-8", "replace"))
    del raw[len(raw) - cut :]  # a block may end within a character
    folded, special = squeeze_in_c.fold_bytes(kernel.load(), raw)
    expected, expected_special = squeeze_in_numpy.fold_bytes(raw)
    assert folded == expected
    assert special.tolist() == expected_special.tolist()


@given(st.lists(st.sampled_from(b"\x01 az09\x80\xc0\xf1"), max_size=150))
@example([])
@example(list(b"a" * 32 + b" " * 32))
def test_it_squeezes_as_numpy_does(values):
    folded = np.array(values, np.uint8)
    stream, expected = squeeze_in_c.squeeze(kernel.load(), folded), squeeze_in_numpy.squeeze(folded)
    assert stream.content == expected.content
    assert stream.kept.tolist() == expected.kept.tolist()
    assert stream.before.tolist() == expected.before.tolist()


@given(st.lists(st.sampled_from(LOOKALIKES + b"x"), max_size=150).map(bytes))
@example(b"138ooo138ooo" * 8)
@example(b"x" * 31 + b"0" * 8)
def test_it_finds_letters_for_digits_where_numpy_does(stream):
    ends = sorted(set(squeeze_in_c.lookalikes(kernel.load(), stream).tolist()))
    expected = squeeze_in_numpy.lookalikes(stream).tolist()
    # Where a chunk ends, it cannot know whether the stretch goes on.
    assert [end for end in ends if end in expected or end % 32] == expected
    assert all(set(stream[end - 8 : end]) <= set(LOOKALIKES) for end in ends)


@given(st.binary(max_size=100))
def test_bytes_that_are_not_utf_8_stay_within_their_block(raw):
    folded, special = squeeze_in_c.fold_bytes(kernel.load(), bytearray(raw))
    assert len(folded) == len(raw)
    assert all(0 <= position < len(raw) for position in special.tolist())


def test_more_new_characters_than_it_names_at_once_are_all_folded():
    raw = bytearray("".join(map(chr, range(0x1D400, 0x1D600))).encode())
    folded, _special = squeeze_in_c.fold_bytes(kernel.load(), raw)
    assert folded == squeeze_in_numpy.fold_bytes(raw)[0]


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A copy of the source, of which the library lies elsewhere."""
    copy = tmp_path / "kernel.c"
    copy.write_bytes(kernel.SOURCE.read_bytes())
    monkeypatch.setattr(kernel, "SOURCE", copy)
    kernel.load.cache_clear()
    yield copy
    kernel.load.cache_clear()


def test_a_library_of_an_older_source_is_not_loaded_and_goes_when_it_is_compiled_again(source):
    old = kernel.build()
    assert kernel.load() is not None
    kernel.load.cache_clear()
    source.write_text(source.read_text() + "/* changed */\n")
    assert kernel.load() is None
    new = kernel.build()
    assert new != old
    assert [file.name for file in source.parent.glob("*.so")] == [new.name]


def test_without_a_compiler_nothing_is_compiled_and_nothing_fails(source, monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    assert kernel.build() is None
    assert kernel.load() is None


def test_what_the_compiler_refuses_is_told(source):
    source.write_text("this is not C")
    with pytest.raises(subprocess.CalledProcessError):
        kernel.build()
    assert not list(source.parent.glob("*.so"))
