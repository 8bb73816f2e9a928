"""The second stage: decides on the decoded text whether an identifier really stands there.

The pieces of the spelling must follow each other with nothing between them but what the kind of
identifier allows, and what surrounds them must not make them part of something longer.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from workflows.datasets.lookup.boundaries import bounded
from workflows.datasets.lookup.folding import simplify
from workflows.datasets.lookup.numerals import DIGITS_IN_LETTERS, HAN_DIGITS
from workflows.datasets.lookup.persons import Kind
from workflows.datasets.lookup.reading import Reading
from workflows.datasets.lookup.spans import whole
from workflows.datasets.lookup.variants import ESCAPES, NAME, WORDS, Spelling, View
from workflows.datasets.lookup.ways import NUMBERS, Ways

# Between two digits of a number: a few marks, but no currency sign and no new paragraph.
_BROKEN_NUMBER = re.compile(r"[\W_]{11,}|\n\s*\n\s*\n")
_MONEY_MARK = re.compile(r"[$€£¥%@]")
# 13,800,138,000 and 13.800.138.000 are amounts.
_AMOUNT = re.compile(r"\d{1,3}(?:,\d{3})+|\d{1,2}(?:\.\d{3})+")
_NAME_GAP = re.compile(r"[ ]{0,6}(?:[·.'\-|/]|[*_]{1,3})?[ ]{0,6}|[ ]*\n[ ]*")
# In alphabets, also a comma, and brackets or quotation marks around a word: Xiaoming (Wang).
_ALPHABETIC_NAME_GAP = re.compile(
    r"[ ]{0,6}(?:\\{0,2}[·.,'\-|/+]{1,2}|[*_]{1,3})?[ ]{0,6}|[ ]*[-,']?\n[ ]*|"
    r"[ ]{0,2}[(\[\"“”„«»]{1,2}|[)\]\"“”«»]{1,2}[,]?[ ]{0,2}"
)
_LAST_ALPHABET = "\u10ff"
# A word broken at the end of a line.
_END_OF_LINE = re.compile(r"(?<=\w\w)[-=]?[ ]?\n[ ]*(?=\w\w)")

_BRACKETS = "()[]{}<>【】〔〕「」『』《》〈〉‹›«»“”‘’\"'`|"
# Marks around another which only make it bold, or put texts together in a program: '+'@'+'.
_EMPHASIS = "*~`"
_PUT_TOGETHER = _BRACKETS + _EMPHASIS + "+ "
_AT_MARKS = frozenset([*"@#*$&☆★◎●^~¤§📧📩✉🌀", "@@"])
_DOT_MARKS = frozenset(".。·,、")
_AROUND_WORD = re.compile(r"[\s()\[\]{}<>【】〔〕「」『』《》〈〉‹›«»“”‘’\"'`|*_=\-~.·/\\#:]{0,6}")
_BRACKETED = re.compile(r"[()\[\]{}<>【】〔〕「」]")
_SAID_AT = re.compile(r"\s+at\s+")
_WORDS_FOR_X = str.maketrans("乘叉", "xx")


class Place(NamedTuple):
    """A confirmed span of a text, in code points. `certain` is false where others may be meant."""

    start: int
    end: int
    certain: bool


class Window:
    """A stretch of text in which spellings are confirmed; it is read once for all of them.

    It is cut at its ends, and so must hold what tells whether a spelling stands alone.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._ways = Ways(text)
        self._readings: dict[Callable[[str], Reading], Reading] = {}
        self._letters: dict[tuple[int, View, bool], str] = {}

    def places(self, kind: Kind, spelling: Spelling, focus: range) -> list[Place]:
        """Return where a spelling of this kind touches `focus`, in the first reading that fits."""
        for way in self._ways.of(kind, spelling):
            if way.read not in self._readings:
                self._readings[way.read] = way.read(self._text)
            places = self._places(self._readings[way.read], kind, spelling, focus)
            found = [place for place in places if way.finds(self._text, place.start, place.end)]
            if found:
                return found
        return []

    def _places(
        self, reading: Reading, kind: Kind, spelling: Spelling, focus: range
    ) -> Iterator[Place]:
        key = id(reading), spelling.view, spelling.in_digits
        if key not in self._letters:
            self._letters[key] = _letters(reading, spelling)
        for first, last in _occurrences(reading, self._letters[key], spelling):
            if (
                reading.starts[reading.at[first]] >= focus.stop
                or reading.ends[reading.at[last - 1]] <= focus.start
            ):
                continue
            place = bounded(reading, kind, spelling, first, last)
            if place is not None:
                start, end, certain = place
                yield Place(
                    *whole(self._text, reading.starts[start], reading.ends[end - 1]), certain
                )


def _letters(reading: Reading, spelling: Spelling) -> str:
    """Return the letters of a reading as they are compared with a spelling."""
    if spelling.view is View.SIMPLIFIED:
        return simplify(reading.letters)
    if spelling.view not in NUMBERS:
        return reading.letters
    letters = reading.letters.translate(DIGITS_IN_LETTERS if spelling.in_digits else HAN_DIGITS)
    return letters.translate(_WORDS_FOR_X) if spelling.view is View.ID else letters


def _occurrences(reading: Reading, letters: str, spelling: Spelling) -> Iterator[tuple[int, int]]:
    """Yield the first letter of each occurrence, and the letter after its last."""
    first = letters.find(spelling.parts[0])
    while first >= 0:
        if spelling.view in NUMBERS:
            last = first + len(spelling.parts[0])
            number = reading.stretch(first, last)
            if not _is_broken(number) and not _AMOUNT.fullmatch(number):
                yield first, last
        elif _evenly_parted(reading, letters, spelling, first):
            yield first, first + len(spelling.parts)
        else:
            for spaced in (False, True) if spelling.view is not View.APART else (True,):
                end = _follow(reading, letters, spelling, first, spaced=spaced)
                if end is not None:
                    yield first, end
                    break
        first = letters.find(spelling.parts[0], first + 1)


def _is_broken(number: str) -> bool:
    """Tell whether what stands between two digits parts two numbers.

    The sign of a currency does, unless the same sign stands in all the gaps: 138$0013$8000.
    """
    if _BROKEN_NUMBER.search(number):
        return True
    if not _MONEY_MARK.search(number):
        return False
    gaps = re.split(r"[^\W_]+", number)[1:-1]
    marks = [gap for gap in gaps if gap]
    return len(marks) < 2 or len(set(marks)) > 1 or len(marks[0]) > 1  # noqa: PLR2004


def _evenly_parted(reading: Reading, letters: str, spelling: Spelling, first: int) -> bool:
    """Tell whether three Chinese characters or more have the same mark between them: 王、小、明."""
    size = len(spelling.parts)
    if spelling.view is not View.SIMPLIFIED or size < 3:  # noqa: PLR2004
        return False
    if not letters.startswith("".join(spelling.parts), first):
        return False
    gaps = {reading.gap(index) for index in range(first + 1, first + size)}
    return len(gaps) == 1 and len(mark := gaps.pop()) == 1 and not mark.isspace()


def _is_part(stretch: str, part: str, *, spaced: bool) -> bool:
    """Tell whether a stretch is a piece of a spelling: as it is, broken at a line end, or apart."""
    if len(stretch) == len(part):
        return True
    if spaced and stretch[::2] == part and len(set(stretch[1::2])) == 1:
        return True
    return "\n" in stretch and _END_OF_LINE.sub("", stretch, count=1) == part


def _follow(
    reading: Reading, letters: str, spelling: Spelling, first: int, *, spaced: bool
) -> int | None:
    """Follow the pieces of a spelling from a letter on; return the letter after it, or None."""
    position = first
    in_domain = False
    for number, part in enumerate(spelling.parts):
        if number:
            begin = _next_part(reading, letters, spelling, number, position, in_domain=in_domain)
            if begin is None:
                return None
            if spelling.joins[number - 1] == "@":
                # "Mary at Smith. Example" is a sentence; after an @ a space is only a slip.
                between = reading.flat[reading.at[position - 1] + 1 : reading.at[begin]]
                in_domain = not _SAID_AT.fullmatch(between)
            position = begin
        elif not letters.startswith(part, position):
            return None
        end = position + len(part)
        if not _is_part(reading.stretch(position, end), part, spaced=spaced):
            return None
        position = end
    return position


def _next_part(
    reading: Reading,
    letters: str,
    spelling: Spelling,
    number: int,
    position: int,
    *,
    in_domain: bool,
) -> int | None:
    """Return the letter where the next piece begins, after what joins it to the one before."""
    join, part = spelling.joins[number - 1], spelling.parts[number]
    if position >= len(letters):
        return None
    if letters.startswith(part, position) and _mark_holds(
        join, reading.gap(position), part, in_domain=in_domain
    ):
        return position
    for word in WORDS.get(join, ()):
        begin = position + len(word)
        if letters.startswith(word + part, position) and _word_holds(
            reading, word, position, begin
        ):
            return begin
    return None


def _mark_holds(join: str, gap: str, part: str, *, in_domain: bool) -> bool:
    """Tell whether the marks between two pieces are the expected mark, perhaps in disguise."""
    if join == NAME:
        gap = gap.replace("**", "") or gap
        alphabetic = part[0] <= _LAST_ALPHABET
        return bool((_ALPHABETIC_NAME_GAP if alphabetic else _NAME_GAP).fullmatch(gap))
    bare = gap.strip()
    if join in "-_/" and gap == join + "\n":
        return True  # a line of a page ends there
    if gap[-1:].isspace() and not gap[:1].isspace() and join != "@" and not in_domain:
        return False  # "Ask li. wang@example.com" is not about li.wang
    mark = bare.strip(_BRACKETS) if join in ("@", ".") else bare
    mark = mark.strip().removeprefix("\\")
    if len(mark) > 1 and mark != join:
        mark = mark.strip(_PUT_TOGETHER if join in ("@", ".") else _EMPHASIS) or mark
    if join == "@":
        return mark in _AT_MARKS
    if join == ".":
        return mark in _DOT_MARKS or (in_domain and not bare and bool(gap))
    return mark == join or (join == "/" and (mark == "//" or bare == "\\"))


def _word_holds(reading: Reading, word: str, begin: int, end: int) -> bool:
    """Tell whether a word stands for a mark: set apart, in capitals, or not Latin at all."""
    before, after = reading.gap(begin), reading.gap(end)
    if not (_AROUND_WORD.fullmatch(before) and _AROUND_WORD.fullmatch(after)):
        return False
    if not word.isascii() or word in ESCAPES:
        return True
    written = reading.as_written(begin, end)
    if len(word) == 1:
        return not written.isascii() or bool(_BRACKETED.search(before) and _BRACKETED.search(after))
    if before and after:
        return True
    neighbour = reading.as_written(begin - 1, begin)
    return written.isupper() and not neighbour.isupper()
