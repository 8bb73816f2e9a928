"""How fast the applier writes a snapshot anew, in each format: MB of the old files a second.

BENCH_MB sets the size of the plain JSONL (default 400); the persons in it are redacted wherever they
were planted, every tenth record of theirs is deleted.
"""

import gzip
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

import zstandard

from workflows.corrections.manifests.apply import apply_entries
from workflows.corrections.manifests.edits import Wording
from workflows.corrections.manifests.entries import Op
from workflows.corrections.manifests.resolve import Change, Origin, resolve
from workflows.datasets.corpus import generator

SIZE = int(os.environ.get("BENCH_MB", "400")) * 1_000_000
WORDING = Wording({})


def main() -> None:
    """Print a line for each format."""
    folder = Path(tempfile.mkdtemp(prefix="portal-bench-"))
    try:
        (folder / "corpus").mkdir()
        generator.write(folder / "corpus", persons=200, size=SIZE, seed=7)
        truth = (folder / "corpus" / "truth.jsonl").read_text("utf-8").splitlines()
        places = [place for place in map(json.loads, truth) if "ref" in place]
        plain = folder / "corpus" / "corpus.jsonl"
        for name, source in [
            ("jsonl", plain),
            ("jsonl.gz", _packed(plain, gzip.compress, 6)),
            ("jsonl.zst", _packed(plain, zstandard.compress, 3)),
            ("parquet", folder / "corpus" / "corpus.parquet"),
        ]:
            _measure(name, source, places, folder)
    finally:
        shutil.rmtree(folder)


def _packed(plain: Path, compress, level: int) -> Path:
    target = plain.with_name(f"corpus.jsonl.{'gz' if compress is gzip.compress else 'zst'}")
    target.write_bytes(compress(plain.read_bytes(), level))
    return target


def _measure(name: str, source: Path, places: list[dict], folder: Path) -> None:
    changes = [
        Change(
            Op.DELETE if number % 10 == 0 else Op.REDACT,
            source.name,
            place["id"],
            "text",
            place["start"],
            place["end"],
        )
        for number, place in enumerate(places)
    ]
    began = time.perf_counter()
    entries = list(resolve(changes, source, Origin(), WORDING))
    resolved = time.perf_counter()
    applied = apply_entries(entries, source, folder / f"new.{name}", WORDING)
    seconds = time.perf_counter() - resolved
    text = SIZE / 1e6
    sys.stdout.write(
        f"{name:10} {applied.bytes / 1e6:6.0f} MB  {len(entries)} entries, {applied.changed} changed, "
        f"{applied.deleted} deleted  resolve {resolved - began:5.1f} s  apply {seconds:5.1f} s  "
        f"{applied.bytes / seconds / 1e6:5.0f} MB/s of file, {text / seconds:5.0f} MB/s of JSONL  "
        f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB\n"
    )
    (folder / f"new.{name}").unlink()


if __name__ == "__main__":
    main()
