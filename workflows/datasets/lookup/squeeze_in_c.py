"""Folding and squeezing by the compiled kernel; see `squeeze` and `kernel_fold.c`."""

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from workflows.datasets.lookup.folding import fold_table
from workflows.datasets.lookup.stream_bytes import (
    ENCODED,
    STRIDE,
    Positions,
    Stream,
)

# How many code points of which the table has no fold yet the kernel names at a time.
_MOST_UNKNOWN = 64


def _pointer(data: bytes | bytearray | memoryview | npt.NDArray[Any]) -> bytes | int | None:
    """Return what the kernel takes for an array; `ndarray.ctypes` takes five times as long."""
    if isinstance(data, bytes):
        return data
    if not len(data):
        return None
    if isinstance(data, memoryview) and data.readonly:  # from_buffer refuses what Arrow has read
        return int(np.frombuffer(data, np.uint8).ctypes.data)
    writable: Any = data
    return ctypes.addressof(ctypes.c_char.from_buffer(writable))


def is_well_formed(kernel: ctypes.CDLL, raw: bytes | bytearray | memoryview) -> bool:
    """Tell whether bytes are UTF-8, but for those between characters that begin none."""
    return bool(kernel.is_well_formed(_pointer(raw), len(raw)))


def fold_bytes(
    kernel: ctypes.CDLL, raw: bytes | bytearray | memoryview, *, escaped: bool
) -> tuple[memoryview, list[int]]:
    """Return the folded bytes of a well-formed text, and where markup may begin."""
    folded = np.empty(len(raw), np.uint8)  # of a bytearray, each byte would be set to 0 first
    marks = np.empty(len(raw), np.int64)
    unknown = np.empty(_MOST_UNKNOWN, np.uint32)
    unknown_count = ctypes.c_int64()
    while True:
        count = kernel.fold(
            _pointer(raw),
            len(raw),
            escaped,
            _pointer(fold_table().known),
            ENCODED,
            _pointer(folded),
            _pointer(marks),
            _pointer(unknown),
            ctypes.byref(unknown_count),
        )
        if not unknown_count.value:
            return folded.data, marks[:count].tolist()
        fold_table().values(unknown[: unknown_count.value])


def squeeze(kernel: ctypes.CDLL, folded: bytes | bytearray | memoryview) -> Stream:
    """Return the stream of folded bytes."""
    size = len(folded)
    content = np.empty(size + STRIDE, np.uint8)
    kept = np.empty(size // 8 + STRIDE, np.uint8)
    before = np.empty(-(-size // STRIDE), np.intp)
    length = kernel.squeeze(
        _pointer(folded), size, _pointer(content), _pointer(kept), _pointer(before)
    )
    return Stream(content[:length].tobytes(), kept[: before.size * STRIDE // 8], before)


def count(kernel: ctypes.CDLL, data: bytes | bytearray | memoryview, byte: int) -> int:
    """Return how many bytes are this one."""
    number: int = kernel.count(_pointer(data), len(data), byte)
    return number


def lookalikes(kernel: ctypes.CDLL, stream: bytes) -> list[int]:
    """Return the ends of numbers that are in part written with letters, and places on the way."""
    ends = np.empty(len(stream) + 1, np.intp)
    count: int = kernel.lookalikes(stream, len(stream), _pointer(ends))
    found: list[int] = ends[:count].tolist()
    return found


def numbers_in_words(kernel: ctypes.CDLL, stream: bytes) -> list[tuple[int, int]]:
    """Return where numbers in words begin and end; long rows of words in pieces that overlap."""
    stretches = np.empty(len(stream) + 1, np.intp)
    count: int = kernel.numbers_in_words(stream, len(stream), _pointer(stretches))
    ends: list[int] = stretches[: 2 * count].tolist()
    return list(zip(ends[::2], ends[1::2], strict=True))


def spans(
    kernel: ctypes.CDLL,
    folded: bytes | bytearray | memoryview,
    stream: Stream,
    stretches: Sequence[tuple[int, int]],
) -> tuple[Positions, list[bool]]:
    """Return where stretches of a stream were in its source, and whether no letter touches them."""
    ends = np.array(stretches, np.intp)
    words = np.empty(len(stretches), np.bool_)
    kernel.spans(
        _pointer(stream.kept),
        _pointer(stream.before),
        len(stream.before),
        _pointer(folded),
        len(folded),
        _pointer(ends),
        _pointer(words),
        len(stretches),
    )
    return ends, words.tolist()
