"""The ways in which a stretch of text is read for a spelling, and what each of them may find.

A text is read as it is first. Each other way reads something in it otherwise, and may find only
what holds just that: else a number that was refused, being part of a longer one, would come back.
"""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass

from workflows.datasets.lookup.encodings import is_encoded
from workflows.datasets.lookup.markup import BOLD, FORUM_TAG
from workflows.datasets.lookup.numerals import STROKES, digits_in_words
from workflows.datasets.lookup.reading import (
    Reading,
    read,
    read_bold,
    read_dashes,
    read_encoded,
    read_strokes,
    read_words,
)

_STROKE = re.compile(f"[{STROKES}]")
_WORD = re.compile("[a-zA-Z]{2}")
_TAG_MARK = re.compile(r"[<>\[\]]")


@dataclass(frozen=True, slots=True)
class Way:
    """How to read a text; `finds` tells whether a span of it may be found so."""

    read: Callable[[str], Reading]
    finds: Callable[[str, int, int], bool]


def other_ways(text: str, *, numbers: bool, encoded: bool) -> list[Way]:
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


PLAIN = Way(read, _is_plain)
_TAGS = Way(functools.partial(read, tags=True), _touches_tag)
_NUMBERS_IN_TAGS = Way(_TAGS.read, _is_in_tag)
_BOLD = Way(read_bold, _holds(re.compile(r"\*\*")))
_STROKES = Way(read_strokes, _holds(_STROKE))
_DASHES = Way(read_dashes, _holds(re.compile("一")))
_DASHES_IN_TAGS = Way(functools.partial(read_dashes, tags=True), _is_in_tag)
_WORDS = Way(read_words, _holds(_WORD))
_ENCODED = Way(read_encoded, is_encoded)
