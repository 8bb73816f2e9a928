"""Folding and squeezing with NumPy, where there is no compiled kernel; see `stream`."""

import functools
import itertools
import string
from collections.abc import Iterator, Sequence

import hyperscan
import numpy as np
import pyarrow as pa

from workflows.corpus.normalize.characters import (
    ENCODED,
    FIRST_SPECIAL,
    INVISIBLE,
    LEADS,
    LEAST_SIGNS,
    LOOKALIKES,
    OTHER,
    PAIR,
    STRIDE,
    TEXT_BREAK,
    Bytes,
    CodePoints,
    Positions,
    Stream,
    fold_table,
)
from workflows.corpus.normalize.numerals import WORDS_IN_NUMBERS, has_letter_digits

# The marks that begin markup or escapes.
_MARKS = b"<&%[*\\"
_LOOKALIKES = np.isin(np.arange(256), list(LOOKALIKES))
_ENCODED: Bytes = np.frombuffer(ENCODED, np.uint8)
_LENGTHS = ((2, 0xC2, 0xE0), (3, 0xE0, 0xF0), (4, 0xF0, 0xF5))


def _first_step(byte: int) -> int:
    if chr(byte) in string.ascii_letters + string.digits:
        return ord(chr(byte).lower())
    if byte in _MARKS:
        return 0xFF
    return int(ENCODED[byte]) if byte in LEADS or 0x80 <= byte < 0xC0 else TEXT_BREAK


_FIRST_STEP = bytes(map(_first_step, range(0x100)))


def fold_bytes(raw: bytes | bytearray | memoryview) -> tuple[bytearray, Positions]:
    """Return the folded bytes of a well-formed text, and where those needed a closer look."""
    source = np.frombuffer(raw, np.uint8)
    folded = bytearray(raw).translate(_FIRST_STEP)
    result = np.frombuffer(folded, np.uint8)
    special = np.flatnonzero(result >= FIRST_SPECIAL)
    first = source[special]
    result[special[first < 0x80]] = TEXT_BREAK
    for length, low, high in _LENGTHS:
        chosen = (first >= low) & (first < high)
        starts = special[chosen]
        size = np.searchsorted(starts, source.size - length, side="right")
        if size:
            _fold_characters(source, result, first[chosen][:size], starts[:size], length)
    return folded, special


def normalize_stream(content: bytes | bytearray | memoryview) -> Stream:
    """Return the stream of folded bytes."""
    folded = np.frombuffer(content, np.uint8)
    # What lies above a break is kept; after a letter, the bar is one lower.
    raised = np.zeros(-(-folded.size // STRIDE) * STRIDE, np.uint8)
    raised[: folded.size] = folded
    visible = np.where(folded != INVISIBLE, np.arange(folded.size), 0)
    last = folded[np.maximum.accumulate(visible)][:-1]
    raised[1 : folded.size] += (folded[1:] == TEXT_BREAK) & (
        last - ord("a") < len(string.ascii_lowercase)
    )
    kept = np.packbits(raised > TEXT_BREAK, bitorder="little")
    counts = np.bitwise_count(kept.view(np.uint32))
    before = counts.cumsum(dtype=np.intp) - counts
    # Arrow picks bytes twice as fast as NumPy.
    chosen = pa.Array.from_buffers(pa.bool_(), folded.size, [None, pa.py_buffer(kept)])
    every = pa.Array.from_buffers(pa.uint8(), folded.size, [None, pa.py_buffer(folded)])
    return Stream(every.filter(chosen).buffers()[1].to_pybytes(), kept, before)


def count(data: bytes | bytearray | memoryview, byte: int) -> int:
    """Return how many bytes are this one."""
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == byte))


def digit_lookalikes(stream: bytes) -> list[int]:
    """Return the ends of numbers that are in part written with letters, and places on the way."""
    runs = _LOOKALIKES[np.frombuffer(stream, np.uint8)]
    for step in (1, 2, 4):
        runs = runs[:-step] & runs[step:]
    last = runs.copy()
    last[:-1] &= ~runs[1:]
    last[::LEAST_SIGNS] |= runs[::LEAST_SIGNS]
    ends: list[int] = (np.flatnonzero(last) + LEAST_SIGNS).tolist()
    return [end for end in ends if has_letter_digits(stream, end)]


def spans(
    folded: bytes | bytearray | memoryview, stream: Stream, stretches: Sequence[tuple[int, int]]
) -> tuple[Positions, list[bool]]:
    """Return where stretches of a stream were in its source, and whether no letter touches them."""
    numbers = np.array(stretches, np.intp)
    stride = np.searchsorted(stream.before, numbers, side="right") - 1
    bits = np.unpackbits(stream.kept.reshape(-1, STRIDE // 8)[stride], axis=-1, bitorder="little")
    numbers = numbers - stream.before[stride]
    place = (bits.cumsum(axis=-1, dtype=np.int8) <= numbers[..., None]).sum(axis=-1)
    ends = np.asarray(STRIDE * stride + place, np.intp)
    return ends, [
        not (_is_letter(folded, first, -1) or _is_letter(folded, last, 1))
        for first, last in ends.tolist()
    ]


def _is_letter(folded: bytes | bytearray | memoryview, position: int, step: int) -> bool:
    """Tell whether the next visible byte in one direction is a Latin letter."""
    position += step
    while 0 <= position < len(folded) and folded[position] == INVISIBLE:
        position += step
    return 0 <= position < len(folded) and chr(folded[position]) in string.ascii_lowercase


def _fold_characters(
    source: Bytes, result: Bytes, leads: Bytes, starts: Positions, length: int
) -> None:
    if length == 4:
        codes = _code_points(source, starts)
        values = fold_table().folds[codes]
        changed = values != codes
        write(result, starts[changed], values[changed], length)
        return
    # By far the most: of two or three bytes, folded to one. Arithmetic in 16 bits drops the length.
    units = leads.astype(np.uint16)
    for offset in range(1, length):
        units <<= 6
        units |= source[starts + offset] & 0x3F
    if length == 2:
        units &= 0x7FF
    folds = fold_table().short[units]
    other = folds == OTHER
    if other.any():
        codes = units[other].astype(np.uint32)
        values = fold_table().folds[codes]
        changed = values != codes
        write(result, starts[other][changed], values[changed], length)
        starts, folds = starts[~other], folds[~other]
    _write_small(result, starts, folds, length)


def _code_points(source: Bytes, starts: Positions) -> CodePoints:
    """Return the code points of characters of four bytes."""
    codes: CodePoints = (source[starts] & 0x07).astype(np.uint32)
    for offset in range(1, 4):
        codes <<= 6
        codes |= source[starts + offset] & 0x3F
    return np.minimum(codes, 0x10FFFF, out=codes)


def write(result: Bytes, starts: Positions, values: CodePoints, length: int) -> None:
    """Write values of the fold table over `length` bytes each; what is left over is invisible."""
    small = values < 0x80
    if small.all():
        _write_small(result, starts, values, length)
        return
    _write_small(result, starts[small], values[small], length)
    starts, values = starts[~small], values[~small]
    result[starts[:, None] + np.arange(length)] = INVISIBLE
    pair = values >= PAIR
    result[starts[pair]] = (values[pair] - PAIR) >> 8
    result[starts[pair] + 1] = values[pair] & 0xFF
    starts, values = starts[~pair], values[~pair]
    for size, low, high in ((2, 0x80, 0x800), (3, 0x800, 0x10000), (4, 0x10000, PAIR)):
        if size <= length:
            chosen = (values >= low) & (values < high)
            _write_utf8(result, starts[chosen], values[chosen], size)


def _write_small(result: Bytes, starts: Positions, values: CodePoints | Bytes, length: int) -> None:
    """Write folds to one ASCII character, to BREAK (all bytes) or to INVISIBLE (all bytes)."""
    result[starts] = values
    rest = np.where(values == TEXT_BREAK, np.uint8(TEXT_BREAK), np.uint8(INVISIBLE))
    for offset in range(1, length):
        result[starts + offset] = rest


def _write_utf8(result: Bytes, starts: Positions, codes: CodePoints, size: int) -> None:
    for offset in range(size - 1, 0, -1):
        result[starts + offset] = (codes & 0x3F) | 0x80
        codes = codes >> np.uint32(6)
    result[starts] = _ENCODED[codes | (0xF00 >> size & 0xFF)]


_BACKSLASH = 0x5C
_CONTROLS = np.isin(np.arange(256), list(b"bfnrt"))
_BEGINS_MARKUP = np.isin(np.arange(256), list(b"<&%[*"))
# The bytes which make a backslash the beginning of an escape, or of an escaped one.
_AFTER_BACKSLASH = np.isin(np.arange(256), list(b"ux\\"))
_HEX = np.full(256, 255, np.uint8)
for _digits in ("0123456789abcdef", "0123456789ABCDEF"):
    _HEX[list(_digits.encode())] = np.arange(16)


def marks(source: Bytes, special: Positions, *, escaped: bool) -> Positions:
    """Return the positions of < & % [ * and of backslashes that may begin markup, in order.

    `special` holds where all of them are; with `escaped`, the text is JSON as it stands in a file.
    """
    positions = special[_BEGINS_MARKUP[source[special]]]
    begins = _escapes(source, special)
    if not begins.size:
        return positions
    if escaped:
        units, codes = _code_units(source, begins)
        positions = np.append(positions, units[(codes == ord("<")) | (codes == ord("&"))])
        begins = begins[source[begins + 1] == _BACKSLASH]
        following = source[np.minimum(begins + 2, source.size - 1)]
    else:
        following = source[begins + 1]
    return np.sort(np.append(positions, begins[_AFTER_BACKSLASH[following]]))


def resolve_escapes(source: Bytes, special: Positions, result: Bytes) -> None:
    """Write what each escape of JSON stands for over it."""
    starts = _escapes(source, special)
    if not starts.size:
        return
    result[starts[_CONTROLS[source[starts + 1]]] + 1] = TEXT_BREAK
    starts, codes = _code_units(source, starts)
    if not starts.size:
        return
    high = (codes >> 10) == 0x36
    high[:-1] &= ((codes[1:] >> 10) == 0x37) & (np.diff(starts) == 6)
    high[-1] = False
    pair = np.flatnonzero(high)
    if pair.size:
        astral = 0x10000 + ((codes[pair] & 0x3FF) << 10) + (codes[pair + 1] & 0x3FF)
        write(result, starts[pair], fold_table().folds[astral], 12)
        alone = ~high
        alone[1:] &= ~high[:-1]
        starts, codes = starts[alone], codes[alone]
    write(result, starts, fold_table().folds[codes], 6)


def _escapes(source: Bytes, special: Positions) -> Positions:
    """Return where escapes begin: every backslash which is not itself escaped."""
    backslashes: Positions = special[source[special] == _BACKSLASH]
    if backslashes.size:
        follows = np.diff(backslashes, prepend=-2) == 1
        if follows.any():
            index = np.arange(backslashes.size)
            run_start = np.maximum.accumulate(np.where(follows, 0, index))
            backslashes = backslashes[(index - run_start) % 2 == 0]
    return backslashes[: np.searchsorted(backslashes, source.size - 1)]


def _code_units(source: Bytes, starts: Positions) -> tuple[Positions, CodePoints]:
    r"""Return which of the escapes at `starts` are \uXXXX, and their UTF-16 code units."""
    starts = starts[source[starts + 1] == ord("u")]
    starts = starts[: np.searchsorted(starts, source.size - 5)]
    digits = _HEX[source[starts[:, None] + np.arange(2, 6)]]
    well_formed = (digits < 16).all(axis=1)
    starts, digits = starts[well_formed], digits[well_formed].astype(np.uint32)
    return starts, (digits << np.array([12, 8, 4, 0], np.uint32)).sum(axis=1, dtype=np.uint32)


# The longest word that is searched for, and the break after it.
_LONGEST_WORD = 7
# Bytes before and behind such words which hold the whole number, and those after which the next
# words are looked at.
_REACH = 128
_STEP = 32
_GAP = chr(TEXT_BREAK)


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
