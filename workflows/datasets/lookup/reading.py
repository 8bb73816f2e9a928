"""A stretch of text as it is compared: folded, without invisible characters, markup resolved.

Each character of it knows which characters of the source it stands for, so that a place found in a
reading is an exact span of the source.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, compress

from workflows.datasets.lookup.encodings import decoded
from workflows.datasets.lookup.folding import UNEVEN, fold, fold_evenly
from workflows.datasets.lookup.markup import MARKUP, decode
from workflows.datasets.lookup.numerals import STROKES, digits_in_words

_MAY_BE_MARKUP = re.compile(r"[<&%\\]|\[[/a-zA-Z]")

Replacement = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Reading:
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


def read(source: str, *, tags: bool = False) -> Reading:
    """Read a text without its tags, or with them as they stand: an address may be in one."""
    if not _MAY_BE_MARKUP.search(source):
        return _read(source, ())
    return _read(source, _replacements(source, 0, len(source), tags=not tags))


def read_bold(source: str) -> Reading:
    """Read a text without its tags and without the asterisks inside of words."""
    return _read(source, _replacements(source, 0, len(source), tags=True, bold=True))


def read_words(source: str) -> Reading:
    """Read a text with the digits of numbers in place of the English words for them."""
    return _read(source, digits_in_words(source))


def read_encoded(source: str) -> Reading:
    """Read a text with what mail or a program made of its letters undone: =E7=8E=8B."""
    return _read(source, decoded(source))


_AS_DASHES = dict.fromkeys(map(ord, STROKES), "-")


def read_strokes(source: str) -> Reading:
    """Read a text with strokes of Chinese characters as dashes: 138丨0013丨8000."""
    return read(source.translate(_AS_DASHES))


def read_dashes(source: str, *, tags: bool = False) -> Reading:
    """Read a text with 一, too, as a dash, which on a Chinese keyboard is next to it."""
    return read(source.translate(_AS_DASHES).replace("一", "-"), tags=tags)


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


def _read(source: str, replacements: Iterable[Replacement]) -> Reading:
    even = fold_evenly(source)
    if replacements == () and UNEVEN not in even:
        every = range(len(source) + 1)
        return _reading(source, even, every[:-1], every[1:])
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    for start, end, text in _with_uneven(source, even, replacements):
        # Up to the next replacement, each character folds to one.
        pieces += (even[position:start], text)
        starts.extend(range(position, start))
        ends.extend(range(position + 1, start + 1))
        if text:
            starts.extend([start] * len(text))
            ends.extend([end] * len(text))
        position = end
    return _reading(source, "".join(pieces), starts, ends)


def _reading(source: str, flat: str, starts: Sequence[int], ends: Sequence[int]) -> Reading:
    content = [*map(str.isalnum, flat)]
    letters, at = "".join(compress(flat, content)), [*compress(range(len(flat)), content)]
    return Reading(source, flat, starts, ends, letters, at)


def _with_uneven(
    source: str, even: str, replacements: Iterable[Replacement]
) -> Iterator[Replacement]:
    """Yield the replacements, and between them one for each character that folds to none or two."""
    position = 0
    for replacement in chain(replacements, [(len(source), len(source), "")]):
        while (found := even.find(UNEVEN, position, replacement[0])) >= 0:
            yield found, found + 1, fold(source[found])
            position = found + 1
        yield replacement
        position = replacement[1]
