"""Compiles the kernel, `kernel*.c`, and loads it: what the look-up does with every byte.

That is done once, when it is first used or by

    python -m workflows.corpus.normalize.kernel.native

if this machine has a C compiler and an x86-64 processor. The library lies beside its source or,
where nothing can be written there, in the user's cache. Where there is none, NumPy does the same
more slowly. The name of the library holds a checksum of the source: an old one is not used.
"""

import ctypes
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from workflows.corpus.normalize.characters import ENCODED, STRIDE, Positions, Stream, fold_table

# How the systems call x86-64, for which it is written.
_MACHINES = ("x86_64", "AMD64")
FOLDER = Path(__file__).parent


def sources() -> list[Path]:
    """Return the files of which the kernel consists, in order."""
    return sorted(FOLDER.glob("kernel*.[ch]"))


def library() -> Path:
    """Return where the compiled kernel lies, or would lie, for this source and this machine."""
    checksum = hashlib.sha256(b"".join(file.read_bytes() for file in sources())).hexdigest()[:12]
    name = f"kernel-{platform.machine()}-{checksum}.so"
    beside = FOLDER / name
    if beside.exists() or os.access(FOLDER, os.W_OK):
        return beside
    return _cache() / name


def _cache() -> Path:
    """Return the folder of the user in which programs keep what they can make anew."""
    cache = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(cache) if cache else Path("~/.cache").expanduser()) / "requests-portal"


def build() -> Path | None:
    """Compile the kernel unless that is done, and return the library; None where it cannot be.

    Raises subprocess.CalledProcessError if the compiler refuses, OSError if nothing can be written.
    """
    compiler = shutil.which(os.environ.get("CC", "cc"))
    target = library()
    if target.exists():
        return target
    if compiler is None or platform.machine() not in _MACHINES:
        return None
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Made under another name: another process may load it at any moment.
    unfinished = target.with_suffix(f".{os.getpid()}")
    subprocess.run(  # noqa: S603 - the compiler of this machine
        [compiler, "-O3", "-shared", "-fPIC", "-o", str(unfinished)]
        + [str(file) for file in sources() if file.suffix == ".c"],
        check=True,
    )
    unfinished.replace(target)
    for old in target.parent.glob("kernel-*.so"):
        if old != target:
            old.unlink(missing_ok=True)
    return target


@functools.cache
def load() -> ctypes.CDLL | None:
    """Return the kernel, compiled if need be; None where it cannot be, or not be run."""
    try:
        compiled = build()
        if compiled is None:
            return None
        kernel = ctypes.CDLL(str(compiled))
    except (OSError, RuntimeError, subprocess.CalledProcessError):  # RuntimeError: no home
        return None
    array, size = ctypes.c_void_p, ctypes.c_int64
    kernel.fold.argtypes = [array, size, size, *[array] * 4]
    kernel.squeeze.argtypes = [array, size, *[array] * 3]
    kernel.markup.argtypes = [array, size, size, array, size, array, array]
    kernel.lookalikes.argtypes = kernel.numbers_in_words.argtypes = [array, size, array]
    kernel.is_well_formed.argtypes = [array, size]
    kernel.count.argtypes = [array, size, size]
    kernel.spans.argtypes = [array, array, size, array, size, array, array, size]
    kernel.fold.restype = kernel.squeeze.restype = kernel.markup.restype = size
    kernel.lookalikes.restype = kernel.numbers_in_words.restype = size
    kernel.is_well_formed.restype = kernel.count.restype = size
    kernel.spans.restype = None
    return kernel if kernel.usable() else None


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
) -> tuple[memoryview, Positions]:
    """Return the folded bytes of a well-formed text, and where markup may begin."""
    folded = np.empty(len(raw), np.uint8)  # of a bytearray, each byte would be set to 0 first
    marks = np.empty(len(raw), np.int64)
    count = kernel.fold(
        _pointer(raw),
        len(raw),
        escaped,
        _pointer(fold_table().folds),
        ENCODED,
        _pointer(folded),
        _pointer(marks),
    )
    return folded.data, marks[:count]


# What a piece of markup is: a tag inside of a line, one that ends a line, anything else or what the
# kernel does not know. INSIDE is added for what stands in a tag.
TAG, BLOCK_TAG, OTHER, INSIDE = 0, 1, 2, 4


def markup(
    kernel: ctypes.CDLL,
    raw: bytes | bytearray | memoryview,
    marks: Positions,
    resolved: bytearray,
    *,
    escaped: bool,
) -> Positions:
    """Return a row for each piece of markup: where it begins, where it ends, and what it is.

    Over tags that are not inside of others, writes in `resolved`, the folded text, what they stand
    for.
    """
    pieces = np.empty((len(marks), 3), np.intp)
    count: int = kernel.markup(
        _pointer(raw),
        len(raw),
        escaped,
        _pointer(marks),
        len(marks),
        _pointer(resolved),
        _pointer(pieces),
    )
    return pieces[:count]


def normalize_stream(kernel: ctypes.CDLL, folded: bytes | bytearray | memoryview) -> Stream:
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


def digit_lookalikes(kernel: ctypes.CDLL, stream: bytes) -> list[int]:
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


if __name__ == "__main__":
    if build() is None:
        sys.stdout.write(
            "The kernel of the look-up was not compiled (no C compiler, or no x86-64): look-ups "
            "take twice as long.\n"
        )
