"""The ways in which a stretch of text is read for a spelling, and what each of them may find.

A text is read as it is first. Each other way reads something in it otherwise, and may find only
what holds just that: else a number that was refused, being part of a longer one, would come back.
"""

import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from workflows.datasets.lookup.encodings import is_encoded
from workflows.datasets.lookup.markup import BOLD, FORUM_TAG
from workflows.datasets.lookup.numerals import STROKES, digits_in_words
from workflows.datasets.lookup.persons import Kind
from workflows.datasets.lookup.reading import (
    Reading,
    read,
    read_bold,
    read_dashes,
    read_encoded,
    read_strokes,
    read_words,
)
from workflows.datasets.lookup.variants import Spelling, View

NUMBERS = (View.PHONE, View.ID)
_ENCODED_KINDS = frozenset({Kind.NAME, Kind.EMAIL})
_STROKE = re.compile(f"[{STROKES}]")
_WORD = re.compile("[a-zA-Z]{2}")
_TAG_MARK = re.compile(r"[<>\[\]]")


@dataclass(frozen=True, slots=True)
class Way:
    """How to read a text; `finds` tells whether a span of it may be found so."""

    read: Callable[[str], Reading]
    finds: Callable[[str, int, int], bool]


class Ways:
    """The ways in which one text is to be read; what it holds is looked for once, when asked."""

    def __init__(self, text: str) -> None:
        self._text = text

    def of(self, kind: Kind, spelling: Spelling) -> Iterator[Way]:
        """Yield the ways in which the text is to be read for a spelling, the plainest first."""
        numbers = spelling.view in NUMBERS
        yield _PLAIN
        if self._has_tags:
            yield _NUMBERS_IN_TAGS if numbers else _TAGS
        if self._has_bold:
            yield _BOLD
        if numbers:
            if self._has_strokes:
                yield _STROKES
            if "一" in self._text:
                yield _DASHES
                if self._has_tags:
                    yield _DASHES_IN_TAGS
            if self._has_words:
                yield _WORDS
        if kind in _ENCODED_KINDS and self._is_encoded:
            yield _ENCODED

    @functools.cached_property
    def _has_tags(self) -> bool:
        return "<" in self._text or bool(FORUM_TAG.search(self._text))

    @functools.cached_property
    def _has_bold(self) -> bool:
        return "**" in self._text and bool(BOLD.search(self._text))

    @functools.cached_property
    def _has_strokes(self) -> bool:
        return bool(_STROKE.search(self._text))

    @functools.cached_property
    def _has_words(self) -> bool:
        return bool(digits_in_words(self._text))

    @functools.cached_property
    def _is_encoded(self) -> bool:
        return is_encoded(self._text, 0, len(self._text))


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


_PLAIN = Way(read, _is_plain)
_TAGS = Way(functools.partial(read, tags=True), _touches_tag)
_NUMBERS_IN_TAGS = Way(_TAGS.read, _is_in_tag)
_BOLD = Way(read_bold, _holds(re.compile(r"\*\*")))
_STROKES = Way(read_strokes, _holds(_STROKE))
_DASHES = Way(read_dashes, _holds(re.compile("一")))
_DASHES_IN_TAGS = Way(functools.partial(read_dashes, tags=True), _is_in_tag)
_WORDS = Way(read_words, _holds(_WORD))
_ENCODED = Way(read_encoded, is_encoded)
