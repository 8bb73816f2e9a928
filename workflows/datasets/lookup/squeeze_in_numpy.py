"""Folding and squeezing with NumPy, where there is no compiled kernel; see `squeeze`."""

import string
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from workflows.datasets.lookup.folding import BREAK, INVISIBLE, OTHER, PAIR, fold_table
from workflows.datasets.lookup.numerals import is_half_in_letters
from workflows.datasets.lookup.stream_bytes import (
    ENCODED,
    FIRST_SPECIAL,
    LEADS,
    LEAST_SIGNS,
    LOOKALIKES,
    STRIDE,
    Bytes,
    CodePoints,
    Positions,
    Stream,
)

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
    return int(ENCODED[byte]) if byte in LEADS or 0x80 <= byte < 0xC0 else BREAK  # noqa: PLR2004


_FIRST_STEP = bytes(map(_first_step, range(0x100)))


def fold_bytes(raw: bytes | bytearray | memoryview) -> tuple[bytearray, Positions]:
    """Return the folded bytes of a well-formed text, and where those needed a closer look."""
    source = np.frombuffer(raw, np.uint8)
    folded = bytearray(raw).translate(_FIRST_STEP)
    result = np.frombuffer(folded, np.uint8)
    special = np.flatnonzero(result >= FIRST_SPECIAL)
    first = source[special]
    result[special[first < 0x80]] = BREAK  # noqa: PLR2004
    for length, low, high in _LENGTHS:
        chosen = (first >= low) & (first < high)
        starts = special[chosen]
        size = np.searchsorted(starts, source.size - length, side="right")
        if size:
            _fold_characters(source, result, first[chosen][:size], starts[:size], length)
    return folded, special


def squeeze(content: bytes | bytearray | memoryview) -> Stream:
    """Return the stream of folded bytes."""
    folded = np.frombuffer(content, np.uint8)
    # What lies above a break is kept; after a letter, the bar is one lower.
    raised = np.zeros(-(-folded.size // STRIDE) * STRIDE, np.uint8)
    raised[: folded.size] = folded
    visible = np.where(folded != INVISIBLE, np.arange(folded.size), 0)
    last = folded[np.maximum.accumulate(visible)][:-1]
    raised[1 : folded.size] += (folded[1:] == BREAK) & (
        last - ord("a") < len(string.ascii_lowercase)
    )
    kept = np.packbits(raised > BREAK, bitorder="little")
    counts = np.bitwise_count(kept.view(np.uint32))
    before = counts.cumsum(dtype=np.intp) - counts
    # Arrow picks bytes twice as fast as NumPy.
    chosen = pa.Array.from_buffers(pa.bool_(), folded.size, [None, pa.py_buffer(kept)])
    every = pa.Array.from_buffers(pa.uint8(), folded.size, [None, pa.py_buffer(folded)])
    return Stream(every.filter(chosen).buffers()[1].to_pybytes(), kept, before)


def count(data: bytes | bytearray | memoryview, byte: int) -> int:
    """Return how many bytes are this one."""
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == byte))


def lookalikes(stream: bytes) -> list[int]:
    """Return the ends of numbers that are in part written with letters, and places on the way."""
    runs = _LOOKALIKES[np.frombuffer(stream, np.uint8)]
    for step in (1, 2, 4):
        runs = runs[:-step] & runs[step:]
    last = runs.copy()
    last[:-1] &= ~runs[1:]
    last[::LEAST_SIGNS] |= runs[::LEAST_SIGNS]
    ends: list[int] = (np.flatnonzero(last) + LEAST_SIGNS).tolist()
    return [end for end in ends if is_half_in_letters(stream, end)]


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
    if length == 4:  # noqa: PLR2004
        codes = _code_points(source, starts)
        values = fold_table().values(codes)
        changed = values != codes
        write(result, starts[changed], values[changed], length)
        return
    # By far the most: of two or three bytes, folded to one. Arithmetic in 16 bits drops the length.
    units = leads.astype(np.uint16)
    for offset in range(1, length):
        units <<= 6
        units |= source[starts + offset] & 0x3F
    if length == 2:  # noqa: PLR2004
        units &= 0x7FF
    folds = fold_table().short[units]
    other = folds == OTHER
    if other.any():
        codes = units[other].astype(np.uint32)
        values = fold_table().values(codes)
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
    small = values < 0x80  # noqa: PLR2004
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
    rest = np.where(values == BREAK, np.uint8(BREAK), np.uint8(INVISIBLE))
    for offset in range(1, length):
        result[starts + offset] = rest


def _write_utf8(result: Bytes, starts: Positions, codes: CodePoints, size: int) -> None:
    for offset in range(size - 1, 0, -1):
        result[starts + offset] = (codes & 0x3F) | 0x80
        codes = codes >> np.uint32(6)
    result[starts] = _ENCODED[codes | (0xF00 >> size & 0xFF)]
