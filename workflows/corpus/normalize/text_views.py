"""A stretch of text as it is compared: folded, without invisible characters, markup resolved.

Each character of it knows which characters of the source it stands for, so that a place found in a
reading is an exact span of the source.
"""

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from workflows.corpus.normalize.characters import (
    CONTENT,
    UNEVEN,
    as_text,
    fold,
    fold_evenly,
    marked,
)
from workflows.corpus.normalize.markup import BOLD, FORUM_TAG, MARKUP, decode, decoded, is_encoded
from workflows.corpus.normalize.numerals import STROKES, digits_in_words

_MAY_BE_MARKUP = re.compile(r"[<&%\\]|\[[/a-zA-Z]")

Replacement = tuple[int, int, str]


class NormalizedText(NamedTuple):
    """`flat[i]` stands for `source[starts[i]:ends[i]]`; `letters[k]` is `flat[at[k]]`."""

    source: str
    flat: str
    starts: Sequence[int]
    ends: Sequence[int]
    letters: str
    at: Sequence[int]

    def gap(self, index: int) -> str:
        """Return the marks between the letters `index - 1` and `index`."""
        return self.flat[self.at[index - 1] + 1 : self.at[index]]

    def stretch(self, first: int, last: int) -> str:
        """Return the text from the letter `first` to before `last`, with the marks between."""
        return self.flat[self.at[first] : self.at[last - 1] + 1]

    def is_parted(self, index: int) -> bool:
        """Tell whether a tag stands between two characters of `flat`, this one and that before."""
        return self.source[: self.starts[index]].endswith((">", "]", "**")) and (
            self.ends[index - 1] < self.starts[index]
        )

    def as_written(self, first: int, last: int) -> str:
        """Return the source of the letters from `first` to before `last`."""
        return self.source[self.starts[self.at[first]] : self.ends[self.at[last - 1]]]


def normalize_all(sources: Sequence[str], *, tags: bool = False) -> list[NormalizedText]:
    """Read texts without their tags, or with them as they stand: an address may be in one."""
    return _read(
        sources,
        [
            _replacements(source, 0, len(source), tags=not tags)
            if _MAY_BE_MARKUP.search(source)
            else ()
            for source in sources
        ],
    )


def normalize(source: str, *, tags: bool = False) -> NormalizedText:
    """Read one text as `normalize_all` does."""
    return normalize_all([source], tags=tags)[0]


def read_bold(source: str) -> NormalizedText:
    """Read a text without its tags and without the asterisks inside of words."""
    return _read([source], [_replacements(source, 0, len(source), tags=True, bold=True)])[0]


def read_words(source: str) -> NormalizedText:
    """Read a text with the digits of numbers in place of the English words for them."""
    return _read([source], [digits_in_words(source)])[0]


def read_encoded(source: str) -> NormalizedText:
    """Read a text with what mail or a program made of its letters undone: =E7=8E=8B."""
    return _read([source], [decoded(source)])[0]


_AS_DASHES = dict.fromkeys(map(ord, STROKES), "-")


def read_strokes(source: str) -> NormalizedText:
    """Read a text with strokes of Chinese characters as dashes: 138丨0013丨8000."""
    return normalize(source.translate(_AS_DASHES))


def read_dashes(source: str, *, tags: bool = False) -> NormalizedText:
    """Read a text with 一, too, as a dash, which on a Chinese keyboard is next to it."""
    return normalize(source.translate(_AS_DASHES).replace("一", "-"), tags=tags)


def _replacements(
    source: str, start: int, end: int, *, tags: bool, bold: bool = False
) -> Iterator[Replacement]:
    """Yield the markup between two positions: tags, or else what is inside of them."""
    for markup in MARKUP.finditer(source, start, end):
        if markup[0][0] == "*" and not bold:
            continue
        if markup[0][0] in "<[" and not tags:
            yield from _replacements(source, markup.start() + 1, markup.end(), tags=False)
            continue
        place = markup.start()
        for length, text in decode(markup[0]):
            yield place, place + length, fold(text)
            place += length


def _read(
    sources: Sequence[str], replacements: Iterable[Iterable[Replacement]]
) -> list[NormalizedText]:
    """Read texts, all at once, with replacements in each: NumPy takes its time for every call."""
    source = "".join(sources)
    bounds = np.array([0, *accumulate(map(len, sources))])
    codes = fold_evenly(source)
    starts = np.arange(len(source))
    ends = starts + 1
    found = [
        (base + start, base + end, text)
        for base, among in zip(bounds[:-1].tolist(), replacements, strict=True)
        for start, end, text in among
    ]
    found += _uneven(source, codes, found)
    if found:
        counts = np.ones(len(source), np.intp)
        new = np.zeros(len(source), np.bool_)
        for start, end, text in found:
            counts[start:end] = 0
            counts[start] = len(text)
            ends[start] = end
            new[start] = True
        starts, ends = starts.repeat(counts), ends.repeat(counts)
        codes = codes[starts]
        texts = "".join(text for _start, _end, text in sorted(found))
        codes[new[starts]] = [marked(character) for character in texts]
    at = (codes & CONTENT).nonzero()[0]
    flat, letters = as_text(codes), as_text(codes[at])
    # From here on, places are counted in each text by itself.
    flat_bounds = starts.searchsorted(bounds)
    letter_bounds = at.searchsorted(flat_bounds)
    before = bounds[:-1].repeat(flat_bounds[1:] - flat_bounds[:-1])
    starts -= before
    ends -= before
    at -= flat_bounds[:-1].repeat(letter_bounds[1:] - letter_bounds[:-1])
    return [
        NormalizedText(
            text, flat[i:j], starts.data[i:j], ends.data[i:j], letters[k:m], at.data[k:m]
        )
        for text, (i, j), (k, m) in zip(
            sources, pairwise(flat_bounds.tolist()), pairwise(letter_bounds.tolist()), strict=True
        )
    ]


def _uneven(
    source: str, codes: npt.NDArray[np.uint32], replacements: Iterable[Replacement]
) -> list[Replacement]:
    """Return a replacement for each character, outside of others, that folds to none or two."""
    uneven = codes == UNEVEN
    for start, end, _text in replacements:
        uneven[start:end] = False
    return [(at, at + 1, fold(source[at])) for at in np.flatnonzero(uneven).tolist()]


_STROKE = re.compile(f"[{STROKES}]")
_WORD = re.compile("[a-zA-Z]{2}")
_TAG_MARK = re.compile(r"[<>\[\]]")


@dataclass(frozen=True, slots=True)
class TextView:
    """How to read a text; `finds` tells whether a span of it may be found so."""

    read: Callable[[str], NormalizedText]
    finds: Callable[[str, int, int], bool]


def alternative_views(text: str, *, numbers: bool, encoded: bool) -> list[TextView]:
    """Return the ways besides PLAIN in which a text is to be read, the plainest first.

    With `numbers`, they are looked for, and no words; with `encoded`, what may be encoded.
    """
    ways = []
    has_tags = "<" in text or FORUM_TAG.search(text)
    if has_tags:
        ways.append(_NUMBERS_IN_TAGS if numbers else _TAGS)
    if "**" in text and BOLD.search(text):
        ways.append(_BOLD)
    if numbers:
        if _STROKE.search(text):
            ways.append(_STROKES)
        if "一" in text:
            ways += [_DASHES, _DASHES_IN_TAGS] if has_tags else [_DASHES]
        if digits_in_words(text):
            ways.append(_WORDS)
    if encoded and is_encoded(text, 0, len(text)):
        ways.append(_ENCODED)
    return ways


def _is_plain(text: str, start: int, end: int) -> bool:
    """Tell whether a span has no asterisks, where some make letters bold inside of words."""
    return "**" not in text[start:end] or not BOLD.search(text)


def _touches_tag(text: str, start: int, end: int) -> bool:
    """Tell whether a span is inside of a tag, or holds what looks like one ("wang<at>…")."""
    return _in_tag(text, start) or bool(_TAG_MARK.search(text, start, end))


def _is_in_tag(text: str, start: int, end: int) -> bool:
    """Tell whether a span is inside of one tag; "415555267<i>1" is no number that ends with 71."""
    return _in_tag(text, start) and not _TAG_MARK.search(text, start, end)


def _in_tag(text: str, start: int) -> bool:
    return any(
        text.rfind(left, 0, start) > text.rfind(right, 0, start) for left, right in ("<>", "[]")
    )


def _holds(pattern: re.Pattern[str]) -> Callable[[str, int, int], bool]:
    return lambda text, start, end: bool(pattern.search(text, start, end))


PLAIN = TextView(normalize, _is_plain)
_TAGS = TextView(functools.partial(normalize, tags=True), _touches_tag)
_NUMBERS_IN_TAGS = TextView(_TAGS.read, _is_in_tag)
_BOLD = TextView(read_bold, _holds(re.compile(r"\*\*")))
_STROKES = TextView(read_strokes, _holds(_STROKE))
_DASHES = TextView(read_dashes, _holds(re.compile("一")))
_DASHES_IN_TAGS = TextView(functools.partial(read_dashes, tags=True), _is_in_tag)
_WORDS = TextView(read_words, _holds(_WORD))
_ENCODED = TextView(read_encoded, is_encoded)
