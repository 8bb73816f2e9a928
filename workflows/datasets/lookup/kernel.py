"""Compiles the kernel, `kernel*.c`, and loads it: what the look-up does with every byte.

    python -m workflows.datasets.lookup.kernel

compiles it beside its source, if this machine has a C compiler and an x86-64 processor. Where it
was not compiled, NumPy does the same more slowly. The name of the library holds a checksum of the
source: an old one is not used.
"""

import ctypes
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

# How the systems call x86-64, for which it is written.
_MACHINES = ("x86_64", "AMD64")
FOLDER = Path(__file__).parent


def sources() -> list[Path]:
    """Return the files of which the kernel consists, in order."""
    return sorted(FOLDER.glob("kernel*.[ch]"))


def library() -> Path:
    """Return where the compiled kernel lies, or would lie, for this source and this machine."""
    checksum = hashlib.sha256(b"".join(file.read_bytes() for file in sources())).hexdigest()[:12]
    return FOLDER / f"kernel-{platform.machine()}-{checksum}.so"


def build() -> Path | None:
    """Compile the kernel unless that is done, and return the library; None where it cannot be.

    Raises subprocess.CalledProcessError if the compiler refuses.
    """
    compiler = shutil.which(os.environ.get("CC", "cc"))
    target = library()
    if target.exists():
        return target
    if compiler is None or platform.machine() not in _MACHINES:
        return None
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
    """Return the compiled kernel, None where it was not compiled or the processor cannot run it."""
    try:
        kernel = ctypes.CDLL(str(library()))
    except OSError:
        return None
    array, size = ctypes.c_void_p, ctypes.c_int64
    kernel.fold.argtypes = [array, size, size, *[array] * 6]
    kernel.squeeze.argtypes = [array, size, *[array] * 3]
    kernel.lookalikes.argtypes = kernel.numbers_in_words.argtypes = [array, size, array]
    kernel.is_well_formed.argtypes = [array, size]
    kernel.count.argtypes = [array, size, size]
    kernel.spans.argtypes = [array, array, size, array, size, array, array, size]
    kernel.fold.restype = kernel.squeeze.restype = kernel.count.restype = size
    kernel.lookalikes.restype = kernel.numbers_in_words.restype = size
    kernel.is_well_formed.restype = size
    kernel.spans.restype = None
    return kernel if kernel.usable() else None


if __name__ == "__main__":
    if build() is None:
        sys.stdout.write(
            "The kernel of the look-up was not compiled (no C compiler, or no x86-64): look-ups "
            "take twice as long.\n"
        )
