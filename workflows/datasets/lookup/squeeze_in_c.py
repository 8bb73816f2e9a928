"""Folding and squeezing by the compiled kernel; see `squeeze` and `kernel.c`."""

import ctypes

import numpy as np

from workflows.datasets.lookup.folding import fold_table
from workflows.datasets.lookup.stream_bytes import ENCODED, Bytes, Positions

# Bytes by which the kernel may write further than it needs (CHUNK), and how many code points it
# names at a time of which the table has no fold yet (MOST_UNKNOWN).
_CHUNK = 32
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


def squeeze(kernel: ctypes.CDLL, folded: Bytes) -> tuple[bytes, Bytes]:
    """Return a stream, and a bit for each folded byte that tells whether it is in the stream."""
    folded = np.ascontiguousarray(folded)
    stream = np.empty(folded.size + _CHUNK, np.uint8)
    kept = np.empty(folded.size // 8 + _CHUNK, np.uint8)
    length = kernel.squeeze(folded.ctypes.data, folded.size, stream.ctypes.data, kept.ctypes.data)
    return stream[:length].tobytes(), kept[: -(-folded.size // 8)]
