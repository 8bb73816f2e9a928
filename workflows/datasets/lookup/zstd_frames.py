"""Unpacks Zstandard files, of which one may hold several frames one after the other."""

import io
from typing import BinaryIO

_BUFFER = 1024 * 1024


def unpacked_zstd(file: BinaryIO) -> io.BufferedReader:
    """Return what is packed in a file. Reading raises OSError where that is damaged or breaks off.

    The package `zstandard` reads a file that breaks off as if it ended there; Arrow does not.
    """
    from pyarrow import CompressedInputStream

    return io.BufferedReader(CompressedInputStream(file, "zstd"), _BUFFER)
