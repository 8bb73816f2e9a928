"""Squeezes the bytes of a text to its letters and digits, and remembers where each came from.

The stream holds letters and digits only, in lower case and folded as `folding` says, in the bytes
of `encode`. Everything between them is removed, except that one BREAK stays after a Latin letter:
it tells "Li Na" from "Lina", and taking out every space of an English text would cost a third of
the time.

All steps replace bytes in place by as many bytes, so that a position in the stream is a position in
the source. The compiled kernel does them, or else NumPy on whole arrays.
"""

import string
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workflows.datasets.lookup import kernel, squeeze_in_c, squeeze_in_numpy
from workflows.datasets.lookup.folding import INVISIBLE
from workflows.datasets.lookup.stream_bytes import STRIDE, Bytes, Positions, Stream

_LETTERS = string.ascii_lowercase


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

    def __init__(self, folded: Bytes, stream: Stream, segments: Segments | None) -> None:
        self.stream = stream.content
        self._kept = stream.kept.reshape(-1, STRIDE // 8)
        self._before = stream.before
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
        stride = np.searchsorted(self._before, numbers, side="right") - 1
        bits = np.unpackbits(self._kept[stride], axis=-1, bitorder="little")
        numbers = numbers - self._before[stride]
        place = (bits.cumsum(axis=-1, dtype=np.int8) <= numbers[..., None]).sum(axis=-1)
        return np.asarray(STRIDE * stride + place, np.intp)


def _is_letter(folded: memoryview, position: int, step: int) -> bool:
    """Tell whether the next visible byte in one direction is a Latin letter."""
    position += step
    while 0 <= position < len(folded) and folded[position] == INVISIBLE:
        position += step
    return 0 <= position < len(folded) and chr(folded[position]) in _LETTERS


def fold_bytes(raw: bytearray) -> Folded:
    """Fold UTF-8 text."""
    compiled = kernel.load()
    if compiled is None:
        folded, special = squeeze_in_numpy.fold_bytes(raw)
    else:
        folded, special = squeeze_in_c.fold_bytes(compiled, raw)
    source, result = np.frombuffer(raw, np.uint8), np.frombuffer(folded, np.uint8)
    return Folded(raw, folded, source, special, result)


def squeeze(folded: Bytes, segments: Segments | None = None) -> Squeezed:
    """Return the stream of folded bytes; if they are those of segments, it knows their sources."""
    compiled = kernel.load()
    if compiled is None:
        stream = squeeze_in_numpy.squeeze(folded)
    else:
        stream = squeeze_in_c.squeeze(compiled, folded)
    return Squeezed(folded, stream, segments)


def lookalikes(stream: bytes) -> Positions:
    """Return the ends of stretches of a stream that hold eight bytes or more of LOOKALIKES.

    They may be numbers in which letters stand for digits. An end may be named twice.
    """
    compiled = kernel.load()
    if compiled is None:
        return squeeze_in_numpy.lookalikes(stream)
    return squeeze_in_c.lookalikes(compiled, stream)
