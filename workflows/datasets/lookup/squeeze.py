"""Squeezes the bytes of a text to its letters and digits, and remembers where each came from.

The stream holds letters and digits only, in lower case and folded as `folding` says, in the bytes
of `encode`. Everything between them is removed, except that one BREAK stays after a Latin letter:
it tells "Li Na" from "Lina", and taking out every space of an English text would cost a third of
the time.

All steps replace bytes in place by as many bytes, so that a position in the stream is a position in
the source. The work is done on whole arrays.
"""

import string
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workflows.datasets.lookup.folding import (
    BREAK,
    INVISIBLE,
    OTHER,
    PAIR,
    fold_table,
)

Bytes = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.intp]
Bits = npt.NDArray[np.bool_]
CodePoints = npt.NDArray[np.uint32]

# The marks that begin markup or escapes, and the first bytes of the characters that may fold. E4 to
# EE begin Han and Hangul, which do not: most of a Chinese text is passed over.
_MARKS = b"<&%\\"
_FOLDING_LEADS = (*range(0xC2, 0xE4), *range(0xEF, 0xF5))
_HAN_LEADS = range(0xE4, 0xEF)
_LENGTHS = ((2, 0xC2, 0xE0), (3, 0xE0, 0xF0), (4, 0xF0, 0xF5))
# In the stream, the bytes of UTF-8 that need a closer look come after all others, so that they are
# found by one comparison.
_FIRST_SPECIAL = 0xC0 + len(_HAN_LEADS)
_LEADS = bytes([*_HAN_LEADS, *_FOLDING_LEADS])
_CODES = bytes(range(0xC0, 0xC0 + len(_LEADS)))
_ENCODE = bytes.maketrans(_LEADS, _CODES)
_DECODE = bytes.maketrans(_CODES, _LEADS)


_LETTERS = string.ascii_lowercase

# Bytes of bits that are counted together to find a byte of a stream by its number.
_STRIDE = 32


def _first_step(byte: int) -> int:
    if chr(byte) in string.ascii_letters + string.digits:
        return ord(chr(byte).lower())
    if byte in _MARKS:
        return 0xFF
    return _ENCODE[byte] if byte in _LEADS or 0x80 <= byte < 0xC0 else BREAK  # noqa: PLR2004


_FIRST_STEP = bytes(map(_first_step, range(0x100)))
_ENCODED_LEADS = np.frombuffer(_ENCODE, np.uint8)


def encode(utf8: bytes) -> bytes:
    """Return UTF-8 as it stands in a stream."""
    return utf8.translate(_ENCODE)


def decode(stream: bytes) -> bytes:
    """Return the UTF-8 of bytes of a stream."""
    return stream.translate(_DECODE)


@dataclass(frozen=True, slots=True)
class Folded:
    """A text with every character folded in place to content, BREAK or INVISIBLE bytes.

    `special` holds the positions of the bytes of `source` that needed a closer look; `source` and
    `result` are the bytes of `raw` and `folded`.
    """

    raw: bytearray
    folded: bytearray
    source: Bytes
    special: Positions
    result: Bytes


class Segments:
    """Some stretches of a source that are looked at as if they were one text.

    `source` says from where in the source on each of them counts; one may be written otherwise.
    """

    def __init__(self, pieces: Sequence[bytes | bytearray], source: Sequence[int]) -> None:
        self.text: Bytes = np.frombuffer(b"".join(pieces), np.uint8)
        self._offsets = np.cumsum([0, *map(len, pieces)])
        self._sources = np.array(source, np.intp)

    def sources(self, positions: Positions) -> Positions:
        """Return the positions in the source of positions in the segments."""
        segment = np.searchsorted(self._offsets, positions, side="right") - 1
        return np.asarray(positions - self._offsets[segment] + self._sources[segment], np.intp)


class Squeezed:
    """A stream of bytes, and where each of them was in the source."""

    def __init__(
        self, folded: Bytes, kept: npt.NDArray[np.bool_], segments: Segments | None
    ) -> None:
        # Arrow picks bytes twice as fast as NumPy.
        import pyarrow as pa

        self._kept = np.packbits(kept, bitorder="little")
        chosen = pa.Array.from_buffers(pa.bool_(), folded.size, [None, pa.py_buffer(self._kept)])
        content = pa.Array.from_buffers(pa.uint8(), folded.size, [None, pa.py_buffer(folded)])
        self.stream: bytes = content.filter(chosen).buffers()[1].to_pybytes()
        self._folded = folded
        self._segments = segments

    def spans(self, stretches: Sequence[tuple[int, int]]) -> list[tuple[int, int, bool]]:
        """Return start and end in the source of stretches, given by first and last byte.

        Also tells of each whether it is a word: whether no Latin letter touches it in the source.
        """
        ends = self._positions(np.array(stretches, np.intp).reshape(-1, 2))
        folded = self._folded.data
        words = [
            not (_is_letter(folded, first, -1) or _is_letter(folded, last, 1))
            for first, last in ends.tolist()
        ]
        sources = ends if self._segments is None else self._segments.sources(ends)
        return [
            (first, last + 1, word)
            for (first, last), word in zip(sources.tolist(), words, strict=True)
        ]

    def _positions(self, numbers: Positions) -> Positions:
        """Return the positions of the kept bytes with the given numbers, without listing all."""
        octets = np.zeros(-(-self._kept.size // _STRIDE) * _STRIDE, np.uint8)
        octets[: self._kept.size] = self._kept
        strides = octets.reshape(-1, _STRIDE)
        counts = np.bitwise_count(strides.view(np.uint64)).sum(axis=1, dtype=np.intp).cumsum()
        stride = np.searchsorted(counts, numbers, side="right")
        numbers = numbers - np.where(stride > 0, counts[stride - 1], 0)
        bits = np.unpackbits(strides[stride], axis=-1, bitorder="little")
        place = (bits.cumsum(axis=-1, dtype=np.int16) <= numbers[..., None]).sum(axis=-1)
        return np.asarray(8 * _STRIDE * stride + place, np.intp)


def _is_letter(folded: memoryview, position: int, step: int) -> bool:
    """Tell whether the next visible byte in one direction is a Latin letter."""
    position += step
    while 0 <= position < len(folded) and folded[position] == INVISIBLE:
        position += step
    return 0 <= position < len(folded) and chr(folded[position]) in _LETTERS


def fold_bytes(raw: bytearray) -> Folded:
    """Fold UTF-8 text."""
    source = np.frombuffer(raw, np.uint8)
    folded = raw.translate(_FIRST_STEP)
    result = np.frombuffer(folded, np.uint8)
    special = np.flatnonzero(result >= _FIRST_SPECIAL)
    first = source[special]
    result[special[first < 0x80]] = BREAK  # noqa: PLR2004
    for length, low, high in _LENGTHS:
        chosen = (first >= low) & (first < high)
        starts = special[chosen]
        size = np.searchsorted(starts, source.size - length, side="right")
        if size:
            _fold_characters(source, result, first[chosen][:size], starts[:size], length)
    return Folded(raw, folded, source, special, result)


def squeeze(folded: Bytes, segments: Segments | None = None) -> Squeezed:
    """Return the stream of folded bytes; if they are those of segments, it knows their sources."""
    # What lies above a break is kept; after a letter, the bar is one lower.
    raised = folded.copy()
    raised[1:] += (folded[:-1] - ord("a")) < len(_LETTERS)
    return Squeezed(folded, raised > BREAK, segments)


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
    result[starts] = _ENCODED_LEADS[codes | (0xF00 >> size & 0xFF)]
