"""Finds numbers in English words where there is no compiled kernel; see `squeeze`."""

import functools
import itertools
from collections.abc import Iterator

import hyperscan

from workflows.datasets.lookup.folding import BREAK
from workflows.datasets.lookup.numerals import WORDS_IN_NUMBERS

# The longest word that is searched for, and the break after it.
_LONGEST_WORD = 7
# Bytes before and behind such words which hold the whole number, and those after which the next
# words are looked at.
_REACH = 128
_STEP = 32
_GAP = chr(BREAK)


def numbers_in_words(stream: bytes) -> list[tuple[int, int]]:
    """Return the surroundings of three words or digits in a row, of which not all are digits."""
    stretches: list[tuple[int, int]] = []
    last_pair = -_LONGEST_WORD - 1
    seen_to = 0

    def found(_pair: int, _start: int, end: int, _flags: int, _context: object) -> None:
        nonlocal last_pair, seen_to
        if end - last_pair <= _LONGEST_WORD and end > seen_to:
            stretches.append((max(0, end - _REACH), min(len(stream), end + _REACH)))
            seen_to = end + _STEP
        last_pair = end

    _database().scan(stream, match_event_handler=found)
    return stretches


@functools.cache
def _database() -> hyperscan.Database:
    pairs = [pair.encode() for pair in _pairs_of_words()]
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=pairs, ids=list(range(len(pairs))), literal=True)
    return database


def _pairs_of_words() -> Iterator[str]:
    """Yield the pairs of English words for digits, as they stand in a stream, and of both."""
    for first, second in itertools.product([*WORDS_IN_NUMBERS, *"0123456789"], repeat=2):
        if not (first + second).isdecimal():
            yield first + second
            if not first.isdecimal():
                yield first + _GAP + second
