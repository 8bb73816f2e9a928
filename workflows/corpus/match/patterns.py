"""All identifiers of all people, compiled into one database that is searched in one pass.

The engine is Vectorscan (the PyPI package `hyperscan`): its time depends on the bytes it reads and
on what it finds, hardly on how many literals it looks for.
"""

import re
import string
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import hyperscan

from workflows.corpus.columns import Candidate
from workflows.corpus.match.delimiters import needs_capitals
from workflows.corpus.match.literals import Literal, literals, rest_of_name
from workflows.corpus.match.spellings import Spelling, SpellingForm, spellings
from workflows.corpus.normalize.characters import TEXT_BREAK, decode, encode, fold_table
from workflows.corpus.normalize.numerals import may_be_number, pairs_of_numerals, read_numbers
from workflows.corpus.normalize.stream import NormalizedStream, digit_lookalikes, numbers_in_words
from workflows.corpus.processes import gc_paused
from workflows.corpus.values import Identifier, Kind

# Bytes of a stream on either side of two numerals which hold the whole number; on either side of
# a number in words, of what may belong to it.
_REACH_OF_NUMERALS = 64
_REACH_OF_WORDS = 16
# Vectorscan is given only the last bytes of a literal, and the rest is compared where they stand:
# it compiles them in half the time. Fewer bytes would be found too often; the first bytes, though
# rarer in some literals, make Vectorscan slower, which looks at the last ones first.
_END = 8
_BREAK = bytes([TEXT_BREAK])
_LETTERS = frozenset(string.ascii_lowercase.encode())
# Letters of these touch the word behind them, but belong to no word.
_ENDS_OF_LINES = (b"\\n", b"\\r", b"\\t")
# What is plainly no name if only its capitals would tell it from the words of a sentence.
_IN_A_SENTENCE = re.compile(rb"[a-z ]*")


@dataclass(frozen=True, slots=True)
class Target:
    """A spelling to look for, and the index of the identifier it belongs to.

    `before` and `behind` are the words of a name around its literal, as they stand in a stream.
    With `in_part`, the literal is a part of the spelling only.
    """

    identifier: int
    spelling: Spelling
    before: tuple[bytes, ...] = ()
    behind: tuple[bytes, ...] = ()
    in_part: bool = False

    def stands(self, stream: bytes, start: int, end: int) -> bool:
        """Tell whether the rest of the spelling stands around its literal, too."""
        for part in reversed(self.before):
            start -= stream.startswith(_BREAK, start - 1) if start else 0
            if not stream.endswith(part, 0, start):
                return False
            start -= len(part)
        for part in self.behind:
            end += stream.startswith(_BREAK, end)
            if not stream.startswith(part, end):
                return False
            end += len(part)
        return True


class _Sought(NamedTuple):
    """A literal as it stands in a stream, and what it may be.

    A `word` is nothing within longer words. With `has_rest`, words of a name stand around it; with
    `in_capitals`, only capitals tell it from words of a sentence.
    """

    value: bytes
    word: bool
    targets: Sequence[Target]
    has_rest: bool
    in_capitals: bool
    is_number: bool


# The first and the last byte in a stream, the literal that stands there, and what it may be.
_Found = tuple[tuple[int, int], _Sought, Sequence[Target]]


class Patterns:
    """The compiled identifiers. `unsearchable` holds those too short or too broken to look for.

    Without `numerals`, numbers that are written in words or in unusual numerals are not found; for
    few people, compiling takes a tenth of the time then.
    """

    @gc_paused()
    def __init__(self, identifiers: Iterable[Identifier], *, numerals: bool = True) -> None:
        self.identifiers = tuple(identifiers)
        self.unsearchable: list[Identifier] = []
        targets: dict[Literal, list[Target]] = defaultdict(list)
        for index, identifier in enumerate(self.identifiers):
            found = spellings(identifier)
            if not found:
                self.unsearchable.append(identifier)
            for spelling in found:
                before, behind = map(_in_stream, rest_of_name(spelling))
                target = Target(index, spelling, before, behind, spelling.searched_in_part)
                for literal in literals(spelling, lookalikes=not numerals):
                    targets[literal].append(target)
        ends: dict[bytes, list[_Sought]] = defaultdict(list)
        for literal, among in targets.items():
            sought = self._sought(literal, among)
            ends[sought.value[-_END:]].append(sought)
        # What the database finds, by its number: ends of literals, and behind them pairs.
        self._with_end = list(ends.values())
        pairs = [encode(pair.encode()) for pair in pairs_of_numerals()] if numerals else []
        self._numerals = numerals
        self._database = _compile([*ends, *pairs])
        fold_table()  # texts need it, and processes that are forked from here on share it

    def _sought(self, literal: Literal, targets: Sequence[Target]) -> _Sought:
        return _Sought(
            encode(literal.value),
            literal.word,
            targets,
            any(target.before or target.behind for target in targets),
            all(
                self.identifiers[target.identifier].kind is Kind.NAME
                and needs_capitals(target.spelling)
                for target in targets
            ),
            targets[0].spelling.view in (SpellingForm.PHONE, SpellingForm.ID),
        )

    def find(self, squeezed: NormalizedStream, raw: bytearray | memoryview) -> list[Candidate]:
        """Return where an identifier may stand in `raw`, of which this is the stream."""
        found = list(self._find_literals(squeezed.stream))
        if self._numerals:
            found += self._find_disguised(squeezed.stream)
        spans = squeezed.spans([stretch for stretch, _sought, _targets in found])
        return [
            Candidate(start, end, targets)
            for (start, end, word), (_stretch, sought, targets) in zip(spans, found, strict=True)
            if (word or not sought.word or _begins_a_line(raw, start))
            and not (sought.in_capitals and _IN_A_SENTENCE.fullmatch(raw, start, end))
        ]

    def _find_literals(self, stream: bytes) -> Iterator[_Found]:
        numbers_seen_to = 0
        for number, end in self._scan(stream):
            if number >= len(self._with_end):
                if end > numbers_seen_to and may_be_number(stream, end):
                    numbers_seen_to = end + _REACH_OF_NUMERALS // 2
                    yield from self._find_numbers(stream, end, end, words=False)
                continue
            for sought in self._with_end[number]:
                if not stream.endswith(sought.value, 0, end):
                    continue
                start = end - len(sought.value)
                if sought.word and _is_in_word(stream, start, end):
                    continue
                targets = sought.targets
                if sought.has_rest:
                    targets = [target for target in targets if target.stands(stream, start, end)]
                if targets:
                    yield (start, end - 1), sought, targets

    def _find_disguised(self, stream: bytes) -> Iterator[_Found]:
        """Look for numbers in words, and for those in which letters stand for digits."""
        seen_to = 0
        for end in digit_lookalikes(stream):
            if end > seen_to:
                seen_to = end + _REACH_OF_NUMERALS // 2
                yield from self._find_numbers(stream, end, end, words=False)
        for begin, end in numbers_in_words(stream):
            yield from self._find_numbers(stream, begin, end, words=True)

    def _find_numbers(
        self, stream: bytes, begin: int, end: int, *, words: bool
    ) -> Iterator[_Found]:
        """Look for numbers that are not written in digits, in a stretch and around it."""
        reach = _REACH_OF_WORDS if words else _REACH_OF_NUMERALS
        first = _start_of_character(stream, max(0, begin - reach))
        last = _start_of_character(stream, min(len(stream), end + reach))
        # A character may be cut: where stretches around markup meet, or in broken text.
        text = decode(stream[first:last]).decode("utf-8", "surrogateescape")
        for digits, begins, ends in read_numbers(text, words=words):
            for first_digit, sought in self._numbers_in(digits.encode()):
                start, stop = (
                    first + len(text[:place].encode("utf-8", "surrogateescape"))
                    for place in (begins[first_digit], ends[first_digit + len(sought.value) - 1])
                )
                yield (start, stop - 1), sought, sought.targets

    def _numbers_in(self, digits: bytes) -> Iterator[tuple[int, _Sought]]:
        """Yield the numbers that are sought among some digits, and where each of them begins."""
        for number, end in self._scan(digits):
            for sought in self._with_end[number]:
                if sought.is_number and digits.endswith(sought.value, 0, end):
                    yield end - len(sought.value), sought

    def _scan(self, stream: bytes) -> list[tuple[int, int]]:
        """Return which ends of literals and pairs of numerals were found, and where each ends."""
        matches: list[tuple[int, int]] = []

        def found(literal: int, _start: int, end: int, _flags: int, _context: object) -> None:
            matches.append((literal, end))

        if self._database is not None:
            self._database.scan(stream, match_event_handler=found)
        return matches


def _in_stream(parts: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(encode(part.encode()) for part in parts)


def _is_in_word(stream: bytes, start: int, stop: int) -> bool:
    """Tell of a stretch of the stream whether letters surely touch it in the source, too.

    Behind a digit the break was left out; an n, r or t before it may be the end of a line.
    """
    if stream[stop - 1] in _LETTERS and stop < len(stream) and stream[stop] in _LETTERS:
        return True
    return start > 0 and stream[start - 1] in _LETTERS and stream[start - 1] not in b"nrt"


def _begins_a_line(raw: bytearray | memoryview, start: int) -> bool:
    """Tell whether a line ended before `start`, in the spelling of programs."""
    return bytes(raw[max(start - 2, 0) : start]) in _ENDS_OF_LINES


def _start_of_character(stream: bytes, position: int) -> int:
    while 0 < position < len(stream) and stream[position] & 0xC0 == 0x80:
        position -= 1
    return position


def _compile(values: list[bytes]) -> hyperscan.Database | None:
    """Return the database of these byte strings; None for none, which Vectorscan refuses."""
    if not values:
        return None
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=values, ids=list(range(len(values))), literal=True)
    return database
