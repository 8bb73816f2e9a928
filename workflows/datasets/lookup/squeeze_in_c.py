"""Folding and squeezing by the compiled kernel; see `squeeze` and `kernel.c`."""

import ctypes
from collections.abc import Sequence

import numpy as np

from workflows.datasets.lookup.folding import fold_table
from workflows.datasets.lookup.stream_bytes import (
    ENCODED,
    STRIDE,
    Bytes,
    Positions,
    Stream,
)

# How many code points of which the table has no fold yet the kernel names at a time.
_MOST_UNKNOWN = 64


def fold_bytes(
    kernel: ctypes.CDLL, raw: bytearray, *, escaped: bool
) -> tuple[bytearray, list[int]]:
    """Return the folded bytes of a text, and the positions at which markup may begin."""
    source = np.frombuffer(raw, np.uint8)
    folded = bytearray(len(raw))
    result = np.frombuffer(folded, np.uint8)
    marks = np.empty(len(raw), np.int64)
    unknown = np.empty(_MOST_UNKNOWN, np.uint32)
    unknown_count = ctypes.c_int64()
    while True:
        count = kernel.fold(
            source.ctypes.data,
            len(raw),
            escaped,
            fold_table().known.ctypes.data,
            ENCODED.ctypes.data,
            result.ctypes.data,
            marks.ctypes.data,
            unknown.ctypes.data,
            ctypes.addressof(unknown_count),
        )
        if not unknown_count.value:
            return folded, marks[:count].tolist()
        fold_table().values(unknown[: unknown_count.value])


def squeeze(kernel: ctypes.CDLL, folded: Bytes) -> Stream:
    """Return the stream of folded bytes."""
    content = np.empty(folded.size + STRIDE, np.uint8)
    kept = np.empty(folded.size // 8 + STRIDE, np.uint8)
    before = np.empty(-(-folded.size // STRIDE), np.intp)
    length = kernel.squeeze(
        folded.ctypes.data,
        folded.size,
        content.ctypes.data,
        kept.ctypes.data,
        before.ctypes.data,
    )
    return Stream(content[:length].tobytes(), kept[: before.size * STRIDE // 8], before)


def lookalikes(kernel: ctypes.CDLL, stream: bytes) -> list[int]:
    """Return the ends of what may be numbers, in part written with letters; some of them twice."""
    ends = np.empty(len(stream) + 1, np.intp)
    count: int = kernel.lookalikes(stream, len(stream), ends.ctypes.data)
    found: list[int] = ends[:count].tolist()
    return found


def numbers_in_words(kernel: ctypes.CDLL, stream: bytes) -> list[int]:
    """Return the ends of what may be numbers in words, and of long ones places on the way."""
    ends = np.empty(len(stream) + 1, np.intp)
    count: int = kernel.numbers_in_words(stream, len(stream), ends.ctypes.data)
    found: list[int] = ends[:count].tolist()
    return found


def spans(
    kernel: ctypes.CDLL, folded: Bytes, stream: Stream, stretches: Sequence[tuple[int, int]]
) -> tuple[Positions, list[bool]]:
    """Return where stretches of a stream were in its source, and whether no letter touches them."""
    ends = np.array(stretches, np.intp)
    words = np.empty(len(stretches), np.bool_)
    kernel.spans(
        stream.kept.ctypes.data,
        stream.before.ctypes.data,
        stream.before.size,
        folded.ctypes.data,
        folded.size,
        ends.ctypes.data,
        words.ctypes.data,
        len(stretches),
    )
    return ends, words.tolist()
