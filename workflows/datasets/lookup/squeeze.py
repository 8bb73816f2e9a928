"""Squeezes the bytes of a text to its letters and digits, and remembers where each came from.

The stream holds UTF-8 letters and digits only: ASCII in lower case, other characters as `folding`
says, everything between them removed, and the first letter of each Latin word in upper case. All
steps replace bytes in place by as many bytes, so that a position in the stream is a position in the
source. The work is done on whole arrays: about 3 ns a byte.
"""

import string
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workflows.datasets.lookup.folding import BREAK, INVISIBLE, PAIR, fold_table

Bytes = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.intp]
CodePoints = npt.NDArray[np.uint32]

# ASCII: letters in lower case, digits as they are, all else a break. Other bytes stay.
_ASCII = bytes(
    ord(chr(b).lower()) if chr(b) in string.ascii_letters + string.digits else BREAK
    for b in range(0x80)
) + bytes(range(0x80, 0x100))
# What needs a closer look: marks that begin markup or escapes, and the first bytes of characters
# that may fold. E4 to EE begin Han and Hangul, which do not: most of a Chinese text is passed over.
_SPECIAL = bytes(
    b in b"<&%\\" or b in (*range(0xC2, 0xE4), *range(0xEF, 0xF5)) for b in range(0x100)
)
_LENGTHS = ((2, 0xC2, 0xE0), (3, 0xE0, 0xF0), (4, 0xF0, 0xF5))

# From this share of letters and digits on (Chinese), selecting by mask beats selecting by position.
_DENSE = 0.86


@dataclass(frozen=True, slots=True)
class Folded:
    """A text with every character folded in place to content, BREAK or INVISIBLE bytes.

    `special` holds the positions of the bytes of `source` that needed a closer look.
    """

    raw: bytes
    source: Bytes
    special: Positions
    result: Bytes


@dataclass(frozen=True, slots=True)
class Squeezed:
    """A stream of bytes; `sources` tells where they were."""

    stream: Bytes
    _kept: npt.NDArray[np.bool_] | None
    _positions: Positions | None
    _places: Positions | None = None

    def sources(self, indexes: npt.ArrayLike) -> Positions:
        """Return the positions in the source of the given positions in the stream."""
        positions = np.asarray(indexes, np.intp)
        if self._positions is not None:
            positions = self._positions[positions]
        elif self._kept is not None:
            positions = _select(self._kept, positions)
        return positions if self._places is None else self._places[positions]


def fold_bytes(raw: bytes) -> Folded:
    """Fold UTF-8 text."""
    source = np.frombuffer(raw, np.uint8)
    changeable = bytearray(raw)  # which also translates twice as fast as bytes
    result = np.frombuffer(changeable.translate(_ASCII), np.uint8)
    special = np.flatnonzero(np.frombuffer(changeable.translate(_SPECIAL), np.bool_))
    first = source[special]
    for length, low, high in _LENGTHS:
        starts = special[(first >= low) & (first < high)]
        starts = starts[: np.searchsorted(starts, source.size - length, side="right")]
        if starts.size:
            _fold_characters(source, result, starts, length)
    return Folded(raw, source, special, result)


def squeeze(folded: Bytes, places: Positions | None = None) -> Squeezed:
    """Return the stream of folded bytes; of those at `places` only, if given."""
    if places is not None:
        folded = folded[places]
    marked = folded.copy()
    letter = (folded - ord("a")) < 26  # noqa: PLR2004
    marked[:1] -= letter[:1].view(np.uint8) << 5
    marked[1:] -= (letter[1:] > letter[:-1]).view(np.uint8) << 5
    _join_over_invisible(folded, letter, marked)
    kept = folded > INVISIBLE
    if np.count_nonzero(kept) > _DENSE * kept.size:
        return Squeezed(marked[kept], kept, None, places)
    positions = np.flatnonzero(kept)
    return Squeezed(marked[positions], None, positions, places)


def _join_over_invisible(folded: Bytes, letter: npt.NDArray[np.bool_], marked: Bytes) -> None:
    """Take back the mark of a letter that follows another with only invisible bytes between."""
    invisible = np.flatnonzero(folded == INVISIBLE)
    if not invisible.size:
        return
    ends = np.flatnonzero(np.diff(invisible, append=folded.size + 1) != 1)
    last = invisible[ends]
    first = invisible[np.concatenate([ends[:1] * 0, ends[:-1] + 1])]
    inside = (first > 0) & (last < folded.size - 1)
    before, after = first[inside] - 1, last[inside] + 1
    marked[after] += (letter[before] & letter[after]).view(np.uint8) << 5


def _select(kept: npt.NDArray[np.bool_], indexes: Positions) -> Positions:
    """Return the positions of the true values with the given numbers, without listing them all."""
    words = np.packbits(kept)
    counts = np.bitwise_count(words).cumsum(dtype=np.int64)
    word = np.searchsorted(counts, indexes, side="right")
    number = indexes - np.where(word > 0, counts[word - 1], 0)
    bits = np.unpackbits(words[word][..., None], axis=-1)
    place = (bits.cumsum(axis=-1, dtype=np.int64) <= number[..., None]).sum(axis=-1)
    return np.asarray(8 * word + place, np.intp)


def _fold_characters(source: Bytes, result: Bytes, starts: Positions, length: int) -> None:
    codes = _decode(source, starts, length)
    values = fold_table()[codes]
    changed = values != codes
    write(result, starts[changed], values[changed], length)


def _decode(source: Bytes, starts: Positions, length: int) -> CodePoints:
    """Return the code points of UTF-8 characters of `length` bytes."""
    codes: CodePoints = (source[starts] & (0xFF >> (length + 1))).astype(np.uint32)
    for offset in range(1, length):
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


def _write_small(result: Bytes, starts: Positions, values: CodePoints, length: int) -> None:
    """Write folds to one ASCII character, to BREAK (all bytes) or to INVISIBLE (all bytes)."""
    result[starts] = values
    rest = (values != BREAK).view(np.uint8)  # INVISIBLE, or BREAK after a break
    for offset in range(1, length):
        result[starts + offset] = rest


def _write_utf8(result: Bytes, starts: Positions, codes: CodePoints, size: int) -> None:
    for offset in range(size - 1, 0, -1):
        result[starts + offset] = (codes & 0x3F) | 0x80
        codes = codes >> np.uint32(6)
    result[starts] = codes | (0xF00 >> size & 0xFF)
