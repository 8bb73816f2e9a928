"""The second stage: decides on the decoded text whether an identifier really stands there.

The pieces of the spelling must follow each other with nothing between them but what the kind of
identifier allows, and what surrounds them must not make them part of something longer.
"""

import re
from collections.abc import Iterator

from workflows.corpus.match.delimiters import delimited_span
from workflows.corpus.match.enclosing_marks import expand_to_delimiters
from workflows.corpus.match.spellings import ESCAPES, NAME, WORDS, Spelling, SpellingForm
from workflows.corpus.normalize.characters import simplify
from workflows.corpus.normalize.numerals import DIGITS_IN_LETTERS, HAN_DIGITS
from workflows.corpus.normalize.text_views import PLAIN, NormalizedText, TextView, alternative_views
from workflows.corpus.values import Kind

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

_HAN_DIGIT = re.compile(f"[{''.join(map(chr, HAN_DIGITS))}]")
_LOOKALIKES = [(chr(c), digit) for c, digit in DIGITS_IN_LETTERS.items() if c not in HAN_DIGITS]
_NUMBERS = (SpellingForm.PHONE, SpellingForm.ID)
# Spellings that are compared with other letters than those that were read.
_TRANSLATED = (SpellingForm.SIMPLIFIED, *_NUMBERS)
# Kinds of which mail or a program may have encoded a letter or a mark.
_ENCODED = (Kind.NAME, Kind.EMAIL)

# A confirmed span of a text, in code points, and whether nobody else may be meant.
ConfirmedSpan = tuple[int, int, bool]


class CandidateWindow:
    """A stretch of text, as it was read, in which spellings are confirmed.

    It is cut at its ends, and so must hold what tells whether a spelling stands alone.
    """

    def __init__(self, reading: NormalizedText) -> None:
        self._text = reading.source
        self._readings = {PLAIN.read: reading}
        self._ways: dict[tuple[bool, bool], list[TextView]] = {}
        self._letters: dict[tuple[int, SpellingForm, bool], str] = {}

    def places(self, kind: Kind, spelling: Spelling, focus: range) -> list[ConfirmedSpan]:
        """Return where a spelling of this kind touches `focus`, in the first reading that fits."""
        found = self._places(PLAIN, kind, spelling, focus)
        if found:
            return found
        for way in self._other_ways(numbers=spelling.view in _NUMBERS, encoded=kind in _ENCODED):
            found = self._places(way, kind, spelling, focus)
            if found:
                break
        return found

    def _other_ways(self, *, numbers: bool, encoded: bool) -> list[TextView]:
        ways = self._ways.get((numbers, encoded))
        if ways is None:
            ways = alternative_views(self._text, numbers=numbers, encoded=encoded)
            self._ways[numbers, encoded] = ways
        return ways

    def _places(
        self, way: TextView, kind: Kind, spelling: Spelling, focus: range
    ) -> list[ConfirmedSpan]:
        reading = self._readings.get(way.read)
        if reading is None:
            reading = self._readings[way.read] = way.read(self._text)
        starts, ends, at = reading.starts, reading.ends, reading.at
        places = []
        for first, last in _occurrences(reading, self._letters_of(reading, spelling), spelling):
            if starts[at[first]] < focus.stop and ends[at[last - 1]] > focus.start:
                bounds = delimited_span(reading, kind, spelling, first, last)
                if bounds is not None:
                    start, end = expand_to_delimiters(
                        self._text, starts[bounds[0]], ends[bounds[1] - 1]
                    )
                    if way.finds(self._text, start, end):
                        places.append((start, end, bounds[2]))
        return places

    def _letters_of(self, reading: NormalizedText, spelling: Spelling) -> str:
        """Return the letters of a reading as they are compared with a spelling."""
        view = spelling.view
        if view not in _TRANSLATED:
            return reading.letters
        key = id(reading), view, spelling.in_digits
        letters = self._letters.get(key)
        if letters is None:
            letters = self._letters[key] = _letters(
                reading.letters, view, in_digits=spelling.in_digits
            )
        return letters


def _letters(letters: str, view: SpellingForm, *, in_digits: bool) -> str:
    if view is SpellingForm.SIMPLIFIED:
        return simplify(letters)
    if _HAN_DIGIT.search(letters):  # there seldom is one, and to translate takes long
        letters = letters.translate(HAN_DIGITS)
    for letter, digit in _LOOKALIKES if in_digits else ():
        letters = letters.replace(letter, digit)
    return letters.replace("乘", "x").replace("叉", "x") if view is SpellingForm.ID else letters


def _occurrences(
    reading: NormalizedText, letters: str, spelling: Spelling
) -> Iterator[tuple[int, int]]:
    """Yield the first letter of each occurrence, and the letter after its last."""
    part = spelling.parts[0]
    first = letters.find(part)
    while first >= 0:
        if spelling.view in _NUMBERS:
            last = first + len(part)
            number = reading.stretch(first, last)
            if len(number) == len(part) or not (_is_broken(number) or _AMOUNT.fullmatch(number)):
                yield first, last
        elif spelling.view is SpellingForm.SIMPLIFIED and _evenly_parted(
            reading, letters, spelling, first
        ):
            yield first, first + len(spelling.parts)
        else:
            end = _follow(reading, letters, spelling, first)
            if end is not None:
                yield first, end
        first = letters.find(part, first + 1)


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
    return len(marks) < 2 or len(set(marks)) > 1 or len(marks[0]) > 1


def _evenly_parted(reading: NormalizedText, letters: str, spelling: Spelling, first: int) -> bool:
    """Tell whether three Chinese characters or more have the same mark between them: 王、小、明."""
    size = len(spelling.parts)
    if size < 3 or not letters.startswith("".join(spelling.parts), first):
        return False
    gaps = {reading.gap(index) for index in range(first + 1, first + size)}
    return len(gaps) == 1 and len(mark := gaps.pop()) == 1 and not mark.isspace()


def _is_part(stretch: str, part: str) -> bool:
    """Tell whether a stretch with marks in it is a piece of a spelling: apart, or broken."""
    if stretch[::2] == part and len(set(stretch[1::2])) == 1:
        return True
    return "\n" in stretch and _END_OF_LINE.sub("", stretch, count=1) == part


def _follow(reading: NormalizedText, letters: str, spelling: Spelling, first: int) -> int | None:
    """Follow the pieces of a spelling from a letter on; return the letter after it, or None."""
    at = reading.at
    position = first
    in_domain = False
    for number, part in enumerate(spelling.parts):
        if number:
            begin = _next_part(reading, letters, spelling, number, position, in_domain=in_domain)
            if begin is None:
                return None
            if spelling.joins[number - 1] == "@":
                # "Mary at Smith. Example" is a sentence; after an @ a space is only a slip.
                between = reading.flat[at[position - 1] + 1 : at[begin]]
                in_domain = not _SAID_AT.fullmatch(between)
            position = begin
        end = position + len(part)
        if at[end - 1] - at[position] >= len(part) and not _is_part(
            reading.stretch(position, end), part
        ):
            return None
        position = end
    return position


def _next_part(
    reading: NormalizedText,
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
    if letters.startswith(part, position):
        gap = reading.gap(position)
        if gap == join or _separator_matches(join, gap, part, in_domain=in_domain):
            return position
    for word in WORDS.get(join, ()):
        begin = position + len(word)
        if letters.startswith(word + part, position) and _word_holds(
            reading, word, position, begin
        ):
            return begin
    return None


def _separator_matches(join: str, gap: str, part: str, *, in_domain: bool) -> bool:
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


def _word_holds(reading: NormalizedText, word: str, begin: int, end: int) -> bool:
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
