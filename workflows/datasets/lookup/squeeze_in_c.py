"""Folding and squeezing by the compiled kernel; see `squeeze` and `kernel.c`."""

import ctypes

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


def fold_bytes(kernel: ctypes.CDLL, raw: bytearray) -> tuple[bytearray, Positions]:
    """Return the folded bytes of a text, and the positions of those that needed a closer look."""
    source = np.frombuffer(raw, np.uint8)
    folded = bytearray(len(raw))
    result = np.frombuffer(folded, np.uint8)
    special = np.empty(len(raw), np.int64)
    unknown = np.empty(_MOST_UNKNOWN, np.uint32)
    unknown_count = ctypes.c_int64()
    while True:
        count = kernel.fold(
            source.ctypes.data,
            len(raw),
            fold_table().known.ctypes.data,
            ENCODED.ctypes.data,
            result.ctypes.data,
            special.ctypes.data,
            unknown.ctypes.data,
            ctypes.addressof(unknown_count),
        )
        if not unknown_count.value:
            return folded, special[:count]
        fold_table().values(unknown[: unknown_count.value])


def squeeze(kernel: ctypes.CDLL, folded: Bytes) -> Stream:
    """Return the stream of folded bytes."""
    folded = np.ascontiguousarray(folded)
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


def lookalikes(kernel: ctypes.CDLL, stream: bytes) -> Positions:
    """Return the ends of what may be numbers, in part written with letters; some of them twice."""
    content = np.frombuffer(stream, np.uint8)
    ends = np.empty(len(stream) + 1, np.intp)
    count = kernel.lookalikes(content.ctypes.data, len(stream), ends.ctypes.data)
    return ends[:count]
